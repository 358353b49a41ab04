package site

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

const (
	// conflictAfter is when to look again whether a child that belongs to something else is gone: nothing wakes the duty for what is not its own.
	conflictAfter = time.Minute
	// leavingAfter is when to look again for a child that is going away.
	leavingAfter = 2 * time.Second
)

// object is a pointer to a Kubernetes object.
type object interface {
	client.Object
	comparable
}

// ensure makes a child as config says, unless it is so already, and returns it as the API server has it. observed is the child in the cache, or nil; into is
// an empty object.
//
// Applying is skipped when the child carries the hash of this very configuration and has everything that it says: so a converged site causes no
// writes, a field that is no longer wanted goes (the hash differs), and what somebody edited or deleted comes back (the content differs).
//
// A child that is not this site's is left alone. Between the cache and the API server lies time, so: a child that the cache does not have is looked
// for live before it is made; a child that is there is applied under its UID, which fails when it has been replaced; and where a replacement has a
// controller, the API server refuses a second one.
func ensure[T object](ctx context.Context, r *Reconciler, s *scope, config any, observed, into T) (T, error) {
	var none T
	desired, err := desire(config)
	if err != nil {
		return none, err
	}
	key := client.ObjectKey{Namespace: desired.GetNamespace(), Name: desired.GetName()}
	if observed == none {
		if observed, err = fetch(ctx, r.Reader, key, into.DeepCopyObject().(T)); err != nil {
			return none, err
		}
	}
	if observed != none {
		if err := s.mayTouch(desired.GetKind(), observed); err != nil {
			return observed, err
		}
		same, err := upToDate(desired, observed)
		if err != nil || same {
			return observed, err
		}
		desired.SetUID(observed.GetUID())
	}
	err = r.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), fieldOwner, client.ForceOwnership)
	if err != nil {
		return observed, fmt.Errorf("apply %s %s: %w", desired.GetKind(), key.Name, err)
	}
	if u, ok := any(into).(*unstructured.Unstructured); ok {
		u.Object = desired.Object
		return into, nil
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(desired.Object, into); err != nil {
		return none, fmt.Errorf("read the applied %s %s: %w", desired.GetKind(), key.Name, err)
	}
	return into, nil
}

// remove deletes a child of this site, if it is there.
func remove[T object](ctx context.Context, r *Reconciler, s *scope, observed T) (duty.Outcome, error) {
	var none T
	if observed == none || !observed.GetDeletionTimestamp().IsZero() || s.whose(observed) != mine {
		return duty.Continue(), nil
	}
	if err := r.delete(ctx, observed, false); err != nil && !apierrors.IsConflict(err) { // another one is there by now
		return duty.Stop(), err
	}
	return duty.Continue(), nil
}

// belonging says whose a child is.
type belonging int

const (
	foreign belonging = iota
	mine
	// earlier is an earlier site's of the same name, that garbage collection has not reached yet.
	earlier
)

// whose tells by the controller and the domain annotation. A volume has no controller, and belongs to an order of a domain. An annotation that
// somebody removed from this site's own child comes back; one that says something else is obeyed.
func (s *scope) whose(o client.Object) belonging {
	domain, annotated := o.GetAnnotations()[v1alpha1.AnnotationDomain]
	if annotated && domain != s.site.Spec.Domain {
		return foreign
	}
	ref := metav1.GetControllerOfNoCopy(o)
	if _, volume := o.(*corev1.PersistentVolumeClaim); volume {
		if annotated && ref == nil && o.GetAnnotations()[v1alpha1.AnnotationRequestDigest] == s.site.Spec.RequestDigest {
			return mine
		}
		return foreign
	}
	switch {
	case ref == nil:
		return foreign
	case ref.UID == s.site.UID:
		return mine
	case annotated && ref.Kind == v1alpha1.KindIndieSite && ref.Name == s.site.Name:
		return earlier
	}
	return foreign
}

// mayTouch returns nil for this site's own child that is to stay.
func (s *scope) mayTouch(kind string, o client.Object) error {
	name := kind + " " + o.GetName()
	_, volume := o.(*corev1.PersistentVolumeClaim)
	switch whose := s.whose(o); {
	case whose == foreign:
		s.conflict = name
		return &duty.Waiting{For: name + ", which belongs to something else, to go", After: conflictAfter}
	case whose == earlier:
		s.awaited = name + " of an earlier site of this name to go"
		return &duty.Waiting{For: s.awaited, After: leavingAfter}
	case !o.GetDeletionTimestamp().IsZero() && !volume: // a volume that is in use stays while it is
		s.awaited = name + ", which is being deleted, to go"
		return &duty.Waiting{For: s.awaited, After: leavingAfter}
	}
	return nil
}
