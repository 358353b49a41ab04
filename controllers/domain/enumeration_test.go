package domain

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// everyMoment runs a test once for each moment at which something can happen: before and after each call that the duty makes to the API
// server or the registrar.
func everyMoment(t *testing.T, name string, disturb func(t *testing.T, w *world), check func(t *testing.T, w *world)) {
	t.Helper()
	for moment := 0; ; moment++ {
		happened := false
		t.Run(fmt.Sprintf("moment %d", moment), func(t *testing.T) {
			w := newWorld(t, order(name)...)
			w.disturb = func(now int) {
				if now == moment && !happened {
					happened = true
					disturb(t, w)
				}
			}
			w.run(name, 10*time.Minute)
			w.disturb = nil
			if happened {
				check(t, w)
			}
		})
		if !happened || t.Failed() {
			if moment < 10 {
				t.Errorf("only %d moments: this test tries too little", moment)
			}
			return
		}
	}
}

func boughtOnce(name string) func(t *testing.T, w *world) {
	return func(t *testing.T, w *world) {
		w.expect(name, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		if e := w.ledger(name); e.Orders != 1 || e.Purchases != 1 {
			t.Errorf("the registrar saw %d orders and made %d purchases of them", e.Orders, e.Purchases)
		}
	}
}

func TestWheneverTheProcessDiesTheNameIsOrderedOnce(t *testing.T) {
	for _, name := range []string{alice, "slow.gent"} {
		t.Run(name, func(t *testing.T) {
			everyMoment(t, name, func(*testing.T, *world) { panic(errCrash) }, boughtOnce(name))
		})
	}
}

func TestWheneverAnotherLeaderTakesOverTheNameIsOrderedOnce(t *testing.T) {
	for _, name := range []string{alice, "slow.gent"} {
		t.Run(name, func(t *testing.T) {
			everyMoment(t, name, func(t *testing.T, w *world) {
				other := w.newProcess()
				for range 3 {
					if _, err := other.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: factoryNamespace, Name: name}}); err != nil {
						t.Error(err)
					}
				}
			}, boughtOnce(name))
		})
	}
}

func TestWheneverTheSiteGoesNothingIsOrderedAfterIt(t *testing.T) {
	everyMoment(t, alice, func(t *testing.T, w *world) {
		w.delete(newSite(alice))
		w.beforeBuy = func() { t.Error("ordered after the site was gone") }
	}, func(t *testing.T, w *world) {
		d := w.domain(alice)
		if p := phaseOf(d); p != phaseEnded && p != phaseOurs {
			t.Errorf("it rests in %+v", registeredOf(d))
		}
		if p := phaseOf(d); (p == phaseOurs) != (w.buys == 1) {
			t.Errorf("%d orders and %+v", w.buys, registeredOf(d))
		}
	})
}

func TestWheneverTheStatusIsLostTheNameIsOrderedOnce(t *testing.T) {
	everyMoment(t, alice, func(t *testing.T, w *world) {
		if w.buys == 0 {
			return
		}
		w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} })
	}, boughtOnce(alice))
}
