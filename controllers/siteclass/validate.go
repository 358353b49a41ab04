package siteclass

import (
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
)

// Validate checks what the schema of SiteClass cannot say, or what it would be too costly to say there.
func Validate(spec *v1alpha1.SiteClassSpec) field.ErrorList {
	spec = resources.Defaulted(spec)
	at := field.NewPath("spec")
	var errs field.ErrorList
	if _, err := reference.ParseNormalizedNamed(spec.Image); err != nil {
		errs = append(errs, field.Invalid(at.Child("image"), spec.Image, err.Error()))
	}
	for i, s := range spec.ImagePullSecrets {
		errs = append(errs, subdomain(at.Child("imagePullSecrets").Index(i).Child("name"), s.Name)...)
	}
	errs = append(errs, paths(at, spec)...)
	errs = append(errs, probes(at.Child("probes"), spec.Probes)...)
	errs = append(errs, quantities(at.Child("resources"), spec.Resources)...)
	errs = append(errs, storage(at.Child("storage"), spec.Storage)...)
	errs = append(errs, route(at.Child("route"), spec.Route)...)
	errs = append(errs, tls(at.Child("tls"), spec.TLS)...)
	errs = append(errs, managedDNS(at, spec)...)
	for i, cidr := range spec.Network.DeniedCIDRs {
		errs = append(errs, prefix(at.Child("network", "deniedCIDRs").Index(i), cidr)...)
	}
	return errs
}

// Directories of the system. Nothing can be mounted below the first ones, and the second ones would hide what a program needs.
var (
	kernelPaths = []string{"/proc", "/sys", "/dev", "/tmp", "/run"}
	systemPaths = []string{"/bin", "/etc", "/lib", "/lib64", "/sbin", "/usr"}
)

// paths checks that the volume and the files' directories lie beside each other.
func paths(at *field.Path, spec *v1alpha1.SiteClassSpec) field.ErrorList {
	errs := mountable(at.Child("dataPath"), spec.DataPath, spec.DataPath)
	taken := []string{spec.DataPath}
	for i, f := range spec.Files {
		at, dir := at.Child("files").Index(i).Child("path"), path.Dir(f.Path)
		errs = append(errs, mountable(at, f.Path, dir)...)
		for _, other := range taken {
			if within(dir, other) || within(other, dir) {
				errs = append(errs, field.Invalid(at, f.Path, "its directory must be one of its own: it meets "+other))
			}
		}
		taken = append(taken, dir)
	}
	return errs
}

func mountable(at *field.Path, value, dir string) field.ErrorList {
	if path.Clean(value) != value {
		return field.ErrorList{field.Invalid(at, value, `must not contain "." or ".." as a part`)}
	}
	for _, system := range kernelPaths {
		if within(dir, system) || within(system, dir) {
			return field.ErrorList{field.Invalid(at, value, "must not lie in "+system)}
		}
	}
	if slices.Contains(systemPaths, dir) {
		return field.ErrorList{field.Invalid(at, value, "would hide the image's "+dir)}
	}
	return nil
}

// within says whether p is dir or lies below it.
func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

func probes(at *field.Path, p v1alpha1.SiteProbes) field.ErrorList {
	var errs field.ErrorList
	for name, value := range map[string]string{"livenessPath": p.LivenessPath, "readinessPath": p.ReadinessPath} {
		if _, err := url.ParseRequestURI(value); err != nil {
			errs = append(errs, field.Invalid(at.Child(name), value, "must be a path that a URL can have"))
		}
	}
	slices.SortFunc(errs, func(a, b *field.Error) int { return strings.Compare(a.Field, b.Field) })
	return errs
}

func quantities(at *field.Path, r corev1.ResourceRequirements) field.ErrorList {
	var errs field.ErrorList
	if len(r.Claims) > 0 {
		errs = append(errs, field.Forbidden(at.Child("claims"), "sites have no resource claims"))
	}
	for _, name := range sortedNames(r.Requests) {
		request := r.Requests[name]
		if request.Sign() < 0 {
			errs = append(errs, field.Invalid(at.Child("requests").Key(string(name)), request.String(), "must not be negative"))
		}
		if limit, ok := r.Limits[name]; ok && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(at.Child("requests").Key(string(name)), request.String(), "must not be more than its limit, "+limit.String()))
		}
	}
	for _, name := range sortedNames(r.Limits) {
		if limit := r.Limits[name]; limit.Sign() < 0 {
			errs = append(errs, field.Invalid(at.Child("limits").Key(string(name)), limit.String(), "must not be negative"))
		}
	}
	return errs
}

func sortedNames(l corev1.ResourceList) []corev1.ResourceName {
	names := make([]corev1.ResourceName, 0, len(l))
	for name := range l {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func storage(at *field.Path, s v1alpha1.SiteStorage) field.ErrorList {
	var errs field.ErrorList
	if s.Size.Sign() <= 0 {
		errs = append(errs, field.Invalid(at.Child("size"), s.Size.String(), "must be more than nothing"))
	}
	if s.StorageClassName != nil && *s.StorageClassName != "" {
		errs = append(errs, subdomain(at.Child("storageClassName"), *s.StorageClassName)...)
	}
	return errs
}

// certManagerAnnotations make cert-manager's ingress-shim ask for a second Certificate, into the same Secret.
var certManagerAnnotations = []string{"cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"}

func route(at *field.Path, r v1alpha1.SiteRoute) field.ErrorList {
	var errs field.ErrorList
	for i, address := range r.Addresses {
		if _, err := reach.ParseAddress(address); err != nil {
			errs = append(errs, field.Invalid(at.Child("addresses").Index(i), address, err.Error()))
		}
	}
	for i, p := range r.From {
		errs = append(errs, peer(at.Child("from").Index(i), p)...)
	}
	if r.Ingress == nil {
		return errs
	}
	at = at.Child("ingress")
	if r.Ingress.ClassName != nil {
		errs = append(errs, subdomain(at.Child("className"), *r.Ingress.ClassName)...)
	}
	keys := make([]string, 0, len(r.Ingress.Annotations))
	for key := range r.Ingress.Annotations {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		at := at.Child("annotations").Key(key)
		for _, msg := range validation.IsQualifiedName(strings.ToLower(key)) {
			errs = append(errs, field.Invalid(at, key, msg))
		}
		if strings.HasPrefix(key, v1alpha1.GroupName+"/") {
			errs = append(errs, field.Forbidden(at, "the factory's own annotations cannot be set here"))
		}
		if slices.Contains(certManagerAnnotations, key) {
			errs = append(errs, field.Forbidden(at, "the factory asks for the Certificate itself: see spec.tls"))
		}
	}
	return errs
}

func peer(at *field.Path, p networkingv1.NetworkPolicyPeer) field.ErrorList {
	if p.IPBlock != nil {
		if p.PodSelector != nil || p.NamespaceSelector != nil {
			return field.ErrorList{field.Forbidden(at, "ipBlock goes with no selector")}
		}
		errs := prefix(at.Child("ipBlock", "cidr"), p.IPBlock.CIDR)
		for i, except := range p.IPBlock.Except {
			errs = append(errs, prefix(at.Child("ipBlock", "except").Index(i), except)...)
		}
		return errs
	}
	if p.PodSelector == nil && p.NamespaceSelector == nil {
		return field.ErrorList{field.Required(at, "name an ipBlock, a podSelector or a namespaceSelector")}
	}
	var errs field.ErrorList
	if _, err := metav1.LabelSelectorAsSelector(p.PodSelector); err != nil {
		errs = append(errs, field.Invalid(at.Child("podSelector"), p.PodSelector, err.Error()))
	}
	if _, err := metav1.LabelSelectorAsSelector(p.NamespaceSelector); err != nil {
		errs = append(errs, field.Invalid(at.Child("namespaceSelector"), p.NamespaceSelector, err.Error()))
	}
	return errs
}

func prefix(at *field.Path, cidr string) field.ErrorList {
	p, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(at, cidr, "must be a range of IP addresses, such as 203.0.113.0/24")}
	case p.Addr().Is4In6():
		return field.ErrorList{field.Invalid(at, cidr, "must be written as an IPv4 range")}
	}
	return nil
}

func tls(at *field.Path, t v1alpha1.SiteTLS) field.ErrorList {
	var errs field.ErrorList
	if t.CertManager != nil {
		errs = append(errs, subdomain(at.Child("certManager", "issuerRef", "name"), t.CertManager.IssuerRef.Name)...)
	}
	if len(t.CABundle) > 0 {
		if _, err := reach.ParseCABundle(t.CABundle); err != nil {
			errs = append(errs, field.Invalid(at.Child("caBundle"), "(PEM)", err.Error()))
		}
	}
	return errs
}

func subdomain(at *field.Path, name string) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		errs = append(errs, field.Invalid(at, name, msg))
	}
	return errs
}
