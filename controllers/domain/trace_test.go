package domain

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// newDNSimpleWorld has an order for a name at a careless DNSimple, whose orders wait until they are carried out.
func newDNSimpleWorld(t *testing.T) (*world, *dnsimpletest.Server) {
	t.Helper()
	dollars := v1alpha1.Price{Amount: "20.00", Currency: "USD"}
	r, d := newRegistrar(), newDomain(alice)
	r.Spec.Limits.MaxPrice, d.Spec.MaxPrice = dollars, dollars
	r.Spec.Provider = v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
		AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: v1alpha1.LocalReference{Name: "dnsimple"},
	}}
	w := newWorld(t, r, d, newSite(alice), newSecret(alice), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "dnsimple"}, Data: map[string][]byte{"token": []byte(dnsimpletest.Token)},
	})
	server := dnsimpletest.New(w.clock)
	server.Book.SetPlay(alice, registrartest.IsSlow)
	server.Book.SetCareless(true)
	w.source.(*spySource).inner = registrar.NewSource(v1alpha1.EnvironmentLive,
		dnsimple.New(w.client, w.clock, dnsimple.WithTransport(server.Transport()), dnsimple.WithBaseURL("https://dnsimple.test")))
	return w, server
}

// An order that is pending for more than an hour is a mere trace to whoever does not know its number: a second installation with the account, or this one after its status was lost.
func TestATraceOfAnOrderIsForAPersonAndNeverBoughtBesideNorTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		pending time.Duration
		taken   bool
	}{
		"pending for more than an hour, and the registry does not have the name yet": {2 * time.Hour, false},
		"pending for 90 minutes, and the registry has the name by our own order":     {90 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			w, server := newDNSimpleWorld(t)
			w.run(alice, 10*time.Second)
			w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonPending)
			w.expectBuys(1)

			w.changeDomain(alice, statusLost)
			w.restart()
			w.later(tc.pending)
			server.Answer(checkSays(alice, !tc.taken))
			w.run(alice, 3*time.Hour)
			w.expectBuys(1)
			w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonWaiting)
			w.expectAttention(alice)

			server.Answer(nil)
			server.Book.Finish(alice, true)
			w.run(alice, time.Hour)
			w.expectAttention(alice) // the account does not say by which purchase it is ours
			w.decide(v1alpha1.DecisionRegistered)
			w.run(alice, time.Hour)
			w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			if got := server.Book.Get(alice).Purchases; got != 1 {
				t.Errorf("it was paid %d times", got)
			}
		})
	}
}

func checkSays(name string, available bool) func(dnsimpletest.Request) (int, string) {
	return func(r dnsimpletest.Request) (int, string) {
		if r.Path != "/v2/1010/registrar/domains/"+name+"/check" {
			return 0, ""
		}
		return http.StatusOK, fmt.Sprintf(`{"data":{"domain":%q,"available":%t}}`, name, available)
	}
}

// What a registration leaves behind that failed looks the same, and a person can tell.
func TestATraceIsBoughtBesideOnAPersonsWord(t *testing.T) {
	w, server := newDNSimpleWorld(t)
	w.run(alice, 10*time.Second)
	server.Book.Finish(alice, false)
	server.Book.SetPlay(alice, registrartest.Sells)
	w.changeDomain(alice, statusLost)
	w.later(2 * time.Hour)
	w.run(alice, time.Hour)
	w.expectAttention(alice)
	w.expectBuys(1)

	w.decide(v1alpha1.DecisionAbsent)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(2)
	if got := server.Book.Get(alice).Purchases; got != 1 {
		t.Errorf("it was paid %d times", got)
	}
	if word := w.domain(alice).Annotations[v1alpha1.AnnotationDecision]; word != "" {
		t.Errorf("the word %s goes on counting", word)
	}
}

func TestWhatATraceOfAnOrderMeans(t *testing.T) {
	trace := func(registered registrar.Answer) func(*facts) {
		return saw(registrar.No, registrar.OrderUnclear, registered)
	}
	for name, tc := range map[string]struct {
		given  *facts
		act    action
		reason string
	}{
		"a new name is for a person":                              {given: given(trace(registrar.No)), reason: v1alpha1.ReasonWaiting},
		"also where the registry has it: it may be by that order": {given: given(trace(registrar.Yes)), reason: v1alpha1.ReasonWaiting},
		"so is a waiting one":                                     {given: given(waitingSince(time.Hour), trace(registrar.Yes)), reason: v1alpha1.ReasonWaiting},
		"so is one with a call that is over":                      {given: given(called(over), trace(registrar.No)), reason: v1alpha1.ReasonRequested},
		"it is bought on a person's word":                         {given: given(attention, decided(v1alpha1.DecisionAbsent), trace(registrar.No)), act: actBuy},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			if d.act != tc.act {
				t.Fatalf("action %d, want %d", d.act, tc.act)
			}
			after := &v1alpha1.Domain{Status: d.status}
			if c := registeredOf(after); d.act == actRest && (c.Status != metav1.ConditionUnknown || c.Reason != tc.reason || !(&facts{domain: after}).needsAttention()) {
				t.Errorf("%+v", after.Status.Conditions)
			}
		})
	}
}
