//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// world is the cluster and the factory on it.
type world struct {
	client           client.Client // an administrator's
	kubectlPath      string
	factoryURL       string
	factoryTrust     *x509.CertPool
	siteTrust        *x509.CertPool
	route            string // host:port of the ingress
	node             string // address of this machine that pods reach
	factoryNamespace string
	sitesNamespace   string
	run              string // makes names of this run unlike those of others
}

var theWorld *world

func TestMain(m *testing.M) {
	w, err := newWorld()
	if err != nil {
		fmt.Fprintf(os.Stderr, "end-to-end tests: %v\nThey need a factory and the variables of bin/demo.env: make e2e sees to both.\n", err)
		os.Exit(1)
	}
	theWorld = w
	os.Exit(m.Run())
}

func newWorld() (*world, error) {
	get := func(name string) (string, error) {
		value := os.Getenv(name)
		if value == "" {
			return "", fmt.Errorf("%s is not set", name)
		}
		return value, nil
	}
	w := &world{kubectlPath: os.Getenv("KUBECTL")}
	if w.kubectlPath == "" {
		w.kubectlPath = "kubectl"
	}
	var factoryCA, siteCA, callback string
	for name, into := range map[string]*string{
		"FACTORY_URL": &w.factoryURL, "FACTORY_CA": &factoryCA, "SITE_CA": &siteCA, "ROUTE_ADDRESS": &w.route,
		"FACTORY_NAMESPACE": &w.factoryNamespace, "SITES_NAMESPACE": &w.sitesNamespace, "CALLBACK": &callback,
	} {
		var err error
		if *into, err = get(name); err != nil {
			return nil, err
		}
	}
	u, err := url.Parse(callback)
	if err != nil {
		return nil, err
	}
	w.node = u.Hostname()
	if w.factoryTrust, err = pool(factoryCA); err != nil {
		return nil, err
	}
	if w.siteTrust, err = pool(siteCA); err != nil {
		return nil, err
	}
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		return nil, err
	}
	w.run = hex.EncodeToString(random)
	return w, w.connect()
}

func (w *world) connect() error {
	cfg, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	cfg.QPS, cfg.Burst = -1, -1
	w.client, err = client.New(cfg, client.Options{Scheme: scheme})
	return err
}

func pool(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return p, nil
}

// name makes a domain of this run: available until claimed, unless the stem is one of the known ones.
func (w *world) name(stem string) string { return stem + "-" + w.run + ".gent" }

// kubectl runs it as an administrator and returns what it printed.
func (w *world) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), w.kubectlPath, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("kubectl %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

func (w *world) site(t *testing.T, domain string) *v1alpha1.IndieSite {
	t.Helper()
	site := &v1alpha1.IndieSite{}
	if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: w.sitesNamespace, Name: domain}, site); err != nil {
		t.Fatalf("get IndieSite %s: %v", domain, err)
	}
	return site
}

func (w *world) domain(t *testing.T, name string) *v1alpha1.Domain {
	t.Helper()
	domain := &v1alpha1.Domain{}
	if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: w.factoryNamespace, Name: name}, domain); err != nil {
		t.Fatalf("get Domain %s: %v", name, err)
	}
	return domain
}

// condition is "True", "False" or "Unknown" with the reason, or "" where it is absent.
func condition(conditions []metav1.Condition, kind string) string {
	c := meta.FindStatusCondition(conditions, kind)
	if c == nil {
		return ""
	}
	return string(c.Status) + " " + c.Reason
}

// eventually fails the test unless check succeeds within the time; when it fails, what the factory says of the site is printed.
func (w *world) eventually(t *testing.T, what string, within time.Duration, check func() error) {
	t.Helper()
	var last error
	if gomega.NewWithT(silent{t}).Eventually(func() error { last = check(); return last }, within, 25*time.Millisecond).Should(gomega.Succeed()) {
		return
	}
	t.Fatalf("%s: not within %s: %v\n%s", what, within, last, w.overview(t))
}

func (w *world) overview(t *testing.T) string {
	return w.kubectl(t, "get", "factory", "-A", "-o", "wide") + w.kubectl(t, "get", "pods,ingresses,pvc", "-n", w.sitesNamespace)
}

// silent keeps gomega from ending the test before what it found can be told.
type silent struct{ *testing.T }

func (silent) Fatalf(string, ...any) {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatal(...any)          {}
func (silent) Error(...any)          {}
