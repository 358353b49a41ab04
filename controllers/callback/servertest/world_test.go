// Package servertest tests the duty callback against a real API server and a real receiver: what wakes it, what the API server's conflicts
// decide, and what goes over the wire. The tests play the other duties.
package servertest

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/callback"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(apiserver.Main(m))
}

const (
	patience = 20 * time.Second
	token    = "marked-secret-of-hallo-0123456789abcdef"
)

// factory is a pair of namespaces, with a receiver that the Onboarder hallo is called back at.
type factory struct {
	*gomega.WithT
	t              testing.TB
	client         client.Client
	factory, sites string
	receiver       *receiver
}

// receiver is an onboarder's server. It answers 200 unless it is told otherwise.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  map[string][]string // method, query and authorization, by path
	answer func(path string, call int) int
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{calls: map[string][]string{}, answer: func(string, int) int { return http.StatusOK }}
	r.Server = httptest.NewUnstartedServer(r)
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	seen := append(r.calls[req.URL.Path], fmt.Sprintf("%s %s %s%s", req.Method, req.URL.RawQuery, req.Header.Get("Authorization"), body))
	r.calls[req.URL.Path] = seen
	answer := r.answer
	r.mu.Unlock()
	w.WriteHeader(answer(req.URL.Path, len(seen)))
}

func (r *receiver) of(domain string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.calls["/mwf/site/"+domain]...)
}

func (r *receiver) answers(answer func(path string, call int) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *receiver) bundle() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
}

// newFactory has the Onboarder hallo with its token, and as many managers as asked for, none of which knows of the others.
func newFactory(t testing.TB, managers int) *factory {
	t.Helper()
	f := &factory{WithT: gomega.NewWithT(t), t: t, client: apiserver.Client(t), receiver: newReceiver(t)}
	f.factory, f.sites = apiserver.Namespaces(t)
	f.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "hallo-token", Namespace: f.factory}, Data: map[string][]byte{v1alpha1.SecretKeyToken: []byte(token)},
	})
	f.create(&v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: "hallo", Namespace: f.factory},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: "hallo-token"},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{f.receiver.URL + "/mwf"}, CABundle: f.receiver.bundle()},
			Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
		},
	})
	f.judge()
	for range managers {
		f.start()
	}
	return f
}

// judge plays the duty onboarder: hallo works as it stands now.
func (f *factory) judge() {
	f.t.Helper()
	o := f.onboarder()
	o.Status.TokenDigests = []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(token)}}
	apimeta.SetStatusCondition(&o.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: o.Generation,
	})
	f.Expect(f.client.Status().Update(f.t.Context(), o)).To(gomega.Succeed())
}

// start runs the duty as the manager does, until the test ends, with the real client.
func (f *factory) start() {
	f.t.Helper()
	f.startWith(f.sender(delivery.Timeout), 32)
}

// sender is the real client, which may call receivers on this machine.
func (f *factory) sender(timeout time.Duration) delivery.Sender {
	f.t.Helper()
	sender, err := delivery.NewClient(delivery.Config{
		Environment: v1alpha1.EnvironmentTest, AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Timeout: timeout,
	})
	f.Expect(err).NotTo(gomega.HaveOccurred())
	return sender
}

// startWith runs the duty with a sender and so many workers. It returns a function that stops it, which the end of the test does too.
func (f *factory) startWith(sender delivery.Sender, workers int) (stop func()) {
	f.t.Helper()
	mgr, err := ctrl.NewManager(apiserver.Config(f.t), ctrl.Options{
		Scheme:  apiserver.Scheme(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{f.factory: {}, f.sites: {}}},
		Client:  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	f.Expect(err).NotTo(gomega.HaveOccurred())
	options := controller.Options{MaxConcurrentReconciles: workers, SkipNameValidation: ptr.To(true), ReconciliationTimeout: time.Minute}
	f.Expect((&callback.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("callback"), Sender: sender,
		FactoryNamespace: f.factory, SitesNamespace: f.sites,
	}).SetupWithManager(mgr, options)).To(gomega.Succeed())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("the manager ended with %v", err)
		}
	})
	f.t.Cleanup(stop)
	return stop
}

func (f *factory) create(o client.Object) {
	f.t.Helper()
	f.Expect(f.client.Create(f.t.Context(), o)).To(gomega.Succeed())
}

// order makes an IndieSite as the front end does.
func (f *factory) order(domain string, dialect v1alpha1.Dialect) *v1alpha1.IndieSite {
	f.t.Helper()
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: domain, Namespace: f.sites, Finalizers: []string{v1alpha1.FinalizerCallback}},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, OnboarderName: ptr.To("hallo"), SetupAttempt: 1, RequestDigest: "k1:abc",
			InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer-1"},
			Callback:           &v1alpha1.SiteCallback{URL: f.receiver.URL + "/mwf", Domain: domain, Dialect: dialect},
		},
	}
	f.create(site)
	return site
}

// end plays the duty site: the current attempt ends with a condition.
func (f *factory) end(domain, conditionType, reason string) {
	f.t.Helper()
	f.status(domain, func(s *v1alpha1.IndieSite) {
		s.Status.Attempt = &v1alpha1.AttemptStatus{Number: s.Spec.SetupAttempt, StartTime: metav1.Now()}
		apimeta.SetStatusCondition(&s.Status.Conditions, metav1.Condition{
			Type: conditionType, Status: metav1.ConditionTrue, Reason: reason, Message: "as the test says", ObservedGeneration: s.Generation,
		})
	})
}

// status writes a site's status, as often as others are faster.
func (f *factory) status(domain string, change func(*v1alpha1.IndieSite)) {
	f.t.Helper()
	f.Expect(retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		s := f.site(domain)
		change(s)
		return f.client.Status().Update(f.t.Context(), s)
	})).To(gomega.Succeed())
}

func (f *factory) site(domain string) *v1alpha1.IndieSite {
	f.t.Helper()
	s := &v1alpha1.IndieSite{}
	f.Expect(f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.sites, Name: domain}, s)).To(gomega.Succeed())
	return s
}

func (f *factory) onboarder() *v1alpha1.Onboarder {
	f.t.Helper()
	o := &v1alpha1.Onboarder{}
	f.Expect(f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.factory, Name: "hallo"}, o)).To(gomega.Succeed())
	return o
}

// told waits until CallbackDelivered has a reason.
func (f *factory) told(domain, reason string) *v1alpha1.IndieSite {
	f.t.Helper()
	f.Eventually(func() string {
		c := apimeta.FindStatusCondition(f.site(domain).Status.Conditions, v1alpha1.ConditionCallbackDelivered)
		if c == nil {
			return ""
		}
		return c.Reason
	}).WithTimeout(patience).Should(gomega.Equal(reason))
	return f.site(domain)
}

// letGo waits until nothing holds the site back.
func (f *factory) letGo(domain string) *v1alpha1.IndieSite {
	f.t.Helper()
	f.Eventually(func() []string { return f.site(domain).Finalizers }).WithTimeout(patience).Should(gomega.BeEmpty())
	return f.site(domain)
}
