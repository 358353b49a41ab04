package hallo

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"k8s.io/utils/clock"
)

func TestPausesGrowToALimitAndSpread(t *testing.T) {
	for name, c := range map[string]struct {
		random float64
		try    int
		after  time.Duration
		want   time.Duration
	}{
		"the first":                     {0.5, 1, 0, time.Second},
		"the third, four times as long": {0.5, 3, 0, 4 * time.Second},
		"the longest":                   {0.5, 30, 0, 10 * time.Second},
		"spread down by a fifth":        {0, 1, 0, 800 * time.Millisecond},
		"as long as the answer asks":    {0.5, 1, 7 * time.Second, 7 * time.Second},
		"longer than the answer asks":   {0.5, 3, time.Second, 4 * time.Second},
		"but never longer than bounded": {0.5, 1, time.Hour, maxRetryAfter},
	} {
		t.Run(name, func(t *testing.T) {
			r := Retry{First: time.Second, Longest: 10 * time.Second, Random: func() float64 { return c.random }}
			if got := r.pause(c.try, c.after); got != c.want {
				t.Errorf("pauses for %s, want %s", got, c.want)
			}
		})
	}
}

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"9e9":                           0,
		"99999999999":                   maxRetryAfter,
		"Sun, 22 Nov 2026 12:00:30 GMT": 30 * time.Second,
		"Sun, 22 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}

func TestAPauseEndsWithItsContextAndTellsTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	r := Retry{Tries: 3, First: time.Hour, Longest: time.Hour, Clock: clock.RealClock{}, Random: func() float64 { return 0 },
		Note: func(error, time.Duration) { cancel(ErrTimeout) }}
	err := r.do(ctx, func(context.Context) error { return &temporaryError{err: errors.New("busy")} })
	if !errors.Is(err, ErrTimeout) {
		t.Errorf("ended with %v", err)
	}
}

func TestWhatAStrangerWroteIsMadeFitToPrint(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                  "plain",
		"a hush b hush":          "a (secret) b (secret)",
		"\x1b[2Jcleared\r\nline": " [2Jcleared  line",
		"right\u202eto left":     "right to left",
	} {
		if got := scrub(text, "hush", ""); got != want {
			t.Errorf("%q is printed as %q", text, got)
		}
	}
	if got := []rune(scrub(string(make([]byte, 10_000)))); len(got) > 301 {
		t.Errorf("prints %d characters", len(got))
	}
}
