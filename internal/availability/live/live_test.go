package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// source is a Checker that counts, and waits where it is told to.
type source struct {
	verdict availability.Verdict
	err     error
	hold    chan struct{}
	entered chan struct{}

	mu    sync.Mutex
	asked map[names.Name]int
}

func (s *source) Check(ctx context.Context, name names.Name) (availability.Answer, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = map[names.Name]int{}
	}
	s.asked[name]++
	s.mu.Unlock()
	if s.hold != nil {
		s.entered <- struct{}{}
		select {
		case <-s.hold:
		case <-ctx.Done():
			return availability.Answer{}, ctx.Err()
		}
	}
	return availability.Answer{Verdict: s.verdict}, s.err
}

func (s *source) times(name names.Name) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

var errUnwell = &availability.UnknownError{Source: "RDAP server rdap.example", Reason: "answered 429", RetryAfter: 42 * time.Second}

func TestTheLongestSuffixDecidesWhoIsAsked(t *testing.T) {
	sources := map[string]*source{"": {}, "be": {}, "co.be": {}}
	checker := New(Config{Others: sources[""], BySuffix: map[string]availability.Checker{"be": sources["be"], "co.be": sources["co.be"]}})
	for name, want := range map[names.Name]string{
		"alice.be": "be", "alice.co.be": "co.be", "alice.brussels.be": "be", "alice.gent": "", "be.gent": "", "alice.notbe": "", "alice.co": "",
	} {
		if _, err := checker.Check(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		for suffix, s := range sources {
			if asked := s.times(name) == 1; asked != (suffix == want) {
				t.Errorf("%s: the source of %q was asked: %v", name, suffix, asked)
			}
		}
	}
}

func TestAnswersAreRememberedForAWhile(t *testing.T) {
	for why, tc := range map[string]struct {
		source *source
		ttl    time.Duration
	}{
		"taken":      {&source{verdict: availability.Taken}, 5 * time.Minute},
		"available":  {&source{verdict: availability.Available}, 30 * time.Second},
		"unknown":    {&source{err: errUnwell}, 5 * time.Second},
		"no verdict": {&source{}, 5 * time.Second},
	} {
		t.Run(why, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
			checker := New(Config{Others: tc.source, Clock: clock})
			mustAsk := func(want int) {
				t.Helper()
				answer, err := checker.Check(t.Context(), "alice.gent")
				if answer.Verdict != tc.source.verdict || !errors.Is(err, tc.source.err) || availability.RetryAfter(err) != availability.RetryAfter(tc.source.err) {
					t.Errorf("%+v, %v", answer, err)
				}
				if got := tc.source.times("alice.gent"); got != want {
					t.Errorf("the source was asked %d times, want %d", got, want)
				}
			}
			mustAsk(1)
			clock.SetTime(clock.Now().Add(tc.ttl - time.Second))
			mustAsk(1)
			clock.SetTime(clock.Now().Add(time.Second + time.Nanosecond))
			mustAsk(2)
		})
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	s := &source{verdict: availability.Taken}
	checker := New(Config{Others: s})
	for i := range maxRemembered + 1 {
		if _, err := checker.Check(t.Context(), names.Name(fmt.Sprintf("n%d.gent", i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(checker.answers.Keys()); n > maxRemembered {
		t.Errorf("%d names are remembered", n)
	}
	if _, err := checker.Check(t.Context(), "n0.gent"); err != nil || s.times("n0.gent") != 2 {
		t.Errorf("the oldest is still remembered (%v)", err)
	}
}

func TestManyAtOnceAskOnce(t *testing.T) {
	s := &source{verdict: availability.Available, hold: make(chan struct{}), entered: make(chan struct{}, 100)}
	checker := New(Config{Others: s})
	const many = 50
	first, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := checker.Check(first, "alice.gent")
		gone <- err
	}()
	<-s.entered
	var waiting sync.WaitGroup
	answers := make(chan availability.Verdict, many)
	for range many {
		waiting.Go(func() {
			answer, err := checker.Check(t.Context(), "alice.gent")
			if err != nil {
				t.Error(err)
			}
			answers <- answer.Verdict
		})
	}
	leave() // who asked first does not wait; the question goes on
	if err := <-gone; err == nil {
		t.Error("who does not wait was told something")
	}
	close(s.hold)
	waiting.Wait()
	close(answers)
	for verdict := range answers {
		if verdict != availability.Available {
			t.Errorf("%s", verdict)
		}
	}
	if n := s.times("alice.gent"); n != 1 {
		t.Errorf("the source was asked %d times", n)
	}
}

func TestAnswersAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	taken, unwell := &source{verdict: availability.Taken}, &source{err: errUnwell}
	checker := New(Config{Others: taken, BySuffix: map[string]availability.Checker{"be": unwell}, Metrics: registry})
	for _, name := range []names.Name{"alice.gent", "alice.gent", "alice.be"} {
		_, _ = checker.Check(t.Context(), name)
	}
	for labels, want := range map[[3]string]float64{
		{"gent", "taken", "registry"}: 1, {"gent", "taken", "memory"}: 1, {"be", "unknown", "registry"}: 1, {"be", "unknown", "memory"}: 0,
	} {
		if got := testutil.ToFloat64(checker.counts.WithLabelValues(labels[:]...)); got != want {
			t.Errorf("%v: %v, want %v", labels, got, want)
		}
	}
}
