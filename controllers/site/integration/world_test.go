// Package integration_test runs the duties site and siteclass against a real API server: that it takes what the builders make, that nothing is
// written twice, and that the watches wake the duty.
package integration_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/site"
	"magicwebsitefactory.gent/controllers/siteclass"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
	"magicwebsitefactory.gent/test/apiserver"
)

const (
	domainName = "alice.gent"
	className  = "indie-site"
	patience   = 20 * time.Second
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

// switchable is a Prober that a test turns on.
type switchable struct {
	sync.Mutex
	on bool
}

func (s *switchable) Probe(context.Context, reach.Target) error {
	s.Lock()
	defer s.Unlock()
	if s.on {
		return nil
	}
	return &reach.Failure{Reason: reach.ReasonRefused, Address: "192.0.2.1:443"}
}

func (s *switchable) answer(on bool) {
	s.Lock()
	defer s.Unlock()
	s.on = on
}

// world is a factory on a real API server, in which a test plays the other duties, cert-manager and the controllers of Kubernetes.
type world struct {
	client.Client
	*gomega.WithT
	t              *testing.T
	factory, sites string
	prober         *switchable
	site           *site.Reconciler
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Client: apiserver.Client(t), WithT: gomega.NewWithT(t), t: t, prober: &switchable{}}
	w.factory, w.sites = apiserver.Namespaces(t)
	w.site = &site.Reconciler{
		Client: w.Client, Reader: w.Client, Clock: clock.RealClock{}, Recorder: events.NewFakeRecorder(1000), Prober: w.prober, Random: rand.Reader,
		FactoryNamespace: w.factory, SitesNamespace: w.sites,
	}
	w.restricted()
	registrar := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Name: "test", Namespace: w.factory},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "12.50", Currency: "EUR"}},
		},
	}
	w.create(registrar)
	apimeta.SetStatusCondition(&registrar.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Succeeded"})
	w.must(w.Status().Update(t.Context(), registrar))
	return w
}

// restricted makes the sites namespace one of restricted Pod Security.
func (w *world) restricted() {
	namespace := &corev1.Namespace{}
	w.must(w.Get(w.t.Context(), client.ObjectKey{Name: w.sites}, namespace))
	namespace.Labels["pod-security.kubernetes.io/enforce"] = "restricted"
	w.must(w.Update(w.t.Context(), namespace))
}

// start runs both duties as the manager does: cache of two namespaces, no cache of Secrets.
func (w *world) start() {
	w.t.Helper()
	yes := true
	mgr, err := ctrl.NewManager(apiserver.Config(w.t), ctrl.Options{
		Scheme:     apiserver.Scheme(),
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: &yes},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{w.factory: {}, w.sites: {}}, DefaultTransform: cache.TransformStripManagedFields()},
		Client:     client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	w.must(err)
	w.site.Client, w.site.Reader = mgr.GetClient(), mgr.GetAPIReader()
	w.must(w.site.SetupWithManager(mgr, controller.Options{MaxConcurrentReconciles: 4}))
	classes := &siteclass.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: events.NewFakeRecorder(1000),
		FactoryNamespace: w.factory, SitesNamespace: w.sites,
	}
	w.must(classes.SetupWithManager(mgr, controller.Options{}))
	ctx, stop := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("the manager: %v", err)
		}
	})
}

func (w *world) class() *v1alpha1.SiteClass {
	return &v1alpha1.SiteClass{
		ObjectMeta: metav1.ObjectMeta{Name: className, Namespace: w.factory},
		Spec: v1alpha1.SiteClassSpec{
			Image: "registry.example/indie-site:1",
			Files: []v1alpha1.SiteFile{{Path: "/home/site/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret}},
			Env:   []v1alpha1.SiteEnvVar{{Name: "HOME", Value: "/home/site"}, {Name: "EMPTY"}},
			Route: v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}, Addresses: []string{"192.0.2.1"}},
			TLS:   v1alpha1.SiteTLS{CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "issuer"}}},
			DNS:   v1alpha1.SiteDNS{Unmanaged: &v1alpha1.UnmanagedDNS{}},
		},
	}
}

// hasSnapshot plays the duty siteclass, for tests that run the duty site alone.
func (w *world) hasSnapshot() {
	w.t.Helper()
	w.hasSnapshotOf(w.class())
}

func (w *world) hasSnapshotOf(class *v1alpha1.SiteClass) {
	w.t.Helper()
	w.create(class)
	revision, err := siteclass.Snapshot(class, 1)
	w.must(err)
	w.create(revision)
	class.Status.CurrentRevision = revision.Name
	w.must(w.Status().Update(w.t.Context(), class))
}

func (w *world) claim(name string) *v1alpha1.IndieSite {
	w.t.Helper()
	claimed := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.sites},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: name, SiteClassName: className, SetupAttempt: 1, RequestDigest: "k1:first",
			InstallerSecretRef: v1alpha1.LocalReference{Name: name + "-installer-1-abcde"},
		},
	}
	w.create(claimed)
	w.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: claimed.Spec.InstallerSecretRef.Name, Namespace: w.sites,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(claimed, v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite))},
		},
		StringData: map[string]string{v1alpha1.SecretKeyInstallerFile: "{}"},
	})
	return claimed
}

func (w *world) domainIsOurs(name string) {
	w.t.Helper()
	domain := &v1alpha1.Domain{}
	w.Eventually(func() error {
		return w.Get(w.t.Context(), client.ObjectKey{Namespace: w.factory, Name: name}, domain)
	}, patience).Should(gomega.Succeed())
	apimeta.SetStatusCondition(&domain.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionRegistered, Status: metav1.ConditionTrue, Reason: "Registered"})
	w.must(w.Status().Update(w.t.Context(), domain))
}

func (w *world) podIsReady(name string) {
	w.t.Helper()
	set := &appsv1.StatefulSet{}
	w.Eventually(func() error { return w.Get(w.t.Context(), w.child(name), set) }, patience).Should(gomega.Succeed())
	set.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: set.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, CurrentRevision: "r", UpdateRevision: "r",
	}
	w.must(w.Status().Update(w.t.Context(), set))
}

func (w *world) certificateIsIssued(name string) {
	w.t.Helper()
	certificate := w.certificate()
	w.Eventually(func() error { return w.Get(w.t.Context(), w.child(name), certificate) }, patience).Should(gomega.Succeed())
	w.must(unstructured.SetNestedSlice(certificate.Object, []any{map[string]any{
		"type": "Ready", "status": "True", "reason": "Ready", "observedGeneration": certificate.GetGeneration(),
	}}, "status", "conditions"))
	w.must(w.Status().Update(w.t.Context(), certificate))
}

func (w *world) certificate() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(resources.CertificateKind)
	return u
}

func (w *world) child(domain string) client.ObjectKey {
	return client.ObjectKey{Namespace: w.sites, Name: names.Child(domain)}
}

func (w *world) condition(name, conditionType string) metav1.Condition {
	s := &v1alpha1.IndieSite{}
	w.must(w.Get(w.t.Context(), client.ObjectKey{Namespace: w.sites, Name: name}, s))
	if c := apimeta.FindStatusCondition(s.Status.Conditions, conditionType); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// eventually waits until a condition has a status and a reason.
func (w *world) eventually(name, conditionType string, status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	w.Eventually(func() string {
		c := w.condition(name, conditionType)
		return string(c.Status) + " " + c.Reason
	}, patience).Should(gomega.Equal(string(status)+" "+reason), conditionType)
}

func (w *world) create(o client.Object) {
	w.t.Helper()
	w.must(w.Create(w.t.Context(), o))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func asJSON(o any) string {
	data, _ := json.MarshalIndent(o, "", " ")
	return string(data)
}
