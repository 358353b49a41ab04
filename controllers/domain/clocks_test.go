package domain

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// A clock that was wrong once, and is right again, must not cost a name, nor stop anything for as long as it was wrong.

func TestANameThatIsKnownSinceTheFutureIsKnownSinceNow(t *testing.T) {
	for name, tc := range map[string]struct {
		ahead time.Duration
		anew  bool
	}{
		"a year ahead":                     {365 * oneDay, true},
		"by more than clocks differ":       {clockSkew + time.Second, true},
		"by no more":                       {clockSkew, false},
		"what is past stays as it is":      {-oneDay, false},
		"also what is past since long ago": {-1000 * oneDay, false},
	} {
		t.Run(name, func(t *testing.T) {
			known := metav1.NewTime(start.Add(tc.ahead))
			d := decide(kept(300, func(f *facts) { f.domain.Status.RegisteredTime = &known }))
			want := known
			if tc.anew {
				want = metav1.NewTime(start)
			}
			if !d.status.RegisteredTime.Equal(&want) {
				t.Errorf("known since %s, want %s", d.status.RegisteredTime, want)
			}
		})
	}
}

func TestANameThatWasRegisteredByAWrongClockIsExtendedAllTheSame(t *testing.T) {
	w, r := expiring(t, 29)
	w.changeDomain(alice, func(d *v1alpha1.Domain) {
		ahead := metav1.NewTime(w.clock.Now().AddDate(1, 0, 0))
		d.Status.RegisteredTime = &ahead
	})
	w.live(1)
	w.expectRenewal(r, 0)
	w.live(1)
	w.expectRenewal(r, 1)
}

func TestNamesAreLookedUpAgainAfterAClockWasPutBack(t *testing.T) {
	for _, ahead := range []time.Duration{2 * time.Minute, time.Hour, 30 * oneDay} {
		t.Run(fmt.Sprintf("by %s", ahead), func(t *testing.T) {
			w := bought(t, alice)
			w.later(ahead)
			w.restart()
			result, err := w.pass(alice)
			if err != nil {
				t.Fatal(err)
			}
			w.later(result.RequeueAfter)
			if result, err = w.pass(alice); err != nil {
				t.Fatal(err)
			}
			// The clock is put back, and the queue, which does not go by it, calls when it was asked to.
			before := w.lookUps
			w.later(-ahead)
			for range 2 {
				w.later(result.RequeueAfter)
				if result, err = w.pass(alice); err != nil {
					t.Fatal(err)
				}
				if result.RequeueAfter > keepInterval+keepSpread {
					t.Fatalf("back after %s", result.RequeueAfter)
				}
			}
			if w.lookUps == before {
				t.Error("it is not looked up")
			}
		})
	}
}

func TestAnOrderIsNeverGivenLongerThanACallMayTake(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { w.later(-30 * oneDay) }
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectBuys(1)
	if w.left <= 0 || w.left > callTimeout {
		t.Errorf("broken off after %s, want at most %s", w.left, callTimeout)
	}
}

func TestACallThatAWrongClockDatedIsForAPerson(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.later(365 * oneDay)
	w.onFence = func() { panic(errCrash) }
	_, _ = w.pass(alice)
	w.later(-365 * oneDay)
	w.run(alice, 10*time.Minute)
	w.expectAttention(alice)
	w.expectBuys(0)
	w.decide(v1alpha1.DecisionAbsent)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
	w.expectBuys(1)
}

func TestACallThatAClockAnHourAheadDatedPassesByItself(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.later(answerPatience)
	w.onFence = func() { panic(errCrash) }
	_, _ = w.pass(alice)
	w.later(-answerPatience)
	w.run(alice, answerPatience)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
	w.expectBuys(0)
	w.run(alice, over+time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}
