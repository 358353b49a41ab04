package frontend_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/testtable"
	"magicwebsitefactory.gent/internal/frontend"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/orderdigest"
	"magicwebsitefactory.gent/test/apiserver"
)

// Secrets that must show up nowhere but in Secrets. Every test looks for secretMark in the log and in every answer.
const (
	secretMark = "s3cr3t-mark"
	haloToken  = "mwf_hallo-" + secretMark + "-0123456789abcdef0123456789abcdef"
	oldToken   = "mwf_older-" + secretMark + "-0123456789abcdef0123456789abcdef"
	otherToken = "mwf_other-" + secretMark + "-0123456789abcdef0123456789abcdef"
	code       = "open-sesame-" + secretMark
	otherCode  = "close-sesame-" + secretMark
	callback   = "https://hallo.gent/mwf"
)

// TestMain starts an API server where there is one to start; without it the same cases run over controller-runtime's fake client only.
func TestMain(m *testing.M) {
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	if haveServer() {
		os.Exit(apiserver.Main(m))
	}
	os.Exit(m.Run())
}

// haveServer is false while fuzzing: each of its worker processes would start a server of its own.
func haveServer() bool {
	if flag.Lookup("test.fuzz").Value.String() != "" || flag.Lookup("test.fuzzworker").Value.String() == "true" {
		return false
	}
	return os.Getenv("KUBEBUILDER_ASSETS") != "" || os.Getenv(apiserver.KubeconfigEnv) != ""
}

// world is a factory with its front end behind TLS, and everybody around it.
type world struct {
	*testing.T
	// admin acts for admins and for the factory's manager.
	admin          client.WithWatch
	factory, sites string
	url            string
	http           *http.Client
	desk           *orders.Desk
	handler        http.Handler
	registry       *prometheus.Registry
	// fail, where set, is asked before each call of the front end to the API server.
	fail atomic.Pointer[func(verb string, obj client.Object) error]
	// after, where set, runs after each read of a claim, for races.
	after atomic.Pointer[func(obj client.Object)]
	log   *syncBuffer
}

// option changes a world before it begins.
type option func(*frontend.Config)

func onLive(c *frontend.Config) {
	c.Environment, c.Desk.Environment, c.Desk.Known = v1alpha1.EnvironmentLive, v1alpha1.EnvironmentLive, nil
}

func withChecker(f availability.CheckerFunc) option {
	return func(c *frontend.Config) { c.Desk.Checker = f }
}

// backends are the clusters that each case runs on.
func backends(t *testing.T, run func(t *testing.T, begin func(*testing.T, ...option) *world)) {
	t.Helper()
	t.Run("fake", func(t *testing.T) { run(t, inFake) })
	if haveServer() {
		t.Run("apiserver", func(t *testing.T) { run(t, inServer) })
	}
}

func inFake(t *testing.T, opts ...option) *world {
	t.Helper()
	c := fake.NewClientBuilder().WithScheme(apiserver.Scheme()).
		WithStatusSubresource(&v1alpha1.IndieSite{}, &v1alpha1.Domain{}, &v1alpha1.Onboarder{}, &v1alpha1.Registrar{}).
		WithInterceptorFuncs(interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, obj client.Object, o ...client.CreateOption) error {
			obj.SetUID(types.UID(rand.String(16))) // which only an API server would give
			return c.Create(ctx, obj, o...)
		}}).Build()
	return begin(t, c, "factory", "sites", opts...)
}

func inServer(t *testing.T, opts ...option) *world {
	t.Helper()
	c, err := client.NewWithWatch(apiserver.Config(t), client.Options{Scheme: apiserver.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	factory, sites := apiserver.Namespaces(t)
	return begin(t, c, factory, sites, opts...)
}

func begin(t *testing.T, admin client.WithWatch, factory, sites string, opts ...option) *world {
	t.Helper()
	w := &world{T: t, admin: admin, factory: factory, sites: sites, log: &syncBuffer{}, registry: prometheus.NewRegistry()}
	keys := t.TempDir()
	w.must(os.WriteFile(keys+"/k1", bytes.Repeat([]byte{7}, 32), 0o600))
	guarded := interceptor.NewClient(admin, w.interceptors())
	store := &orders.Kubernetes{Live: guarded, Cached: guarded, FactoryNamespace: factory, SitesNamespace: sites}
	config := frontend.Config{
		Desk: &orders.Desk{
			Claims: store, Books: store, Checker: testtable.Table{}, Known: testtable.Table{}, Keys: orderdigest.OpenRing(keys),
			Clock: clock.RealClock{}, Random: func() string { return rand.String(5) }, Environment: v1alpha1.EnvironmentTest, SitesNamespace: sites,
		},
		Onboarders: guarded, FactoryNamespace: factory, Environment: v1alpha1.EnvironmentTest,
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: clock.RealClock{}, Metrics: w.registry,
	}
	for _, opt := range opts {
		opt(&config)
	}
	w.desk, w.handler = config.Desk, frontend.New(config)
	server := httptest.NewUnstartedServer(w.handler)
	server.Config.ErrorLog = slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		server.Close()
		if log := w.log.String(); strings.Contains(log, secretMark) {
			t.Errorf("a secret is in the log:\n%s", log)
		}
	})
	w.url, w.http = server.URL, server.Client()
	w.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.onboarder("hallo.gent", func(*v1alpha1.Onboarder) {}, haloToken, oldToken)
	w.onboarder("other.gent", func(o *v1alpha1.Onboarder) {
		o.Spec.Callback.URLPrefixes = []string{"https://other.gent/", "https://hallo.gent/mwf"}
	}, otherToken)
	w.registrar("test", func(*v1alpha1.Registrar) {}, "gent")
	return w
}

func (w *world) interceptors() interceptor.Funcs {
	guard := func(verb string, obj client.Object) error {
		if fail := w.fail.Load(); fail != nil {
			return (*fail)(verb, obj)
		}
		return nil
	}
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, o ...client.GetOption) error {
			if _, ok := obj.(*corev1.Secret); ok {
				w.Errorf("the front end read Secret %s", key)
			}
			if err := guard("get", obj); err != nil {
				return err
			}
			err := c.Get(ctx, key, obj, o...)
			if after := w.after.Load(); after != nil {
				(*after)(obj)
			}
			return err
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, o ...client.CreateOption) error {
			if err := guard("create", obj); err != nil {
				return err
			}
			return c.Create(ctx, obj, o...)
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, o ...client.UpdateOption) error {
			if err := guard("update", obj); err != nil {
				return err
			}
			return c.Update(ctx, obj, o...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, o ...client.PatchOption) error {
			if err := guard("patch", obj); err != nil {
				return err
			}
			return c.Patch(ctx, obj, p, o...)
		},
		Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
			w.Error("the front end deleted something")
			return nil
		},
	}
}

// failing makes the front end's calls with this verb on objects of this type fail until the test ends or it is called again.
func (w *world) failing(verb string, like client.Object, err error) {
	fail := func(v string, obj client.Object) error {
		if v == verb && fmt.Sprintf("%T", obj) == fmt.Sprintf("%T", like) {
			return err
		}
		return nil
	}
	w.fail.Store(&fail)
}

func (w *world) healed() { w.fail.Store(nil) }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

var ready = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, LastTransitionTime: metav1.Now()}}

// onboarder makes a Ready Onboarder with tokens: the current one, and perhaps the previous one.
func (w *world) onboarder(name string, change func(*v1alpha1.Onboarder), tokens ...string) {
	w.Helper()
	o := &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.factory},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: "token"},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{callback, "https://localhost:8443/cb"}},
			Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
			SiteClassName:  "indie-site",
			Quota:          v1alpha1.OnboarderQuota{OrdersPerMinute: ptr(int32(10000)), ChecksPerMinute: ptr(int32(10000)), Sites: ptr(int32(10000))},
		},
	}
	change(o)
	w.must(w.admin.Create(w.Context(), o))
	o.Status.Conditions = ready
	for i, use := range []v1alpha1.TokenUse{v1alpha1.TokenCurrent, v1alpha1.TokenPrevious}[:len(tokens)] {
		sum := sha256.Sum256([]byte(tokens[i]))
		o.Status.TokenDigests = append(o.Status.TokenDigests, v1alpha1.TokenDigest{Use: use, SHA256: hex.EncodeToString(sum[:])})
	}
	w.must(w.admin.Status().Update(w.Context(), o))
}

// registrar makes a Ready Registrar.
func (w *world) registrar(name string, change func(*v1alpha1.Registrar), suffixes ...string) {
	w.Helper()
	r := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.factory},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}},
			Suffixes: suffixes,
			Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}, RegistrationsPerDay: ptr(int32(100))},
		},
		Status: v1alpha1.RegistrarStatus{Conditions: ready},
	}
	change(r)
	status := r.Status
	w.must(w.admin.Create(w.Context(), r))
	r.Status = status
	w.must(w.admin.Status().Update(w.Context(), r))
}

// changeRegistrar changes the one that is called test, spec and status.
func (w *world) changeRegistrar(change func(*v1alpha1.Registrar)) {
	w.Helper()
	var r v1alpha1.Registrar
	w.must(w.admin.Get(w.Context(), client.ObjectKey{Namespace: w.factory, Name: "test"}, &r))
	change(&r)
	status := r.Status
	w.must(w.admin.Update(w.Context(), &r))
	r.Status = status
	w.must(w.admin.Status().Update(w.Context(), &r))
}

func ptr[T any](v T) *T { return &v }

// syncBuffer is a log that may be written and read at once.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
