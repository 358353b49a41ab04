package domain

import (
	"fmt"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func noRegistrar(f *facts) { f.registrar, f.askable = nil, false }

// closed is a Registrar whose account cannot be opened, and of which that has been known for so long.
func closed(ago time.Duration) func(*facts) {
	return func(f *facts) {
		f.askable = false
		c := &f.registrar.Status.Conditions[0]
		c.Status, c.LastTransitionTime = metav1.ConditionFalse, metav1.NewTime(f.now.Add(-ago))
	}
}

func silent(f *facts) { f.askFailed = true }

func unknownSince(ago time.Duration) func(*facts) {
	return func(f *facts) {
		registeredIs(metav1.ConditionUnknown, v1alpha1.ReasonRegistrarNotReady)(f)
		f.domain.Status.Conditions[0].LastTransitionTime = metav1.NewTime(f.now.Add(-ago))
	}
}

func TestAPersonIsAskedWhenNobodyElseCanBe(t *testing.T) {
	for name, tc := range map[string]struct {
		given *facts
		asked bool
	}{
		"a new name without a Registrar":                                      {given(noRegistrar), true},
		"a new name without a Registrar whose site is gone":                   {given(noRegistrar, siteIsGone), true},
		"a new name without a Registrar that is being deleted":                {given(noRegistrar, deleting), true},
		"a name to be adopted without a Registrar":                            {given(noRegistrar, toAdopt), true},
		"a call without a Registrar":                                          {given(called(time.Second), noRegistrar), true},
		"an order without a Registrar":                                        {given(called(time.Hour), reference, noRegistrar), true},
		"a new name whose account cannot be opened, at first not":             {given(closed(time.Hour)), false},
		"nor within the hour":                                                 {given(unknownSince(59*time.Minute), closed(59*time.Minute)), false},
		"but after it":                                                        {given(unknownSince(time.Hour), closed(time.Hour)), true},
		"a call whose account cannot be opened, within the hour not":          {given(called(59*time.Minute), closed(24*time.Hour)), false},
		"but after it too":                                                    {given(called(time.Hour), closed(time.Hour)), true},
		"an old order whose account cannot be opened since a moment ago, not": {given(called(9*time.Hour), reference, closed(time.Minute)), false},
		"an old order that could not be looked up once, not":                  {given(called(9*time.Hour), reference, silent), false},
		"an order that can never be looked up at a Registrar that is Ready":   {given(called(24*time.Hour), reference, silent), true},
		"a new name that can never be looked up":                              {given(unknownSince(time.Hour), silent), true},
		"a person who was asked stays asked until there is an answer":         {given(unknownSince(time.Minute), attention, closed(time.Minute)), true},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			after := &v1alpha1.Domain{Status: d.status}
			if d.act != actRest || registeredOf(after).Status != metav1.ConditionUnknown || d.after != waitPause {
				t.Errorf("action %d, Registered %+v, back after %s", d.act, registeredOf(after), d.after)
			}
			if got := apimeta.IsStatusConditionTrue(after.Status.Conditions, v1alpha1.ConditionNeedsAttention); got != tc.asked {
				t.Errorf("NeedsAttention = %v, want %v", got, tc.asked)
			}
		})
	}
}

func toAdopt(f *facts) { f.domain.Spec.Acquisition = v1alpha1.AcquisitionAdopt }

func TestAPersonsWordIsObeyedWhenNobodyElseCanBeAsked(t *testing.T) {
	absent, taken, registered := decided(v1alpha1.DecisionAbsent), decided(v1alpha1.DecisionTaken), decided(v1alpha1.DecisionRegistered)
	for name, tc := range map[string]struct {
		given  *facts
		act    action
		status metav1.ConditionStatus
		reason string
	}{
		"it was bought": {given: given(called(over), noRegistrar, registered), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name whose status was lost was bought":         {given: given(noRegistrar, deleting, registered), status: "True", reason: v1alpha1.ReasonRegistered},
		"another holds it":                                {given: given(called(over), noRegistrar, taken), status: "False", reason: v1alpha1.ReasonTaken},
		"it was not bought: it waits for a Registrar":     {given: given(called(over), noRegistrar, absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a new one too":                                   {given: given(noRegistrar, absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"not bought, and its site is gone":                {given: given(called(over), noRegistrar, siteIsGone, absent), status: "False", reason: v1alpha1.ReasonSiteGone},
		"not bought, and it is being deleted":             {given: given(called(over), noRegistrar, deleting, absent), act: actRelease},
		"never called, and it is being deleted":           {given: given(noRegistrar, deleting, absent), act: actRelease},
		"not adopted, and it is being deleted":            {given: given(noRegistrar, toAdopt, deleting, absent), act: actRelease},
		"not adopted: it waits, though there is no site":  {given: given(noRegistrar, toAdopt, siteIsGone, absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"not bought, at an account that cannot be opened": {given: given(called(time.Hour), closed(time.Hour), absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"not bought, though it cannot be looked up: it is looked up before it is bought": {
			given: given(called(24*time.Hour), silent, absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady,
		},
		"no word is obeyed while a call may be under way":       {given: given(called(over-time.Second), noRegistrar, absent), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"not for a year, because a clock was wrong":             {given: given(called(-365*oneDay), noRegistrar, absent), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"also when it is being deleted":                         {given: given(called(over-time.Second), noRegistrar, deleting, absent), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"and not the word that another holds it":                {given: given(called(over-time.Second), noRegistrar, taken), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a word with no sense decides nothing":                  {given: given(noRegistrar, deleting, decided("Perhaps")), status: "Unknown", reason: v1alpha1.ReasonRegistrarNotReady},
		"a Registrar that is silent for a moment is waited for": {given: given(called(over), silent, absent), status: "Unknown", reason: v1alpha1.ReasonRequested},
	} {
		t.Run(name, func(t *testing.T) {
			attention(tc.given)
			d := decide(tc.given)
			if d.act != tc.act {
				t.Fatalf("action %d, want %d", d.act, tc.act)
			}
			if c := registeredOf(&v1alpha1.Domain{Status: d.status}); d.act == actRest && (c.Status != tc.status || c.Reason != tc.reason) {
				t.Errorf("Registered is %+v, want %s %s", c, tc.status, tc.reason)
			}
			if d.act == actRest && tc.status == metav1.ConditionUnknown && !apimeta.IsStatusConditionTrue(d.status.Conditions, v1alpha1.ConditionNeedsAttention) {
				t.Error("nobody is asked any more")
			}
		})
	}
}

// lostCall is a Domain whose call may or may not have gone out, and whose Registrar was deleted since.
func lostCall(t *testing.T, sent bool) *world {
	t.Helper()
	w := newWorld(t, order(alice)...)
	if sent {
		w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) }
	} else {
		w.onFence = func() { panic(errCrash) }
	}
	_, _ = w.pass(alice)
	w.afterBuy = nil
	w.delete(newRegistrar())
	w.run(alice, time.Minute)
	w.expectAttention(alice)
	return w
}

func (w *world) expectAttention(name string) {
	w.t.Helper()
	if !apimeta.IsStatusConditionTrue(w.domain(name).Status.Conditions, v1alpha1.ConditionNeedsAttention) {
		w.t.Fatal("nobody is asked to decide")
	}
}

func (w *world) decide(word string) {
	w.changeDomain(alice, decidedAs(word))
}

func TestADomainWithoutItsRegistrarCanBeDeletedOnAPersonsWord(t *testing.T) {
	for name, w := range map[string]*world{
		"after a call":              lostCall(t, false),
		"that never had a call":     newWorld(t, order(alice)[1:]...),
		"without site or Registrar": newWorld(t, newDomain(alice)),
	} {
		t.Run(name, func(t *testing.T) {
			w.delete(newDomain(alice))
			w.run(alice, 10*time.Minute)
			w.expectAttention(alice)
			w.decide(v1alpha1.DecisionAbsent)
			w.run(alice, time.Minute)
			if !w.gone(alice) {
				t.Errorf("it stays: %+v", registeredOf(w.domain(alice)))
			}
			w.expectBuys(0)
		})
	}
}

func TestARegistrarThatComesBackTakesTheQuestionBack(t *testing.T) {
	for _, sent := range []bool{false, true} {
		t.Run(fmt.Sprintf("sent %v", sent), func(t *testing.T) {
			w := lostCall(t, sent)
			if err := w.client.Create(t.Context(), newRegistrar()); err != nil {
				t.Fatal(err)
			}
			w.run(alice, 10*time.Minute)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
			w.expectBuys(1)
		})
	}
}

func TestAPersonsWrongWordWithoutARegistrarBuysNothingTwice(t *testing.T) {
	w := lostCall(t, true)
	w.later(over)
	w.decide(v1alpha1.DecisionAbsent)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonRegistrarNotReady)
	if err := w.client.Create(t.Context(), newRegistrar()); err != nil {
		t.Fatal(err)
	}
	w.run(alice, 10*time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}

func TestAnAccountThatCannotBeOpenedIsAMatterForAPersonAfterAnHour(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.closed = errCrash
	w.run(alice, 59*time.Minute)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
	w.run(alice, 2*time.Minute)
	w.expectAttention(alice)
	w.writes = 0
	w.run(alice, time.Hour)
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}
	w.closed = nil
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
}
