package siteclass

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// indexClass finds the IndieSites that refer to a class.
const indexClass = "siteclass.spec.siteClassName"

// SetupWithManager says what wakes the duty: a changed spec or deletion of a SiteClass, a revision that somebody deleted, and an IndieSite that
// comes, goes, or moves to another revision, and a Secret with a TSIG key.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.IndieSite{}, indexClass, classOf); err != nil {
		return fmt.Errorf("index the IndieSites by SiteClass: %w", err)
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("siteclass").
		For(&v1alpha1.SiteClass{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, deletionChanged))).
		Owns(&appsv1.ControllerRevision{}, builder.WithPredicates(predicate.Funcs{
			CreateFunc: func(event.CreateEvent) bool { return false },
			UpdateFunc: func(event.UpdateEvent) bool { return false },
		})).
		Watches(&v1alpha1.IndieSite{}, handler.EnqueueRequestsFromMapFunc(r.classesOf), builder.WithPredicates(revisionChanged)).
		WatchesMetadata(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.classesWithKey), builder.WithPredicates(predicate.ResourceVersionChangedPredicate{})).
		WithOptions(opts).
		Complete(r)
}

func classOf(o client.Object) []string { return []string{o.(*v1alpha1.IndieSite).Spec.SiteClassName} }

func (r *Reconciler) classesOf(_ context.Context, o client.Object) []reconcile.Request {
	site, ok := o.(*v1alpha1.IndieSite)
	if !ok || site.Namespace != r.SitesNamespace {
		return nil
	}
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: r.FactoryNamespace, Name: site.Spec.SiteClassName}}}
}

var deletionChanged = predicate.Funcs{
	CreateFunc: func(event.CreateEvent) bool { return false },
	DeleteFunc: func(event.DeleteEvent) bool { return false },
	UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	},
}

var revisionChanged = predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(*v1alpha1.IndieSite)
		after, ok2 := e.ObjectNew.(*v1alpha1.IndieSite)
		return ok1 && ok2 && before.Status.SiteClassRevision != after.Status.SiteClassRevision
	},
}
