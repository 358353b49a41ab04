package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// IndieSiteSpec says whose site it is and in which order it was asked for.
//
// +kubebuilder:validation:XValidation:rule="has(self.onboarderName) == has(oldSelf.onboarderName) && (!has(self.onboarderName) || self.onboarderName == oldSelf.onboarderName)",message="onboarderName is immutable"
// +kubebuilder:validation:XValidation:rule="has(self.onboarderName) == has(self.callback)",message="onboarderName and callback go together: a site made without an onboarder has neither"
// +kubebuilder:validation:XValidation:rule="self.setupAttempt == oldSelf.setupAttempt || self.setupAttempt == oldSelf.setupAttempt + 1",message="setupAttempt may only be raised by one"
// +kubebuilder:validation:XValidation:rule="self.setupAttempt > oldSelf.setupAttempt || (self.requestDigest == oldSelf.requestDigest && self.installerSecretRef == oldSelf.installerSecretRef && has(self.callback) == has(oldSelf.callback) && (!has(self.callback) || self.callback == oldSelf.callback))",message="requestDigest, installerSecretRef and callback belong to an attempt: they may change only together with setupAttempt"
type IndieSiteSpec struct {
	// domain of the site: lower-case ASCII, no trailing dot, and the same as metadata.name.
	// +kubebuilder:validation:MaxLength=190
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="domain is immutable"
	// +required
	Domain string `json:"domain"`

	// siteClassName is the SiteClass that the site is built from.
	// +kubebuilder:default=indie-site
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="siteClassName is immutable"
	// +optional
	SiteClassName string `json:"siteClassName,omitempty"`

	// onboarderName is the Onboarder that asked. Immutable. Absent for a site made with kubectl: then there is no callback.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	OnboarderName *string `json:"onboarderName,omitempty"`

	// setupAttempt counts the orders for this name. It is raised by one, and only after this attempt's outcome is frozen.
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +optional
	SetupAttempt int32 `json:"setupAttempt,omitempty"`

	// requestDigest says whether two orders are the same one: an HMAC over onboarder, domain, callback, dialect and sign-up code, with the
	// key's name before the colon. A site made with kubectl may carry any value; its volume belongs to it.
	// +kubebuilder:validation:Pattern=`^[a-z0-9]{1,16}:[A-Za-z0-9_-]{1,86}$`
	// +required
	RequestDigest string `json:"requestDigest"`

	// installerSecretRef names the Secret, in the same namespace, with the key installer-secret.json. Nothing is bought before it is there.
	// +required
	InstallerSecretRef LocalReference `json:"installerSecretRef"`

	// callback to the onboarder that asked.
	// +optional
	Callback *SiteCallback `json:"callback,omitempty"`

	// suspend stops the workload, nothing else: the name is kept, the onboarder is told.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// volumeClaimName makes the site use this PersistentVolumeClaim, whatever order it belongs to. Only for admins; the front end may not set it.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	VolumeClaimName string `json:"volumeClaimName,omitempty"`
}

// SiteCallback says where, how and in whose words the onboarder is told.
type SiteCallback struct {
	// url is the prefix that /site/<domain> is appended to. It is checked against the Onboarder's prefixes again at each delivery.
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https://[^\s?#@\\]+$`
	// +required
	URL string `json:"url"`

	// domain as it was sent, which is how the callback names it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9.-]+$`
	// +required
	Domain string `json:"domain"`

	// dialect that the order came in, and the callback goes back in.
	// +required
	Dialect Dialect `json:"dialect"`
}

// OutcomeCode is what the onboarder is told: 201 the site stands, 409 the name went to somebody else, 500 it failed for good.
// +kubebuilder:validation:Enum=201;409;500
type OutcomeCode int32

// The three outcomes of the HTTP contract.
const (
	OutcomeCreated OutcomeCode = 201
	OutcomeTaken   OutcomeCode = 409
	OutcomeFailed  OutcomeCode = 500
)

// Outcome is how an attempt ended. Once it is written it does not change.
type Outcome struct {
	// attempt that ended so.
	// +kubebuilder:validation:Minimum=1
	// +required
	Attempt int32 `json:"attempt"`
	// code that the onboarder is told.
	// +required
	Code OutcomeCode `json:"code"`
	// time at which the attempt ended.
	// +required
	Time metav1.Time `json:"time"`
}

// Delivery is the state of telling the onboarder. It is kept here so that a restart neither loses nor resets it.
type Delivery struct {
	// attempt of the outcome that is being delivered; it starts anew with each outcome.
	// +kubebuilder:validation:Minimum=1
	// +required
	Attempt int32 `json:"attempt"`
	// attempts that were made.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// firstAttemptTime is when the first one began; the schedule's end is counted from it.
	// +optional
	FirstAttemptTime *metav1.Time `json:"firstAttemptTime,omitempty"`
	// lastAttemptTime is when the last one began.
	// +optional
	LastAttemptTime *metav1.Time `json:"lastAttemptTime,omitempty"`
	// nextAttemptTime is when the next one is due. Absent once it is delivered or given up.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`
	// lastResponse is what came of the last attempt: a status code with a fixed reason, or a fixed reason alone, such as "503 ServerError" or "Timeout";
	// never the receiver's words. Absent while an attempt is under way, and where the factory was stopped before it knew the answer.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	LastResponse string `json:"lastResponse,omitempty"`
	// deliveredTime is when the onboarder answered 200.
	// +optional
	DeliveredTime *metav1.Time `json:"deliveredTime,omitempty"`
	// sendAgain is the value of the send-again annotation that was obeyed last.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	SendAgain string `json:"sendAgain,omitempty"`
}

// IndieSiteStatus is how far a site is.
type IndieSiteStatus struct {
	// observedGeneration is the generation that the conditions up to Ready speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// url at which the site is, or will be.
	// +optional
	URL string `json:"url,omitempty"`

	// siteClassRevision is the snapshot of the SiteClass that the site is built from. A changed SiteClass does not touch it by itself.
	// +optional
	SiteClassRevision string `json:"siteClassRevision,omitempty"`

	// attempt that the conditions speak of.
	// +optional
	Attempt *AttemptStatus `json:"attempt,omitempty"`

	// outcome of the last attempt that ended. Frozen.
	// +optional
	Outcome *Outcome `json:"outcome,omitempty"`

	// delivery of the outcome to the onboarder.
	// +optional
	Delivery *Delivery `json:"delivery,omitempty"`

	// conditions: DomainRegistered, SiteAvailable, DNSPublished, CertificateIssued, Reachable, Ready, Stalled, CallbackDelivered.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AttemptStatus holds the times from which an attempt's deadlines are counted.
type AttemptStatus struct {
	// number of the attempt, as in spec.setupAttempt.
	// +kubebuilder:validation:Minimum=1
	// +required
	Number int32 `json:"number"`
	// startTime is when the factory first saw it.
	// +required
	StartTime metav1.Time `json:"startTime"`
	// domainTime is when the name was first seen to be ours during this attempt, or the site was last resumed.
	// +optional
	DomainTime *metav1.Time `json:"domainTime,omitempty"`
}

// IndieSite is one person's site. Its name is its domain, so the API server alone decides who has it. Sites live in the sites
// namespace; the front end makes them, or an admin. To create one is to spend money on a name.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=factory,shortName=isite
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Outcome",type=integer,JSONPath=`.status.outcome.code`
// +kubebuilder:printcolumn:name="Told",type=string,JSONPath=`.status.conditions[?(@.type=="CallbackDelivered")].status`
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`
// +kubebuilder:printcolumn:name="Onboarder",type=string,JSONPath=`.spec.onboarderName`,priority=1
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.spec.setupAttempt`,priority=1
// +kubebuilder:printcolumn:name="Next call",type=string,format=date-time,JSONPath=`.status.delivery.nextAttemptTime`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == self.spec.domain",message="metadata.name must be the same as spec.domain"
// +kubebuilder:validation:XValidation:rule="self.spec.setupAttempt == oldSelf.spec.setupAttempt || (has(oldSelf.status) && has(oldSelf.status.outcome) && oldSelf.status.outcome.attempt == oldSelf.spec.setupAttempt)",message="setupAttempt may be raised only after the outcome of this attempt is frozen"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.outcome) || (has(self.status) && has(self.status.outcome) && (self.status.outcome.attempt > oldSelf.status.outcome.attempt || self.status.outcome == oldSelf.status.outcome))",message="the outcome of an attempt is frozen"
// +kubebuilder:validation:XValidation:rule="!has(self.status) || !has(self.status.outcome) || self.status.outcome.attempt <= self.spec.setupAttempt",message="an outcome belongs to an attempt that was made"
type IndieSite struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the order.
	// +required
	Spec IndieSiteSpec `json:"spec"`
	// status is how far it is.
	// +optional
	Status IndieSiteStatus `json:"status,omitempty,omitzero"`
}

// IndieSiteList is a list of IndieSites.
//
// +kubebuilder:object:root=true
type IndieSiteList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IndieSite `json:"items"`
}
