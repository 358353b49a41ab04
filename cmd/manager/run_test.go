package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/orderdigest"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

const token = "a-token-of-this-test-that-is-long-enough-for-anything"

// factory is a running manager, with what an admin gives it, and an onboarder that listens.
type factory struct {
	client        client.Client
	system, sites string
	receiver      *hallo.Receiver
	callback      string
}

func startFactory(t *testing.T) *factory {
	t.Helper()
	f := &factory{client: apiserver.Client(t)}
	f.system, f.sites = apiserver.Namespaces(t)

	authority := hallotest.NewAuthority(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.callback = "https://" + listener.Addr().String() + "/in"
	if f.receiver, err = hallo.NewReceiver(hallo.ReceiverConfig{Callback: f.callback, Token: token}); err != nil {
		t.Fatal(err)
	}
	server := hallo.Listen(listener, authority.Certificate("127.0.0.1"), f.receiver, func(note string) { t.Log(note) })
	t.Cleanup(server.Close)

	f.create(t,
		&corev1.Secret{ObjectMeta: f.inSystem("hallo"), StringData: map[string]string{v1alpha1.SecretKeyToken: token}},
		&v1alpha1.Onboarder{ObjectMeta: f.inSystem("hallo"), Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: "hallo"},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{f.callback}, CABundle: authority.PEM()},
		}},
		&v1alpha1.Registrar{ObjectMeta: f.inSystem("test"), Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "50.00", Currency: "EUR"}},
		}},
		&v1alpha1.SiteClass{ObjectMeta: f.inSystem("indie-site"), Spec: v1alpha1.SiteClassSpec{
			Image:   "example.org/indie-site:1",
			Storage: v1alpha1.SiteStorage{Size: new(resource.MustParse("1Gi"))},
			Route:   v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}},
			TLS:     v1alpha1.SiteTLS{Wildcard: &v1alpha1.WildcardTLS{}},
		}},
	)
	f.run(t)
	return f
}

// run starts the manager, and ends it with the test.
func (f *factory) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, apiserver.Config(t), settings{
			environment: v1alpha1.EnvironmentTest, factoryNamespace: f.system, sitesNamespace: f.sites,
			metricsAddress: "0", healthAddress: "0", domainWorkers: 2, siteWorkers: 2, callbackWorkers: 2,
			callbackAllow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, kubeAPIQPS: -1, kubeAPIBurst: 1,
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

func (f *factory) inSystem(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: f.system, Name: name}
}

func (f *factory) create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := f.client.Create(t.Context(), o); err != nil {
			t.Fatalf("create %T %s: %v", o, o.GetName(), err)
		}
	}
}

// order makes what the front end makes.
func (f *factory) order(t *testing.T, domain string) {
	t.Helper()
	f.receiver.Expect(domain)
	name := "hallo"
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.sites, Name: domain, Finalizers: []string{v1alpha1.FinalizerCallback}},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, OnboarderName: &name, SetupAttempt: 1, RequestDigest: "k1:digest",
			InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer-1-abcde"},
			Callback:           &v1alpha1.SiteCallback{URL: f.callback, Domain: domain, Dialect: v1alpha1.DialectBearer},
		},
	}
	f.create(t, site)
	f.create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.sites, Name: site.Spec.InstallerSecretRef.Name, OwnerReferences: []metav1.OwnerReference{{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite, Name: domain, UID: site.UID,
		}}},
		StringData: map[string]string{v1alpha1.SecretKeyInstallerFile: "{}"},
	})
}

func (f *factory) told(domain string) []int {
	var outcomes []int
	for _, call := range f.receiver.Calls() {
		if call.Accepted() && call.Domain == domain {
			outcomes = append(outcomes, call.Outcome)
		}
	}
	return outcomes
}

func TestOrdersThatFailEndInOneCallbackEach(t *testing.T) {
	f := startFactory(t)
	for domain, outcome := range map[string]int{
		"taken-at-registration.gent": http.StatusConflict,
		"setup-fails.gent":           http.StatusInternalServerError,
	} {
		t.Run(domain, func(t *testing.T) {
			f.order(t, domain)
			site := &v1alpha1.IndieSite{}
			gomega.NewWithT(t).Eventually(func() error {
				if got := f.told(domain); !slices.Equal(got, []int{outcome}) {
					return fmt.Errorf("the onboarder was told %v", got)
				}
				if err := f.client.Get(t.Context(), client.ObjectKey{Namespace: f.sites, Name: domain}, site); err != nil {
					return err
				}
				if !apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered) {
					return fmt.Errorf("delivery: %+v", site.Status.Delivery)
				}
				return nil
			}, time.Minute, 50*time.Millisecond).Should(gomega.Succeed())
		})
	}
	keys := &corev1.Secret{}
	if err := f.client.Get(t.Context(), client.ObjectKey{Namespace: f.system, Name: orderdigest.SecretName}, keys); err != nil {
		t.Errorf("the key for request digests: %v", err)
	}
}
