package onboarder

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// SetupWithManager says what wakes the duty: a changed spec of an Onboarder, one that comes or goes, and any change of a Secret that one names, seen
// by its metadata alone, so that a changed token is taken without a restart.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	inFactory := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetNamespace() == r.FactoryNamespace })
	return ctrl.NewControllerManagedBy(mgr).
		Named("onboarder").
		WithOptions(opts).
		Watches(&v1alpha1.Onboarder{}, handler.EnqueueRequestsFromMapFunc(r.all),
			builder.WithPredicates(inFactory, predicate.GenerationChangedPredicate{})).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.ifNamed),
			builder.WithPredicates(inFactory, predicate.ResourceVersionChangedPredicate{})).
		Complete(r)
}

// all is one request for all Onboarders, so that many events at once are one run.
func (r *Reconciler) all(context.Context, client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: r.FactoryNamespace, Name: "all"}}}
}

// ifNamed leaves out the Secrets that no Onboarder names.
func (r *Reconciler) ifNamed(ctx context.Context, secret client.Object) []reconcile.Request {
	list := &v1alpha1.OnboarderList{}
	if err := r.List(ctx, list, client.InNamespace(r.FactoryNamespace)); err != nil {
		log.FromContext(ctx).Error(err, "list the Onboarders that name a Secret", "secret", secret.GetName())
		return r.all(ctx, secret)
	}
	for i := range list.Items {
		if list.Items[i].Spec.TokenSecretRef.Name == secret.GetName() {
			return r.all(ctx, secret)
		}
	}
	return nil
}
