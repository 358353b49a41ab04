package domain

import (
	"context"
	"math/rand/v2"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
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

// SetupWithManager declares which changes of which fields wake the duty.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	if r.Random == nil {
		r.Random = rand.Float64
	}
	census.source.Store(&censusSource{reader: mgr.GetClient(), namespace: r.FactoryNamespace, now: r.Clock.Now})
	return ctrl.NewControllerManagedBy(mgr).
		Named("domain").
		WithOptions(opts).
		For(&v1alpha1.Domain{}, builder.WithPredicates(domainChanges())).
		Watches(&v1alpha1.IndieSite{}, handler.EnqueueRequestsFromMapFunc(r.domainOfSite), builder.WithPredicates(siteChanges())).
		Watches(&v1alpha1.Registrar{}, handler.EnqueueRequestsFromMapFunc(r.domainsOfRegistrar), builder.WithPredicates(registrarChanges())).
		Complete(r)
}

// domainChanges: what is asked for, that it is to go, and a person's decision. Its status is the duty's own.
func domainChanges() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
				e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero() ||
				e.ObjectOld.GetAnnotations()[v1alpha1.AnnotationDecision] != e.ObjectNew.GetAnnotations()[v1alpha1.AnnotationDecision]
		},
	}
}

// siteChanges: that a site comes, goes, ends its attempt or begins another.
func siteChanges() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.IndieSite)
			after, ok2 := e.ObjectNew.(*v1alpha1.IndieSite)
			return !ok1 || !ok2 || before.UID != after.UID ||
				before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
				before.Spec.SetupAttempt != after.Spec.SetupAttempt ||
				before.Spec.InstallerSecretRef != after.Spec.InstallerSecretRef ||
				!equality.Semantic.DeepEqual(before.Status.Outcome, after.Status.Outcome) ||
				!equality.Semantic.DeepEqual(before.Status.Attempt, after.Status.Attempt) ||
				apimeta.IsStatusConditionTrue(before.Status.Conditions, v1alpha1.ConditionStalled) != apimeta.IsStatusConditionTrue(after.Status.Conditions, v1alpha1.ConditionStalled)
		},
	}
}

// registrarChanges: what it sells and may spend, suspend among it, and whether it works. What is used up of its limits wakes nobody.
func registrarChanges() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.Registrar)
			after, ok2 := e.ObjectNew.(*v1alpha1.Registrar)
			return !ok1 || !ok2 || before.UID != after.UID || before.Generation != after.Generation || ready(before) != ready(after)
		},
	}
}

// ready says that the Registrar works as it is specified now: a True of an earlier generation says nothing.
func ready(r *v1alpha1.Registrar) bool {
	c := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Status == "True" && c.ObservedGeneration == r.Generation
}

func (r *Reconciler) domainOfSite(_ context.Context, site client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: r.FactoryNamespace, Name: site.GetName()}}}
}

// domainsOfRegistrar are those that may be waiting for it.
func (r *Reconciler) domainsOfRegistrar(ctx context.Context, reg client.Object) []reconcile.Request {
	var list v1alpha1.DomainList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Cannot list the Domains that wait for a Registrar", "registrar", reg.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		d := &list.Items[i]
		if p := phaseOf(d); d.Spec.RegistrarName == reg.GetName() && p != phaseOurs && p != phaseEnded {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(d)})
		}
	}
	return requests
}
