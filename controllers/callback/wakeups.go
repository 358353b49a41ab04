package callback

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// SetupWithManager gives the duty a queue and workers of its own, and says what wakes it: of an IndieSite, what an outcome, its delivery or
// the finalizer depends on, but not the delivery's own records; of an Onboarder, whether and where it may be told; and a slot that was given back.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, opts controller.Options) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("callback").
		WithOptions(opts).
		For(&v1alpha1.IndieSite{}, builder.WithPredicates(predicate.And[client.Object](in(r.SitesNamespace), predicate.Funcs{UpdateFunc: siteMatters}))).
		Watches(&v1alpha1.Onboarder{}, handler.EnqueueRequestsFromMapFunc(r.sitesOf),
			builder.WithPredicates(predicate.And[client.Object](in(r.FactoryNamespace), predicate.Funcs{UpdateFunc: onboarderMatters}))).
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			r.queue = queue // before there are workers
			return nil
		})).
		Complete(r)
}

func in(namespace string) predicate.Predicate {
	return predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetNamespace() == namespace })
}

// siteMatters compares what the duty depends on. A periodic resync shows the same object twice, and matters to nobody.
func siteMatters(e event.UpdateEvent) bool {
	before, ok1 := e.ObjectOld.(*v1alpha1.IndieSite)
	after, ok2 := e.ObjectNew.(*v1alpha1.IndieSite)
	if !ok1 || !ok2 {
		return false
	}
	return before.UID != after.UID ||
		before.Generation != after.Generation ||
		!before.DeletionTimestamp.Equal(after.DeletionTimestamp) ||
		!slices.Equal(before.Finalizers, after.Finalizers) ||
		sendAgain(before) != sendAgain(after) ||
		attemptNumber(before) != attemptNumber(after) ||
		!equality.Semantic.DeepEqual(before.Status.Outcome, after.Status.Outcome) ||
		conditionChanged(before, after, v1alpha1.ConditionReady) ||
		conditionChanged(before, after, v1alpha1.ConditionStalled)
}

func attemptNumber(site *v1alpha1.IndieSite) int32 {
	if site.Status.Attempt == nil {
		return 0
	}
	return site.Status.Attempt.Number
}

func conditionChanged(before, after *v1alpha1.IndieSite, conditionType string) bool {
	b := apimeta.FindStatusCondition(before.Status.Conditions, conditionType)
	a := apimeta.FindStatusCondition(after.Status.Conditions, conditionType)
	if b == nil || a == nil {
		return b != a
	}
	return b.Status != a.Status || b.Reason != a.Reason || b.ObservedGeneration != a.ObservedGeneration
}

func onboarderMatters(e event.UpdateEvent) bool {
	before, ok1 := e.ObjectOld.(*v1alpha1.Onboarder)
	after, ok2 := e.ObjectNew.(*v1alpha1.Onboarder)
	if !ok1 || !ok2 {
		return false
	}
	return before.UID != after.UID ||
		before.Generation != after.Generation ||
		!equality.Semantic.DeepEqual(before.Status, after.Status)
}

// sitesOf maps an Onboarder to its sites that are not told yet. Onboarders change rarely, so all sites are looked through; a label would do
// for those that the front end made, but not for those that an admin did.
func (r *Reconciler) sitesOf(ctx context.Context, onboarder client.Object) []reconcile.Request {
	sites := &v1alpha1.IndieSiteList{}
	if err := r.List(ctx, sites, client.InNamespace(r.SitesNamespace), client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "list the sites of an onboarder", "onboarder", onboarder.GetName())
		return nil
	}
	var requests []reconcile.Request
	for i := range sites.Items {
		site := &sites.Items[i]
		if site.Spec.OnboarderName == nil || *site.Spec.OnboarderName != onboarder.GetName() || site.Status.Outcome == nil {
			continue
		}
		if apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered) && site.DeletionTimestamp.IsZero() {
			continue
		}
		requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Namespace: site.Namespace, Name: site.Name}})
	}
	return requests
}
