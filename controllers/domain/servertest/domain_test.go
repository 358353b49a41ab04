// Package servertest tests the duty domain against a real API server: what wakes them, and what its conflicts decide.
package servertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/domain"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

const (
	patience = 20 * time.Second
	names    = "names"
)

type factory struct {
	*gomega.WithT
	t              *testing.T
	client         client.Client
	factory, sites string
}

func newFactory(t *testing.T) *factory {
	t.Helper()
	f := &factory{WithT: gomega.NewWithT(t), t: t, client: apiserver.Client(t)}
	f.factory, f.sites = apiserver.Namespaces(t)
	return f
}

func (f *factory) source(c client.Client) registrar.Source {
	return registrar.NewSource(v1alpha1.EnvironmentTest, testprovider.New(c, f.client, clock.RealClock{}))
}

// start runs the duty in a manager until the test ends.
func (f *factory) start() {
	f.t.Helper()
	mgr, err := ctrl.NewManager(apiserver.Config(f.t), ctrl.Options{
		Scheme:  apiserver.Scheme(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{f.factory: {}, f.sites: {}}},
	})
	f.Expect(err).NotTo(gomega.HaveOccurred())
	opts := controller.Options{MaxConcurrentReconciles: 4, SkipNameValidation: ptr.To(true)}
	f.Expect((&domain.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Registrars: f.source(mgr.GetClient()), Clock: clock.RealClock{},
		Recorder: mgr.GetEventRecorder("domain"), FactoryNamespace: f.factory, SitesNamespace: f.sites,
	}).SetupWithManager(mgr, opts)).To(gomega.Succeed())
	ctx, stop := context.WithCancel(context.WithoutCancel(f.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	f.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.t.Errorf("the manager ended with: %v", err)
		}
	})
}

func (f *factory) sell(changes ...func(*v1alpha1.Registrar)) {
	f.t.Helper()
	r := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.factory, Name: names},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{SlowFor: &metav1.Duration{Duration: 3 * time.Second}}},
			Suffixes: []string{"gent"},
			Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
		},
	}
	for _, change := range changes {
		change(r)
	}
	f.Expect(f.client.Create(f.t.Context(), r)).To(gomega.Succeed())
	f.ready()
}

// order makes what the front end and the duty site make of an order.
func (f *factory) order(name string) {
	f.t.Helper()
	ctx := f.t.Context()
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.sites, Name: name},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: name, SetupAttempt: 1, RequestDigest: "k1:digest", InstallerSecretRef: v1alpha1.LocalReference{Name: name + "-installer-1-abcde"},
		},
	}
	f.Expect(f.client.Create(ctx, site)).To(gomega.Succeed())
	f.Expect(f.client.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: f.sites, Name: name + "-installer-1-abcde",
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(site, v1alpha1.GroupVersion.WithKind("IndieSite"))},
	}})).To(gomega.Succeed())
	f.Expect(f.client.Create(ctx, &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.factory, Name: name, Finalizers: []string{v1alpha1.FinalizerBooks}},
		Spec: v1alpha1.DomainSpec{
			Domain: name, RegistrarName: names, OperationID: "operation-" + name[:1] + "-1", MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"},
		},
	})).To(gomega.Succeed())
}

func (f *factory) domain(name string) *v1alpha1.Domain {
	d := &v1alpha1.Domain{}
	if err := f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.factory, Name: name}, d); client.IgnoreNotFound(err) != nil {
		f.t.Error(err)
	}
	return d
}

func (f *factory) registered(name string) func() string {
	return func() string {
		c := apimeta.FindStatusCondition(f.domain(name).Status.Conditions, v1alpha1.ConditionRegistered)
		if c == nil {
			return ""
		}
		return string(c.Status) + " " + c.Reason
	}
}

func (f *factory) suspend(on bool) {
	f.t.Helper()
	r := &v1alpha1.Registrar{ObjectMeta: metav1.ObjectMeta{Namespace: f.factory, Name: names}}
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"suspend":%v}}`, on))
	f.Expect(f.client.Patch(f.t.Context(), r, patch)).To(gomega.Succeed())
	f.ready()
}

func TestARegistrarThatComesLaterWakesTheNamesThatWaitForIt(t *testing.T) {
	f := newFactory(t)
	f.start()
	f.order("alice.gent")
	f.Eventually(f.registered("alice.gent"), patience).Should(gomega.Equal("Unknown RegistrarNotReady"))
	f.sell()
	f.Eventually(f.registered("alice.gent"), patience).Should(gomega.Equal("True Registered"))
}

func TestTheKnownNamesEndAsTheyAreKnownTo(t *testing.T) {
	f := newFactory(t)
	f.start()
	f.sell()
	known := map[string]string{
		"available.gent": "True Registered", "taken-at-registration.gent": "False Taken", "setup-fails.gent": "False Refused",
		"premium-bob.gent": "False Refused", "slow.gent": "True Registered",
	}
	for name := range known {
		f.order(name)
	}
	for name, want := range known {
		f.Eventually(f.registered(name), patience).Should(gomega.Equal(want), name)
	}
}

func TestSuspendingStopsBuyingAndNothingElse(t *testing.T) {
	f := newFactory(t)
	f.start()
	f.sell(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true })
	f.order("alice.gent")
	f.order("bob.gent")
	f.order("carol.gent")
	for _, name := range []string{"alice.gent", "bob.gent", "carol.gent"} {
		f.Eventually(f.registered(name), patience).Should(gomega.Equal("False RegistrarNotReady"))
	}

	// A site that goes wakes its Domain, and a Domain that waits can go.
	f.Expect(f.client.Delete(t.Context(), &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: f.sites, Name: "bob.gent"}})).To(gomega.Succeed())
	f.Eventually(f.registered("bob.gent"), patience).Should(gomega.Equal("False SiteGone"))
	for _, name := range []string{"bob.gent", "carol.gent"} {
		f.Expect(f.client.Delete(t.Context(), f.domain(name))).To(gomega.Succeed())
		f.Eventually(func() bool { return f.domain(name).Name == "" }, patience).Should(gomega.BeTrue())
	}

	f.suspend(false)
	f.Eventually(f.registered("alice.gent"), patience).Should(gomega.Equal("True Registered"))

	// What is ours stays, and says why.
	f.Expect(f.client.Delete(t.Context(), f.domain("alice.gent"))).To(gomega.Succeed())
	f.Eventually(func() string {
		return apimeta.FindStatusCondition(f.domain("alice.gent").Status.Conditions, v1alpha1.ConditionRegistered).Message
	}, patience).Should(gomega.ContainSubstring("paid for"))
	f.Expect(f.domain("alice.gent").Finalizers).To(gomega.ContainElement(v1alpha1.FinalizerBooks))
}

func TestThreeLeadersAtOnceBuyEachNameOnce(t *testing.T) {
	f := newFactory(t)
	f.sell()
	var all []string
	for i := range 8 {
		name := fmt.Sprintf("n%d.gent", i)
		all = append(all, name)
		f.order(name)
	}
	recorder := events.NewFakeRecorder(1000)
	var wg sync.WaitGroup
	for range 3 {
		leader := &domain.Reconciler{
			Client: f.client, Reader: f.client, Registrars: f.source(f.client), Clock: clock.RealClock{}, Random: func() float64 { return 0 },
			Recorder: recorder, FactoryNamespace: f.factory, SitesNamespace: f.sites,
		}
		for _, name := range all {
			wg.Go(func() {
				for range 4 {
					_, err := leader.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: f.factory, Name: name}})
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			})
		}
	}
	wg.Wait()
	for _, name := range all {
		f.Expect(f.registered(name)()).To(gomega.Equal("True Registered"), name)
		f.Expect(f.ledger(name)).To(gomega.HaveField("Orders", 1), name)
	}
	r := &v1alpha1.Registrar{}
	f.Expect(f.client.Get(t.Context(), client.ObjectKey{Namespace: f.factory, Name: names}, r)).To(gomega.Succeed())
	if n := r.Status.Usage.Registrations; n < int32(len(all)) {
		t.Errorf("%d reservations for %d purchases", n, len(all))
	}
}

func TestAConvergedDomainCausesNoWrites(t *testing.T) {
	f := newFactory(t)
	f.start()
	f.sell()
	f.order("alice.gent")
	f.Eventually(f.registered("alice.gent"), patience).Should(gomega.Equal("True Registered"))
	before := f.domain("alice.gent")
	// A change of the site that is none of the duty's business, and one that wakes it.
	site := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: f.sites, Name: "alice.gent"}}
	merge := func(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }
	f.Expect(f.client.Patch(t.Context(), site, merge(`{"metadata":{"labels":{"a":"b"}}}`))).To(gomega.Succeed())
	f.Expect(f.client.Status().Patch(t.Context(), site, merge(`{"status":{"attempt":{"number":1,"startTime":"2026-11-22T10:00:00Z"}}}`))).To(gomega.Succeed())
	f.Consistently(func() string { return f.domain("alice.gent").ResourceVersion }, 3*time.Second).Should(gomega.Equal(before.ResourceVersion))
	f.Expect(gathered(t, "magicwebsitefactory_domains")).To(gomega.BeTrue())
}

func gathered(t *testing.T, name string) bool {
	t.Helper()
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name && len(family.GetMetric()) > 0 {
			return true
		}
	}
	return false
}

// ready plays the duty registrar.
func (f *factory) ready() {
	f.t.Helper()
	r := &v1alpha1.Registrar{}
	f.Expect(f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.factory, Name: names}, r)).To(gomega.Succeed())
	apimeta.SetStatusCondition(&r.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: r.Generation,
	})
	f.Expect(f.client.Status().Update(f.t.Context(), r)).To(gomega.Succeed())
}

func (f *factory) ledger(name string) testprovider.Entry {
	f.t.Helper()
	cm := &corev1.ConfigMap{}
	err := f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.factory, Name: testprovider.LedgerName(names)}, cm)
	if apierrors.IsNotFound(err) {
		return testprovider.Entry{}
	}
	f.Expect(err).NotTo(gomega.HaveOccurred())
	var e testprovider.Entry
	f.Expect(json.Unmarshal([]byte(cm.Data[name]), &e)).To(gomega.Succeed())
	return e
}
