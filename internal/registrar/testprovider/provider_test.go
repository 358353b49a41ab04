package testprovider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

type shop struct {
	t      *testing.T
	client client.WithWatch
	clock  *clocktesting.FakePassiveClock
	spec   *v1alpha1.Registrar
}

func newShop(t *testing.T, funcs interceptor.Funcs) *shop {
	return &shop{
		t: t, client: fake.NewClientBuilder().WithInterceptorFuncs(funcs).Build(), clock: clocktesting.NewFakePassiveClock(start),
		spec: &v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: "names"},
			Spec: v1alpha1.RegistrarSpec{
				Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}},
				Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
			},
		},
	}
}

// account opens the account anew, as another process would: nothing is shared but the ledger.
func (s *shop) account() registrar.Registrar {
	s.t.Helper()
	a, err := New(s.client, s.client, s.clock).New(s.t.Context(), s.spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *shop) lookUp(domain, operation string) registrar.Sighting {
	s.t.Helper()
	got, err := s.account().LookUp(s.t.Context(), registrar.Query{Domain: domain, OperationID: operation})
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

func orderFor(domain, operation string) registrar.Order {
	return registrar.Order{Domain: domain, OperationID: operation, Try: 1, MaxPrice: registrar.Money{Minor: 2000, Currency: "EUR"}}
}

func TestANameIsSoldOnce(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	if got := s.lookUp("alice.gent", "op-1"); got.InAccount != registrar.No || got.Registered != registrar.No || got.Order != registrar.OrderNone {
		t.Errorf("before: %+v", got)
	}
	done, ok := s.account().Buy(t.Context(), orderFor("alice.gent", "op-1")).(registrar.Done)
	if !ok || !done.Holding.Expiry.Equal(start.AddDate(1, 0, 0)) || !*done.Holding.AutoRenew {
		t.Fatalf("bought: %+v", done)
	}
	if got := s.lookUp("alice.gent", "op-1"); got.InAccount != registrar.Yes || got.OperationID != "op-1" || got.Registered != registrar.Yes {
		t.Errorf("after: %+v", got)
	}
	for _, operation := range []string{"op-1", "op-2"} {
		if r, ok := s.account().Buy(t.Context(), orderFor("alice.gent", operation)).(registrar.Rejected); !ok || r.Reason != registrar.RejectedExists {
			t.Errorf("a second order by %s: %+v", operation, r)
		}
	}
	if e := s.entry("alice.gent"); e.Purchases != 1 || e.Orders != 3 || e.OperationID != "op-1" {
		t.Errorf("the ledger does not tell what happened: %+v", e)
	}
}

func (s *shop) entry(domain string) Entry {
	s.t.Helper()
	cm := &corev1.ConfigMap{}
	if err := s.client.Get(s.t.Context(), client.ObjectKey{Namespace: "factory", Name: LedgerName("names")}, cm); err != nil {
		s.t.Fatal(err)
	}
	var e Entry
	if err := json.Unmarshal([]byte(cm.Data[domain]), &e); err != nil {
		s.t.Fatal(err)
	}
	return e
}

func TestTheKnownNames(t *testing.T) {
	for domain, want := range map[string]registrar.Result{
		"taken-at-registration.gent":     registrar.Rejected{Reason: registrar.RejectedTaken},
		"taken-at-registration-two.gent": registrar.Rejected{Reason: registrar.RejectedTaken},
		"setup-fails.gent":               registrar.Rejected{Reason: registrar.RejectedRefused},
		"premium-alice.gent":             registrar.Rejected{Reason: registrar.RejectedTooDear},
		"unavailable.gent":               registrar.Rejected{Reason: registrar.RejectedTaken},
		"slow-alice.gent":                registrar.Pending{},
		"available.gent":                 registrar.Done{},
		"not-slow.gent":                  registrar.Done{},
	} {
		t.Run(domain, func(t *testing.T) {
			s := newShop(t, interceptor.Funcs{})
			got := s.account().Buy(t.Context(), orderFor(domain, "op-1"))
			if got.Outcome() != want.Outcome() {
				t.Errorf("%+v, want %s", got, want.Outcome())
			}
			if no, ok := got.(registrar.Rejected); ok {
				seen := s.lookUp(domain, "op-1")
				if seen.Order != registrar.OrderRejected || seen.Rejection != no || seen.InAccount != registrar.No {
					t.Errorf("after a lost answer a look-up sees %+v", seen)
				}
				if other := s.lookUp(domain, "op-2"); other.Order != registrar.OrderNone {
					t.Errorf("another order for the name sees the rejection of this one: %+v", other)
				}
			}
		})
	}
}

func TestAPremiumNameIsRefusedHoweverMuchMayBeSpent(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	o := orderFor("premium-alice.gent", "op-1")
	o.MaxPrice.Minor = 1_000_000
	if r, ok := s.account().Buy(t.Context(), o).(registrar.Rejected); !ok || r.Reason != registrar.RejectedPremium {
		t.Errorf("%+v", r)
	}
}

func TestASlowNameIsPendingForAsLongAsTheRegistrarSays(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	s.spec.Spec.Provider.Test.SlowFor = &metav1.Duration{Duration: time.Minute}
	p, ok := s.account().Buy(t.Context(), orderFor("slow.gent", "op-1")).(registrar.Pending)
	if !ok || p.Reference == "" {
		t.Fatalf("%+v", p)
	}
	s.clock.SetTime(start.Add(59 * time.Second))
	if got := s.lookUp("slow.gent", "op-1"); got.Order != registrar.OrderOpen || got.InAccount != registrar.No || got.Reference != p.Reference {
		t.Errorf("after 59 s: %+v", got)
	}
	s.clock.SetTime(start.Add(time.Minute))
	if got := s.lookUp("slow.gent", "op-1"); got.InAccount != registrar.Yes || !got.Holding.Expiry.Equal(start.Add(time.Minute).AddDate(1, 0, 0)) {
		t.Errorf("after 60 s: %+v", got)
	}
}

func TestOfManyBuyersInManyProcessesOneWins(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	results := make([]registrar.Result, 8)
	var wg sync.WaitGroup
	for i := range results {
		a := s.account()
		wg.Go(func() { results[i] = a.Buy(t.Context(), orderFor("alice.gent", fmt.Sprintf("op-%d", i))) })
	}
	wg.Wait()
	won, orders := 0, 0
	for _, r := range results {
		switch r := r.(type) {
		case registrar.Done:
			won++
			orders++
		case registrar.Rejected:
			if r.Reason == registrar.RejectedExists {
				orders++
			} else if r.Reason != registrar.RejectedPostponed {
				t.Errorf("a loser is told %+v", r)
			}
		default:
			t.Errorf("%+v", r)
		}
	}
	if e := s.entry("alice.gent"); won != 1 || e.Purchases != 1 || e.Orders != orders {
		t.Errorf("%d won, %d orders were answered; the ledger says %+v", won, orders, e)
	}
}

func TestAWriteWhoseAnswerIsLostIsUnknownAndOneThatIsRefusedIsNot(t *testing.T) {
	resource := schema.GroupResource{Resource: "configmaps"}
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"a time-out":                   {apierrors.NewTimeoutError("slow", 1), "unknown"},
		"an error of the API server":   {apierrors.NewInternalError(errors.New("disk")), "unknown"},
		"a broken connection":          {errors.New("connection reset"), "unknown"},
		"a write that is not allowed":  {apierrors.NewForbidden(resource, "names-ledger", errors.New("no")), "postponed"},
		"a ledger that has become big": {apierrors.NewRequestEntityTooLargeError("too big"), "postponed"},
		"too many requests":            {apierrors.NewTooManyRequests("later", 1), "postponed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, interceptor.Funcs{
				Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return tc.err },
			})
			if got := s.account().Buy(t.Context(), orderFor("alice.gent", "op-1")).Outcome(); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

func TestRenewalIsSafeToRepeat(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	a := s.account()
	if r, ok := a.Renew(t.Context(), registrar.Renewal{Domain: "alice.gent"}).(registrar.Rejected); !ok || r.Reason != registrar.RejectedRefused {
		t.Errorf("a name that is not ours was renewed: %+v", r)
	}
	a.Buy(t.Context(), orderFor("alice.gent", "op-1"))
	for range 2 {
		if done, ok := a.Renew(t.Context(), registrar.Renewal{Domain: "alice.gent", AutoRenew: false}).(registrar.Done); !ok || *done.Holding.AutoRenew {
			t.Errorf("%+v", done)
		}
	}
	expiry := s.lookUp("alice.gent", "op-1").Holding.Expiry
	extend := registrar.Renewal{Domain: "alice.gent", AutoRenew: true, ExtendFrom: expiry, MaxPrice: registrar.Money{Minor: 999, Currency: "EUR"}}
	if r, ok := a.Renew(t.Context(), extend).(registrar.Rejected); !ok || r.Reason != registrar.RejectedTooDear {
		t.Errorf("a year was sold for less than it costs: %+v", r)
	}
	extend.MaxPrice.Minor = 1000
	if done, ok := a.Renew(t.Context(), extend).(registrar.Done); !ok || !done.Holding.Expiry.Equal(expiry.AddDate(1, 0, 0)) {
		t.Errorf("%+v", done)
	}
	if r, ok := a.Renew(t.Context(), extend).(registrar.Rejected); !ok {
		t.Errorf("the same extension was sold twice: %+v", r)
	}
	if got := s.lookUp("alice.gent", "op-1"); !got.Holding.Expiry.Equal(expiry.AddDate(1, 0, 0)) || !got.ExtendsOnce {
		t.Errorf("%+v", got)
	}
	if e := s.entry("alice.gent"); e.Extensions != 1 {
		t.Errorf("the ledger counts %d extensions", e.Extensions)
	}
}

func TestARegistrationRenewsItselfUnlessToldOtherwise(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	a := s.account()
	a.Buy(t.Context(), orderFor("alice.gent", "op-1"))
	s.clock.SetTime(start.AddDate(1, 0, 1))
	if got := s.lookUp("alice.gent", "op-1").Holding.Expiry; !got.Equal(start.AddDate(2, 0, 0)) {
		t.Errorf("expires %s after its first year", got)
	}
	a.Renew(t.Context(), registrar.Renewal{Domain: "alice.gent", AutoRenew: false})
	s.clock.SetTime(start.AddDate(3, 0, 0))
	if got := s.lookUp("alice.gent", "op-1").Holding.Expiry; !got.Equal(start.AddDate(2, 0, 0)) {
		t.Errorf("expires %s although it is not renewed any more", got)
	}
}

func TestTermsThatCannotWorkAreRefused(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	s.spec.Spec.Provider.Test.Price = &v1alpha1.Price{Amount: "10.00", Currency: "USD"}
	_, err := New(s.client, s.client, s.clock).New(t.Context(), s.spec)
	var spec *registrar.SpecError
	if !errors.As(err, &spec) || spec.Field != "spec.provider.test.price.currency" {
		t.Errorf("%v", err)
	}
}

func TestALedgerThatCannotBeReadIsAnErrorAndNoAnswer(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	if err := s.client.Create(t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: LedgerName("names")}, Data: map[string]string{"alice.gent": "{"},
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.account().LookUp(t.Context(), registrar.Query{Domain: "alice.gent"}); err == nil {
		t.Errorf("%+v", got)
	}
	if got := s.account().Buy(t.Context(), orderFor("alice.gent", "op-1")); got.Outcome() != "unknown" {
		t.Errorf("%+v", got)
	}
	if err := s.account().Check(t.Context()); err != nil {
		t.Errorf("one bad entry does not close the account: %v", err)
	}
}

// The API takes such names, and the account's has to fit into a Domain's status, or the fence of a purchase could never be written.
func TestARegistrarsNameMayBeAsLongAsTheyGet(t *testing.T) {
	s := newShop(t, interceptor.Funcs{})
	var names []string
	for _, name := range []string{"names", strings.Repeat("n", 246), strings.Repeat("n", 245) + "m"} {
		s.spec.Name = name
		account := s.account().Account()
		if len(account) > 128 || slices.Contains(names, account) {
			t.Errorf("%d characters: its account is %q", len(name), account)
		}
		names = append(names, account)
	}
}
