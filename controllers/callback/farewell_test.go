package callback

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

func (w *world) wantGone() {
	w.Helper()
	if s := w.site(); s != nil {
		w.Fatalf("the site is still there, with %v", s.Finalizers)
	}
}

func TestADeletedSiteSaysFarewell(t *testing.T) {
	t.Run("an order without an outcome ends in 500", func(t *testing.T) {
		w := newWorld(t, site())
		w.settle()
		w.deleteSite()
		w.settle()
		w.wantGone()
		w.wantCalls(1)
		if got := w.receiver.calls[0].Target.RawQuery; got != "status=500" {
			t.Errorf("told %s", got)
		}
		w.wantEvents(EventLeftUntold, 0)
	})
	t.Run("a frozen outcome is told as it is", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.receiver.always(delivery.Answered(503, 0))
		w.settle()
		w.deleteSite()
		w.receiver.always(delivery.Answered(200, 0))
		w.pass(time.Minute)
		w.wantGone()
		if got := w.receiver.calls[len(w.receiver.calls)-1].Target.RawQuery; got != "status=201" {
			t.Errorf("told %s", got)
		}
	})
	t.Run("what was told is not told again", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.settle()
		w.deleteSite()
		w.wantGone()
		w.wantCalls(1)
	})
	t.Run("a claim that was never accepted goes without a word", func(t *testing.T) {
		w := newWorld(t, site(stalled(v1alpha1.ReasonInstallerSecretMissing)))
		w.settle()
		w.deleteSite()
		w.settle()
		w.wantGone()
		w.wantCalls(0)
		w.wantEvents(EventLeftUntold, 0)
	})
	t.Run("a failure that was seen just before the deletion is told as what it is", func(t *testing.T) {
		// Deleting has raised the generation, and the condition is of the one before.
		w := newWorld(t, site(condition(v1alpha1.ConditionStalled, v1alpha1.ReasonDomainTaken, 0)))
		w.settle()
		w.deleteSite()
		w.settle()
		w.wantGone()
		w.wantCalls(1)
		if got := w.receiver.calls[0].Target.RawQuery; got != "status=409" {
			t.Errorf("told %s", got)
		}
	})
	t.Run("a later attempt whose Secret never came was accepted before, and is told", func(t *testing.T) {
		w := newWorld(t, site(attempt(2), condition(v1alpha1.ConditionStalled, v1alpha1.ReasonInstallerSecretMissing, 0)))
		w.settle()
		w.deleteSite()
		w.settle()
		w.wantGone()
		w.wantCalls(1)
	})
	t.Run("what was given up is let go at once", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.receiver.always(delivery.Answered(503, 0))
		w.pass(31 * 24 * time.Hour)
		w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonExhausted)
		calls := len(w.receiver.calls)
		w.deleteSite()
		w.wantGone()
		w.wantCalls(calls)
	})
	t.Run("an Onboarder that is gone cannot be told", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.delete(onboarder("hallo", markedToken))
		w.settle()
		w.wantHeld(true)
		w.deleteSite()
		w.settle()
		w.wantGone()
		w.wantCalls(0)
		w.wantEvents(EventLeftUntold, 1)
	})
}

func TestAFarewellIsBounded(t *testing.T) {
	for name, tc := range map[string]struct {
		before time.Duration // how long the delivery went on before the site was deleted
		onces  int           // attempts during the farewell
	}{
		"from the first attempt on":                      {0, 4},
		"although the next attempt would be hours ahead": {30 * time.Hour, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, site(ready))
			w.receiver.always(delivery.Answer{Reason: delivery.ReasonTimeout})
			if tc.before > 0 {
				w.pass(tc.before)
			}
			calls := len(w.receiver.calls)
			w.deleteSite()
			w.pass(DefaultFarewell - time.Second)
			if w.site() == nil {
				t.Fatal("it was let go early")
			}
			w.wantCalls(calls + tc.onces)
			w.pass(time.Second)
			w.wantGone()
			w.wantCalls(calls + tc.onces)
			w.wantEvents(EventLeftUntold, 1)
			w.wantNoSecrets()
		})
	}
}

func TestAFarewellToAnOnboarderThatIsNotReadyIsBoundedToo(t *testing.T) {
	w := newWorld(t, site(callback("https://evil.example"), ready))
	w.settle()
	w.deleteSite()
	w.pass(DefaultFarewell - time.Second)
	w.wantHeld(true)
	w.pass(time.Second)
	w.wantGone()
	w.wantCalls(0)
}

func TestADeletionDuringASecondAttemptTellsThatAttempt(t *testing.T) {
	w := newWorld(t, site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)))
	w.settle()
	w.change(attempt(2))
	w.settle()
	w.deleteSite()
	w.settle()
	w.wantGone()
	w.wantCalls(2)
}
