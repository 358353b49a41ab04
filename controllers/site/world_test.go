package site

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
	"magicwebsitefactory.gent/test/apiserver"
)

const (
	factoryNamespace = "mwf-system"
	sitesNamespace   = "mwf-sites"
	domainName       = "alice.gent"
	className        = "indie-site"
)

var (
	epoch   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	siteKey = client.ObjectKey{Namespace: sitesNamespace, Name: domainName}
)

// answers is a Prober that says what the test wants.
type answers struct {
	failure error
	asked   int
	last    reach.Target
}

func (a *answers) Probe(_ context.Context, target reach.Target) error {
	a.asked++
	a.last = target
	return a.failure
}

// world is a factory with a SiteClass, a Registrar and a fake API server, in which a test plays everybody but the duty.
type world struct {
	client.Client
	t      *testing.T
	r      *Reconciler
	clock  *clocktesting.FakePassiveClock
	prober *answers
	dns    *playedDNS
	events *events.FakeRecorder
	writes *atomic.Int32
	// failures are what the API server answers to an Apply of this kind.
	failures map[string]error
	// patchFails is what it answers to a Patch.
	patchFails error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, clock: clocktesting.NewFakePassiveClock(epoch), prober: &answers{}, dns: newPlayedDNS(), events: events.NewFakeRecorder(100),
		writes: &atomic.Int32{}, failures: map[string]error{},
	}
	w.Client = fake.NewClientBuilder().
		WithScheme(scheme()).
		WithRESTMapper(mapper()).
		// The typed converter of the fake client takes no port that is a number; the tests with an API server have the real one.
		WithTypeConverters(managedfields.NewDeducedTypeConverter()).
		WithStatusSubresource(&v1alpha1.IndieSite{}, &v1alpha1.Domain{}, &v1alpha1.SiteClass{}, &v1alpha1.Registrar{}).
		WithInterceptorFuncs(w.interceptor()).
		Build()
	w.restarts()
	w.hasClass(fullClass())
	w.create(&v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Name: "test", Namespace: factoryNamespace},
		Spec:       v1alpha1.RegistrarSpec{Suffixes: []string{"gent"}, Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "12.50", Currency: "EUR"}}},
		Status:     v1alpha1.RegistrarStatus{Conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionTrue, "Succeeded")}},
	})
	return w
}

// restarts makes the manager anew: what it kept in memory is gone.
func (w *world) restarts() {
	w.r = &Reconciler{
		Client: w.Client, Reader: w.Client, Clock: w.clock, Recorder: w.events, Prober: w.prober, DNS: w.dns.services(), Random: rand.Reader,
		FactoryNamespace: factoryNamespace, SitesNamespace: sitesNamespace,
	}
}

var scheme = sync.OnceValue(apiserver.Scheme)

// mapper knows the scheme's kinds, cert-manager's and external-dns's.
var mapper = sync.OnceValue(func() apimeta.RESTMapper {
	m := apimeta.NewDefaultRESTMapper(nil)
	for gvk := range scheme().AllKnownTypes() {
		m.Add(gvk, apimeta.RESTScopeNamespace)
	}
	m.Add(resources.CertificateKind, apimeta.RESTScopeNamespace)
	m.Add(resources.DNSEndpointKind, apimeta.RESTScopeNamespace)
	return m
})

// interceptor counts writes, and gives what is applied a UID, as an API server would.
func (w *world) interceptor() interceptor.Funcs {
	return interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			w.writes.Add(1)
			if o.GetUID() == "" {
				o.SetUID(types.UID(rand.Text()))
			}
			if created := o.GetCreationTimestamp(); created.IsZero() {
				o.SetCreationTimestamp(metav1.NewTime(w.clock.Now()))
			}
			return c.Create(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			w.writes.Add(1)
			return c.Delete(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			w.writes.Add(1)
			return c.Update(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			w.writes.Add(1)
			if w.patchFails != nil {
				return w.patchFails
			}
			return c.Patch(ctx, o, p, opts...)
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			w.writes.Add(1)
			if err := w.failures[kindOf(o)]; err != nil {
				return err
			}
			return c.Apply(ctx, o, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			w.writes.Add(1)
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	}
}

func kindOf(o runtime.ApplyConfiguration) string {
	data, _ := json.Marshal(o)
	var kind struct{ Kind string }
	_ = json.Unmarshal(data, &kind)
	return kind.Kind
}

func fullClass() v1alpha1.SiteClassSpec {
	return v1alpha1.SiteClassSpec{
		Image: "registry.example/indie-site:1",
		Files: []v1alpha1.SiteFile{{Path: "/home/site/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret}},
		Route: v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}, Addresses: []string{"192.0.2.1:8443"}},
		TLS: v1alpha1.SiteTLS{
			CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "issuer"}},
			CABundle:    []byte("a bundle"),
		},
	}
}

// hasClass makes the SiteClass, or changes it, and its current revision.
func (w *world) hasClass(spec v1alpha1.SiteClassSpec) {
	w.t.Helper()
	data, err := json.Marshal(spec)
	if err != nil {
		w.t.Fatal(err)
	}
	revision := className + "-" + rand.Text()[:6]
	w.create(&appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: revision, Namespace: factoryNamespace}, Data: runtime.RawExtension{Raw: data}})
	class := &v1alpha1.SiteClass{ObjectMeta: metav1.ObjectMeta{Name: className, Namespace: factoryNamespace}, Spec: spec}
	if err := client.IgnoreAlreadyExists(w.Create(w.t.Context(), class)); err != nil {
		w.t.Fatal(err)
	}
	class = get(w, factoryNamespace, className, &v1alpha1.SiteClass{})
	class.Status.CurrentRevision = revision
	w.updateStatus(class)
}

// claim is what the front end makes: the IndieSite and its Secret.
func (w *world) claim(change ...func(*v1alpha1.IndieSite)) *v1alpha1.IndieSite {
	w.t.Helper()
	site := w.claimWithoutSecret(change...)
	w.makeSecret(site)
	return site
}

func (w *world) claimWithoutSecret(change ...func(*v1alpha1.IndieSite)) *v1alpha1.IndieSite {
	w.t.Helper()
	onboarder := "hallo.gent"
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: sitesNamespace, Finalizers: []string{v1alpha1.FinalizerCallback}, Generation: 1},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domainName, SiteClassName: className, OnboarderName: &onboarder, SetupAttempt: 1, RequestDigest: "k1:first",
			InstallerSecretRef: v1alpha1.LocalReference{Name: "alice.gent-installer-1-abcde"},
			Callback:           &v1alpha1.SiteCallback{URL: "https://hallo.gent/mwf", Domain: domainName, Dialect: v1alpha1.DialectBearer},
		},
	}
	for _, c := range change {
		c(site)
	}
	w.create(site)
	return site
}

func (w *world) makeSecret(site *v1alpha1.IndieSite) {
	w.t.Helper()
	w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: site.Spec.InstallerSecretRef.Name, Namespace: site.Namespace,
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(site, v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite))},
	}})
}

// orderAgain raises the attempt, as the front end does.
func (w *world) orderAgain(digest string) {
	w.t.Helper()
	site := w.site()
	site.Generation++
	site.Spec.SetupAttempt++
	site.Spec.RequestDigest = digest
	site.Spec.InstallerSecretRef.Name = "alice.gent-installer-again-" + digest[3:]
	if err := w.Update(w.t.Context(), site); err != nil {
		w.t.Fatal(err)
	}
	w.makeSecret(site)
}

// reconcile runs the duty until it causes no more writes, and returns the last result.
func (w *world) reconcile() ctrl.Result {
	w.t.Helper()
	for range 20 {
		before := w.writes.Load()
		result, err := w.reconcileOnce()
		if err != nil {
			w.t.Fatalf("Reconcile: %v", err)
		}
		if w.writes.Load() == before {
			return result
		}
	}
	w.t.Fatal("the duty does not come to rest")
	return ctrl.Result{}
}

func (w *world) reconcileOnce() (ctrl.Result, error) {
	return w.r.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: siteKey})
}

// standing is a site that went all the way.
func (w *world) standing() {
	w.t.Helper()
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
	w.certificateIsIssued()
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.callbackFroze(v1alpha1.OutcomeCreated, true)
	w.reconcile()
}

func (w *world) site() *v1alpha1.IndieSite {
	return get(w, sitesNamespace, domainName, &v1alpha1.IndieSite{})
}
func (w *world) domain() *v1alpha1.Domain {
	return get(w, factoryNamespace, domainName, &v1alpha1.Domain{})
}
func (w *world) statefulSet() *appsv1.StatefulSet {
	return get(w, sitesNamespace, names.Child(domainName), &appsv1.StatefulSet{})
}

func (w *world) expect(conditionType string, status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	c := find(w.site().Status.Conditions, conditionType)
	if c == nil {
		w.t.Errorf("there is no condition %s", conditionType)
	} else if c.Status != status || c.Reason != reason {
		w.t.Errorf("%s is %s %s (%s), want %s %s", conditionType, c.Status, c.Reason, c.Message, status, reason)
	}
}

func (w *world) expectStalled(reason string) {
	w.t.Helper()
	w.expect(v1alpha1.ConditionStalled, metav1.ConditionTrue, reason)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, reason)
}

func (w *world) expectNotStalled() {
	w.t.Helper()
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionStalled); c != nil {
		w.t.Errorf("Stalled is there: %s %s", c.Reason, c.Message)
	}
}

// expectChildren says which of the workload is there.
func (w *world) expectWorkload(there bool) {
	w.t.Helper()
	for kind, o := range map[string]client.Object{
		"StatefulSet": &appsv1.StatefulSet{}, "Service": &corev1.Service{}, "NetworkPolicy": &networkingv1.NetworkPolicy{},
	} {
		if got := w.has(sitesNamespace, names.Child(domainName), o); got != there {
			w.t.Errorf("%s there: %t, want %t", kind, got, there)
		}
	}
}

func (w *world) expectRoute(there bool) {
	w.t.Helper()
	for kind, o := range map[string]client.Object{"Ingress": &networkingv1.Ingress{}, "Certificate": emptyCertificate()} {
		if got := w.has(sitesNamespace, names.Child(domainName), o); got != there {
			w.t.Errorf("%s there: %t, want %t", kind, got, there)
		}
	}
}

func (w *world) expectQuiet() {
	w.t.Helper()
	before := w.writes.Load()
	for range 3 {
		if _, err := w.reconcileOnce(); err != nil {
			w.t.Fatal(err)
		}
	}
	if got := w.writes.Load() - before; got != 0 {
		w.t.Errorf("a converged site causes %d writes", got)
	}
}

func (w *world) has(namespace, name string, o client.Object) bool {
	w.t.Helper()
	err := w.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, o)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	return !apierrors.IsNotFound(err)
}

func (w *world) create(o client.Object) {
	w.t.Helper()
	if err := w.Create(w.t.Context(), o); err != nil {
		w.t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
	if _, ok := o.(*v1alpha1.Registrar); ok {
		w.updateStatus(o)
	}
}

func (w *world) updateStatus(o client.Object) {
	w.t.Helper()
	if err := w.Status().Update(w.t.Context(), o); err != nil {
		w.t.Fatalf("update the status of %T %s: %v", o, o.GetName(), err)
	}
}

func (w *world) remove(o client.Object) {
	w.t.Helper()
	if err := w.Delete(w.t.Context(), o); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) passes(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

func get[T client.Object](w *world, namespace, name string, into T) T {
	w.t.Helper()
	if err := w.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, into); err != nil {
		w.t.Fatalf("get %T %s: %v", into, name, err)
	}
	return into
}

func condition(conditionType string, status metav1.ConditionStatus, reason string) metav1.Condition {
	return metav1.Condition{Type: conditionType, Status: status, Reason: reason, Message: "As played.", LastTransitionTime: metav1.NewTime(epoch)}
}
