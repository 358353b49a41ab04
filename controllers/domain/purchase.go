package domain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// detached is a context for what must not be broken off in the middle because the manager shuts down or gives the pass up: from the fence to
// the record of the result. It is bounded by its own time-out.
func detached(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}

// contenders is how often a write is worked out anew, at once, before the pass starts over: as often as others can be expected to be faster.
const contenders = 10

// reserve takes what the call that was decided on may use up of the Registrar's limits of today. It is never given back: a crash before the call
// costs a place and its price, and the limits hold.
func (r *Reconciler) reserve(ctx context.Context, s *scope) (duty.Outcome, error) {
	var err error
	for range contenders {
		act := decide(&s.facts).act
		usage, most, ok := s.facts.reservation(act)
		switch {
		case !ok:
			return duty.Continue(), nil
		case act == actExtend && r.seenLongAgo(s):
			// It would not be sent, and each try would cost its price of what may be spent today.
			return duty.StopFor(minPollPause), nil
		}
		before := s.facts.registrar
		after := before.DeepCopy()
		after.Status.Usage = &usage
		if _, err = duty.WriteStatus(ctx, r.Client, before, after); err == nil {
			s.reserved, s.most = act, most
			return duty.Continue(), nil
		}
		if !apierrors.IsConflict(err) {
			return duty.Stop(), err
		}
		// Another purchase was reserved in the meantime: count from what is there now, and look whether this one is still allowed.
		fresh := &v1alpha1.Registrar{}
		if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(before), fresh); err != nil {
			return duty.Stop(), fmt.Errorf("read Registrar %s: %w", before.Name, err)
		}
		s.facts.registrar = fresh
	}
	return duty.Stop(), err
}

// note leaves in the Domain's metadata that an order is about to go out to a registrar that cannot tell of orders. A backup tool that restores no status keeps it, and it is
// all that is left then to know of an order that may be open. It is written once, and on the condition that the Domain is as it was when it was looked up.
func (r *Reconciler) note(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.reserved != actBuy || s.facts.sighting == nil || s.facts.sighting.Order != registrar.OrderUnanswerable || s.facts.noted() {
		return duty.Continue(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	at := r.Clock.Now().UTC().Format(time.RFC3339)
	return duty.Continue(), r.patch(ctx, s, func(d *v1alpha1.Domain) { metav1.SetMetaDataAnnotation(&d.ObjectMeta, v1alpha1.AnnotationOrdered, at) })
}

// fence writes that a call is about to be made, on the condition that the Domain is as it was when that was decided. Who loses starts over.
// An error leaves open whether it was written; then nobody calls, and the next pass looks up.
func (r *Reconciler) fence(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.reserved != actBuy {
		return duty.Continue(), nil
	}
	if err := ctx.Err(); err != nil {
		return duty.Stop(), err
	}
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	before := s.facts.domain
	after := before.DeepCopy()
	after.Status = s.facts.fenced(lastTry(&before.Status)+1, r.Clock.Now())
	if _, err := duty.WriteStatus(ctx, r.Client, before, after); err != nil {
		return duty.Stop(), err
	}
	s.facts.domain, s.fence = after, after.Status.Call
	return duty.Continue(), nil
}

// confirm reads everything again that could have changed our mind, past all caches, and takes the fence back if it has.
func (r *Reconciler) confirm(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.fence == nil {
		return duty.Continue(), nil
	}
	ctx, cancel := detached(ctx, readTimeout)
	defer cancel()
	before := s.facts
	written := before.domain
	outcome, err := r.loadFresh(ctx, s)
	if err != nil {
		// No call without being sure, and no fence without a call, as far as it can be helped.
		s.facts = before
		_, also := r.withdraw(ctx, s, decision{status: before.waiting(v1alpha1.ReasonWaiting, "what the purchase depends on could not be read")})
		return duty.Stop(), errors.Join(err, also)
	}
	if outcome.Stopped() {
		s.fence = nil
		return outcome, nil
	}
	now := s.facts.domain
	if now.UID != written.UID || !equality.Semantic.DeepEqual(now.Status, written.Status) {
		// Somebody else has written since. Their word stands, and this pass has no fence any more.
		s.fence = nil
		return duty.StopFor(minPollPause), nil
	}
	if d, held := holdBack(&s.facts); held {
		return r.withdraw(ctx, s, d)
	}
	if s.facts.moved() {
		return r.withdraw(ctx, s, decision{status: s.facts.waiting(v1alpha1.ReasonWaiting, "the Registrar has just got another account")})
	}
	return duty.Continue(), nil
}

// withdraw takes a fence back behind which no call was made, as only the pass knows that wrote it.
func (r *Reconciler) withdraw(ctx context.Context, s *scope, d decision) (duty.Outcome, error) {
	try := s.fence.Try
	s.fence = nil
	d.status.Call, d.status.ReservedTry = nil, try-1
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	if err := r.write(ctx, &s.facts, d.status); err != nil {
		return duty.Stop(), err
	}
	return duty.StopFor(max(d.after, minPollPause)), nil
}

// call buys, once. The process may be told to end meanwhile; the call is seen through.
func (r *Reconciler) call(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.fence == nil {
		return duty.Continue(), nil
	}
	// What the limits say now, and never more than was reserved.
	most, err := s.facts.priceCap()
	if err == nil {
		most, err = most.Min(s.most)
	}
	if err != nil {
		return r.withdraw(ctx, s, decision{status: s.facts.waiting(v1alpha1.ReasonRegistrarNotReady, err.Error())})
	}
	left := min(s.fence.NotAfter.Sub(r.Clock.Now()), callTimeout) // not more than that where the clock was put back meanwhile
	if left <= 0 {
		// This process stood still, and others may believe by now that no call can be under way.
		return r.withdraw(ctx, s, decision{status: s.facts.waiting(v1alpha1.ReasonWaiting, "the time for the call was over before it was made")})
	}
	// Not a deadline but what is left by the injected clock, which a test or a simulation may have set to any year.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), left)
	defer cancel()
	d := s.facts.domain
	s.result = s.account.Buy(ctx, registrar.Order{
		Domain: d.Spec.Domain, OperationID: d.Spec.OperationID, Try: s.fence.Try, MaxPrice: most,
		// The word that this very call goes out on: the next pass takes it off.
		Cleared: d.Annotations[v1alpha1.AnnotationDecision] == v1alpha1.DecisionAbsent,
	})
	if s.result == nil {
		s.result = registrar.Unknown{Err: errors.New("the provider returned no result")}
	}
	purchases.WithLabelValues(s.result.Outcome()).Inc()
	if unknown, ok := s.result.(registrar.Unknown); ok {
		ctrl.LoggerFrom(ctx).Error(unknown.Err, "A purchase has no clear answer, and is looked up", "try", s.fence.Try)
	}
	return duty.Continue(), nil
}

// recordResult writes what came of the call. Nobody else can know it, so a conflict is no reason to lose it: as long as the Domain still has
// this very fence and no result, it is worked out again from the Domain as it is now.
func (r *Reconciler) recordResult(ctx context.Context, s *scope) (duty.Outcome, error) {
	ctx, cancel := detached(ctx, writeTimeout)
	defer cancel()
	var err error
	for range contenders {
		d := settle(&s.facts, s.result)
		if err = r.write(ctx, &s.facts, d.status); err == nil {
			return duty.StopFor(d.after), nil
		}
		if !apierrors.IsConflict(err) {
			break
		}
		fresh := &v1alpha1.Domain{}
		if err = r.Reader.Get(ctx, s.key, fresh); err != nil {
			break
		}
		if phaseOf(fresh) != phaseCalled || !equality.Semantic.DeepEqual(fresh.Status.Call, s.fence) || fresh.Status.Reference != "" {
			return duty.StopFor(minPollPause), nil
		}
		s.facts.domain = fresh
	}
	// What came of the call is not lost: the next pass looks it up.
	return duty.Stop(), fmt.Errorf("record the purchase of %s: %w", s.key.Name, err)
}
