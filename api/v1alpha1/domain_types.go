package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Acquisition is how a name comes onto the books.
// +kubebuilder:validation:Enum=Register;Adopt
type Acquisition string

// The ways in which a name comes onto the books.
const (
	// AcquisitionRegister buys the name. A name that is in the account without a Domain is never taken for ours.
	AcquisitionRegister Acquisition = "Register"
	// AcquisitionAdopt takes a name over that the account holds already, where the Registrar lists it as adoptable. Nothing is bought.
	AcquisitionAdopt Acquisition = "Adopt"
)

// AfterSite is what becomes of a name once its site is gone. A name is never deleted.
// +kubebuilder:validation:Enum=Retain;StopRenewing
type AfterSite string

// What may become of a name once its site is gone.
const (
	// AfterSiteRetain goes on renewing it.
	AfterSiteRetain AfterSite = "Retain"
	// AfterSiteStopRenewing turns automatic renewal off, and it runs out.
	AfterSiteStopRenewing AfterSite = "StopRenewing"
)

// DomainSpec is the decision to buy one name. It is made once, by creating the Domain, and holds all that is needed to know later what
// was meant, also after the site is gone or the cluster was restored without status.
//
// +kubebuilder:validation:XValidation:rule="self.domain == oldSelf.domain",message="domain is immutable"
// +kubebuilder:validation:XValidation:rule="self.registrarName == oldSelf.registrarName",message="registrarName is immutable"
// +kubebuilder:validation:XValidation:rule="self.operationID == oldSelf.operationID",message="operationID is immutable"
// +kubebuilder:validation:XValidation:rule="self.acquisition == oldSelf.acquisition",message="acquisition is immutable"
// +kubebuilder:validation:XValidation:rule="self.maxPrice == oldSelf.maxPrice",message="maxPrice is immutable"
type DomainSpec struct {
	// domain in lower-case ASCII, without a trailing dot, and the same as metadata.name.
	// +kubebuilder:validation:MaxLength=190
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +required
	Domain string `json:"domain"`

	// registrarName is the Registrar that it is bought at.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	RegistrarName string `json:"registrarName"`

	// operationID names this purchase to the registrar: its idempotency key or transaction ID where it has one.
	// +kubebuilder:validation:Pattern=`^[a-z0-9-]{8,64}$`
	// +required
	OperationID string `json:"operationID"`

	// acquisition is how the name comes onto the books.
	// +kubebuilder:default=Register
	// +optional
	Acquisition Acquisition `json:"acquisition,omitempty"`

	// maxPrice is the most that it may cost for one year.
	// +required
	MaxPrice Price `json:"maxPrice"`

	// afterSite is what becomes of the name once its site is gone.
	// +kubebuilder:default=Retain
	// +optional
	AfterSite AfterSite `json:"afterSite,omitempty"`

	// nameServers that the name shall lead to, where it is another set than the one that it was bought with. It is set once at the registrar each time that it
	// changes here, by the factory's own word: what somebody changes at the registrar afterwards stays. Make the zone at the new ones first. Empty leaves it
	// as it is.
	// +kubebuilder:validation:MinItems=2
	// +kubebuilder:validation:MaxItems=13
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +listType=set
	// +optional
	NameServers []string `json:"nameServers,omitempty"`
}

// DomainCall is the fence around a purchase: it is written, with a check of the resourceVersion, before the call goes out. Whoever finds
// one without a result looks the name up and does not call.
type DomainCall struct {
	// try counts the calls; it is raised only when the name is provably not ours and no call can be on its way.
	// +kubebuilder:validation:Minimum=1
	// +required
	Try int32 `json:"try"`
	// startedTime is when the fence was written.
	// +required
	StartedTime metav1.Time `json:"startedTime"`
	// notAfter is when the call is broken off at the latest.
	// +required
	NotAfter metav1.Time `json:"notAfter"`
	// account that the call goes to, by the provider's name for it. Only that account can tell that it came to nothing: where the Registrar has another one
	// now, a person is asked.
	// +kubebuilder:validation:MaxLength=128
	// +optional
	Account string `json:"account,omitempty"`
}

// RenewalOutcome is what came of a call that extends a registration.
// +kubebuilder:validation:Enum=Done;Pending;Rejected
type RenewalOutcome string

// What may come of a call that extends a registration.
const (
	// RenewalDone: the registration was extended.
	RenewalDone RenewalOutcome = "Done"
	// RenewalPending: the registrar has accepted it and works on it.
	RenewalPending RenewalOutcome = "Pending"
	// RenewalRejected: it was turned down, and nothing was paid.
	RenewalRejected RenewalOutcome = "Rejected"
)

// DomainRenewal is the fence around an explicit renewal: it is written, with a check of the resourceVersion, before the call goes out. A
// registration is extended once for each time at which it runs out.
type DomainRenewal struct {
	// expiryTime is what is extended from. It goes out with the call, so that a registrar that checks it extends once.
	// +required
	ExpiryTime metav1.Time `json:"expiryTime"`
	// try counts the calls for this expiryTime; it is raised only when the one before was turned down, or when the registrar is sure to refuse it if that
	// one was carried out.
	// +kubebuilder:validation:Minimum=1
	// +required
	Try int32 `json:"try"`
	// startedTime is when the fence was written.
	// +required
	StartedTime metav1.Time `json:"startedTime"`
	// notAfter is when the call is broken off at the latest.
	// +required
	NotAfter metav1.Time `json:"notAfter"`
	// outcome of the call; absent while it is not known.
	// +optional
	Outcome RenewalOutcome `json:"outcome,omitempty"`
	// reference is the registrar's own name for a renewal that it works on.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Reference string `json:"reference,omitempty"`
	// detail says, for people, why it was turned down.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Detail string `json:"detail,omitempty"`
}

// DomainStatus is what is known of the name.
type DomainStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// call that was made last, or is being made.
	// +optional
	Call *DomainCall `json:"call,omitempty"`

	// reservedTry is the try for which the Registrar's limits were reserved last.
	// +optional
	ReservedTry int32 `json:"reservedTry,omitempty"`

	// reference is the registrar's own name for an order that it works on.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Reference string `json:"reference,omitempty"`

	// registeredTime is when the name was first seen to be ours.
	// +optional
	RegisteredTime *metav1.Time `json:"registeredTime,omitempty"`

	// expiryTime is when the registration runs out, as the registrar says.
	// +optional
	ExpiryTime *metav1.Time `json:"expiryTime,omitempty"`

	// autoRenew is whether the registrar renews it by itself; absent while not known.
	// +optional
	AutoRenew *bool `json:"autoRenew,omitempty"`

	// renewal that the factory made last, or is making, of a name that the registrar does not renew by itself.
	// +optional
	Renewal *DomainRenewal `json:"renewal,omitempty"`

	// nameServers that the registrar was last told to have the name lead to; absent where it was not.
	// +kubebuilder:validation:MaxItems=13
	// +kubebuilder:validation:items:MaxLength=253
	// +listType=set
	// +optional
	NameServers []string `json:"nameServers,omitempty"`

	// conditions: Registered, Renewing, NeedsAttention, and Delegated where spec.nameServers is set.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Domain is one name that the factory owns or is buying. It outlives its site as a PersistentVolume outlives its claim: what was paid for
// stays on the books and is renewed. It lives in the factory's namespace and is made by the factory; its Create is the decision to buy.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=factory,shortName=dom
// +kubebuilder:printcolumn:name="Registered",type=string,JSONPath=`.status.conditions[?(@.type=="Registered")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Registered")].reason`
// +kubebuilder:printcolumn:name="Registrar",type=string,JSONPath=`.spec.registrarName`
// +kubebuilder:printcolumn:name="Expires",type=string,format=date-time,JSONPath=`.status.expiryTime`
// +kubebuilder:printcolumn:name="Auto-renew",type=boolean,JSONPath=`.status.autoRenew`
// +kubebuilder:printcolumn:name="Renewing",type=string,JSONPath=`.status.conditions[?(@.type=="Renewing")].reason`,priority=1
// +kubebuilder:printcolumn:name="Attention",type=string,JSONPath=`.status.conditions[?(@.type=="NeedsAttention")].reason`,priority=1
// +kubebuilder:printcolumn:name="Operation",type=string,JSONPath=`.spec.operationID`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == self.spec.domain",message="metadata.name must be the same as spec.domain"
type Domain struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the decision to buy.
	// +required
	Spec DomainSpec `json:"spec"`
	// status is what is known of the name.
	// +optional
	Status DomainStatus `json:"status,omitempty,omitzero"`
}

// DomainList is a list of Domains.
//
// +kubebuilder:object:root=true
type DomainList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Domain `json:"items"`
}
