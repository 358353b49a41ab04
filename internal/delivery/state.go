package delivery

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Start returns the state of a delivery that has not been tried and is due at once. It is the only function that sets the counters back: for a new
// outcome, for the send-again annotation, whose value it records, and for the farewell of a site that is being deleted.
func Start(attempt int32, now time.Time, sendAgain string) v1alpha1.Delivery {
	return v1alpha1.Delivery{Attempt: attempt, NextAttemptTime: latest(now), SendAgain: sendAgain}
}

// Hasten makes an unfinished delivery due at once, and records the value of the send-again annotation that asked for it. The counters go on.
func Hasten(d v1alpha1.Delivery, now time.Time, sendAgain string) v1alpha1.Delivery {
	if d.NextAttemptTime == nil || d.NextAttemptTime.After(now) {
		d.NextAttemptTime = latest(now)
	}
	d.SendAgain = sendAgain
	return d
}

// Delivered says whether the onboarder answered 200.
func Delivered(d v1alpha1.Delivery) bool { return d.DeliveredTime != nil }

// Exhausted says whether the delivery was given up.
func Exhausted(d v1alpha1.Delivery) bool { return d.DeliveredTime == nil && d.NextAttemptTime == nil }

// Finished says whether no further attempt is to be made: it is delivered or given up.
func Finished(d v1alpha1.Delivery) bool { return Delivered(d) || Exhausted(d) }

// Wait returns how long it is until the next attempt is due; zero when it is due, and for a finished delivery too. A time that lies further ahead
// than any pause can be was written by a clock that was wrong, so the attempt is due.
func Wait(d v1alpha1.Delivery, now time.Time) time.Duration {
	if Finished(d) {
		return 0
	}
	wait := d.NextAttemptTime.Sub(now)
	if wait > longestPause {
		return 0
	}
	return max(wait, 0)
}

// Begin records an attempt before it goes out: one more, now, and the next one as if this one were never answered. Whoever finds the record
// without an answer goes on from there.
func Begin(d v1alpha1.Delivery, now time.Time, random float64) v1alpha1.Delivery {
	d.Attempts++
	d.LastAttemptTime = latest(now)
	if d.FirstAttemptTime == nil {
		d.FirstAttemptTime = d.LastAttemptTime
	}
	d.NextAttemptTime = earliest(now.Add(nextPause(d.Attempts, 0, random)))
	return d
}

// End records the answer to the attempt that Begin recorded. 200 alone is success; every other answer is tried again, until the next attempt
// would come later than Lifetime after the first.
func End(d v1alpha1.Delivery, now time.Time, answer Answer, random float64) v1alpha1.Delivery {
	d.LastResponse = answer.String()
	if answer.Success() {
		d.DeliveredTime, d.NextAttemptTime = latest(now), nil
		return d
	}
	next := earliest(now.Add(nextPause(d.Attempts, answer.RetryAfter, random)))
	if d.FirstAttemptTime != nil && next.After(d.FirstAttemptTime.Add(Lifetime)) {
		next = nil
	}
	d.NextAttemptTime = next
	return d
}

// Abandon gives up an unfinished delivery that was due and could not be tried for longer than Lifetime. It returns the new state, or how long it is
// until then.
func Abandon(d v1alpha1.Delivery, now time.Time) (v1alpha1.Delivery, time.Duration) {
	if Finished(d) {
		return d, 0
	}
	if left := d.NextAttemptTime.Add(Lifetime).Sub(now); left > 0 {
		return d, left
	}
	d.NextAttemptTime = nil
	return d, 0
}

// latest and earliest round to whole seconds as the API stores them: an event never lies in the future, and nothing happens too early.
func latest(t time.Time) *metav1.Time {
	rounded := metav1.NewTime(t.Truncate(time.Second))
	return &rounded
}

func earliest(t time.Time) *metav1.Time {
	rounded := t.Truncate(time.Second)
	if rounded.Before(t) {
		rounded = rounded.Add(time.Second)
	}
	result := metav1.NewTime(rounded)
	return &result
}
