package callback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/duty"
)

const (
	// recordTimeout bounds the writes after an answer, which go on when the program is told to stop.
	recordTimeout = 10 * time.Second
	// latePause is how long to rest after an attempt that came too late, or was overtaken.
	latePause = 100 * time.Millisecond
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
	if !r.slots.take(request.Target.Host, client.ObjectKeyFromObject(s.site), r.perHost()) {
		return duty.ContinueAfter(pauseForSlot(r.random())), nil
	}
	var answer delivery.Answer
	defer func() { r.call(r.slots.giveBack(request.Target.Host, answer, r.perHost())) }()
	return r.attempt(ctx, s, request, &answer)
}

// call wakes sites that a slot was kept for.
func (r *Reconciler) call(sites []types.NamespacedName) {
	for _, site := range sites {
		if r.queue != nil {
			r.queue.Add(ctrl.Request{NamespacedName: site})
		}
	}
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
//
// An attempt that is late does not go out: another may have gone on by now, and told of something newer.
func (r *Reconciler) attempt(ctx context.Context, s *scope, request delivery.Request, answer *delivery.Answer) (duty.Outcome, error) {
	s.now = r.Clock.Now() // the reads since may have taken long, and the window is short
	planned := s.site.Status.Delivery
	begun := delivery.Begin(*planned, s.now, r.random())
	s.site.Status.Delivery = &begun
	if err := r.write(ctx, s); err != nil {
		return duty.Continue(), err
	}
	if delivery.Late(begun, r.Clock.Now()) {
		s.site.Status.Delivery = planned
		return duty.ContinueAfter(latePause), r.write(ctx, s)
	}
	// A process that stands still in the middle of it must not go on when others believe that it is over. What is left is counted by the injected clock.
	ctx = context.WithoutCancel(ctx)
	sending, cancel := context.WithTimeout(ctx, delivery.Left(begun, r.Clock.Now()))
	defer cancel()
	*answer = r.send(sending, request)
	log.FromContext(ctx).Info("called back", "attempt", begun.Attempt, "outcome", s.site.Status.Outcome.Code,
		"try", begun.Attempts, "response", answer.String())
	return r.recordAnswer(ctx, s, *answer)
}

func (r *Reconciler) send(ctx context.Context, request delivery.Request) delivery.Answer {
	inFlight.Inc()
	defer inFlight.Dec()
	answer := r.Sender.Send(ctx, request)
	attempts.WithLabelValues(resultLabel(answer)).Inc()
	return answer
}

// recordAnswer completes the record. Other duties write the status too; when one of them was faster, or the write failed for another reason, the answer is put
// on top of what is there now, as long as the record is still the one of this attempt: forgetting a 200 would mean calling again after it.
func (r *Reconciler) recordAnswer(ctx context.Context, s *scope, answer delivery.Answer) (duty.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	begun, random := *s.site.Status.Delivery, r.random()
	var lost error
	for range recordTries {
		s.now = r.Clock.Now()
		r.complete(s, begun.SendAgain, answer, random)
		if lost = r.write(ctx, s); lost == nil {
			due, owing := s.due()
			if owing {
				due = max(due, latePause) // of a wish to send it again; zero would be never
			}
			return duty.ContinueAfter(due), nil
		}
		site := &v1alpha1.IndieSite{}
		if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(s.site), site); err != nil {
			return duty.Stop(), client.IgnoreNotFound(err)
		}
		if site.UID != s.site.UID || !sameAttempt(site.Status.Delivery, begun) {
			// Another goes on with it, or the write was made and its answer lost. Neither wakes us, so see what is there now.
			return duty.StopFor(latePause), nil
		}
		*s = *newScope(site, s.now, s.farewell)
	}
	return duty.Continue(), fmt.Errorf("record the answer of IndieSite %s's onboarder, %d times: %w", s.site.Name, recordTries, lost)
}

// complete puts the answer into the status, and the events and figures that follow from it behind the write. obeyed is the last wish to send it
// again that was noted before the attempt. One that another process noted while it was under way outlives its answer, unless that is the 200 which it was for.
func (r *Reconciler) complete(s *scope, obeyed string, answer delivery.Answer, random float64) {
	next := delivery.End(*s.site.Status.Delivery, s.now, answer, random)
	if wish := next.SendAgain; wish != obeyed && !delivery.Delivered(next) {
		next = delivery.SendAgain(next, s.now, wish)
	}
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
	return d != nil && d.Attempt == begun.Attempt && d.Attempts == begun.Attempts && d.LastResponse == "" && d.LastAttemptTime.Equal(begun.LastAttemptTime)
}
