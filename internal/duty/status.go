package duty

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Gone is the error of a status that could not be written because the resource was deleted meanwhile. Nothing was written, so whatever was to
// follow the write must not; but nothing went wrong either.
type Gone struct{ err error }

func (g *Gone) Error() string { return g.err.Error() }

// Unwrap gives the API server's error, which is NotFound.
func (g *Gone) Unwrap() error { return g.err }

// WriteStatus writes the status of after, where it differs from before's, on the condition that the resource is still at before's
// resourceVersion. A conflict means that the status was computed from something old: start over, never retry the write. It returns
// whether it wrote; after then has the new resourceVersion.
func WriteStatus(ctx context.Context, c client.Client, before, after client.Object) (bool, error) {
	if equality.Semantic.DeepEqual(before, after) {
		return false, nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.Status().Patch(ctx, after, patch); err != nil {
		err = fmt.Errorf("write status of %T %s: %w", after, client.ObjectKeyFromObject(after), err)
		if apierrors.IsNotFound(err) {
			return false, &Gone{err}
		}
		return false, err
	}
	return true, nil
}

// SetCondition sets a condition with the object's generation. The transition time is taken from now and changes only with the status, so
// that the same state computed again is no change.
func SetCondition(conditions *[]metav1.Condition, generation int64, now metav1.Time, c metav1.Condition) {
	c.ObservedGeneration = generation
	c.LastTransitionTime = metav1.NewTime(now.Rfc3339Copy().Time)
	meta.SetStatusCondition(conditions, c)
}
