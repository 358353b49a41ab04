package callback

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

const (
	// unacceptedGrace is how long the duty that owns it has to remove a claim whose Secret never came. Such an order was never accepted, so nobody
	// expects to be told; if the claim still stands after that, it ends like any other.
	unacceptedGrace = time.Minute

	// clockSkew is more than the clocks of this process and the API server differ by.
	clockSkew = time.Minute

	maxSendAgain = 253 // characters, as the API has it
)

// advance makes the transitions that follow from the site and the time alone: it freezes the outcome, and starts, restarts or gives up its delivery.
// It returns when to look again although nothing else changes; zero for not at all.
func (s *scope) advance() time.Duration {
	wait := s.freeze()
	if !s.hasOnboarder() || !s.ended() {
		return wait
	}
	s.start()
	if s.giveUp(delivery.Expire(*s.site.Status.Delivery, s.now)) || s.blocked == nil {
		return wait
	}
	next, left := delivery.Abandon(*s.site.Status.Delivery, s.now)
	s.giveUp(next)
	return left
}

// giveUp takes over a state of the delivery that may be its end, and says whether it is finished.
func (s *scope) giveUp(next v1alpha1.Delivery) bool {
	if delivery.Finished(next) && !delivery.Finished(*s.site.Status.Delivery) {
		s.site.Status.Delivery = &next
		s.publishLater(exhausted)
	}
	return delivery.Finished(next)
}

// freeze writes the outcome of the current attempt down, once.
func (s *scope) freeze() time.Duration {
	if s.ended() {
		return 0
	}
	code, wait := verdict(s.site, s.now)
	if code == 0 {
		return wait
	}
	if s.superseded() {
		s.publishLater(superseded)
	}
	s.site.Status.Outcome = &v1alpha1.Outcome{Attempt: attemptOf(s.site), Code: code, Time: s.timestamp()}
	s.publishLater(ended)
	return 0
}

// superseded says whether an earlier attempt's outcome was never told. It is not told any more once the next order was placed: the callback names
// no attempt, so the receiver would take the old failure for the new order's.
func (s *scope) superseded() bool {
	d := s.site.Status.Delivery
	return s.hasOnboarder() && d != nil && !delivery.Finished(*d)
}

// start begins the delivery of a new outcome, obeys the send-again annotation, and gives the farewell its full schedule.
func (s *scope) start() {
	outcome, d, again := s.site.Status.Outcome, s.site.Status.Delivery, sendAgain(s.site)
	switch {
	case d == nil || d.Attempt != outcome.Attempt:
		s.restart(outcome.Attempt, again)
	case again != "" && again != d.SendAgain:
		s.obey(*d, again)
	case s.deleting() && !delivery.Finished(*d) && d.FirstAttemptTime != nil && d.FirstAttemptTime.Add(clockSkew).Before(s.site.DeletionTimestamp.Time):
		// The next attempt may be a day away, and the farewell is short. A schedule that has just begun is left alone: the time of deletion is the API
		// server's, and with our clock behind it, each attempt would look like one from before.
		s.restart(outcome.Attempt, d.SendAgain)
	}
}

// obey notes a new wish to send it again. What could not be sent for so long that it is about to be given up begins anew: the wish must not be spent on it.
func (s *scope) obey(d v1alpha1.Delivery, wish string) {
	if s.blocked != nil {
		d, _ = delivery.Abandon(d, s.now)
	}
	next := delivery.SendAgain(d, s.now, wish)
	s.site.Status.Delivery = &next
}

func (s *scope) restart(attempt int32, again string) {
	var before v1alpha1.Delivery
	if d := s.site.Status.Delivery; d != nil {
		before = *d
	}
	next := delivery.Restart(before, attempt, s.now, again)
	s.site.Status.Delivery = &next
}

// verdict returns the outcome of the current attempt, or 0 while it has none, and then when to look again.
func verdict(site *v1alpha1.IndieSite, now time.Time) (v1alpha1.OutcomeCode, time.Duration) {
	stalled := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionStalled)
	if !site.DeletionTimestamp.IsZero() {
		if unaccepted(site) {
			return 0, 0
		}
		return deletionOutcome(site), 0
	}
	switch {
	case !current(site):
		return 0, 0
	case isTrue(site, v1alpha1.ConditionStalled):
		if unaccepted(site) {
			if left := stalled.LastTransitionTime.Add(unacceptedGrace).Sub(now); left > 0 {
				return 0, left
			}
		}
		return failure(stalled.Reason), 0
	case isTrue(site, v1alpha1.ConditionReady):
		return v1alpha1.OutcomeCreated, 0
	default:
		return 0, 0
	}
}

// deletionOutcome is 500, unless the attempt had ended otherwise just before and nobody had come to freeze it.
func deletionOutcome(site *v1alpha1.IndieSite) v1alpha1.OutcomeCode {
	// Deleting a resource raises its generation, so the condition need not be of the last one: it is taken back when an attempt begins.
	stalled := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionStalled)
	if current(site) && stalled != nil && stalled.Status == metav1.ConditionTrue {
		return failure(stalled.Reason)
	}
	return v1alpha1.OutcomeFailed
}

// failure returns the outcome for the reason that an attempt stalled.
func failure(reason string) v1alpha1.OutcomeCode {
	if reason == v1alpha1.ReasonDomainTaken {
		return v1alpha1.OutcomeTaken
	}
	return v1alpha1.OutcomeFailed
}

// current says whether the conditions speak of the current attempt. A raised attempt changes the generation, but the status follows later.
func current(site *v1alpha1.IndieSite) bool {
	return site.Status.Attempt != nil && site.Status.Attempt.Number == attemptOf(site)
}

// isTrue takes a condition only for the generation that it speaks of.
func isTrue(site *v1alpha1.IndieSite, conditionType string) bool {
	c := apimeta.FindStatusCondition(site.Status.Conditions, conditionType)
	return c != nil && c.Status == "True" && c.ObservedGeneration == site.Generation
}

// unaccepted says whether this is the claim of an order that was never accepted, as its Secret never came. Deleting a resource raises its
// generation, so the condition need not be of the last one.
func unaccepted(site *v1alpha1.IndieSite) bool {
	if attemptOf(site) > 1 {
		return false // the onboarder has been told of the attempt before, and of the next it may have been told 201
	}
	c := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionStalled)
	return current(site) && c != nil && c.Status == "True" && c.Reason == v1alpha1.ReasonInstallerSecretMissing
}

// sendAgain returns the annotation's value as the status can hold it.
func sendAgain(site *v1alpha1.IndieSite) string {
	value := []rune(site.Annotations[v1alpha1.AnnotationSendAgain])
	return string(value[:min(len(value), maxSendAgain)])
}
