package live

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"magicwebsitefactory.gent/internal/availability"
)

// The front end gives a question ten seconds. Who hangs has to be given up before, or nobody is told why; and nothing goes on in the background after that.
func TestARegistryThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{verdict: availability.Available, hold: make(chan struct{}), entered: make(chan struct{}, 2)}
		checker := New(Config{Others: s})
		for name, tc := range map[string]struct{ patience, want time.Duration }{"alice": {10 * time.Second, checkTimeout}, "bob": {time.Second, time.Second}} {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), tc.patience)
			answer, err := checker.Check(ctx, "alice.gent")
			cancel()
			if took := time.Since(began); answer.Verdict != availability.Unknown || err == nil || took != tc.want {
				t.Errorf("%s was told %s (%v) after %s, want nothing after %s", name, answer.Verdict, err, took, tc.want)
			}
			time.Sleep(time.Minute) // of the bubble's time, so that nothing is remembered
		}
		if n := s.times("alice.gent"); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}
