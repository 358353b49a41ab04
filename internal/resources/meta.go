package resources

import (
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// Labels that the children have beside LabelSite, as Kubernetes recommends them.
const (
	labelManagedBy = "app.kubernetes.io/managed-by"
	labelName      = "app.kubernetes.io/name"

	managedBy = "magic-website-factory"
	appName   = "indie-site"
)

// ContainerName is the name of the one container of a site's pod.
const ContainerName = "site"

// portName is the name by which Service and Ingress find the site's port.
const portName = "http"

// servicePort is the port of the Service, which only the route uses.
const servicePort = 80

// TLSSecretName is the name of the Secret that cert-manager keeps a site's certificate in. It outlives the Certificate, so that a site that is
// made anew does not need a new one.
func TLSSecretName(domain string) string { return names.Child(domain) + "-tls" }

// selector matches a site's pods, whatever order they serve. It is what a StatefulSet selects by, which cannot be changed.
func selector(domain string) map[string]string {
	return map[string]string{v1alpha1.LabelSite: names.Child(domain)}
}

// orderLabels are those of the pods that serve this very order.
func orderLabels(site *v1alpha1.IndieSite) map[string]string {
	return map[string]string{v1alpha1.LabelOrder: orderHash(site)}
}

func labels(domain string) map[string]string {
	return map[string]string{
		v1alpha1.LabelSite: names.Child(domain),
		labelName:          appName,
		labelManagedBy:     managedBy,
	}
}

func annotations(domain string) map[string]string {
	return map[string]string{v1alpha1.AnnotationDomain: domain}
}

func owner(site *v1alpha1.IndieSite) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind(v1alpha1.KindIndieSite).
		WithName(site.Name).
		WithUID(site.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
