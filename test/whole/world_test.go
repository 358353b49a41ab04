package whole

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/orderdigest"
	"magicwebsitefactory.gent/test/apiserver"
)

const (
	registrarName = "test"
	className     = "indie-site"
	// pause lies between two looks at something that is waited for.
	pause = 20 * time.Millisecond
)

// world is a factory on the API server: two namespaces with what an admin makes, the route to the sites, and the files that the programs
// read.
type world struct {
	t              testing.TB
	client         client.Client // an administrator's
	factory, sites string
	// host is an address of this machine that nobody else listens on, so that a port which the system found free stays so.
	host      string
	authority *hallotest.Authority
	route     *route
	dir       string
	// keys for request digests by name, as the Secret and the front ends' folder have them.
	keys map[string][]byte
	// certificateKey is what the player of cert-manager puts into the Secrets that it makes.
	certificateKey string
	clock          clockwork
	kinds          []listable // of the API server, once asked for
	http           *http.Client
	ledger         string // name of the test registrar's ConfigMap
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, client: apiserver.Client(t), host: ownAddress(), authority: hallotest.NewAuthority(t), dir: t.TempDir(),
		keys: map[string][]byte{"k1": []byte(rand.Text() + rand.Text())}, ledger: registrarName + "-ledger",
		certificateKey: "none",
	}
	w.factory, w.sites = apiserver.Namespaces(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.authority.Pool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	w.http = &http.Client{Transport: transport, Timeout: 20 * time.Second}
	w.route = newRoute(t, w.listen(), w.authority.Certificate("*.gent"))
	w.writeFiles()
	return w
}

// ownAddress is one of the sixteen million of the loopback network. Connections that go out take 127.0.0.1.
func ownAddress() string {
	var b [3]byte
	_, _ = rand.Read(b[:])
	return net.IPv4(127, b[0]|1, b[1], b[2]|1).String()
}

func (w *world) listen() net.Listener {
	w.t.Helper()
	l, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", net.JoinHostPort(w.host, "0"))
	w.must(err)
	return l
}

// address is one to listen at, with a port that the system found free.
func (w *world) address() string {
	w.t.Helper()
	l := w.listen()
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if err := w.client.Create(w.t.Context(), o); err != nil {
			w.t.Fatalf("create %T %s: %v", o, o.GetName(), err)
		}
	}
}

func (w *world) inFactory(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: w.factory, Name: name}
}

// writeFiles makes what is mounted into the programs' pods, and their way to the API server.
func (w *world) writeFiles() {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Join(w.dir, "keys"), 0o700))
	for name, key := range w.keys {
		w.must(os.WriteFile(filepath.Join(w.dir, "keys", name), key, 0o600))
	}
	_, cert, key := w.authority.Files(w.host)
	w.must(os.Rename(cert, w.file("tls.crt")))
	w.must(os.Rename(key, w.file("tls.key")))
	admin := apiserver.Config(w.t)
	w.writeKubeconfig(&clientcmdapi.AuthInfo{ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData, Token: admin.BearerToken})
}

// writeKubeconfig makes the programs known to the API server.
func (w *world) writeKubeconfig(as *clientcmdapi.AuthInfo) {
	w.t.Helper()
	admin := apiserver.Config(w.t)
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData, TLSServerName: admin.ServerName}
	config.AuthInfos["test"] = as
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	config.CurrentContext = "test"
	w.must(clientcmd.WriteToFile(*config, w.file("kubeconfig")))
}

func (w *world) file(name string) string { return filepath.Join(w.dir, name) }

// configure makes the keys for request digests, a Registrar and a SiteClass; change may alter the class.
func (w *world) configure(slow time.Duration) {
	w.t.Helper()
	w.create(
		&corev1.Secret{ObjectMeta: w.inFactory(orderdigest.SecretName), Data: w.keys},
		&v1alpha1.Registrar{ObjectMeta: w.inFactory(registrarName), Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{SlowFor: &metav1.Duration{Duration: slow}}},
			Suffixes: []string{"gent"},
			Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "50.00", Currency: "EUR"}},
		}},
		w.class(className),
	)
}

func (w *world) class(name string) *v1alpha1.SiteClass {
	size := resource.MustParse("64Mi")
	return &v1alpha1.SiteClass{ObjectMeta: w.inFactory(name), Spec: v1alpha1.SiteClassSpec{
		Image:   "example.org/indie-site:1",
		Files:   []v1alpha1.SiteFile{{Path: "/home/nonroot/.indie/installer-secret.json", Content: v1alpha1.SiteFileInstallerSecret}},
		Storage: v1alpha1.SiteStorage{Size: &size},
		Route:   v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{}, Addresses: []string{w.route.address}},
		TLS: v1alpha1.SiteTLS{
			CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "issuer"}}, CABundle: w.authority.PEM(),
		},
	}}
}

// manager starts one.
func (w *world) manager(more ...string) (*process, error) {
	return start(w.t, "manager", w.env(), append([]string{
		"--environment=test", "--factory-namespace=" + w.factory, "--sites-namespace=" + w.sites,
		"--callback-allow-cidrs=127.0.0.0/8", "--health-probe-bind-address=0",
	}, more...)...)
}

// frontend starts one that serves at the address.
func (w *world) frontend(address string, more ...string) (*process, error) {
	return start(w.t, "frontend", w.env(), append([]string{
		"--environment=test", "--factory-namespace=" + w.factory, "--sites-namespace=" + w.sites, "--drain=0s",
		"--listen=" + address, "--health-listen=" + net.JoinHostPort(w.host, "0"),
		"--tls-cert=" + w.file("tls.crt"), "--tls-key=" + w.file("tls.key"), "--digest-keys=" + w.file("keys"),
	}, more...)...)
}

func (w *world) env() []string { return []string{"KUBECONFIG=" + w.file("kubeconfig")} }

// await waits until check has nothing to say any more.
func await(ctx context.Context, what string, within time.Duration, check func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pause, within, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("%s: not within %s: %w", what, within, last)
	}
	return nil
}

func (w *world) await(what string, within time.Duration, check func(context.Context) error) {
	w.t.Helper()
	w.must(await(w.t.Context(), what, within, check))
}

// awaitReady waits until what an admin made is Ready.
func (w *world) awaitReady(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		w.await(fmt.Sprintf("%T %s to be Ready", o, o.GetName()), time.Minute, func(ctx context.Context) error {
			if err := w.client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
				return err
			}
			if conditions := conditionsOf(o); !apimeta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady) {
				return fmt.Errorf("%+v", conditions)
			}
			return nil
		})
	}
}

func conditionsOf(o client.Object) []metav1.Condition {
	switch o := o.(type) {
	case *v1alpha1.Onboarder:
		return o.Status.Conditions
	case *v1alpha1.Registrar:
		return o.Status.Conditions
	case *v1alpha1.SiteClass:
		return o.Status.Conditions
	}
	return nil
}

func (w *world) site(ctx context.Context, domain string) (*v1alpha1.IndieSite, error) {
	site := &v1alpha1.IndieSite{}
	return site, w.client.Get(ctx, client.ObjectKey{Namespace: w.sites, Name: domain}, site)
}

// told says whether the site's onboarder has been told of its current attempt.
func told(site *v1alpha1.IndieSite) bool {
	return site.Status.Outcome != nil && site.Status.Outcome.Attempt == site.Spec.SetupAttempt &&
		site.Status.Delivery != nil && site.Status.Delivery.Attempt == site.Spec.SetupAttempt && site.Status.Delivery.DeliveredTime != nil &&
		apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
}

// hasten asks, as an admin may, for what would be sent in minutes to be sent now. It leaves an attempt that may be under way alone: who asks for one that
// is delivered meanwhile is sent it again.
func (w *world) hasten(ctx context.Context, site *v1alpha1.IndieSite) {
	d := site.Status.Delivery
	if d == nil || d.NextAttemptTime == nil || d.LastAttemptTime == nil || d.SendAgain != site.Annotations[v1alpha1.AnnotationSendAgain] ||
		time.Until(d.NextAttemptTime.Time) < 10*time.Second || time.Since(d.LastAttemptTime.Time) < 3*time.Second {
		return
	}
	wish := site.DeepCopy()
	metav1.SetMetaDataAnnotation(&wish.ObjectMeta, v1alpha1.AnnotationSendAgain, time.Now().Format(time.RFC3339Nano))
	_ = w.client.Patch(ctx, wish, client.MergeFromWithOptions(site, client.MergeFromWithOptimisticLock{})) // tried again if somebody was faster
}
