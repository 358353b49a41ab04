package domain

import (
	"context"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func TestAtASuspendedRegistrarOnlyBuyingStops(t *testing.T) {
	stop := func(f *facts) { f.registrar.Spec.Suspend = true }
	inAccount := saw(registrar.Yes, registrar.OrderNone, registrar.Yes)
	adoptable := func(f *facts) { f.registrar.Spec.Adoptable = []string{alice} }
	for name, tc := range map[string]struct {
		given  *facts
		act    action
		status metav1.ConditionStatus
		reason string
	}{
		"a new name is looked up":                      {given: given(stop), act: actLookUp},
		"and is ours where it was bought before":       {given: given(stop, inAccount), status: "True", reason: v1alpha1.ReasonRegistered},
		"but is not bought":                            {given: given(stop, sawNothing), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a call without a result is looked up":         {given: given(stop, called(over)), act: actLookUp},
		"and is not made again":                        {given: given(stop, called(over), sawNothing), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"an accepted order is waited for":              {given: given(stop, called(time.Hour), reference, saw(registrar.No, registrar.OrderOpen, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonPending},
		"a name that the account holds is adopted":     {given: given(stop, toAdopt, adoptable, inAccount), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that is ours is looked up":             {given: given(stop, ours, due), act: actLookUp},
		"and set to be renewed":                        {given: given(stop, ours, due, inAccount, renews(false)), act: actRenew},
		"and set not to be, once its site is gone":     {given: given(stop, ours, due, siteIsGone, stopsRenewing, inAccount, renews(true)), act: actRenew},
		"a name whose site is gone ends":               {given: given(stop, siteIsGone, sawNothing), status: "False", reason: v1alpha1.ReasonSiteGone},
		"a Domain that is not paid for can be deleted": {given: given(stop, deleting, sawNothing), act: actRelease},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			if d.act != tc.act {
				t.Fatalf("action %d, want %d", d.act, tc.act)
			}
			if c := registeredOf(&v1alpha1.Domain{Status: d.status}); d.act == actRest && (c.Status != tc.status || c.Reason != tc.reason) {
				t.Errorf("Registered is %+v, want %s %s", c, tc.status, tc.reason)
			}
		})
	}
}

func TestARejectionThatSaysWhenToComeBackIsBelieved(t *testing.T) {
	for name, tc := range map[string]struct{ asked, want time.Duration }{
		"it asks for longer than the duty's own pause": {10 * time.Minute, 10 * time.Minute},
		"it asks for less": {time.Second, minBuyPause},
		"it does not ask":  {0, minBuyPause},
	} {
		t.Run(name, func(t *testing.T) {
			d := settle(given(called(time.Second)), registrar.Rejected{Reason: registrar.RejectedPostponed, RetryAfter: tc.asked})
			if d.after != tc.want || d.status.Call != nil {
				t.Errorf("back after %s, want %s; %+v", d.after, tc.want, d.status.Call)
			}
		})
	}
}

func TestToWaitOnesTurnIsWrittenNowhere(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"a new name": func(*world) {},
		"one that waits": func(w *world) {
			w.delete(newSecret(alice))
			w.run(alice, 10*time.Second)
			_ = w.client.Create(w.t.Context(), newSecret(alice))
		},
		"one that is ours":  func(w *world) { w.run(alice, time.Minute); w.later(14 * time.Hour) },
		"one with an order": func(w *world) { w.onFence = func() { panic(errCrash) }; _, _ = w.pass(alice); w.later(over) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(alice)...)
			prepare(w)
			before := w.buys
			w.writes = 0
			w.sight = func(registrar.Sighting, error) (registrar.Sighting, error) {
				return registrar.Sighting{}, &registrar.Throttled{RetryAfter: 7 * time.Second, Err: errCrash}
			}
			result, err := w.pass(alice)
			if err != nil || result.RequeueAfter != 7*time.Second || w.writes != 0 || w.buys != before {
				t.Errorf("%v, %v, %d writes, %d orders", result, err, w.writes, w.buys-before)
			}
			w.sight = nil
			w.run(alice, 2*time.Minute)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.expectBuys(1)
		})
	}
}

func TestManyNamesAtOneAccountAreBoughtOnceEachAndNoFasterThanItMayBeCalled(t *testing.T) {
	const names = 40
	r := newRegistrar()
	r.Spec.Limits.CallsPerMinute = ptr.To[int32](60)
	w := newWorld(t, r)
	due := map[string]time.Time{}
	for i := range names {
		name := fmt.Sprintf("name-%d.gent", i)
		due[name] = start
		for _, o := range order(name)[1:] {
			if err := w.client.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.source = registrar.Limit(w.source, w.clock, func() float64 { return 0.5 })
	w.restart()
	for len(due) > 0 && w.clock.Now().Sub(start) < 10*time.Minute {
		for name := range due {
			if due[name].After(w.clock.Now()) {
				continue
			}
			result, err := w.pass(name)
			if err != nil {
				t.Fatal(err)
			}
			if due[name] = w.clock.Now().Add(result.RequeueAfter); phaseOf(w.domain(name)) == phaseOurs {
				delete(due, name)
			}
		}
		w.later(time.Second)
	}
	w.expectBuys(names)
	// A look-up and a purchase each, 60 a minute, of which ten at once.
	if took := w.clock.Now().Sub(start); took < (2*names-10-1)*time.Second || took > 3*time.Minute {
		t.Errorf("%d names in %s", names, took)
	}
}

// slow says how long each call was given.
type slow struct {
	neverSells
	lookUp, buy, set, extend time.Duration
}

func left(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return time.Until(deadline)
}

func (s *slow) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	s.lookUp = left(ctx)
	return s.neverSells.LookUp(ctx, q)
}

func (s *slow) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	s.buy = left(ctx)
	return s.neverSells.Buy(ctx, o)
}

func (s *slow) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	if r.ExtendFrom.IsZero() {
		s.set = left(ctx)
	} else {
		s.extend = left(ctx)
	}
	return s.neverSells.Renew(ctx, r)
}

func TestEveryCallOutHasATimeOut(t *testing.T) {
	near := func(got, want time.Duration) bool { return got <= want && got > want-5*time.Second }
	account := &slow{}
	w := newWorld(t, order(alice)...)
	w.source = &fixedSource{account: account}
	w.restart()
	_, _ = w.pass(alice)
	if !near(account.lookUp, 15*time.Second) || !near(account.buy, 60*time.Second) {
		t.Errorf("a look-up is given %s, a purchase %s; want 15 s and 60 s", account.lookUp, account.buy)
	}
	w, _ = expiring(t, 20)
	w.renew = nil
	w.source = &spySource{world: w, inner: &fixedSource{account: account}}
	w.restart()
	w.live(1)
	if w.extensions == 0 || !near(account.extend, 60*time.Second) || !near(account.set, 20*time.Second) {
		t.Errorf("%d extensions, given %s, and automatic renewal %s; want 60 s and 20 s", w.extensions, account.extend, account.set)
	}
}
