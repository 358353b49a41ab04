package registrar

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// SetupWithManager declares what wakes the duty: a Registrar's spec, which suffixes the others sell, and any change of the Secret with its credentials, seen by
// its metadata alone, so that credentials that were mended, or broken, are tried at once. And failed calls to its account, once a minute at most.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	b := ctrl.NewControllerManagedBy(mgr).
		Named("registrar").
		WithOptions(opts).
		For(&v1alpha1.Registrar{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Registrar{}, handler.EnqueueRequestsFromMapFunc(r.others), builder.WithPredicates(suffixChanges())).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.opensWith),
			builder.WithPredicates(r.inFactory(), predicate.ResourceVersionChangedPredicate{}))
	if r.Failures != nil {
		b = b.WatchesRawSource(source.Channel(r.Failures.News(), r.onFailure()))
	}
	return b.Complete(r)
}

// suffixChanges: that a Registrar comes, goes, or sells something else.
func suffixChanges() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.Registrar)
			after, ok2 := e.ObjectNew.(*v1alpha1.Registrar)
			return !ok1 || !ok2 || before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
				!slices.Equal(before.Spec.Suffixes, after.Spec.Suffixes)
		},
	}
}

func (r *Reconciler) others(ctx context.Context, changed client.Object) []reconcile.Request {
	var list v1alpha1.RegistrarList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Cannot list the other Registrars", "registrar", changed.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if o := &list.Items[i]; o.Name != changed.GetName() {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)})
		}
	}
	return requests
}
