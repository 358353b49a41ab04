package site

import (
	"context"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// changed is a predicate for updates of one kind; comings and goings always count.
func changed[T client.Object](differs func(before, after T) bool) predicate.Funcs {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok1 := e.ObjectOld.(T)
		after, ok2 := e.ObjectNew.(T)
		return ok1 && ok2 && differs(before, after)
	}}
}

// siteChanged: the order, an annotation, deletion, what the callback duty writes, and a revision that an admin took away so that the site takes the newest.
// Not what this duty writes itself.
var siteChanged = changed(func(before, after *v1alpha1.IndieSite) bool {
	told := func(s *v1alpha1.IndieSite) (string, string) {
		if c := find(s.Status.Conditions, v1alpha1.ConditionCallbackDelivered); c != nil {
			return string(c.Status), c.Reason
		}
		return "", ""
	}
	status1, reason1 := told(before)
	status2, reason2 := told(after)
	return before.Generation != after.Generation ||
		before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(before.Annotations, after.Annotations) ||
		(before.Status.SiteClassRevision != "" && after.Status.SiteClassRevision == "") ||
		!equality.Semantic.DeepEqual(before.Status.Outcome, after.Status.Outcome) ||
		status1 != status2 || reason1 != reason2
})

// domainChanged: a condition, or deletion.
var domainChanged = changed(func(before, after *v1alpha1.Domain) bool {
	return before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero() ||
		!equality.Semantic.DeepEqual(before.Status.Conditions, after.Status.Conditions)
})

// metadataOrSpecChanged: not the status of a volume, which changes while it is resized and says nothing of the site.
var metadataOrSpecChanged = predicate.Or(
	predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{}, predicate.LabelChangedPredicate{},
	changed(func(before, after client.Object) bool {
		return before.GetDeletionTimestamp().IsZero() != after.GetDeletionTimestamp().IsZero()
	}))

// cameOrWent: an installer Secret is immutable.
var cameOrWent = changed(func(before, after client.Object) bool {
	return before.GetDeletionTimestamp().IsZero() != after.GetDeletionTimestamp().IsZero()
})

var revisionChanged = changed(func(before, after *v1alpha1.SiteClass) bool {
	return before.Status.CurrentRevision != after.Status.CurrentRevision
})

var registrarChanged = changed(func(before, after *v1alpha1.Registrar) bool {
	was, is := find(before.Status.Conditions, v1alpha1.ConditionReady), find(after.Status.Conditions, v1alpha1.ConditionReady)
	return before.Generation != after.Generation || isTrue(was) != isTrue(is)
})

func request(namespace, name string) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKey{Namespace: namespace, Name: name}}
}

func (r *Reconciler) siteOfDomain(_ context.Context, o client.Object) []reconcile.Request {
	if o.GetNamespace() != r.FactoryNamespace {
		return nil
	}
	return []reconcile.Request{request(r.SitesNamespace, o.GetName())}
}

// siteOfChild goes by the annotation, which the volume has as well, and by the owner, in case somebody took the annotation away.
func (r *Reconciler) siteOfChild(_ context.Context, o client.Object) []reconcile.Request {
	if o.GetNamespace() != r.SitesNamespace {
		return nil
	}
	names := map[string]bool{}
	if domain := o.GetAnnotations()[v1alpha1.AnnotationDomain]; domain != "" {
		names[domain] = true
	}
	for _, ref := range o.GetOwnerReferences() {
		if ref.Kind == v1alpha1.KindIndieSite {
			names[ref.Name] = true
		}
	}
	var requests []reconcile.Request
	for name := range names {
		requests = append(requests, request(o.GetNamespace(), name))
	}
	return requests
}

func (r *Reconciler) sitesOfSecret(ctx context.Context, o client.Object) []reconcile.Request {
	if o.GetNamespace() != r.SitesNamespace {
		return nil
	}
	return r.sites(ctx, func(*v1alpha1.IndieSite) bool { return true }, client.MatchingFields{indexSecret: o.GetName()})
}

// sitesOfClass are those that wait for a first revision; the others stay on theirs.
func (r *Reconciler) sitesOfClass(ctx context.Context, o client.Object) []reconcile.Request {
	return r.sites(ctx, func(s *v1alpha1.IndieSite) bool {
		return s.Spec.SiteClassName == o.GetName() && s.Status.SiteClassRevision == ""
	})
}

// sitesNotSold are those that wait for a Registrar.
func (r *Reconciler) sitesNotSold(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.sites(ctx, func(s *v1alpha1.IndieSite) bool {
		c := find(s.Status.Conditions, v1alpha1.ConditionDomainRegistered)
		return c != nil && (c.Reason == v1alpha1.ReasonSuffixNotSold || c.Reason == v1alpha1.ReasonRegistrarNotReady)
	})
}

func (r *Reconciler) sites(ctx context.Context, wanted func(*v1alpha1.IndieSite) bool, opts ...client.ListOption) []reconcile.Request {
	var list v1alpha1.IndieSiteList
	if err := r.List(ctx, &list, append(opts, client.InNamespace(r.SitesNamespace))...); err != nil {
		logf.FromContext(ctx).Error(err, "cannot list the IndieSites to wake; they come back by themselves at their next deadline")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			requests = append(requests, request(r.SitesNamespace, list.Items[i].Name))
		}
	}
	return requests
}
