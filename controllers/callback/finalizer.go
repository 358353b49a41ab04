package callback

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// owed says whether the onboarder is still to be told of the current attempt.
func (s *scope) owed() bool { return s.hasOnboarder() && !s.told() }

// mustHold says whether something is owed and nothing holds the site back.
func (s *scope) mustHold() bool { return s.owed() && !s.deleting() && !s.held() }

// mayLetGo says whether the site is held back although nothing is owed, or nothing more can be done about it.
func (s *scope) mayLetGo() bool {
	if !s.held() {
		return false
	}
	if !s.deleting() {
		return !s.owed()
	}
	return !s.owed() || !s.ended() && unaccepted(s.site) || s.farewellOver() || s.blocked != nil && s.blocked.gone
}

// hold puts the finalizer on before there is anything to tell, so that no order can vanish untold.
func (r *Reconciler) hold(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.mustHold() {
		return duty.Continue(), nil
	}
	controllerutil.AddFinalizer(s.site, v1alpha1.FinalizerCallback)
	return duty.Continue(), r.writeFinalizers(ctx, s)
}

// letGo takes the finalizer off.
func (r *Reconciler) letGo(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.mayLetGo() {
		return duty.Continue(), nil
	}
	untold := s.owed() && !unaccepted(s.site)
	controllerutil.RemoveFinalizer(s.site, v1alpha1.FinalizerCallback)
	if err := client.IgnoreNotFound(r.writeFinalizers(ctx, s)); err != nil {
		return duty.Continue(), err
	}
	if untold {
		leftUntold(r.Recorder, s.site)
	}
	return duty.Continue(), nil
}

// writeFinalizers writes the metadata on the condition that nothing else was written since; a merge patch replaces the whole list. What the
// scope has of the status and has not written yet is kept.
func (r *Reconciler) writeFinalizers(ctx context.Context, s *scope) error {
	pending := s.site.Status.DeepCopy()
	patched := s.before.DeepCopy()
	patched.Finalizers = s.site.Finalizers
	patch := client.MergeFromWithOptions(s.before, client.MergeFromWithOptimisticLock{})
	if err := r.Patch(ctx, patched, patch); err != nil {
		return fmt.Errorf("write finalizers of IndieSite %s: %w", s.site.Name, err)
	}
	s.before, s.site = patched, patched.DeepCopy()
	s.site.Status = *pending
	return nil
}
