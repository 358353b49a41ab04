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

// Restart is Start in place of a delivery that there was: it is not due before that one's last attempt is surely over, so that what was to be told before can
// never arrive after it.
func Restart(before v1alpha1.Delivery, attempt int32, now time.Time, sendAgain string) v1alpha1.Delivery {
	d := Start(attempt, now, sendAgain)
	d.NextAttemptTime = free(before, now)
	return d
}

// SendAgain obeys a new value of the send-again annotation, and records it. An unfinished delivery is due at once, though not before its last attempt is surely
// over, and its counters go on. One that is finished, or would be given up without that attempt, begins anew: the wish must not be spent on nothing.
func SendAgain(d v1alpha1.Delivery, now time.Time, wish string) v1alpha1.Delivery {
	if Finished(d) {
		return Restart(d, d.Attempt, now, wish)
	}
	next := d
	next.SendAgain = wish
	if soonest := free(d, now); d.NextAttemptTime.After(soonest.Time) {
		next.NextAttemptTime = soonest
	}
	if tooLate(next) {
		return Restart(d, d.Attempt, now, wish)
	}
	return next
}

// Busy returns for how long an attempt may still be under way elsewhere; zero when there is none.
func Busy(d v1alpha1.Delivery, now time.Time) time.Duration {
	return max(free(d, now).Sub(now), 0)
}

// free returns when the next attempt may begin at the earliest: an attempt whose answer is not on record may be under way elsewhere for as long as Hold. A
// time that lies further ahead was written by a clock that was wrong.
func free(d v1alpha1.Delivery, now time.Time) *metav1.Time {
	var until time.Time
	switch {
	case Finished(d) || d.LastResponse != "":
	case d.LastAttemptTime != nil:
		until = d.LastAttemptTime.Add(Hold)
	default: // not tried yet, and held back itself by what it has replaced
		until = d.NextAttemptTime.Time
	}
	if until.After(now) && until.Before(now.Add(2*Hold)) {
		return earliest(until)
	}
	return latest(now)
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

// Begin records an attempt before it goes out: one more, now, with no answer yet, and the next one as if this one were never answered. Whoever finds the
// record without an answer goes on from there, and not before this attempt is surely over.
func Begin(d v1alpha1.Delivery, now time.Time, random float64) v1alpha1.Delivery {
	d.Attempts++
	d.LastAttemptTime, d.LastResponse = latest(now), ""
	if d.FirstAttemptTime == nil {
		d.FirstAttemptTime = d.LastAttemptTime
	}
	d.NextAttemptTime = earliest(now.Add(max(nextPause(d.Attempts, 0, random), Hold)))
	return d
}

// Late says whether an attempt that Begin recorded must not go out any more.
func Late(d v1alpha1.Delivery, now time.Time) bool {
	return now.Sub(d.LastAttemptTime.Time) > SendWindow
}

// Left is how long an attempt that Begin recorded may still be under way.
func Left(d v1alpha1.Delivery, now time.Time) time.Duration {
	return max(d.LastAttemptTime.Add(SendWindow+Timeout).Sub(now), 0)
}

// End records the answer to the attempt that Begin recorded. 200 alone is success; every other answer is tried again, until the next attempt
// would come later than Lifetime after the first.
func End(d v1alpha1.Delivery, now time.Time, answer Answer, random float64) v1alpha1.Delivery {
	d.LastResponse = answer.String()
	if answer.Success() {
		d.DeliveredTime, d.NextAttemptTime = latest(now), nil
		return d
	}
	d.NextAttemptTime = earliest(now.Add(nextPause(d.Attempts, answer.RetryAfter, random)))
	if tooLate(d) {
		d.NextAttemptTime = nil
	}
	return d
}

// tooLate says whether the next attempt would come later than Lifetime after the first.
func tooLate(d v1alpha1.Delivery) bool {
	return d.FirstAttemptTime != nil && d.NextAttemptTime.After(d.FirstAttemptTime.Add(Lifetime))
}

// Expire gives up an unfinished delivery whose next attempt is due, and later than Lifetime after the first. End sees to that; this is for the record of an
// attempt whose answer never got there.
func Expire(d v1alpha1.Delivery, now time.Time) v1alpha1.Delivery {
	if Finished(d) || Wait(d, now) > 0 || !tooLate(d) {
		return d
	}
	d.NextAttemptTime = nil
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
