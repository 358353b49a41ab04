package resources

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// What a SiteClass means where it says nothing. The API server fills these in as well, but a snapshot may be older than a field.
const (
	defaultPort           = 8080
	defaultDataPath       = "/data"
	defaultUserID         = 65532
	defaultProbePath      = "/"
	defaultStartupSeconds = 120
	defaultSize           = "1Gi"
	defaultIssuerKind     = "ClusterIssuer"
	defaultIssuerGroup    = "cert-manager.io"
	defaultTTL            = 300
	defaultRegistrarTTL   = 3600

	defaultRegistration  = 24 * time.Hour
	defaultSetup         = time.Hour
	defaultFailedSiteTTL = 7 * 24 * time.Hour
)

// Defaulted returns a copy of the class with every field filled in that has a default. A nil class gives the defaults alone.
func Defaulted(class *v1alpha1.SiteClassSpec) *v1alpha1.SiteClassSpec {
	c := &v1alpha1.SiteClassSpec{}
	if class != nil {
		c = class.DeepCopy()
	}
	setDefault(&c.ImagePullPolicy, corev1.PullIfNotPresent)
	setDefault(&c.Port, defaultPort)
	setDefault(&c.DataPath, defaultDataPath)
	setDefault(&c.UserID, defaultUserID)
	setDefault(&c.Probes.LivenessPath, defaultProbePath)
	setDefault(&c.Probes.ReadinessPath, defaultProbePath)
	setDefault(&c.Probes.StartupSeconds, defaultStartupSeconds)
	if c.Storage.Size == nil {
		size := resource.MustParse(defaultSize)
		c.Storage.Size = &size
	}
	if issuer := c.TLS.CertManager; issuer != nil {
		setDefault(&issuer.IssuerRef.Kind, defaultIssuerKind)
		setDefault(&issuer.IssuerRef.Group, defaultIssuerGroup)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// RegistrationDeadline is how long an order may take until the name is ours.
func RegistrationDeadline(class *v1alpha1.SiteClassSpec) time.Duration {
	if class == nil || class.Deadlines.Registration == nil {
		return defaultRegistration
	}
	return class.Deadlines.Registration.Duration
}

// SetupDeadline is how long it may take from there until the site answers.
func SetupDeadline(class *v1alpha1.SiteClassSpec) time.Duration {
	if class == nil || class.Deadlines.Setup == nil {
		return defaultSetup
	}
	return class.Deadlines.Setup.Duration
}

// FailedSiteTTL is how long a site that ended unbought keeps its claim to the name.
func FailedSiteTTL(class *v1alpha1.SiteClassSpec) time.Duration {
	if class == nil || class.FailedSiteTTL == nil {
		return defaultFailedSiteTTL
	}
	return class.FailedSiteTTL.Duration
}

// ManagesDNS says whether the factory publishes the names' records, itself or through external-dns.
func ManagesDNS(class *v1alpha1.SiteClassSpec) bool {
	return class != nil && (class.DNS.ExternalDNS != nil || class.DNS.Registrar != nil || class.DNS.RFC2136 != nil)
}

// TTLSeconds of the records, where the factory publishes them.
func TTLSeconds(class *v1alpha1.SiteClassSpec) int32 {
	ttl, otherwise := (*int32)(nil), int32(defaultTTL)
	switch dns := class.DNS; {
	case dns.ExternalDNS != nil:
		ttl = dns.ExternalDNS.TTLSeconds
	case dns.RFC2136 != nil:
		ttl = dns.RFC2136.TTLSeconds
	case dns.Registrar != nil:
		ttl, otherwise = dns.Registrar.TTLSeconds, defaultRegistrarTTL
	}
	if ttl == nil {
		return otherwise
	}
	return *ttl
}
