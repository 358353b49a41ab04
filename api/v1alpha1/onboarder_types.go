package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OnboarderSpec says who may ask this factory for sites, and how it is called back.
type OnboarderSpec struct {
	// tokenSecretRef names the Secret, in the same namespace, with the key token; previous-token is taken as well while a token is
	// being changed, and callback-token is sent with callbacks in place of token. Where callbacks are signed it has the key webhook-key too, and
	// previous-webhook-key signs as well while that is being changed.
	// +required
	TokenSecretRef LocalReference `json:"tokenSecretRef"`

	// callback says where the outcome of an order may be sent.
	// +required
	Callback OnboarderCallback `json:"callback"`

	// dialects that this onboarder may use. QuerySecret puts the token into URLs and has to be asked for.
	// +kubebuilder:default={Bearer}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=2
	// +listType=set
	// +optional
	Dialects []Dialect `json:"dialects,omitempty"`

	// siteClassName is the SiteClass of the sites that this onboarder orders.
	// +kubebuilder:default=indie-site
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	SiteClassName string `json:"siteClassName,omitempty"`

	// quota bounds what this onboarder may ask for.
	// +kubebuilder:default={}
	// +optional
	Quota OnboarderQuota `json:"quota,omitempty,omitzero"`

	// allowPublishedToken lets the published mock token in. Only a test factory takes it.
	// +optional
	AllowPublishedToken bool `json:"allowPublishedToken,omitempty"`
}

// OnboarderCallback says where outcomes may be sent and whom to trust there.
type OnboarderCallback struct {
	// urlPrefixes are the https URLs below which a callback must lie, compared as origin and whole path segments. The token goes to
	// no other place.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^https://[A-Za-z0-9._:\\\\[\\\\]-]+(/[A-Za-z0-9._~!$&()*+,;=:@/-]*)?$')",message="must be an https URL without user info, query, fragment, backslash or percent-encoding"
	// +listType=set
	// +required
	URLPrefixes []string `json:"urlPrefixes"`

	// signature asks for callbacks that are signed, and have a JSON body that says what the URL says, as a signature covers the body only. The
	// rest of the contract stays as it is, the token too. Without it the body is empty.
	// +optional
	Signature CallbackSignature `json:"signature,omitempty"`

	// caBundle holds PEM certificates to trust for these callbacks in place of the system's, for a receiver with a private CA.
	// +kubebuilder:validation:MaxLength=262144
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`
}

// CallbackSignature is how callbacks are signed.
// +kubebuilder:validation:Enum=StandardWebhooks
type CallbackSignature string

// The ways to sign callbacks.
const (
	// SignatureStandardWebhooks signs as Standard Webhooks 1.0.0 says, with HMAC-SHA256 (its scheme v1) and the webhook keys of the Onboarder's Secret.
	SignatureStandardWebhooks CallbackSignature = "StandardWebhooks"
)

// OnboarderQuota bounds what an onboarder may ask for. Over it the answer is 503 with Retry-After.
type OnboarderQuota struct {
	// sites is how many sites may stand at once.
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=0
	// +optional
	Sites *int32 `json:"sites,omitempty"`

	// ordersPerMinute bounds POST /v1/site, by each replica of the front end.
	// +kubebuilder:default=120
	// +kubebuilder:validation:Minimum=1
	// +optional
	OrdersPerMinute *int32 `json:"ordersPerMinute,omitempty"`

	// checksPerMinute bounds GET /v1/domain, by each replica of the front end; each may cost a call at the registry.
	// +kubebuilder:default=600
	// +kubebuilder:validation:Minimum=1
	// +optional
	ChecksPerMinute *int32 `json:"checksPerMinute,omitempty"`
}

// TokenUse says which of an onboarder's tokens a digest is of.
// +kubebuilder:validation:Enum=Current;Previous
type TokenUse string

// The tokens that let an onboarder in.
const (
	TokenCurrent  TokenUse = "Current"
	TokenPrevious TokenUse = "Previous"
)

// TokenDigest lets the front end know a token without being able to read it. Tokens have 256 bits or more, so a plain digest does not
// give them away.
type TokenDigest struct {
	// use says which token it is.
	// +required
	Use TokenUse `json:"use"`

	// sha256 of the token, in lower-case hex.
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +required
	SHA256 string `json:"sha256"`
}

// OnboarderStatus is what the factory says of an Onboarder.
type OnboarderStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// tokenDigests are those of the tokens that are let in now. Empty while not Ready.
	// +listType=map
	// +listMapKey=use
	// +optional
	TokenDigests []TokenDigest `json:"tokenDigests,omitempty"`

	// conditions: Ready.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Onboarder is a party that may ask this factory for sites: its token, where it is called back, its dialects and its quota.
// It lives in the factory's namespace and is made by an admin.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=factory,shortName=onb
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Dialects",type=string,JSONPath=`.spec.dialects`,priority=1
// +kubebuilder:printcolumn:name="Callbacks",type=string,JSONPath=`.spec.callback.urlPrefixes`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must have at most 63 characters, as it becomes a label"
type Onboarder struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the admin asks for.
	// +required
	Spec OnboarderSpec `json:"spec"`
	// status is what the factory says of it.
	// +optional
	Status OnboarderStatus `json:"status,omitempty,omitzero"`
}

// OnboarderList is a list of Onboarders.
//
// +kubebuilder:object:root=true
type OnboarderList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Onboarder `json:"items"`
}
