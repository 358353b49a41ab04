package resources

import (
	appsv1 "k8s.io/api/apps/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// revisionHistory is how many old pod templates a StatefulSet keeps.
const revisionHistory = 2

// StatefulSet builds the workload: one replica, as an Indie Site is a single process with its own database, none while suspended.
//
// Pods are managed in parallel, or a pod that cannot start would keep a mended template from being rolled out (kubernetes#67250). The volume is
// a claim of our own, as those of volumeClaimTemplates cannot be resized. The template names the installer Secret and the claim, so a
// new order of either makes a new pod.
func StatefulSet(site *v1alpha1.IndieSite, class *v1alpha1.SiteClassSpec) *appsv1ac.StatefulSetApplyConfiguration {
	class = Defaulted(class)
	domain := site.Spec.Domain
	replicas := int32(1)
	if site.Spec.Suspend {
		replicas = 0
	}
	return appsv1ac.StatefulSet(names.Child(domain), site.Namespace).
		WithLabels(labels(domain)).
		WithAnnotations(annotations(domain)).
		WithOwnerReferences(owner(site)).
		WithSpec(appsv1ac.StatefulSetSpec().
			WithReplicas(replicas).
			WithRevisionHistoryLimit(revisionHistory).
			WithServiceName(names.Child(domain)).
			WithPodManagementPolicy(appsv1.ParallelPodManagement).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(selector(domain))).
			WithTemplate(podTemplate(site, class)))
}
