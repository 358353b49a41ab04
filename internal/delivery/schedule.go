package delivery

import "time"

const (
	// Lifetime is how long after its first attempt a delivery is given up: the next attempt would come later than that.
	Lifetime = 30 * 24 * time.Hour

	// MaxRetryAfter is the longest pause that a receiver may ask for.
	MaxRetryAfter = 24 * time.Hour
	// RetryAfterShare bounds how far a receiver may bring an attempt forward: to this fraction (one tenth) of the pause that the schedule has, so that
	// a careless "Retry-After: 1" cannot turn 30 days into millions of attempts.
	RetryAfterShare = 10

	// Jitter is the part of a pause by which it is made longer or shorter at random, so that what failed together is not tried again together.
	Jitter = 0.2
)

// An attempt is recorded, goes out, and its answer is recorded. Whoever finds the first record only cannot know whether the attempt is still under way in
// a process that believes to lead, or will yet begin in one that was held up, so no other attempt begins before that is impossible. Or else an outcome could
// arrive after a newer one.
const (
	// SendWindow is how long after its record an attempt may go out.
	SendWindow = 10 * time.Second
	// Hold is how long after its record an attempt may be under way: SendWindow, Timeout, and 5 s by which the clocks of two processes may differ.
	Hold = SendWindow + Timeout + 5*time.Second
)

// pauses are the ones before each attempt after the first, as Standard Webhooks 1.0.0 has them; afterwards the last one repeats.
var pauses = []time.Duration{
	5 * time.Second,
	5 * time.Minute,
	30 * time.Minute,
	2 * time.Hour,
	5 * time.Hour,
	10 * time.Hour,
	14 * time.Hour,
	20 * time.Hour,
	24 * time.Hour,
}

// longestPause is more than any pause that the arithmetic makes.
const longestPause = 2 * MaxRetryAfter

// pauseAfter returns the schedule's pause after so many attempts, without jitter.
func pauseAfter(attempts int32) time.Duration {
	i := min(max(int(attempts), 1), len(pauses)) - 1
	return pauses[i]
}

// nextPause is the pause after so many attempts, of which the last one was answered with a wish to wait (0 for none). random lies in [0, 1).
//
// The schedule's pause is jittered both ways. A receiver's wish is granted within its bounds and jittered only upwards, as it said when it
// wants to be left alone.
func nextPause(attempts int32, retryAfter time.Duration, random float64) time.Duration {
	pause := pauseAfter(attempts)
	if retryAfter <= 0 {
		return stretch(pause, Jitter*(2*random-1))
	}
	return stretch(min(max(retryAfter, pause/RetryAfterShare), MaxRetryAfter), Jitter*random)
}

func stretch(d time.Duration, by float64) time.Duration {
	return d + time.Duration(float64(d)*by)
}
