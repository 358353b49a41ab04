package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SiteClassSpec says what an Indie Site is here. A change makes a new snapshot; sites that stand stay on theirs.
//
// +kubebuilder:validation:XValidation:rule="!has(self.files) || self.files.all(f, !f.path.startsWith(self.dataPath + '/'))",message="files must not lie in dataPath"
// +kubebuilder:validation:XValidation:rule="!has(self.files) || self.files.all(f, self.files.exists_one(g, g.path.substring(0, g.path.lastIndexOf('/')) == f.path.substring(0, f.path.lastIndexOf('/'))))",message="each of files must lie in a directory of its own"
type SiteClassSpec struct {
	// image of the Indie Site.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Image string `json:"image"`

	// imagePullPolicy as for any container.
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	// +kubebuilder:default=IfNotPresent
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// imagePullSecrets in the sites namespace.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=name
	// +optional
	ImagePullSecrets []LocalReference `json:"imagePullSecrets,omitempty"`

	// args for the image's entry point.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	// +listType=atomic
	// +optional
	Args []string `json:"args,omitempty"`

	// env variables with plain values.
	// +kubebuilder:validation:MaxItems=64
	// +listType=map
	// +listMapKey=name
	// +optional
	Env []SiteEnvVar `json:"env,omitempty"`

	// port that the site listens on, in plain HTTP behind the route.
	// +kubebuilder:default=8080
	// +kubebuilder:validation:Minimum=1024
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port int32 `json:"port,omitempty"`

	// dataPath is the directory below which the site keeps everything that it owns; the volume is mounted there.
	// +kubebuilder:default=/data
	// +kubebuilder:validation:Pattern=`^(/[A-Za-z0-9._-]+)+$`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	DataPath string `json:"dataPath,omitempty"`

	// files that the site finds. Each lies in a directory of its own, outside dataPath.
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=path
	// +optional
	Files []SiteFile `json:"files,omitempty"`

	// userID that the site runs as, also the group of its volume. Never root.
	// +kubebuilder:default=65532
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=4294967294
	// +optional
	UserID int64 `json:"userID,omitempty"`

	// probes tell whether the site runs.
	// +kubebuilder:default={}
	// +optional
	Probes SiteProbes `json:"probes,omitempty,omitzero"`

	// resources of the container.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitempty,omitzero"`

	// storage of the site's volume.
	// +required
	Storage SiteStorage `json:"storage"`

	// route leads from the internet to the site. Exactly one of the members that are kinds of route.
	// +required
	Route SiteRoute `json:"route"`

	// tls says where certificates come from.
	// +required
	TLS SiteTLS `json:"tls"`

	// dns says who publishes the names' records.
	// +kubebuilder:default={unmanaged: {}}
	// +optional
	DNS SiteDNS `json:"dns,omitempty,omitzero"`

	// network bounds what the site's pod may reach.
	// +kubebuilder:default={}
	// +optional
	Network SiteNetwork `json:"network,omitempty,omitzero"`

	// deadlines after which an attempt has failed.
	// +kubebuilder:default={}
	// +optional
	Deadlines SiteDeadlines `json:"deadlines,omitempty,omitzero"`

	// failedSiteTTL is how long a site that ended without its name being bought keeps its claim to the name, once the onboarder was told.
	// +kubebuilder:default="168h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('0s')",message="must not be negative"
	// +optional
	FailedSiteTTL *metav1.Duration `json:"failedSiteTTL,omitempty"`
}

// SiteEnvVar is an environment variable with a plain value.
type SiteEnvVar struct {
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	// +kubebuilder:validation:MaxLength=255
	// +required
	Name string `json:"name"`
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	Value string `json:"value,omitempty"`
}

// SiteFileContent says what a file holds.
// +kubebuilder:validation:Enum=InstallerSecret
type SiteFileContent string

// SiteFileInstallerSecret is the installer file with the sign-up code, in both spellings.
const SiteFileInstallerSecret SiteFileContent = "InstallerSecret"

// SiteFile is a file that the site finds when it starts.
type SiteFile struct {
	// path of the file. Its directory is mounted read-only and must not lie in dataPath, nor be the root.
	// +kubebuilder:validation:Pattern=`^(/[A-Za-z0-9._-]+){2,}$`
	// +kubebuilder:validation:MaxLength=255
	// +required
	Path string `json:"path"`

	// content of the file.
	// +required
	Content SiteFileContent `json:"content"`
}

// SiteProbes are the paths by which kubelet asks the site how it is.
type SiteProbes struct {
	// livenessPath; the site is restarted when it does not answer.
	// +kubebuilder:default=/
	// +kubebuilder:validation:Pattern=`^/`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	LivenessPath string `json:"livenessPath,omitempty"`

	// readinessPath; the site gets no requests while it does not answer.
	// +kubebuilder:default=/
	// +kubebuilder:validation:Pattern=`^/`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	ReadinessPath string `json:"readinessPath,omitempty"`

	// startupSeconds is how long the site may take until it answers for the first time.
	// +kubebuilder:default=120
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=3600
	// +optional
	StartupSeconds int32 `json:"startupSeconds,omitempty"`
}

// SiteStorage is what a site's volume is made of.
type SiteStorage struct {
	// size of the volume.
	// +kubebuilder:default="1Gi"
	// +optional
	Size *resource.Quantity `json:"size,omitempty"`

	// storageClassName; the cluster's default where it is absent.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty"`
}

// SiteRoute leads from the internet to the site.
// +kubebuilder:validation:XValidation:rule="has(self.ingress)",message="exactly one kind of route must be given: ingress"
type SiteRoute struct {
	// ingress makes an Ingress.
	// +optional
	Ingress *IngressRoute `json:"ingress,omitempty"`

	// addresses at which the route is reached, as IP addresses or host names, optionally with a port (default 443). Where absent, those that
	// the route's status publishes. Name them where the ingress controller publishes none.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=259
	// +kubebuilder:validation:items:MinLength=1
	// +listType=set
	// +optional
	Addresses []string `json:"addresses,omitempty"`

	// from selects the route's own pods, the only ones that the site's NetworkPolicy lets in. Where absent, nothing is let in by policy
	// but the kubelet; an ingress controller on the host network needs an ipBlock here.
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	From []networkingv1.NetworkPolicyPeer `json:"from,omitempty"`
}

// IngressRoute is a route by Ingress.
type IngressRoute struct {
	// className of the Ingress; the cluster's default where it is absent.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ClassName *string `json:"className,omitempty"`

	// annotations for the Ingress, as its controller wants them.
	// +kubebuilder:validation:MaxProperties=32
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// SiteTLS says where certificates come from. Exactly one of the members that are sources of certificates.
// +kubebuilder:validation:XValidation:rule="has(self.certManager) != has(self.wildcard)",message="exactly one source of certificates must be given: certManager or wildcard"
type SiteTLS struct {
	// certManager asks cert-manager for a Certificate for each site.
	// +optional
	CertManager *CertManagerTLS `json:"certManager,omitempty"`

	// wildcard: the route has a certificate of its own that covers the sites, so none is asked for.
	// +optional
	Wildcard *WildcardTLS `json:"wildcard,omitempty"`

	// caBundle holds PEM certificates that the factory trusts, in place of the system's, when it looks whether a site answers. For a private issuer.
	// +kubebuilder:validation:MaxLength=262144
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`
}

// CertManagerTLS names a cert-manager issuer.
type CertManagerTLS struct {
	// issuerRef of the Certificate.
	// +required
	IssuerRef IssuerReference `json:"issuerRef"`
}

// IssuerReference names an issuer of certificates.
type IssuerReference struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
	// +kubebuilder:default=ClusterIssuer
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Kind string `json:"kind,omitempty"`
	// +kubebuilder:default=cert-manager.io
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Group string `json:"group,omitempty"`
}

// WildcardTLS has no fields: the route's own certificate is used.
type WildcardTLS struct{}

// SiteNetwork bounds what a site's pod may reach. DNS and the internet are open, mail submission on port 25 is not.
type SiteNetwork struct {
	// deniedCIDRs beyond those that are always denied: private, shared, link-local, loopback and documentation ranges. Name the cluster's pod,
	// service and node ranges here where they are public addresses.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self)",message="must be a CIDR"
	// +kubebuilder:validation:items:MaxLength=49
	// +listType=set
	// +optional
	DeniedCIDRs []string `json:"deniedCIDRs,omitempty"`
}

// SiteDeadlines are the times after which an attempt has failed.
type SiteDeadlines struct {
	// registration is how long an order may take until the name is ours.
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m')",message="must be at least 1m"
	// +optional
	Registration *metav1.Duration `json:"registration,omitempty"`

	// setup is how long it may take from there until the site answers.
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="must be at least 1s"
	// +optional
	Setup *metav1.Duration `json:"setup,omitempty"`
}

// SiteClassStatus is what the factory says of a SiteClass.
type SiteClassStatus struct {
	// observedGeneration is the generation that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// currentRevision is the name of the ControllerRevision that new sites are built from.
	// +optional
	CurrentRevision string `json:"currentRevision,omitempty"`

	// conditions: Ready.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// SiteClass says what an Indie Site is here: image, port, data path, files, probes, storage, route, TLS, DNS, deadlines.
// It lives in the factory's namespace and is made by an admin.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=siteclasses,categories=factory,shortName=sc-site
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Revision",type=string,JSONPath=`.status.currentRevision`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must have at most 63 characters, as it becomes a label"
type SiteClass struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the admin asks for.
	// +required
	Spec SiteClassSpec `json:"spec"`
	// status is what the factory says of it.
	// +optional
	Status SiteClassStatus `json:"status,omitempty,omitzero"`
}

// SiteClassList is a list of SiteClasses.
//
// +kubebuilder:object:root=true
type SiteClassList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []SiteClass `json:"items"`
}
