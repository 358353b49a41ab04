package duty

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// OwnsSecret says whether an installer Secret of the name that the site's spec has is this site's: the site owns it; or nobody does, and the site was made by
// hand, as whoever makes both by hand cannot know the site's UID before; or nobody does, and the front end made it for this domain. The last are from
// a backup, from which sites come back with other UIDs and what they owned without owner: the name has a random end that stands in one claim only.
func OwnsSecret(site *v1alpha1.IndieSite, secret metav1.Object) bool {
	owned := false
	for _, ref := range secret.GetOwnerReferences() {
		if ref.UID == site.UID {
			return true
		}
		owned = owned || ref.Kind == v1alpha1.KindIndieSite
	}
	if site.Spec.OnboarderName == nil {
		return !owned
	}
	return len(secret.GetOwnerReferences()) == 0 && secret.GetAnnotations()[v1alpha1.AnnotationDomain] == site.Spec.Domain
}
