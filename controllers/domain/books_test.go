package domain

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func bought(t *testing.T, name string) *world {
	t.Helper()
	w := newWorld(t, order(name)...)
	w.run(name, time.Minute)
	w.expect(name, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	return w
}

func (w *world) gone(name string) bool {
	w.t.Helper()
	err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: name}, &v1alpha1.Domain{})
	if err != nil && !apierrors.IsNotFound(err) {
		w.t.Fatal(err)
	}
	return err != nil
}

func TestADomainWhoseStatusWasLostIsFoundInTheAccountAndNotBoughtAgain(t *testing.T) {
	w := bought(t, alice)
	w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} })
	w.restart()
	w.run(alice, time.Minute)
	d := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
	if d.Status.ExpiryTime == nil || d.Status.AutoRenew == nil {
		t.Errorf("what the registrar knows is not back in the status: %+v", d.Status)
	}
}

func TestADomainWhoseStatusWasLostIsFoundAlsoWhenItsSiteIsGone(t *testing.T) {
	w := bought(t, alice)
	w.delete(newSite(alice))
	w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} })
	w.delete(newDomain(alice))
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}

func TestASlowOrderWhoseStatusWasLostIsWaitedFor(t *testing.T) {
	w := newWorld(t, order("slow.gent")...)
	w.run("slow.gent", 5*time.Second)
	w.changeDomain("slow.gent", func(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} })
	w.run("slow.gent", 5*time.Second)
	w.expect("slow.gent", metav1.ConditionUnknown, v1alpha1.ReasonPending)
	w.run("slow.gent", time.Minute)
	w.expect("slow.gent", metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}

func TestANameInTheAccountThatThisDomainDidNotBuyIsNotGivenAway(t *testing.T) {
	w := bought(t, alice)
	w.changeDomain(alice, func(d *v1alpha1.Domain) {
		d.Status = v1alpha1.DomainStatus{}
		d.Spec.OperationID = "operation-2"
	})
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonTaken)
	w.expectBuys(1)
}

func TestANameIsAdoptedOnlyWhereTheRegistrarListsIt(t *testing.T) {
	w := bought(t, alice)
	w.changeDomain(alice, func(d *v1alpha1.Domain) {
		d.Status = v1alpha1.DomainStatus{}
		d.Spec.OperationID, d.Spec.Acquisition = "operation-2", v1alpha1.AcquisitionAdopt
	})
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Adoptable = []string{alice} })
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}

func TestANameThatTheAccountDoesNotHoldIsNotBoughtToBeAdopted(t *testing.T) {
	d := newDomain(alice)
	d.Spec.Acquisition = v1alpha1.AcquisitionAdopt
	r := newRegistrar()
	r.Spec.Adoptable = []string{alice}
	w := newWorld(t, r, d)
	w.run(alice, time.Hour)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	w.expectBuys(0)
}

func TestADomainIsLetGoOnlyWhenItIsProvablyNotPaidFor(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(w *world)
		gone    bool
		buys    int
	}{
		"one that is ours stays":                    {prepare: func(w *world) { w.run(alice, time.Minute) }, buys: 1},
		"one that was never looked at, and is free": {prepare: func(*world) {}, gone: true},
		"one that waits": {
			prepare: func(w *world) { w.delete(newSecret(alice)); w.run(alice, time.Minute) }, gone: true,
		},
		"one whose site is gone": {
			prepare: func(w *world) { w.delete(newSite(alice)); w.run(alice, time.Minute) }, gone: true,
		},
		"one whose Registrar is gone, after it was seen not to be ours": {
			prepare: func(w *world) {
				w.delete(newSecret(alice))
				w.run(alice, time.Minute)
				w.delete(newRegistrar())
			}, gone: true,
		},
		"one of which nobody can tell, as the Registrar is gone, stays": {
			prepare: func(w *world) { w.delete(newRegistrar()) },
		},
		"one whose call nobody made, once that is sure": {
			prepare: func(w *world) { w.onFence = func() { panic(errCrash) }; _, _ = w.pass(alice) }, gone: true,
		},
		"one whose answer was lost stays, as it was bought": {
			prepare: func(w *world) {
				w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) }
				_, _ = w.pass(alice)
			}, buys: 1,
		},
		"one that is taken": {
			prepare: func(w *world) {
				w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
					s.Registered = registrar.Yes
					return s, err
				}
				w.run(alice, time.Minute)
			}, gone: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(alice)...)
			tc.prepare(w)
			w.delete(newDomain(alice))
			w.run(alice, 5*time.Minute)
			if got := w.gone(alice); got != tc.gone {
				t.Errorf("gone = %v, want %v: %+v", got, tc.gone, registeredOf(w.domain(alice)))
			}
			w.expectBuys(tc.buys)
		})
	}
}

func TestACallThatMayBeUnderWayHoldsTheDomain(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { panic(errCrash) }
	_, _ = w.pass(alice)
	w.delete(newDomain(alice))
	w.run(alice, callTimeout+readTimeout+clockSkew-3*time.Second)
	if w.gone(alice) {
		t.Error("let go while a call may be under way")
	}
}

func TestADomainIsNotLetGoWhileSomebodyElseBuysIt(t *testing.T) {
	w := newWorld(t, newRegistrar(), newDomain(alice), newSite(alice))
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	w.delete(newDomain(alice))
	w.beforePatch = func() {
		d := w.domain(alice)
		d.Status.Call = newCall(1, w.clock.Now())
		if err := w.client.Status().Update(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.pass(alice); err != nil {
		t.Errorf("the loser of a race is not in error: %v", err)
	}
	if w.gone(alice) {
		t.Error("let go of a Domain that was fenced in the meantime")
	}
}

func TestADomainWithoutTheFinalizerGetsItBeforeAnythingIsBought(t *testing.T) {
	d := newDomain(alice)
	d.Finalizers = nil
	w := newWorld(t, newRegistrar(), d, newSite(alice), newSecret(alice))
	w.beforeBuy = func() {
		if len(w.domain(alice).Finalizers) != 1 {
			t.Error("bought without the finalizer")
		}
	}
	w.run(alice, time.Minute)
	w.expectBuys(1)
}

// undecided is a Domain whose call got no answer, at a registrar that cannot tell about orders.
func undecided(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, order(alice)...)
	w.onFence = func() { panic(errCrash) }
	w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
		s.Order = registrar.OrderUnanswerable
		return s, err
	}
	w.run(alice, 5*time.Minute)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonRequested)
	if !apimeta.IsStatusConditionTrue(w.domain(alice).Status.Conditions, v1alpha1.ConditionNeedsAttention) {
		t.Fatal("nobody is asked to decide")
	}
	w.expectBuys(0)
	return w
}

func TestAPersonDecidesWhatLookingUpCannot(t *testing.T) {
	for name, tc := range map[string]struct {
		decision string
		status   metav1.ConditionStatus
		reason   string
		buys     int
	}{
		"it was bought":        {v1alpha1.DecisionRegistered, metav1.ConditionTrue, v1alpha1.ReasonRegistered, 0},
		"another holds it":     {v1alpha1.DecisionTaken, metav1.ConditionFalse, v1alpha1.ReasonTaken, 0},
		"it was not bought":    {v1alpha1.DecisionAbsent, metav1.ConditionTrue, v1alpha1.ReasonRegistered, 1},
		"a word with no sense": {"Perhaps", metav1.ConditionUnknown, v1alpha1.ReasonRequested, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := undecided(t)
			w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Annotations = map[string]string{v1alpha1.AnnotationDecision: tc.decision} })
			w.run(alice, time.Minute)
			w.expect(alice, tc.status, tc.reason)
			w.expectBuys(tc.buys)
			if tc.status == metav1.ConditionUnknown {
				return
			}
			w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
			_, _ = w.pass(alice)
			if got := w.domain(alice).Annotations[v1alpha1.AnnotationDecision]; got != "" {
				t.Errorf("the decision %q stays, and would decide about a later call", got)
			}
		})
	}
}

func TestADecisionThatNobodyAskedForDecidesNothing(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.onFence = func() { panic(errCrash) }
	w.changeDomain(alice, func(d *v1alpha1.Domain) {
		d.Annotations = map[string]string{v1alpha1.AnnotationDecision: v1alpha1.DecisionRegistered}
	})
	w.run(alice, 30*time.Second)
	d := w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonRequested)
	if len(d.Annotations) != 0 {
		t.Errorf("the annotation stays: %v", d.Annotations)
	}
}

func TestAnUndecidedNameIsSeenWhenItTurnsUp(t *testing.T) {
	w := undecided(t)
	w.writes = 0
	w.later(11 * time.Minute)
	_, _ = w.pass(alice)
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}
	w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
		s.InAccount, s.OperationID = registrar.Yes, "operation-1"
		return s, err
	}
	w.later(11 * time.Minute)
	_, _ = w.pass(alice)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
}

func TestANameThatTheAccountHasLostIsSaidSoAndNotBought(t *testing.T) {
	w := bought(t, alice)
	w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
		return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No}, err
	}
	w.later(13 * time.Hour)
	_, _ = w.pass(alice)
	d := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	if c := apimeta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionRenewing); c == nil || c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonLostByAccount {
		t.Errorf("Renewing is %+v", c)
	}
	w.writes = 0
	for range 3 {
		w.later(13 * time.Hour)
		_, _ = w.pass(alice)
	}
	w.restart()
	_, _ = w.pass(alice)
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}
	w.expectBuys(1)
	w.sight = nil
	w.later(13 * time.Hour)
	_, _ = w.pass(alice)
	if !apimeta.IsStatusConditionTrue(w.domain(alice).Status.Conditions, v1alpha1.ConditionRenewing) {
		t.Error("the account has it again, which nobody says")
	}
}

func TestANewExpiryIsSeen(t *testing.T) {
	w := bought(t, alice)
	for range 700 {
		w.later(13 * time.Hour)
		if _, err := w.pass(alice); err != nil {
			t.Fatal(err)
		}
	}
	d := w.domain(alice)
	if !d.Status.ExpiryTime.Time.Equal(start.AddDate(2, 0, 0)) {
		t.Errorf("expires %v after a year and a bit, want %v", d.Status.ExpiryTime, start.AddDate(2, 0, 0))
	}
}

func TestRenewalFollowsTheSiteWhereItShall(t *testing.T) {
	w := bought(t, alice)
	w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Spec.AfterSite = v1alpha1.AfterSiteStopRenewing })
	w.delete(newSite(alice))
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	if d := w.domain(alice); *d.Status.AutoRenew || w.ledger(alice).AutoRenew {
		t.Errorf("the site is gone and the name is still renewed: status %v, ledger %v", *d.Status.AutoRenew, w.ledger(alice).AutoRenew)
	}
	w.writes, w.lookUps = 0, 0
	_, _ = w.pass(alice)
	if w.writes+w.lookUps != 0 {
		t.Errorf("%d writes and %d look-ups when all is as it shall be", w.writes, w.lookUps)
	}
	if err := w.client.Create(t.Context(), newSite(alice)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	if d := w.domain(alice); !*d.Status.AutoRenew || !w.ledger(alice).AutoRenew {
		t.Error("the site is back and the name is not renewed")
	}
	w.expectBuys(1)
}

func TestARegistrarThatDoesNotAnswerLeavesANewNameUnknown(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.sight = func(registrar.Sighting, error) (registrar.Sighting, error) { return registrar.Sighting{}, errCrash }
	for range 3 {
		if result, err := w.pass(alice); err != nil || result.RequeueAfter != waitPause {
			t.Errorf("%v, %v: want to come back after the duty's own pause, not the queue's", result, err)
		}
		w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonRegistrarNotReady)
		w.later(waitPause)
	}
	w.sight = func(registrar.Sighting, error) (registrar.Sighting, error) {
		return registrar.Sighting{}, &registrar.Throttled{RetryAfter: 7 * time.Minute, Err: errCrash}
	}
	result, err := w.pass(alice)
	if err != nil || result.RequeueAfter != 7*time.Minute {
		t.Errorf("%v, %v: want to come back when the registrar asked", result, err)
	}
	w.sight = nil
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}
