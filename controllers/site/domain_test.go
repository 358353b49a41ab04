package site

import (
	"bytes"
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestTheRegistrarThatSellsTheSuffixIsChosen(t *testing.T) {
	w := newWorld(t)
	for _, r := range []struct {
		name, suffix string
		ready        metav1.ConditionStatus
	}{
		{"second-level", "co.gent", metav1.ConditionTrue},
		{"broken", "brussels", metav1.ConditionFalse},
	} {
		w.create(&v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Name: r.name, Namespace: factoryNamespace},
			Spec:       v1alpha1.RegistrarSpec{Suffixes: []string{r.suffix}},
			Status:     v1alpha1.RegistrarStatus{Conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, r.ready, "x")}},
		})
	}
	for domain, want := range map[string]string{
		"alice.gent": "test", "alice.co.gent": "second-level", "alice.brussels": "", "alice.be": "", "www.alice.gent": "", "gent": "", "co.gent": "test",
	} {
		got := ""
		registrar, err := w.r.registrar(t.Context(), domain)
		if err != nil {
			t.Fatal(err)
		}
		if registrar != nil {
			got = registrar.Name
		}
		if got != want {
			t.Errorf("%s is bought at %q, want %q", domain, got, want)
		}
	}
}

func TestASuffixThatNobodySellsWaitsForARegistrar(t *testing.T) {
	w := newWorld(t)
	registrar := get(w, factoryNamespace, "test", &v1alpha1.Registrar{})
	registrar.Status.Conditions = nil
	w.updateStatus(registrar)
	w.claim()
	w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionFalse, v1alpha1.ReasonSuffixNotSold)
	w.expectWorkload(true)
	w.expectNoDomain()
	w.podIsReady()
	if got := w.reconcile().RequeueAfter; got != registrarAfter {
		t.Errorf("comes back after %s, want %s: the Registrar may have come before this status was written", got, registrarAfter)
	}
	if got := w.r.sitesNotSold(t.Context(), registrar); len(got) != 1 || got[0].NamespacedName != siteKey {
		t.Errorf("a Registrar that becomes Ready wakes %v", got)
	}
}

func TestAnOrderMovesToTheRegistrarThatSellsTheSuffixNow(t *testing.T) {
	for name, tc := range map[string]struct {
		status metav1.ConditionStatus
		reason string
		byHand bool
		moves  bool
	}{
		"when nobody was called":               {status: metav1.ConditionFalse, reason: v1alpha1.ReasonRegistrarNotReady, moves: true},
		"not when it may have been bought":     {status: metav1.ConditionUnknown, reason: v1alpha1.ReasonRegistrarNotReady},
		"not when it waits for something else": {status: metav1.ConditionFalse, reason: v1alpha1.ReasonLimitReached},
		"not when an admin put it there":       {status: metav1.ConditionFalse, reason: v1alpha1.ReasonRegistrarNotReady, byHand: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.claim()
			w.reconcile()
			if tc.byHand {
				domain := w.domain()
				domain.Annotations = nil
				if err := w.Update(t.Context(), domain); err != nil {
					t.Fatal(err)
				}
			}
			w.domainIs(tc.status, tc.reason)
			w.reconcile()
			registrar := get(w, factoryNamespace, "test", &v1alpha1.Registrar{})
			if woken := w.r.sitesNotSold(t.Context(), registrar); tc.moves && len(woken) != 1 {
				t.Errorf("another Registrar wakes %v", woken)
			}
			w.expectDomainStays() // there is no other
			registrar.Spec.Suffixes = []string{"be"}
			if err := w.Update(t.Context(), registrar); err != nil {
				t.Fatal(err)
			}
			w.create(&v1alpha1.Registrar{
				ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: factoryNamespace},
				Spec:       v1alpha1.RegistrarSpec{Suffixes: []string{"gent"}},
				Status:     v1alpha1.RegistrarStatus{Conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionTrue, "x")}},
			})
			w.reconcile()
			if !tc.moves {
				w.expectDomainStays()
				return
			}
			old := w.domain()
			if old.DeletionTimestamp.IsZero() {
				t.Fatal("the order sticks to a Registrar that does not sell the suffix")
			}
			old.Finalizers = nil // as the domain duty does
			if err := w.Update(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			w.reconcile()
			if got := w.domain().Spec.RegistrarName; got != "other" {
				t.Errorf("ordered at %s", got)
			}
		})
	}
}

func (w *world) expectDomainStays() {
	w.t.Helper()
	if !w.domain().DeletionTimestamp.IsZero() {
		w.t.Error("the Domain is being deleted")
	}
}

// stale is a cache that has not seen the newest of the site.
type stale struct {
	client.Client
	site *v1alpha1.IndieSite
}

func (s stale) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if site, ok := o.(*v1alpha1.IndieSite); ok {
		s.site.DeepCopyInto(site)
		return nil
	}
	return s.Client.Get(ctx, key, o, opts...)
}

func TestNothingIsBoughtForWhatAStaleCacheShows(t *testing.T) {
	for name, change := range map[string]func(*world){
		"a site that is being deleted": func(w *world) { w.remove(w.site()) },
		"a site that was suspended":    func(w *world) { w.suspend(true) },
		"a site that is gone":          func(w *world) { w.letGoOfSite(); w.remove(w.site()) },
		"an attempt that has ended":    func(w *world) { w.callbackFroze(v1alpha1.OutcomeFailed, false) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			site := w.claimWithoutSecret()
			w.reconcile() // the attempt has begun
			seen := w.site()
			w.makeSecret(site)
			change(w)
			w.r.Client = stale{w.Client, seen}
			_, _ = w.reconcileOnce()
			w.expectNoDomain()
		})
	}
}

func TestADomainThatIsThereAlreadyIsNotOrderedAgain(t *testing.T) {
	w := newWorld(t)
	domain := &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: factoryNamespace},
		Spec:       v1alpha1.DomainSpec{Domain: domainName, OperationID: "by-an-admin", Acquisition: v1alpha1.AcquisitionAdopt},
	}
	w.create(domain)
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.claim()
	w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if w.domain().Spec.OperationID != "by-an-admin" {
		t.Error("it was ordered again")
	}
}

func TestTheTimesTellWhetherADomainMadeByHandIsThisAttempts(t *testing.T) {
	for name, tc := range map[string]struct {
		made time.Time
		now  bool
	}{
		"made before the attempt": {epoch.Add(-time.Second), false},
		"made after it began":     {epoch, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := whole(func(s *scope) {
				s.domain.Annotations = nil
				s.domain.CreationTimestamp = metav1.NewTime(tc.made)
			})
			if got := s.orderedNow(); got != tc.now {
				t.Errorf("this attempt's: %t, want %t", got, tc.now)
			}
		})
	}
}

func TestAnUnboughtDomainThatAnAdminMadeStaysWhenItsSiteIsGone(t *testing.T) {
	w := newWorld(t)
	w.create(&v1alpha1.Domain{ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: factoryNamespace}})
	w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonRefused)
	w.reconcile()
	w.domain()
}

func TestOperationIDsAreRandomUUIDs(t *testing.T) {
	id, err := operationID(bytes.NewReader(bytes.Repeat([]byte{0xff}, 16)))
	if want := "ffffffff-ffff-4fff-bfff-ffffffffffff"; err != nil || id != want {
		t.Errorf("got %q, %v; want %q", id, err, want)
	}
	if _, err := operationID(bytes.NewReader(nil)); err == nil {
		t.Error("an ID without randomness")
	}
}
