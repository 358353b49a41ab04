package domain

import (
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

const alice = "alice.gent"

func TestANameIsBoughtOnceAndKept(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.run(alice, time.Minute)
	d := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
	if d.Status.RegisteredTime == nil || d.Status.ExpiryTime == nil || !d.Status.ExpiryTime.Time.Equal(start.AddDate(1, 0, 0)) {
		t.Errorf("registered %v, expires %v", d.Status.RegisteredTime, d.Status.ExpiryTime)
	}
	if d.Status.AutoRenew == nil || !*d.Status.AutoRenew {
		t.Errorf("autoRenew = %v, want true", d.Status.AutoRenew)
	}
	if d.Status.Call == nil || d.Status.Call.Try != 1 || d.Status.ReservedTry != 1 {
		t.Errorf("call = %+v, reservedTry = %d", d.Status.Call, d.Status.ReservedTry)
	}
	if u := w.usage(); u == nil || u.Registrations != 1 || u.Date != "2026-11-22" {
		t.Errorf("usage = %+v", u)
	}
	if e := w.ledger(alice); e.Purchases != 1 || e.Orders != 1 || e.OperationID != "operation-1" {
		t.Errorf("ledger: %+v", e)
	}
}

func TestItIsQuietWhenDone(t *testing.T) {
	for _, name := range []string{alice, "taken-at-registration.gent", "setup-fails.gent", "premium-alice.gent", "slow.gent"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(name)...)
			w.run(name, 2*time.Minute)
			w.writes, w.lookUps = 0, 0
			for range 3 {
				if _, err := w.pass(name); err != nil {
					t.Fatal(err)
				}
			}
			w.restart()
			if _, err := w.pass(name); err != nil {
				t.Fatal(err)
			}
			if w.writes != 0 || w.lookUps != 0 {
				t.Errorf("%d writes and %d look-ups after it was done", w.writes, w.lookUps)
			}
			w.later(14 * time.Hour)
			if _, err := w.pass(name); err != nil {
				t.Fatal(err)
			}
			if w.writes != 0 {
				t.Errorf("%d writes by a look-up that found nothing new", w.writes)
			}
		})
	}
}

func TestNothingIsBoughtWhenSomethingChangedItsMindAfterTheFence(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(w *world)
		reason string
	}{
		"the site was deleted": {
			change: func(w *world) { w.delete(newSite(alice)) }, reason: v1alpha1.ReasonSiteGone,
		},
		"the site has stalled": {
			change: func(w *world) { w.changeSite(alice, stall) }, reason: v1alpha1.ReasonSiteGone,
		},
		"the outcome was frozen": {
			change: func(w *world) {
				w.changeSite(alice, func(s *v1alpha1.IndieSite) {
					s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeFailed, Time: metav1.NewTime(start)}
				})
			}, reason: v1alpha1.ReasonSiteGone,
		},
		"the installer Secret is gone": {
			change: func(w *world) { w.delete(newSecret(alice)) }, reason: v1alpha1.ReasonWaiting,
		},
		"the Registrar was suspended": {
			change: func(w *world) { w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true }) }, reason: v1alpha1.ReasonRegistrarNotReady,
		},
		"the Registrar is not Ready any more": {
			change: func(w *world) {
				w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Status.Conditions[0].Status = metav1.ConditionFalse })
			}, reason: v1alpha1.ReasonRegistrarNotReady,
		},
		"the Registrar was changed, and nobody has looked at it since": {
			change: func(w *world) { w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Generation = 2 }) }, reason: v1alpha1.ReasonRegistrarNotReady,
		},
		"the Domain's deletion was asked for": {
			change: func(w *world) { w.delete(newDomain(alice)) }, reason: v1alpha1.ReasonWaiting,
		},
		"something could not be read": {
			change: func(w *world) {
				w.failRead = func(o client.Object) error {
					if _, ok := o.(*v1alpha1.IndieSite); ok {
						w.failRead = nil
						return apierrors.NewTimeoutError("too busy", 1)
					}
					return nil
				}
			}, reason: v1alpha1.ReasonWaiting,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(alice)...)
			w.onFence = func() { tc.change(w) }
			_, _ = w.pass(alice)
			w.expectBuys(0)
			d := w.expect(alice, metav1.ConditionFalse, tc.reason)
			if d.Status.Call != nil {
				t.Errorf("the fence stays, although its pass knows that it made no call: %+v", d.Status.Call)
			}
		})
	}
}

func TestWhatANameWaitsFor(t *testing.T) {
	for name, tc := range map[string]struct {
		objects []client.Object
		mend    func(w *world)
		reason  string
	}{
		"its installer Secret": {
			objects: []client.Object{newRegistrar(), newDomain(alice), newSite(alice)},
			mend:    func(w *world) { _ = w.client.Create(w.t.Context(), newSecret(alice)) }, reason: v1alpha1.ReasonWaiting,
		},
		"an installer Secret that is this site's and not an earlier one's": {
			objects: []client.Object{newRegistrar(), newDomain(alice), newSite(alice), func() client.Object {
				s := newSecret(alice)
				s.OwnerReferences[0].UID = "an-earlier-site"
				return s
			}()},
			mend:   func(w *world) { w.delete(newSecret(alice)); _ = w.client.Create(w.t.Context(), newSecret(alice)) },
			reason: v1alpha1.ReasonWaiting,
		},
		"a Registrar that is not suspended": {
			objects: append(order(alice)[1:], suspended(newRegistrar())),
			mend:    func(w *world) { w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = false }) },
			reason:  v1alpha1.ReasonRegistrarNotReady,
		},
		"a new attempt that is seen by the site's duty": {
			objects: append(order(alice)[:2], newSecret(alice), func() client.Object {
				s := newSite(alice)
				stall(s)
				s.Spec.SetupAttempt = 2
				return s
			}()),
			mend: func(w *world) {
				w.changeSite(alice, func(s *v1alpha1.IndieSite) {
					s.Status.Attempt.Number = 2
					s.Status.Conditions = nil
				})
			}, reason: v1alpha1.ReasonWaiting,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.objects...)
			w.run(alice, 2*time.Minute)
			w.expect(alice, metav1.ConditionFalse, tc.reason)
			w.expectBuys(0)
			tc.mend(w)
			w.run(alice, 2*time.Minute)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.expectBuys(1)
		})
	}
}

func TestWithoutItsRegistrarItIsNotKnownWhetherANewNameIsOurs(t *testing.T) {
	w := newWorld(t, order(alice)[1:]...)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonRegistrarNotReady)
	if err := w.client.Create(t.Context(), newRegistrar()); err != nil {
		t.Fatal(err)
	}
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}

func TestTheDailyLimitHoldsAndTheNextDayGoesOn(t *testing.T) {
	r := newRegistrar()
	r.Spec.Limits.RegistrationsPerDay = ptr.To[int32](2)
	w := newWorld(t, r)
	for i := range 5 {
		name := fmt.Sprintf("name-%d.gent", i)
		for _, o := range order(name)[1:] {
			if err := w.client.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	bought := func() (n int) {
		for i := range 5 {
			name := fmt.Sprintf("name-%d.gent", i)
			w.run(name, 10*time.Second)
			if phaseOf(w.domain(name)) == phaseOurs {
				n++
			} else {
				w.expect(name, metav1.ConditionFalse, v1alpha1.ReasonLimitReached)
			}
		}
		return n
	}
	for i, want := range []int{2, 4, 5} {
		if got := bought(); got != want {
			t.Errorf("on day %d %d names are ours, want %d", i+1, got, want)
		}
		result, err := w.pass("name-4.gent")
		if err != nil {
			t.Fatal(err)
		}
		if wake := w.clock.Now().Add(result.RequeueAfter); i < 2 && (wake.Day() != 23+i || wake.Sub(wake.Truncate(24*time.Hour)) > daySpread) {
			t.Errorf("it comes back at %s, want shortly after midnight UTC", wake)
		}
		w.later(24 * time.Hour)
	}
	w.expectBuys(5)
}

func TestKnownNamesEndAsTheyAreKnownTo(t *testing.T) {
	for name, tc := range map[string]struct {
		status metav1.ConditionStatus
		reason string
		orders int
	}{
		"taken-at-registration.gent":   {metav1.ConditionFalse, v1alpha1.ReasonTaken, 1},
		"taken-at-registration-2.gent": {metav1.ConditionFalse, v1alpha1.ReasonTaken, 1},
		"setup-fails.gent":             {metav1.ConditionFalse, v1alpha1.ReasonRefused, 1},
		"premium-alice.gent":           {metav1.ConditionFalse, v1alpha1.ReasonRefused, 1},
		"unavailable.gent":             {metav1.ConditionFalse, v1alpha1.ReasonTaken, 0},
		"available.gent":               {metav1.ConditionTrue, v1alpha1.ReasonRegistered, 1},
		"slow.gent":                    {metav1.ConditionTrue, v1alpha1.ReasonRegistered, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(name)...)
			w.run(name, time.Minute)
			w.expect(name, tc.status, tc.reason)
			w.expectBuys(tc.orders)
			t.Run("also when the answer to the call is lost", func(t *testing.T) {
				w := newWorld(t, order(name)...)
				w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) }
				w.run(name, time.Minute)
				w.expect(name, tc.status, tc.reason)
				w.expectBuys(tc.orders)
			})
		})
	}
}

func TestASlowNameIsSeenWithinSecondsOfBeingDone(t *testing.T) {
	w := newWorld(t, order("slow.gent")...)
	w.run("slow.gent", 19*time.Second)
	d := w.expect("slow.gent", metav1.ConditionUnknown, v1alpha1.ReasonPending)
	if d.Status.Reference == "" {
		t.Error("the registrar's reference was not kept")
	}
	w.run("slow.gent", 6*time.Second)
	w.expect("slow.gent", metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}

func TestANameThatCostsMoreThanTodaysLimitIsRefused(t *testing.T) {
	r := newRegistrar()
	r.Spec.Limits.MaxPrice.Amount = "9.99"
	w := newWorld(t, append(order(alice)[1:], r)...)
	w.run(alice, time.Minute)
	d := w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonRefused)
	if want := "the registrar refuses the name: it costs 10.00 EUR, and at most 9.99 EUR may be spent"; registeredOf(d).Message != want {
		t.Errorf("message %q, want %q", registeredOf(d).Message, want)
	}
}

func TestAPostponedPurchaseIsTriedAgainAtGrowingPauses(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.afterBuy = func(registrar.Result) registrar.Result {
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "no credit"}
	}
	w.source = &fixedSource{account: &spy{Registrar: &neverSells{}, world: w}}
	w.restart()
	w.run(alice, 10*time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	if w.buys < 4 || w.buys > 5 {
		t.Errorf("%d tries in ten minutes, want 5 at 0, 0:30, 1:30, 3:30, 7:30", w.buys)
	}
	if d := w.domain(alice); d.Status.Call != nil || int(d.Status.ReservedTry) != w.buys {
		t.Errorf("call %+v, reservedTry %d after %d tries", d.Status.Call, d.Status.ReservedTry, w.buys)
	}
}

func TestWhatIsWokenDoesNotHurryAPostponedPurchase(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.source = &fixedSource{account: &spy{Registrar: &neverSells{}, world: w}}
	w.restart()
	for range 20 {
		if _, err := w.pass(alice); err != nil {
			t.Fatal(err)
		}
		w.later(time.Second)
	}
	w.expectBuys(1)
}

func stall(s *v1alpha1.IndieSite) {
	s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonRegistrationDeadlineExceeded,
		LastTransitionTime: metav1.NewTime(start),
	})
}

func suspended(r *v1alpha1.Registrar) *v1alpha1.Registrar {
	r.Spec.Suspend = true
	return r
}
