package domain

import (
	"fmt"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// switched is a reseller that lets automatic renewal be switched on, in the last days of a registration.
type switched struct {
	*reseller
	// charges is that it then renews at once, and pays once for each term; else it does nothing. answer is what it says in either case.
	charges bool
	answer  registrar.Result
	asked   int
}

func (s *switched) renew(a registrar.Renewal) registrar.Result {
	if !a.ExtendFrom.IsZero() {
		return s.reseller.renew(a)
	}
	s.asked++
	if s.charges && s.expiry.Sub(s.world.clock.Now()) < renewalWindow {
		s.charged++
		s.shown, s.since, s.expiry = s.expiry, s.world.clock.Now(), s.expiry.AddDate(1, 0, 0)
	}
	return s.answer
}

// switchedOff is a name in its last days whose automatic renewal somebody has switched off at such a registrar, and that is to be looked up now.
func switchedOff(t *testing.T, guarded, charges bool, answer registrar.Result) (*world, *switched) {
	t.Helper()
	w, r := expiring(t, 10, func(r *reseller) { r.guarded, r.lag = guarded, time.Hour })
	s := &switched{reseller: r, charges: charges, answer: answer}
	w.renew = s.renew
	if on := w.domain(alice).Status.AutoRenew; on == nil || !*on {
		t.Fatal("the look-up before should have shown it on")
	}
	return w, s
}

func TestAYearIsPaidOnceWhereSwitchingAutomaticRenewalOnRenewsAtOnce(t *testing.T) {
	for name, answer := range map[string]registrar.Result{
		"it says so": registrar.Done{}, "the answer is lost": registrar.Unknown{Err: errCrash}, "it works on it": registrar.Pending{Reference: "job-1"},
	} {
		for _, guarded := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, guarded %v", name, guarded), func(t *testing.T) {
				w, s := switchedOff(t, guarded, true, answer)
				_, _ = w.pass(alice)
				s.answer = registrar.Done{}
				w.live(30)
				if s.charged != 1 {
					t.Errorf("%d years were paid for, want 1", s.charged)
				}
				if got := w.domain(alice).Status.ExpiryTime; !got.Time.Equal(start.AddDate(2, 0, 0)) {
					t.Errorf("expires %s", got)
				}
			})
		}
	}
}

func TestWheneverTheProcessDiesAYearIsPaidOnceWhereSwitchingOnRenews(t *testing.T) {
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("guarded %v", guarded), func(t *testing.T) {
			everyMomentOfAnExtension(t, 4, func(t *testing.T) (*world, *reseller) {
				w, s := switchedOff(t, guarded, true, registrar.Done{})
				return w, s.reseller
			}, func(t *testing.T, w *world, r *reseller) {
				if r.charged != 1 {
					t.Errorf("%d years were paid for: %+v", r.charged, w.domain(alice).Status.Renewal)
				}
			})
		})
	}
}

func TestARegistrarThatSaysYesAndDoesNothingIsSeenThrough(t *testing.T) {
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("guarded %v", guarded), func(t *testing.T) {
			w, s := switchedOff(t, guarded, false, registrar.Done{})
			w.live(1)
			if want := map[bool]int{true: 1, false: 0}[guarded]; s.charged != want {
				t.Errorf("%d years were paid for on the first day, want %d", s.charged, want)
			}
			w.live(1)
			if renewal := w.expectRenewal(s.reseller, 1); renewal.Outcome != v1alpha1.RenewalDone {
				t.Errorf("%+v", renewal)
			}
			w.live(300)
			w.expectRenewal(s.reseller, 1)
		})
	}
}

func TestWhoSaysYesIsBelievedForADayByEachProcess(t *testing.T) {
	w, s := switchedOff(t, false, false, registrar.Done{})
	for range 3 {
		// What is not known any more makes it wait, and never makes it pay.
		w.live(1)
		w.restart()
	}
	w.expectRenewal(s.reseller, 0)
	w.live(3)
	w.expectRenewal(s.reseller, 1)
}

func TestWhatWasSwitchedOnMeanwhileIsNoBrokenPromise(t *testing.T) {
	w, s := switchedOff(t, false, false, registrar.Done{})
	w.live(1)
	w.sight = func(g registrar.Sighting, err error) (registrar.Sighting, error) {
		g, err = s.sight(g, err)
		on := true
		g.Holding.AutoRenew = &on
		return g, err
	}
	w.live(1)
	w.sight = s.sight
	asked := s.asked
	for s.asked == asked {
		w.live(1)
	}
	w.expectRenewal(s.reseller, 0)
}

func TestAnOutageInTheLastWeeksPaysForNothing(t *testing.T) {
	for name, answer := range map[string]registrar.Result{
		"no credit":           registrar.Rejected{Reason: registrar.RejectedPostponed},
		"a gate that is shut": registrar.Rejected{Reason: registrar.RejectedPostponed, RetryAfter: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			w, r := expiring(t, 29)
			s := &switched{reseller: r, answer: answer}
			w.renew = s.renew
			w.live(14)
			w.expectRenewal(r, 0)
			if u := w.usage(); u.Date != day(start) {
				t.Errorf("%+v was reserved for nothing", u)
			}
			if s.asked < 20 {
				t.Errorf("asked %d times in 14 days, want twice a day", s.asked)
			}
		})
	}
}

func TestSinceWhenARegistrarHasBeenSayingYes(t *testing.T) {
	none := func(f *facts) { f.answer = nil }
	for name, tc := range map[string]struct {
		given *facts
		// ago is for how long; none where it is negative.
		ago time.Duration
	}{
		"since now, at first":                         {kept(10, answered(registrar.Done{})), 0},
		"since it said so first":                      {kept(10, answered(registrar.Done{}), promised(time.Hour)), time.Hour},
		"also where nobody knows what it says now":    {kept(10, answered(registrar.Unknown{Err: errCrash}), promised(time.Hour)), time.Hour},
		"or it says no":                               {kept(10, promised(time.Hour)), time.Hour},
		"not by that it says no":                      {kept(10), -1},
		"nor by an answer that is lost":               {kept(10, answered(registrar.Unknown{Err: errCrash})), -1},
		"nor by having an order":                      {kept(10, answered(registrar.Pending{})), -1},
		"not any more once it was seen to be so":      {kept(10, none, renews(true), promised(time.Hour)), -1},
		"it did not say so in the future":             {kept(10, answered(registrar.Done{}), promised(-time.Hour)), 0},
		"not where it said that the name may run out": {kept(10, answered(registrar.Done{}), siteIsGone, stopsRenewing), -1},
		"nor where it shall run out by now":           {kept(10, answered(registrar.Done{}), siteIsGone, stopsRenewing, promised(time.Hour)), -1},
	} {
		t.Run(name, func(t *testing.T) {
			want := time.Time{}
			if tc.ago >= 0 {
				want = start.Add(-tc.ago)
			}
			if got := tc.given.promise(); !got.Equal(want) {
				t.Errorf("since %s, want %s", got, want)
			}
		})
	}
}
