package hallo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"k8s.io/utils/clock"
)

// Retry says how often and how soon a request is sent again after an error
// that may pass.
type Retry struct {
	// Tries is how often a request is sent at most.
	Tries int
	// First is the pause after the first try; each further one is twice as
	// long, up to Longest.
	First, Longest time.Duration
	// Clock is what pauses are taken by.
	Clock clock.Clock
	// Random spreads the pauses by a fifth either way; it returns numbers from
	// 0 up to 1.
	Random func() float64
	// Note, if given, is told of each pause and its reason.
	Note func(reason error, pause time.Duration)
}

// maxRetryAfter is the longest pause that an answer may ask for.
const maxRetryAfter = time.Minute

// temporaryError marks an error that may pass.
type temporaryError struct {
	err   error
	after time.Duration // at least this long, from Retry-After
}

func (e *temporaryError) Error() string { return e.err.Error() }
func (e *temporaryError) Unwrap() error { return e.err }

// pause is how long to wait after the given failed try, counted from one.
func (r Retry) pause(try int, after time.Duration) time.Duration {
	grown := math.Min(float64(r.First)*math.Pow(2, float64(try-1)), float64(r.Longest))
	spread := grown * (0.8 + 0.4*r.Random())
	return max(time.Duration(spread), min(after, maxRetryAfter))
}

// do calls attempt until it succeeds, fails for good, or has been called Tries
// times. It returns the context's cause when that ends first.
func (r Retry) do(ctx context.Context, attempt func(context.Context) error) error {
	for try := 1; ; try++ {
		err := attempt(ctx)
		temporary, again := errors.AsType[*temporaryError](err)
		switch {
		case err == nil || !again:
			return err
		case try >= r.Tries:
			return fmt.Errorf("given up after %d tries: %w", try, temporary.err)
		}
		pause := r.pause(try, temporary.after)
		if r.Note != nil {
			r.Note(temporary.err, pause)
		}
		select {
		case <-r.Clock.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// retryAfter reads the Retry-After header (RFC 9110, 10.2.3), in seconds or as
// a date; zero without one.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(maxRetryAfter.Seconds()))) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil && date.After(now) {
		return date.Sub(now)
	}
	return 0
}
