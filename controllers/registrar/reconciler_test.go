package registrar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

type world struct {
	t          *testing.T
	client     client.Client
	clock      *clocktesting.FakePassiveClock
	reconciler *Reconciler
	writes     int
	// check, if set, is what the provider says of the account.
	check error
	// lookUp, if set, is what it says of every name.
	lookUp error
	// meanwhile, if set, is what another does just before the next write.
	meanwhile func()
}

func newWorld(t *testing.T, environment v1alpha1.Environment, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	w := &world{t: t, clock: clocktesting.NewFakePassiveClock(start)}
	w.client = fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.Registrar{}).WithObjects(objects...).
		WithInterceptorFuncs(interceptor.Funcs{
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, obj client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
				w.writes++
				if f := w.meanwhile; f != nil {
					w.meanwhile = nil
					f()
				}
				return c.SubResource(sub).Patch(ctx, obj, p, opts...)
			},
		}).Build()
	w.reconciler = &Reconciler{
		Client: w.client, Clock: w.clock, Recorder: events.NewFakeRecorder(100), FactoryNamespace: "factory",
		Registrars: &checkedSource{Source: registrar.NewSource(environment, testprovider.New(w.client, w.client, w.clock)), world: w},
	}
	return w
}

func (w *world) reconcile(name string) ctrl.Result {
	w.t.Helper()
	result, err := w.reconciler.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: "factory", Name: name}})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func (w *world) get(name string) *v1alpha1.Registrar {
	w.t.Helper()
	r := &v1alpha1.Registrar{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: "factory", Name: name}, r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) expect(name string, status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	r := w.get(name)
	c := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status != status || c.Reason != reason || c.ObservedGeneration != r.Generation || r.Status.ObservedGeneration != r.Generation {
		w.t.Errorf("Ready of %s is %+v, want %s %s", name, c, status, reason)
	}
}

func (w *world) expectSells(name string, suffixes ...string) {
	w.t.Helper()
	if got := w.get(name).Status.Sells; !slices.Equal(got, suffixes) {
		w.t.Errorf("%s sells %v, want %v", name, got, suffixes)
	}
}

type checkedSource struct {
	registrar.Source
	world *world
}

func (s *checkedSource) For(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
	a, err := s.Source.For(ctx, r)
	return &checked{Registrar: a, world: s.world}, err
}

type checked struct {
	registrar.Registrar
	world *world
}

func (c *checked) Check(ctx context.Context) error {
	if c.world.check != nil {
		return c.world.check
	}
	return c.Registrar.Check(ctx)
}

func (c *checked) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	if c.world.lookUp != nil {
		return registrar.Sighting{}, c.world.lookUp
	}
	return c.Registrar.LookUp(ctx, q)
}

func selling(name string, suffixes ...string) *v1alpha1.Registrar {
	return &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: name, Generation: 3},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: suffixes,
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
		},
		Status: v1alpha1.RegistrarStatus{Usage: &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 7}},
	}
}

func TestARegistrarThatWorksIsReady(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"), selling("b", "brussels"))
	if got := w.reconcile("a"); got.RequeueAfter != checkInterval {
		t.Errorf("it is checked again after %s", got.RequeueAfter)
	}
	w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if u := w.get("a").Status.Usage; u == nil || u.Registrations != 7 {
		t.Errorf("usage is another duty's and became %+v", u)
	}
	w.writes = 0
	w.clock.SetTime(start.Add(time.Hour))
	w.reconcile("a")
	if w.writes != 0 {
		t.Errorf("%d writes although nothing changed", w.writes)
	}
}

func TestWhyARegistrarIsNotReady(t *testing.T) {
	change := func(f func(*v1alpha1.Registrar)) *v1alpha1.Registrar {
		r := selling("a", "gent")
		f(r)
		return r
	}
	for name, tc := range map[string]struct {
		environment v1alpha1.Environment
		registrar   *v1alpha1.Registrar
		check       error
		reason      string
		// says, if set, is what the message names.
		says    string
		retried bool
	}{
		"a live factory refuses the test provider": {environment: v1alpha1.EnvironmentLive, registrar: selling("a", "gent"), reason: v1alpha1.ReasonWrongEnvironment},
		"a provider that nobody knows": {
			registrar: change(func(r *v1alpha1.Registrar) { r.Spec.Provider.Test = nil }), reason: v1alpha1.ReasonInvalid,
		},
		"a price in another currency than the limit": {
			registrar: change(func(r *v1alpha1.Registrar) { r.Spec.Limits.MaxPrice.Currency = "USD" }), reason: v1alpha1.ReasonInvalid,
		},
		"a limit under which nothing can be bought": {
			registrar: change(func(r *v1alpha1.Registrar) { r.Spec.Limits.MaxPrice.Amount = "0.00" }), reason: v1alpha1.ReasonInvalid,
		},
		"a budget in another currency": {
			registrar: change(func(r *v1alpha1.Registrar) {
				r.Spec.Limits.SpendingPerDay = &v1alpha1.Price{Amount: "100.00", Currency: "USD"}
			}), reason: v1alpha1.ReasonInvalid, says: "spec.limits.spendingPerDay.currency: must be EUR",
		},
		"a budget under which nothing can be bought": {
			registrar: change(func(r *v1alpha1.Registrar) {
				r.Spec.Limits.SpendingPerDay = &v1alpha1.Price{Amount: "19.99", Currency: "EUR"}
			}), reason: v1alpha1.ReasonInvalid, says: "spec.limits.spendingPerDay: must be at least spec.limits.maxPrice (20.00 EUR)",
		},
		"a budget that is no amount": {
			registrar: change(func(r *v1alpha1.Registrar) {
				r.Spec.Limits.SpendingPerDay = &v1alpha1.Price{Amount: "a lot", Currency: "EUR"}
			}), reason: v1alpha1.ReasonInvalid, says: "spec.limits.spendingPerDay: amount",
		},
		"credentials that are refused": {
			registrar: selling("a", "gent"), check: &registrar.CredentialsError{Err: errors.New("401")}, reason: v1alpha1.ReasonCredentialsRefused, retried: true,
		},
		"a provider that does not answer": {
			registrar: selling("a", "gent"), check: context.DeadlineExceeded, reason: v1alpha1.ReasonProviderUnreachable, retried: true,
		},
		"a provider that asks to wait": {
			registrar: selling("a", "gent"), check: &registrar.Throttled{RetryAfter: time.Hour, Err: errors.New("429")},
			reason: v1alpha1.ReasonProviderUnreachable, retried: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.environment == "" {
				tc.environment = v1alpha1.EnvironmentTest
			}
			w := newWorld(t, tc.environment, tc.registrar)
			w.check = tc.check
			if got := w.reconcile("a"); got.RequeueAfter == 0 || (got.RequeueAfter < untilTomorrow(start)) != tc.retried {
				t.Errorf("it comes back after %s", got.RequeueAfter)
			}
			w.expect("a", metav1.ConditionFalse, tc.reason)
			if c := apimeta.FindStatusCondition(w.get("a").Status.Conditions, v1alpha1.ConditionReady); !strings.Contains(c.Message, tc.says) {
				t.Errorf("it says %q, want it to name %q", c.Message, tc.says)
			}
		})
	}
}

func TestABudgetThatCanWork(t *testing.T) {
	for _, amount := range []string{"20.00", "20.01", "0.00"} {
		r := selling("a", "gent")
		r.Spec.Limits.SpendingPerDay = &v1alpha1.Price{Amount: amount, Currency: "EUR"}
		w := newWorld(t, v1alpha1.EnvironmentTest, r)
		w.reconcile("a")
		w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	}
}

func TestAnAccountThatWorksIsNotShutForBeingAskedTooOften(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
	w.reconcile("a")
	w.check = &registrar.Throttled{RetryAfter: 5 * time.Minute, Err: errors.New("429")}
	w.writes = 0
	if got := w.reconcile("a"); got.RequeueAfter != 5*time.Minute || w.writes != 0 {
		t.Errorf("it comes back after %s, %d writes", got.RequeueAfter, w.writes)
	}
	w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	changed := w.get("a")
	changed.Generation++
	if err := w.client.Update(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	w.reconcile("a")
	w.expect("a", metav1.ConditionFalse, v1alpha1.ReasonProviderUnreachable)
}

// A slow order has the account for longer than a check waits, and that is no reason to stop selling.
func TestACheckWhoseTurnDoesNotComeSaysNothingOfTheAccount(t *testing.T) {
	for name, tc := range map[string]struct {
		before error
		reason string
	}{
		"of one that works":        {nil, v1alpha1.ReasonSucceeded},
		"of one that does not":     {errors.New("503"), v1alpha1.ReasonProviderUnreachable},
		"of one that is not known": {&registrar.Busy{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
			w.check = tc.before
			w.reconcile("a")
			changed := w.get("a")
			changed.Generation++
			if err := w.client.Update(t.Context(), changed); err != nil {
				t.Fatal(err)
			}
			was := w.get("a").Status
			w.check = fmt.Errorf("check the account: %w", &registrar.Busy{})
			w.writes = 0
			w.clock.SetTime(start.Add(time.Minute))
			if got := w.reconcile("a"); got.RequeueAfter != busyInterval || w.writes != 0 {
				t.Errorf("it comes back after %s, %d writes", got.RequeueAfter, w.writes)
			}
			if diff := cmp.Diff(was, w.get("a").Status); diff != "" {
				t.Error(diff)
			}
			c := apimeta.FindStatusCondition(was.Conditions, v1alpha1.ConditionReady)
			if (c == nil) != (tc.reason == "") || c != nil && c.Reason != tc.reason {
				t.Errorf("%+v", c)
			}
			w.check = nil
			w.reconcile("a")
			w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
		})
	}
}

func TestCredentialsThatAreRefusedAreTriedAgainMoreAndMoreSeldom(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
	w.reconcile("a")
	w.check = &registrar.CredentialsError{Err: errors.New("401")}
	var pauses []time.Duration
	for range 8 {
		got := w.reconcile("a")
		pauses = append(pauses, got.RequeueAfter/time.Minute)
		w.clock.SetTime(w.clock.Now().Add(got.RequeueAfter))
	}
	if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 16, 30, 30, 30}, pauses); diff != "" {
		t.Error(diff)
	}
	w.check = nil
	w.reconcile("a")
	w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.check = &registrar.CredentialsError{Err: errors.New("401")}
	if got := w.reconcile("a"); got.RequeueAfter != retryInterval {
		t.Errorf("after they worked again they are tried after %s", got.RequeueAfter)
	}
}

func TestASuffixThatTwoSellIsSoldByNeither(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "brussels", "gent"), selling("b", "gent"), selling("c", "x.gent"))
	for _, name := range []string{"a", "b", "c"} {
		w.reconcile(name)
	}
	w.expect("a", metav1.ConditionFalse, v1alpha1.ReasonSuffixShared)
	w.expect("b", metav1.ConditionFalse, v1alpha1.ReasonSuffixShared)
	w.expect("c", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expectSells("a", "brussels")
	w.expectSells("b")
	w.writes = 0
	if w.reconcile("b"); w.writes != 0 {
		t.Errorf("%d writes of one that sells nothing, although nothing changed", w.writes)
	}
	w.expectSells("c", "x.gent")

	if err := w.client.Delete(t.Context(), w.get("b")); err != nil {
		t.Fatal(err)
	}
	for _, request := range w.reconciler.others(t.Context(), selling("b", "gent")) {
		w.reconcile(request.Name)
	}
	w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expectSells("a", "brussels", "gent")
}

func TestOnlyWhatIsSoldWakesTheOthers(t *testing.T) {
	p := suffixChanges()
	used := selling("a", "gent")
	used.Status.Usage.Registrations++
	if p.Update(event.UpdateEvent{ObjectOld: selling("a", "gent"), ObjectNew: used}) {
		t.Error("usage wakes the others")
	}
	if !p.Update(event.UpdateEvent{ObjectOld: selling("a", "gent"), ObjectNew: selling("a", "brussels")}) {
		t.Error("another suffix does not wake them")
	}
	if !p.Create(event.CreateEvent{Object: selling("a", "gent")}) || !p.Delete(event.DeleteEvent{Object: selling("a", "gent")}) {
		t.Error("coming and going does not wake them")
	}
}
