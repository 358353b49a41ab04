package domain

import (
	"context"
	"net/netip"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/external"
)

const routeAddress = "203.0.113.1"

// elsewhere is where a name that is held elsewhere leads: nowhere, an address, or silence.
type elsewhere struct {
	address string
	silent  bool
}

func (e *elsewhere) Ask(context.Context, string) (dns.Answers, error) {
	switch {
	case e.silent:
		return nil, &dns.Failure{Reason: dns.ReasonNoServers}
	case e.address == "":
		return dns.Answers{{Missing: true}}, nil
	default:
		return dns.Answers{{Addresses: []netip.Addr{netip.MustParseAddr(e.address)}}}, nil
	}
}

// newExternalWorld has an order for a name at a Registrar that buys nothing.
func newExternalWorld(t *testing.T) (*world, *elsewhere) {
	t.Helper()
	w, e := newWorld(t, order(alice)...), &elsewhere{}
	w.changeRegistrar(func(r *v1alpha1.Registrar) {
		r.Spec.Provider = v1alpha1.RegistrarProvider{External: &v1alpha1.ExternalProvider{Addresses: []string{routeAddress}}}
	})
	w.source.(*spySource).inner = registrar.NewSource(v1alpha1.EnvironmentLive, external.New(e))
	return w, e
}

// passes reconciles again and again, as long as it takes.
func (w *world) passes(n int) {
	w.t.Helper()
	for range n {
		result, err := w.pass(alice)
		if err != nil {
			w.t.Fatal(err)
		}
		w.later(max(result.RequeueAfter, time.Second))
	}
}

func (w *world) expectNothingSpent() {
	w.t.Helper()
	w.expectBuys(0)
	if u := w.usage(); u != nil {
		w.t.Fatalf("%+v was reserved", *u)
	}
	if s := w.domain(alice).Status; s.Call != nil || s.ReservedTry != 0 {
		w.t.Fatalf("a call was fenced: %+v", s)
	}
}

func TestANameThatIsHeldElsewhereIsWaitedForAndNeverBought(t *testing.T) {
	w, e := newExternalWorld(t)
	w.passes(100)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	w.expectNothingSpent()
	w.writes = 0
	w.passes(20)
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}

	e.address = "198.51.100.1"
	w.passes(5)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)

	e.silent = true
	w.passes(200)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonRegistrarNotReady)
	w.expectNoCondition(alice, v1alpha1.ConditionNeedsAttention)

	e.silent, e.address = false, routeAddress
	w.passes(5)
	d := w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	if d.Status.AutoRenew != nil || d.Status.ExpiryTime != nil {
		t.Errorf("nobody said so: %+v", d.Status)
	}
	w.expectNothingSpent()
}

func TestANameThatNoLongerLeadsHereStaysOursAndIsNotRenewed(t *testing.T) {
	w, e := newExternalWorld(t)
	e.address = routeAddress
	w.passes(3)
	e.address = ""
	w.passes(10)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	if c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionRenewing); c == nil || c.Reason != v1alpha1.ReasonLostByAccount {
		t.Errorf("Renewing is %+v", c)
	}
	e.address = routeAddress
	w.passes(5)
	if c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionRenewing); c == nil || c.Reason == v1alpha1.ReasonLostByAccount {
		t.Errorf("Renewing is %+v", c)
	}
	if w.extensions != 0 {
		t.Errorf("%d years were asked for", w.extensions)
	}
	w.expectNothingSpent()
}

func TestADomainThatWaitsForItsNameCanBeDeleted(t *testing.T) {
	for when, passes := range map[string]int{"before it was looked up": 0, "while it waits": 10} {
		t.Run(when, func(t *testing.T) {
			w, _ := newExternalWorld(t)
			w.passes(passes)
			w.delete(w.domain(alice))
			w.passes(3)
			err := w.client.Get(t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: alice}, &v1alpha1.Domain{})
			if !apierrors.IsNotFound(err) {
				t.Errorf("it is still there: %v", err)
			}
		})
	}
}

func TestADomainWhoseSiteIsGoneWaitsForItsNameNoMore(t *testing.T) {
	w, e := newExternalWorld(t)
	w.passes(10)
	w.delete(newSite(alice))
	w.passes(5)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonSiteGone)
	e.address = routeAddress
	w.passes(5)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonSiteGone)
	w.expectNothingSpent()
}
