package domain

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func TestAProcessThatDiesNeverLeadsToASecondPurchase(t *testing.T) {
	for name, tc := range map[string]struct {
		breakIt func(w *world)
		// orders that reach the registrar in the end.
		orders int
		within time.Duration
	}{
		"when it dies between fence and call, it buys once the call cannot be under way any more": {
			breakIt: func(w *world) { w.beforeBuy = func() { w.beforeBuy = nil; panic(errCrash) } }, orders: 1, within: 3 * time.Minute,
		},
		"when it dies after the call, it finds the name in the account": {
			breakIt: func(w *world) { w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) } }, orders: 1, within: 10 * time.Second,
		},
		"when the answer is lost, it finds the name in the account": {
			breakIt: func(w *world) {
				w.afterBuy = func(registrar.Result) registrar.Result { return registrar.Unknown{Err: errCrash} }
			}, orders: 1, within: 10 * time.Second,
		},
		"when the provider gives no result at all, it looks": {
			breakIt: func(w *world) { w.afterBuy = func(registrar.Result) registrar.Result { return nil } }, orders: 1, within: 10 * time.Second,
		},
		"when the result cannot be written, it looks": {
			breakIt: func(w *world) {
				w.afterBuy = func(r registrar.Result) registrar.Result {
					w.failStatusWrite = func(client.Object) error { w.failStatusWrite = nil; return errCrash }
					return r
				}
			}, orders: 1, within: 10 * time.Second,
		},
		"when it dies right after the fence": {
			breakIt: func(w *world) { w.onFence = func() { panic(errCrash) } }, orders: 1, within: 3 * time.Minute,
		},
		"when it dies after the reservation": {
			breakIt: func(w *world) { w.failStatusWrite = domainsFail(w) }, orders: 1, within: 10 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(alice)...)
			tc.breakIt(w)
			w.run(alice, tc.within)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.expectBuys(tc.orders)
			if e := w.ledger(alice); e.Purchases != 1 || e.Orders != 1 {
				t.Errorf("ledger: %+v", e)
			}
		})
	}
}

func TestAfterACrashNothingIsBoughtBeforeTheCallCanBeOver(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { panic(errCrash) }
	w.run(alice, callTimeout+readTimeout+clockSkew-2*time.Second)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonRequested)
	w.expectBuys(0)
	w.run(alice, time.Minute)
	d := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
	if d.Status.Call.Try != 2 {
		t.Errorf("try = %d, want 2", d.Status.Call.Try)
	}
}

func TestTwoLeadersWithTheSameStaleDomainBuyOnce(t *testing.T) {
	w := newWorld(t, order(alice)...)
	before := w.domain(alice)
	other := w.newProcess()
	w.onFence = func() {
		// The other one has read the Domain before this fence was written, and sees the world as it is from then on.
		other.Client = &staleReader{Client: w.client, stale: before}
		other.Reader = &staleReader{Client: w.client, stale: before}
		if _, err := other.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(before)}); err != nil {
			t.Errorf("the loser of a race is not in error: %v", err)
		}
		w.expectBuys(0)
	}
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
	if u := w.usage(); u.Registrations != 2 {
		t.Errorf("usage = %+v: the loser's reservation leaks on the safe side, so 2", u)
	}
}

func TestALeaderWhoseFenceSomebodyElseTookForAbandonedDoesNotCall(t *testing.T) {
	w := newWorld(t, order(alice)...)
	other := w.newProcess()
	ahead := clocktesting.NewFakePassiveClock(start.Add(over))
	other.Clock = ahead
	w.onFence = func() {
		// This process stands still between fence and call, and the other one's clock is wrong by more than is allowed for.
		if _, err := other.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: factoryNamespace, Name: alice}}); err != nil {
			t.Error(err)
		}
		w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		w.expectBuys(1)
	}
	_, _ = w.pass(alice)
	w.expectBuys(1)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}

func TestAPurchaseIsBrokenOffAtTheTimeThatItsFenceNames(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { w.later(callTimeout - time.Second) }
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectBuys(1)
	if w.left <= 0 || w.left > time.Second {
		t.Errorf("broken off after %s, want what the fence leaves: 1s", w.left)
	}
}

func TestAProcessThatStoodStillDoesNotCall(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { w.later(callTimeout) }
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectBuys(0)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}
