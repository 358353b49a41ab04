package site

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
)

var secretKind = corev1.SchemeGroupVersion.WithKind("Secret")

// SetupWithManager says what wakes the duty; see watches.go for which changes count.
//
// Certificates and DNSEndpoints are watched only where the cluster has these kinds when the manager starts: a watch of a kind that is not there would
// keep the manager from starting. Where cert-manager is installed later, Certificates are looked at every two seconds while a site waits for one, until the
// manager is restarted; a DNSEndpoint is compared whenever its site is.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.IndieSite{}, indexSecret, secretOf); err != nil {
		return fmt.Errorf("index the IndieSites by installer Secret: %w", err)
	}
	if err := newCensus(mgr.GetClient(), r.SitesNamespace).register(); err != nil {
		return fmt.Errorf("register the metrics of sites: %w", err)
	}
	r.cache = mgr.GetCache()
	if r.Probes == 0 {
		r.Probes = max(opts.MaxConcurrentReconciles/2, 1)
	}
	children := handler.EnqueueRequestsFromMapFunc(r.siteOfChild)
	b := ctrl.NewControllerManagedBy(mgr).
		Named("site").
		For(&v1alpha1.IndieSite{}, builder.WithPredicates(siteChanged)).
		Watches(&v1alpha1.Domain{}, handler.EnqueueRequestsFromMapFunc(r.siteOfDomain), builder.WithPredicates(domainChanged)).
		Watches(&appsv1.StatefulSet{}, children, builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&corev1.Service{}, children, builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&corev1.PersistentVolumeClaim{}, children, builder.WithPredicates(metadataOrSpecChanged)).
		Watches(&networkingv1.Ingress{}, children, builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		Watches(&networkingv1.NetworkPolicy{}, children, builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.sitesOfSecret), builder.WithPredicates(cameOrWent)).
		Watches(&v1alpha1.SiteClass{}, handler.EnqueueRequestsFromMapFunc(r.sitesOfClass), builder.WithPredicates(revisionChanged)).
		Watches(&v1alpha1.Registrar{}, handler.EnqueueRequestsFromMapFunc(r.sitesNotSold), builder.WithPredicates(registrarChanged)).
		WithOptions(opts)
	for _, kind := range []struct {
		gvk     schema.GroupVersionKind
		watched *bool
	}{{resources.CertificateKind, &r.certificatesWatched}, {resources.DNSEndpointKind, &r.endpointsWatched}} {
		there, err := hasKind(mgr, kind.gvk)
		if err != nil {
			return err
		}
		if *kind.watched = there; there {
			b = b.Watches(empty(kind.gvk), children, builder.WithPredicates(predicate.ResourceVersionChangedPredicate{}))
		}
	}
	return b.Complete(r)
}

func hasKind(mgr ctrl.Manager, kind schema.GroupVersionKind) (bool, error) {
	_, err := mgr.GetRESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
	switch {
	case apimeta.IsNoMatchError(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look whether the cluster has %s: %w", kind.GroupKind(), err)
	}
	return true, nil
}

// indexSecret finds the IndieSites that name an installer Secret, also one that was made by hand and has no owner.
const indexSecret = "site.spec.installerSecretRef.name"

func secretOf(o client.Object) []string {
	return []string{o.(*v1alpha1.IndieSite).Spec.InstallerSecretRef.Name}
}
