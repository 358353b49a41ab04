package resources

import (
	"crypto/sha256"
	"encoding/hex"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// digestHashLen is how many hex digits of a requestDigest's hash a claim's name and LabelOrder carry. With the child's 52 characters and a dash that makes 63.
// Two digests that meet in them are told apart by AnnotationRequestDigest.
const digestHashLen = 10

// ClaimName is the name of the PersistentVolumeClaim that a site uses: the one that an admin named, or the one of its order.
func ClaimName(site *v1alpha1.IndieSite) string {
	if site.Spec.VolumeClaimName != "" {
		return site.Spec.VolumeClaimName
	}
	return names.Child(site.Spec.Domain) + "-" + orderHash(site)
}

// orderHash is what names and labels carry of the requestDigest.
func orderHash(site *v1alpha1.IndieSite) string {
	sum := sha256.Sum256([]byte(site.Spec.RequestDigest))
	return hex.EncodeToString(sum[:])[:digestHashLen]
}

// PersistentVolumeClaim builds the volume of an order. It has no owner, as it outlives the site: the same order finds it again, any other has
// one of its own.
//
// found is the claim as it is, or nil. What cannot be changed on a claim is taken from it, and its size only grows, so that a site on a
// newer SiteClass keeps its data whatever the class says of new volumes.
func PersistentVolumeClaim(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec, found *corev1.PersistentVolumeClaim) *corev1ac.PersistentVolumeClaimApplyConfiguration {
	class = Defaulted(class)
	size, storageClass := *class.Storage.Size, class.Storage.StorageClassName
	if found != nil {
		storageClass = found.Spec.StorageClassName
		size = larger(size, found.Spec.Resources.Requests[corev1.ResourceStorage])
	}
	spec := corev1ac.PersistentVolumeClaimSpec().
		WithAccessModes(corev1.ReadWriteOnce).
		WithVolumeMode(corev1.PersistentVolumeFilesystem).
		WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: size}))
	if storageClass != nil {
		spec.WithStorageClassName(*storageClass)
	}
	return corev1ac.PersistentVolumeClaim(ClaimName(site), site.Namespace).
		WithLabels(labels(site.Spec.Domain)).
		WithAnnotations(annotations(site.Spec.Domain)).
		WithAnnotations(map[string]string{v1alpha1.AnnotationRequestDigest: site.Spec.RequestDigest}).
		WithSpec(spec)
}

func larger(a, b resource.Quantity) resource.Quantity {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
