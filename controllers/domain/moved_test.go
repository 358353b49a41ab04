package domain

import (
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// named is an account by another name.
type named struct {
	registrar.Registrar
	name string
}

func (n named) Account() string { return n.name }

func TestACallWhoseAnswerWasLostIsNotMadeAgainWithAnotherAccount(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) }
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectBuys(1)
	if got := w.domain(alice).Status.Call.Account; !strings.HasPrefix(got, "test:") {
		t.Fatalf("the call is said to have gone to the account %q", got)
	}
	// An admin makes the Registrar one of another account, which knows nothing of the name.
	w.afterBuy = nil
	before := w.source
	w.source = &fixedSource{account: named{&neverSells{}, "another"}}
	w.restart()
	w.run(alice, time.Hour)
	c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionNeedsAttention)
	if c == nil || c.Message != messageMoved {
		t.Fatalf("NeedsAttention is %+v", c)
	}
	w.expectBuys(1)
	// With the account that it had it finds out by itself.
	w.source = before
	w.restart()
	w.run(alice, time.Hour)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)
}

func TestAFenceIsTakenBackWhereTheRegistrarHasJustGotAnotherAccount(t *testing.T) {
	w := newWorld(t, order(alice)...)
	inner := w.source.(*spySource).inner
	w.onFence = func() {
		account, err := inner.For(t.Context(), newRegistrar())
		if err != nil {
			t.Fatal(err)
		}
		w.source.(*spySource).inner = &fixedSource{account: named{account, "another"}}
	}
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectBuys(0)
	if d := w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting); d.Status.Call != nil {
		t.Errorf("the fence stays: %+v", d.Status.Call)
	}
	w.run(alice, time.Hour)
	if got := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered).Status.Call.Account; got != "another" {
		t.Errorf("bought with the account %q", got)
	}
	w.expectBuys(1)
}
