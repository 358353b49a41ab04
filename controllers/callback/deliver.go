package callback

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/duty"
)

const (
	// recordTimeout bounds the writes after an answer, which go on when the program is told to stop.
	recordTimeout = 10 * time.Second
	// recordTries is how often the answer is put on top of what somebody else wrote meanwhile.
	recordTries = 10
)

// deliver makes one attempt when one is due.
func (r *Reconciler) deliver(ctx context.Context, s *scope) (duty.Outcome, error) {
	due, owing := s.due()
	if !owing || due > 0 {
		return duty.ContinueAfter(due), nil
	}
	request, err := r.request(ctx, s.site)
	if errors.As(err, &s.blocked) {
		return r.stayBlocked(ctx, s)
	}
	if err != nil {
		return duty.Continue(), err
	}
	s.blocked = nil
	release, pause := r.slots.take(request.Target.Host, r.perHost(), s.now, r.random())
	if release == nil {
		return duty.ContinueAfter(pause), nil
	}
	defer release()
	return r.attempt(ctx, s, request)
}

// stayBlocked says so and waits: a change of the Onboarder wakes the site.
func (r *Reconciler) stayBlocked(ctx context.Context, s *scope) (duty.Outcome, error) {
	s.publishIfNew(s.blocked)
	if err := r.write(ctx, s); err != nil {
		return duty.Continue(), err
	}
	_, left := delivery.Abandon(*s.site.Status.Delivery, s.now)
	if s.deleting() {
		left = min(left, s.farewellLeft())
	}
	return duty.ContinueAfter(left), nil
}

// attempt records the attempt, makes it, and records its answer. Whoever finds the first record without the second goes on at the time that it
// names. Once the record is written, neither the end of the program nor that of the reconciliation's time breaks the attempt off: the sender
// has a time-out of its own.
func (r *Reconciler) attempt(ctx context.Context, s *scope, request delivery.Request) (duty.Outcome, error) {
	begun := delivery.Begin(*s.site.Status.Delivery, s.now, r.random())
	s.site.Status.Delivery = &begun
	if err := r.write(ctx, s); err != nil {
		return duty.Continue(), err
	}
	ctx = context.WithoutCancel(ctx)
	answer := r.send(ctx, request)
	log.FromContext(ctx).Info("called back", "attempt", begun.Attempt, "outcome", s.site.Status.Outcome.Code,
		"try", begun.Attempts, "response", answer.String())
	return r.recordAnswer(ctx, s, answer)
}

func (r *Reconciler) send(ctx context.Context, request delivery.Request) delivery.Answer {
	inFlight.Inc()
	defer inFlight.Dec()
	answer := r.Sender.Send(ctx, request)
	attempts.WithLabelValues(resultLabel(answer)).Inc()
	return answer
}

// recordAnswer completes the record. Other duties write the status too; when one of them was faster, the answer is put on top of
// what it wrote, as long as the record is still the one of this attempt: forgetting a 200 would mean calling again after it.
func (r *Reconciler) recordAnswer(ctx context.Context, s *scope, answer delivery.Answer) (duty.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	begun, random := *s.site.Status.Delivery, r.random()
	for range recordTries {
		s.now = r.Clock.Now()
		r.complete(s, answer, random)
		err := r.write(ctx, s)
		if err == nil {
			due, _ := s.due()
			return duty.ContinueAfter(due), nil
		}
		if !apierrors.IsConflict(err) {
			return duty.Continue(), err
		}
		site := &v1alpha1.IndieSite{}
		if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(s.site), site); err != nil {
			return duty.Stop(), client.IgnoreNotFound(err)
		}
		if site.UID != s.site.UID || !sameAttempt(site.Status.Delivery, begun) {
			return duty.Stop(), nil // another goes on with it, and its writes wake us
		}
		*s = *newScope(site, s.now, s.farewell)
	}
	return duty.Continue(), fmt.Errorf("record the answer of IndieSite %s's onboarder: overtaken %d times", s.site.Name, recordTries)
}

// complete puts the answer into the status, and the events and figures that follow from it behind the write.
func (r *Reconciler) complete(s *scope, answer delivery.Answer, random float64) {
	next := delivery.End(*s.site.Status.Delivery, s.now, answer, random)
	s.site.Status.Delivery = &next
	s.blocked = nil
	switch {
	case delivery.Delivered(next):
		s.publishLater(delivered)
	case delivery.Exhausted(next):
		s.publishLater(exhausted)
	case next.Attempts == 1:
		s.publishLater(deliveryFailed)
	}
}

func sameAttempt(d *v1alpha1.Delivery, begun v1alpha1.Delivery) bool {
	return d != nil && d.Attempt == begun.Attempt && d.Attempts == begun.Attempts && d.DeliveredTime == nil && d.LastAttemptTime.Equal(begun.LastAttemptTime)
}
