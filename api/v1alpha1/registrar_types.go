package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RegistrarSpec says where names are bought, which, in whose name and for how much.
type RegistrarSpec struct {
	// provider is where names are bought. Exactly one member.
	// +required
	Provider RegistrarProvider `json:"provider"`

	// suffixes sold here, in lower case and without a leading dot, such as gent. A suffix that two Registrars name makes both not Ready.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=190
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`
	// +listType=set
	// +required
	Suffixes []string `json:"suffixes"`

	// registrant in whose name the names are registered. The test provider needs none.
	// +optional
	Registrant *Registrant `json:"registrant,omitempty"`

	// limits on spending. A name that costs more than limits.maxPrice is refused, premium names always.
	// +required
	Limits RegistrarLimits `json:"limits"`

	// adoptable names may be taken onto the books with acquisition Adopt when the account holds them already.
	// +kubebuilder:validation:MaxItems=1000
	// +kubebuilder:validation:items:MaxLength=253
	// +listType=set
	// +optional
	Adoptable []string `json:"adoptable,omitempty"`

	// suspend stops all buying. Names that are ours are still looked after.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// RegistrarProvider is a union: exactly one member says where names are bought.
// +kubebuilder:validation:MaxProperties=1
// +kubebuilder:validation:MinProperties=1
type RegistrarProvider struct {
	// test sells the names of a test factory. A live factory refuses it, a test factory takes no other.
	// +optional
	Test *TestProvider `json:"test,omitempty"`

	// combell buys at Combell, which sells .gent.
	// +optional
	Combell *CombellProvider `json:"combell,omitempty"`

	// epp buys at a registry, or a registrar, that speaks EPP.
	// +optional
	EPP *EPPProvider `json:"epp,omitempty"`

	// dnsimple buys at DNSimple.
	// +optional
	DNSimple *DNSimpleProvider `json:"dnsimple,omitempty"`

	// external buys nothing: the names are held elsewhere.
	// +optional
	External *ExternalProvider `json:"external,omitempty"`
}

// TestProvider plays the known names of the HTTP contract and sells every other name. Its ledger is a ConfigMap beside the Registrar, so
// that it forgets nothing when the manager restarts.
type TestProvider struct {
	// price of a name. Names that start with premium- cost a hundred times as much.
	// +kubebuilder:default={amount: "10.00", currency: "EUR"}
	// +optional
	Price *Price `json:"price,omitempty"`

	// slowFor is how long names that start with slow stay pending.
	// +kubebuilder:default="20s"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="must be between 0s and 24h"
	// +optional
	SlowFor *metav1.Duration `json:"slowFor,omitempty"`
}

// Registrant is the holder of the names.
type Registrant struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +required
	FirstName string `json:"firstName"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +required
	LastName string `json:"lastName"`
	// organization that holds the names, if not the person.
	// +kubebuilder:validation:MaxLength=100
	// +optional
	Organization string `json:"organization,omitempty"`
	// enterpriseNumber of the organization, such as BE0123456789.
	// +kubebuilder:validation:MaxLength=40
	// +optional
	EnterpriseNumber string `json:"enterpriseNumber,omitempty"`
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+$`
	// +kubebuilder:validation:MaxLength=254
	// +required
	Email string `json:"email"`
	// phone in the form +32.123456789.
	// +kubebuilder:validation:Pattern=`^\+[0-9]{1,3}\.[0-9]{4,14}$`
	// +required
	Phone string `json:"phone"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +required
	Street string `json:"street"`
	// +kubebuilder:validation:MaxLength=20
	// +required
	PostalCode string `json:"postalCode"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +required
	City string `json:"city"`
	// countryCode is the ISO 3166-1 alpha-2 code.
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
	// +required
	CountryCode string `json:"countryCode"`
	// languageCode is the ISO 639-1 code.
	// +kubebuilder:validation:Pattern=`^[a-z]{2}$`
	// +kubebuilder:default=nl
	// +optional
	LanguageCode string `json:"languageCode,omitempty"`
}

// RegistrarLimits bound what may be spent, and how often the account is asked. What may be spent is reserved before a call and never given back,
// so that a crash errs on the safe side.
//
// +kubebuilder:validation:XValidation:rule="!has(self.spendingPerDay) || self.spendingPerDay.currency == self.maxPrice.currency",message="spendingPerDay.currency must be that of maxPrice, as amounts of different currencies cannot be added up"
type RegistrarLimits struct {
	// maxPrice is the most that one name may cost for one year, when it is bought and when it is renewed by the factory.
	// +required
	MaxPrice Price `json:"maxPrice"`

	// registrationsPerDay is how many names may be bought on one day (UTC).
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=0
	// +optional
	RegistrationsPerDay *int32 `json:"registrationsPerDay,omitempty"`

	// spendingPerDay is how much may be spent on one day (UTC), on names that are bought and names that the factory renews, in the currency of maxPrice.
	// As nobody knows before a call what it will cost, the most that it may cost counts. At least maxPrice, or 0.00 to stop all spending; no such
	// limit without it. What the registrar renews by itself does not count.
	// +optional
	SpendingPerDay *Price `json:"spendingPerDay,omitempty"`

	// callsPerMinute is how often the account may be called, look-ups and all, over time; a sixth of it may come at once.
	// +kubebuilder:default=600
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=60000
	// +optional
	CallsPerMinute *int32 `json:"callsPerMinute,omitempty"`
}

// RegistrarUsage is what was reserved on one day.
type RegistrarUsage struct {
	// date in UTC, as 2006-01-02.
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
	// +required
	Date string `json:"date"`
	// registrations reserved on that day, whether they came to a purchase or not.
	// +kubebuilder:validation:Minimum=0
	// +required
	Registrations int32 `json:"registrations"`
	// spent is the sum that was reserved on that day: the most that each purchase and renewal might cost, whether it came to one or not.
	// +optional
	Spent *Price `json:"spent,omitempty"`
}

// RegistrarError is a call to a provider that failed.
type RegistrarError struct {
	// time at which it failed.
	// +required
	Time metav1.Time `json:"time"`
	// call that failed: Check, LookUp, Buy, Renew, PutAddresses, RemoveAddresses or PutNameServers.
	// +kubebuilder:validation:MaxLength=40
	// +required
	Call string `json:"call"`
	// message says what was wrong, without secrets. A name that is taken, refused or too dear is an answer, and no error.
	// +kubebuilder:validation:MaxLength=400
	// +required
	Message string `json:"message"`
}

// RegistrarStatus is what the factory says of a Registrar.
type RegistrarStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// sells are those of spec.suffixes that no other Registrar names as well. Whether anything is sold under them at the moment says Ready, and spec.suspend.
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	Sells []string `json:"sells,omitempty"`

	// usage of today's limits. It begins anew when the day (UTC) is over.
	// +optional
	Usage *RegistrarUsage `json:"usage,omitempty"`

	// lastError is the last call to the provider that failed, whatever it was for. What succeeds later leaves it there, so its time says whether it still matters.
	// +optional
	LastError *RegistrarError `json:"lastError,omitempty"`

	// conditions: Ready.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Registrar is a place where names are bought: provider, credentials, the suffixes sold, registrant and spending limits.
// It lives in the factory's namespace and is made by an admin.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=factory,shortName=regr
// +kubebuilder:printcolumn:name="Sells",type=string,JSONPath=`.status.sells`,description="suffixes that no other Registrar sells as well"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Bought",type=integer,JSONPath=`.status.usage.registrations`,description="registrations reserved on the day of Date"
// +kubebuilder:printcolumn:name="Limit",type=integer,JSONPath=`.spec.limits.registrationsPerDay`
// +kubebuilder:printcolumn:name="Spent",type=string,JSONPath=`.status.usage.spent.amount`,description="reserved for purchases and renewals on the day of Date"
// +kubebuilder:printcolumn:name="Budget",type=string,JSONPath=`.spec.limits.spendingPerDay.amount`
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.spec.limits.maxPrice.currency`,priority=1
// +kubebuilder:printcolumn:name="Date",type=string,JSONPath=`.status.usage.date`,description="the day (UTC) of Bought and Spent"
// +kubebuilder:printcolumn:name="Suffixes",type=string,JSONPath=`.spec.suffixes`,priority=1
// +kubebuilder:printcolumn:name="Suspended",type=boolean,JSONPath=`.spec.suspend`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Registrar struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the admin asks for.
	// +required
	Spec RegistrarSpec `json:"spec"`
	// status is what the factory says of it.
	// +optional
	Status RegistrarStatus `json:"status,omitempty,omitzero"`
}

// RegistrarList is a list of Registrars.
//
// +kubebuilder:object:root=true
type RegistrarList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Registrar `json:"items"`
}
