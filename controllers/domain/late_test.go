package domain

import (
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// lateBooks are those of a registrar whose orders take a while, and whose account shows what was carried out later than the order does.
type lateBooks struct{ finished, shown bool }

func (b *lateBooks) sight(_ registrar.Sighting, err error) (registrar.Sighting, error) {
	switch {
	case b.shown:
		return registrar.Sighting{InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes, Reference: "order-1"}, err
	case b.finished:
		return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderFinished, Reference: "order-1"}, err
	default:
		return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderOpen, Reference: "order-1"}, err
	}
}

// pendingAtLateBooks is a name whose order has been worked on for so long.
func pendingAtLateBooks(t *testing.T, worked time.Duration) (*world, *lateBooks) {
	t.Helper()
	w, b := newWorld(t, order(alice)...), &lateBooks{}
	w.afterBuy = func(registrar.Result) registrar.Result {
		w.sight = b.sight
		return registrar.Pending{Reference: "order-1"}
	}
	w.run(alice, worked)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonPending)
	return w, b
}

func TestAFinishedOrderThatTheAccountShowsLateIsNobodysMatter(t *testing.T) {
	for name, worked := range map[string]time.Duration{"an order of two minutes": 2 * time.Minute, "an order of three days": 3 * oneDay} {
		t.Run(name, func(t *testing.T) {
			w, b := pendingAtLateBooks(t, worked)
			b.finished = true
			result, err := w.pass(alice)
			if err != nil || result.RequeueAfter > minPollPause {
				t.Errorf("back after %s, %v", result.RequeueAfter, err)
			}
			w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonPending)
			w.run(alice, booksPatience-time.Minute)
			w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonPending)
			if (&facts{domain: w.domain(alice)}).needsAttention() {
				t.Error("a person is asked")
			}
			b.shown = true
			w.run(alice, maxPollPause+time.Minute)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
			w.expectBuys(1)
		})
	}
}

func TestAFinishedOrderThatTheAccountDoesNotShowIsForAPersonInTheEnd(t *testing.T) {
	w, b := pendingAtLateBooks(t, time.Hour)
	b.finished = true
	w.run(alice, booksPatience/2)
	w.restart()
	w.writes = 0
	w.run(alice, booksPatience/4)
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}
	w.run(alice, booksPatience)
	w.expectAttention(alice)
	w.run(alice, oneDay)
	w.expectAttention(alice)
	w.expectBuys(1)
	w.decide(v1alpha1.DecisionTaken)
	w.run(alice, time.Hour)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonTaken)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
}

func TestWhenAFinishedOrderBecomesAPersonsMatter(t *testing.T) {
	finished := func(f *facts) {
		f.sighting = &registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderFinished}
	}
	since := func(ago time.Duration) func(*facts) {
		return func(f *facts) {
			f.domain.Status.Conditions = append(f.domain.Status.Conditions, metav1.Condition{
				Type: v1alpha1.ConditionNeedsAttention, Status: metav1.ConditionFalse, LastTransitionTime: metav1.NewTime(f.now.Add(-ago)),
			})
		}
	}
	for name, tc := range map[string]struct {
		given *facts
		asked bool
		after time.Duration
	}{
		"not as soon as it is seen":                      {given(called(oneDay), reference, finished), false, minPollPause},
		"not within the hour, and the pauses grow":       {given(called(oneDay), reference, finished, since(40*time.Minute)), false, maxPollPause},
		"after an hour":                                  {given(called(oneDay), reference, finished, since(time.Hour)), true, attentionPause},
		"not where a clock is a little ahead":            {given(called(oneDay), reference, finished, since(-clockSkew)), false, clockSkew / 8},
		"at once where one was a year ahead":             {given(called(oneDay), reference, finished, since(-365*oneDay)), true, attentionPause},
		"who was asked stays asked":                      {given(called(oneDay), reference, finished, attention), true, attentionPause},
		"at once where it is not known to have finished": {given(called(oneDay), reference, saw(registrar.No, registrar.OrderUnanswerable, registrar.No)), true, attentionPause},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			if asked := apimeta.IsStatusConditionTrue(d.status.Conditions, v1alpha1.ConditionNeedsAttention); asked != tc.asked || d.after != tc.after {
				t.Errorf("asked %v, back after %s, want %v and %s", asked, d.after, tc.asked, tc.after)
			}
		})
	}
}
