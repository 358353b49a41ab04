// Package servertest tests the duty registrar against a real API server.
package servertest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/onsi/gomega"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/registrar"
	accounts "magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

const patience = 20 * time.Second

// provider of registrars.
type provider = accounts.Provider

// factory is a namespace in which the duty runs.
type factory struct {
	client    client.Client
	namespace string
	accounts  accounts.Source
	t         *testing.T
}

// start runs the duty until the test ends.
func start(t *testing.T, environment v1alpha1.Environment, makeProvider func(client.Reader) provider) *factory {
	t.Helper()
	g := gomega.NewWithT(t)
	namespace, _ := apiserver.Namespaces(t)
	mgr, err := ctrl.NewManager(apiserver.Config(t), ctrl.Options{
		Scheme:  apiserver.Scheme(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
	})
	g.Expect(err).NotTo(gomega.HaveOccurred())
	failures := accounts.NewFailures()
	source := accounts.Limit(accounts.NewSource(environment, makeProvider(mgr.GetAPIReader())), clock.RealClock{}, nil, accounts.NoteFailures(failures))
	duty := &registrar.Reconciler{
		Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("registrar"), FactoryNamespace: namespace,
		Registrars: source, Failures: failures,
	}
	g.Expect(duty.SetupWithManager(mgr, controller.Options{SkipNameValidation: ptr.To(true)})).To(gomega.Succeed())
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with: %v", err)
		}
	})
	return &factory{client: apiserver.Client(t), namespace: namespace, accounts: source, t: t}
}

// reason is that of a Registrar's Ready condition, once it speaks of the Registrar as it is.
func (f *factory) reason(name string) func() string {
	return func() string {
		r := &v1alpha1.Registrar{}
		if err := f.client.Get(f.t.Context(), client.ObjectKey{Namespace: f.namespace, Name: name}, r); err != nil {
			return err.Error()
		}
		ready := apimeta.FindStatusCondition(r.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.ObservedGeneration != r.Generation {
			return ""
		}
		return ready.Reason
	}
}

func TestRegistrarsThatShareASuffixStopAndGoTogether(t *testing.T) {
	g := gomega.NewWithT(t)
	f := start(t, v1alpha1.EnvironmentTest, func(reader client.Reader) provider {
		return testprovider.New(apiserver.Client(t), reader, clock.RealClock{})
	})
	sell := func(name string, suffixes ...string) *v1alpha1.Registrar {
		r := &v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: name},
			Spec: v1alpha1.RegistrarSpec{
				Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: suffixes,
				Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
			},
		}
		g.Expect(f.client.Create(t.Context(), r)).To(gomega.Succeed())
		return r
	}

	sell("a", "gent")
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))
	b := sell("b", "gent", "brussels")
	g.Eventually(f.reason("b"), patience).Should(gomega.Equal(v1alpha1.ReasonSuffixShared))
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSuffixShared))
	g.Expect(f.client.Patch(t.Context(), b, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suffixes":["brussels"]}}`)))).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))
	g.Eventually(f.reason("b"), patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))
}
