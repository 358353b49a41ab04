package domain

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// ordered is a Domain that notes an order of which its registrar could not tell.
func ordered(f *facts) {
	metav1.SetMetaDataAnnotation(&f.domain.ObjectMeta, v1alpha1.AnnotationOrdered, "2026-11-22T09:00:00Z")
}

// newCombellWorld has an order for a name at Combell, which says nothing of orders and sells no years beforehand.
func newCombellWorld(t *testing.T) (*world, *combelltest.Server) {
	t.Helper()
	const key, secret = "the-key", "the-secret"
	r := newRegistrar()
	r.Spec.Provider = v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{
		CredentialsSecretRef: v1alpha1.LocalReference{Name: "combell"}, Price: *euro("10.00"),
	}}
	r.Spec.Registrant = &v1alpha1.Registrant{
		FirstName: "Anna", LastName: "Peeters", Email: "hostmaster@example.org", Phone: "+32.92345678", Street: "Botermarkt 1", PostalCode: "9000",
		City: "Gent", CountryCode: "BE", LanguageCode: "nl",
	}
	w := newWorld(t, r, newDomain(alice), newSite(alice), newSecret(alice), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: "combell"},
		Data:       map[string][]byte{"api-key": []byte(key), "api-secret": []byte(secret)},
	})
	server := combelltest.New(registrartest.NewBook(w.clock), &registrartest.Faults{}, w.clock, key, secret)
	w.source.(*spySource).inner = registrar.NewSource(v1alpha1.EnvironmentLive, combell.New(w.client, w.clock, combell.WithTransport(server.Transport())))
	return w, server
}

func TestWhereNoYearIsSoldNoneIsReservedAndAPersonIsToldSo(t *testing.T) {
	w, server := newCombellWorld(t)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	server.Book.Change(alice, func(e *registrartest.Entry) { e.AutoRenew = false })
	server.FreezeRenewal(alice)
	w.later(340 * oneDay)
	w.restart()
	w.live(20)
	if w.extensions != 0 {
		t.Errorf("%d extensions were asked for", w.extensions)
	}
	if u := w.usage(); u.Date != day(start) || *u.Spent != *euro("20.00") {
		t.Errorf("usage is %+v %v: that is more than the purchase", u, u.Spent)
	}
	told := func() *metav1.Condition {
		c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionRenewing)
		if c == nil || c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "the factory cannot: Combell sells no year beforehand") ||
			!strings.Contains(c.Message, "month") {
			t.Errorf("Renewing is %+v", c)
		}
		return c
	}
	if c := told(); c.Reason != v1alpha1.ReasonExpiresWithin14Days {
		t.Errorf("Renewing is %+v", c)
	}

	// Passes in which nobody is asked say the same, and alarms sound in them too.
	w.writes = 0
	for range 3 {
		_, _ = w.pass(alice)
	}
	if w.writes != 0 {
		t.Errorf("%d writes while nothing changed", w.writes)
	}
	w.closed = errCrash
	w.later(20 * oneDay)
	_, _ = w.pass(alice)
	if c := told(); c.Reason != v1alpha1.ReasonExpired {
		t.Errorf("Renewing is %+v", c)
	}
}

// A backup tool restores metadata and spec. Combell does not show an order that is open, nor the order when it is done; so what the Domain's metadata says of it has to do.
func TestARestoreWithoutStatusBuysNothingBesideAnOrderThatTheRegistrarDoesNotShow(t *testing.T) {
	w, server := newCombellWorld(t)
	server.Book.SetPlay(alice, registrartest.IsSlow)
	server.Book.SetCareless(true)
	w.run(alice, 10*time.Second)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonPending)

	w.changeDomain(alice, statusLost)
	w.restart()
	w.later(2 * time.Hour)
	w.run(alice, oneDay)
	w.expectBuys(1)
	w.expect(alice, metav1.ConditionUnknown, v1alpha1.ReasonWaiting)
	w.expectAttention(alice)

	server.Book.Finish(alice, false)
	server.Book.SetPlay(alice, registrartest.Sells)
	w.decide(v1alpha1.DecisionAbsent)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(2)
	if got := server.Book.Get(alice).Purchases; got != 1 {
		t.Errorf("it was paid %d times", got)
	}
}

func TestANameOfWhichNoOrderWentOutIsBoughtAfterARestoreWithoutStatus(t *testing.T) {
	w, _ := newCombellWorld(t)
	w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true })
	w.run(alice, 10*time.Second)
	w.changeDomain(alice, statusLost)
	w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = false })
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(1)
}

// What an order was turned down with leaves no doubt, so the next one goes out as it would without the note of the first.
func TestAnOrderThatWasNotedAndTurnedDownIsSentAgain(t *testing.T) {
	w, server := newCombellWorld(t)
	server.Book.SetPlay(alice, registrartest.NoCredit)
	w.run(alice, 10*time.Second)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonWaiting)
	noted := w.domain(alice).Annotations[v1alpha1.AnnotationOrdered]
	if at, err := time.Parse(time.RFC3339, noted); err != nil || !at.Equal(start) {
		t.Errorf("noted is %q", noted)
	}
	server.Book.SetPlay(alice, registrartest.Sells)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.expectBuys(2)
	if again := w.domain(alice).Annotations[v1alpha1.AnnotationOrdered]; again != noted {
		t.Errorf("it is noted anew, as %q", again)
	}
}

func TestOnlyARegistrarThatCannotTellOfOrdersHasThemNoted(t *testing.T) {
	w := bought(t, alice)
	if d := w.domain(alice); len(d.Annotations) != 0 {
		t.Errorf("%v", d.Annotations)
	}
}
