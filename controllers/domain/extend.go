package domain

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// fenceExtension writes that an extension is about to be sent, on the condition that the Domain is as it was when the name was looked up: whoever
// sent one before has written a fence of its own, so this write would conflict, or the look-up came after it.
func (r *Reconciler) fenceExtension(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.reserved != actExtend {
		return duty.Continue(), nil
	}
	if err := ctx.Err(); err != nil {
		return duty.Stop(), err
	}
	if r.seenLongAgo(s) {
		return duty.StopFor(minPollPause), nil
	}
	now := r.Clock.Now()
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	before := s.facts.domain
	after := before.DeepCopy()
	after.Status.Renewal = newRenewal(before.Status.Renewal, s.facts.sighting.Holding.Expiry, now)
	if _, err := duty.WriteStatus(ctx, r.Client, before, after); err != nil {
		return duty.Stop(), err
	}
	s.facts.domain, s.extension, s.previous = after, after.Status.Renewal, before.Status.Renewal
	return duty.Continue(), nil
}

// seenLongAgo says whether this process stood still, or had to wait for answers, so that what was seen is too old to spend anything on.
func (r *Reconciler) seenLongAgo(s *scope) bool { return r.Clock.Now().Sub(s.facts.now) > callTimeout }

// confirmExtension reads everything again that could have changed our mind, past all caches, and takes the fence back if it has.
func (r *Reconciler) confirmExtension(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.extension == nil {
		return duty.Continue(), nil
	}
	ctx, cancel := detached(ctx, readTimeout)
	defer cancel()
	before := s.facts
	outcome, err := r.loadFresh(ctx, s)
	if err != nil {
		s.facts = before
		_, also := r.withdrawExtension(ctx, s)
		return duty.Stop(), errors.Join(err, also)
	}
	if outcome.Stopped() {
		s.extension = nil
		return outcome, nil
	}
	now := s.facts.domain
	if now.UID != before.domain.UID || !equality.Semantic.DeepEqual(now.Status, before.domain.Status) {
		// Somebody else has written since. Their word stands, and this pass has no fence any more.
		s.extension = nil
		return duty.StopFor(minPollPause), nil
	}
	s.facts.sighting, s.facts.renewed, s.facts.answer, s.facts.delegation = before.sighting, before.renewed, before.answer, before.delegation
	if !s.facts.askable || s.facts.account != before.account || !s.facts.runsOut() {
		return r.withdrawExtension(ctx, s)
	}
	return duty.Continue(), nil
}

// withdrawExtension takes a fence back behind which nothing was sent, as only the pass knows that wrote it.
func (r *Reconciler) withdrawExtension(ctx context.Context, s *scope) (duty.Outcome, error) {
	s.extension = nil
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	status := s.facts.unchanged()
	status.Renewal = s.previous
	if err := r.write(ctx, &s.facts, status); err != nil {
		return duty.Stop(), err
	}
	return duty.StopFor(maxPollPause), nil
}

// extend buys one more year, once.
func (r *Reconciler) extend(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.extension == nil {
		return duty.Continue(), nil
	}
	most, err := s.facts.renewalCap()
	if err == nil {
		most, err = most.Min(s.most)
	}
	left := s.extension.NotAfter.Sub(r.Clock.Now())
	if err != nil || left <= 0 {
		return r.withdrawExtension(ctx, s)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), left)
	defer cancel()
	d := s.facts.domain
	s.extended = s.account.Renew(ctx, registrar.Renewal{
		Domain: d.Spec.Domain, AutoRenew: s.facts.autoRenewWanted(), ExtendFrom: s.facts.sighting.Holding.Expiry,
		OperationID: d.Spec.OperationID, Try: s.extension.Try, MaxPrice: most,
	})
	if s.extended == nil {
		s.extended = registrar.Unknown{Err: errors.New("the provider returned no result")}
	}
	extensions.WithLabelValues(s.extended.Outcome()).Inc()
	if unknown, ok := s.extended.(registrar.Unknown); ok {
		ctrl.LoggerFrom(ctx).Error(unknown.Err, "An extension has no clear answer, and is looked up", "try", s.extension.Try)
	}
	return duty.Continue(), nil
}

// recordExtension writes what came of it, as recordResult does for a purchase.
func (r *Reconciler) recordExtension(ctx context.Context, s *scope) (duty.Outcome, error) {
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	var err error
	for range contenders {
		if err = r.write(ctx, &s.facts, s.facts.extended(s.extended)); err == nil {
			return duty.StopFor(r.calendar.done(&s.facts, s.key, s.facts.delegationPause(), r.Random())), nil
		}
		if !apierrors.IsConflict(err) {
			break
		}
		fresh := &v1alpha1.Domain{}
		if err = r.Reader.Get(ctx, s.key, fresh); err != nil {
			break
		}
		if !equality.Semantic.DeepEqual(fresh.Status.Renewal, s.extension) {
			return duty.StopFor(minPollPause), nil
		}
		s.facts.domain = fresh
	}
	// What came of it is not lost: the next look-up shows it.
	return duty.Stop(), fmt.Errorf("record the extension of %s: %w", s.key.Name, err)
}
