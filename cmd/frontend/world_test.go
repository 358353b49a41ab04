package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
	"magicwebsitefactory.gent/test/output"
)

const token = "mwf_hallo-s3cr3t-mark-0123456789abcdef0123456789abcdef"

// TestMain starts an API server where there is one to start. Without it the tests that need one are skipped.
func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	if haveServer() {
		os.Exit(apiserver.Main(m))
	}
	os.Exit(m.Run())
}

func haveServer() bool {
	return os.Getenv("KUBEBUILDER_ASSETS") != "" || os.Getenv(apiserver.KubeconfigEnv) != ""
}

// program is the front end as it runs, against a real API server.
type program struct {
	*testing.T
	settings settings
	log      *output.Buffer
	stop     context.CancelFunc
	ended    chan error
}

// start runs the program with its own namespaces, certificate and keys.
func start(t *testing.T, change func(*settings)) *program {
	t.Helper()
	if !haveServer() {
		t.Skip("needs an API server: set KUBEBUILDER_ASSETS, as make test does")
	}
	factory, sites := apiserver.Namespaces(t)
	dir := t.TempDir()
	p := &program{T: t, log: &output.Buffer{}, ended: make(chan error, 1), settings: settings{
		environment: v1alpha1.EnvironmentTest, listen: freeAddress(t), healthListen: freeAddress(t), metricsListen: noMetrics,
		factoryNamespace: factory, sitesNamespace: sites, drain: 100 * time.Millisecond, cluster: apiserver.Config(t),
		registry: prometheus.NewRegistry(),
		tlsCert:  filepath.Join(dir, "tls.crt"), tlsKey: filepath.Join(dir, "tls.key"), digestKeys: filepath.Join(dir, "keys"),
	}}
	p.certificate("first")
	p.must(os.Mkdir(p.settings.digestKeys, 0o700))
	p.must(os.WriteFile(filepath.Join(p.settings.digestKeys, "k1"), bytes.Repeat([]byte{1}, 32), 0o600))
	p.configure()
	change(&p.settings)
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() {
		p.ended <- run(ctx, p.settings, slog.New(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}()
	t.Cleanup(func() {
		cancel()
		if strings.Contains(p.log.String(), "s3cr3t-mark") {
			t.Errorf("a secret is in the log:\n%s", p.log)
		}
	})
	return p
}

func (p *program) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// configure makes an Onboarder and a Registrar, both Ready.
func (p *program) configure() {
	p.Helper()
	admin := apiserver.Client(p.T)
	ready := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, LastTransitionTime: metav1.Now()}}
	sum := sha256.Sum256([]byte(token))
	onboarder := &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: "hallo.gent", Namespace: p.settings.factoryNamespace},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: "token"}, Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://hallo.gent/mwf"}},
		},
	}
	p.must(admin.Create(p.Context(), onboarder))
	onboarder.Status = v1alpha1.OnboarderStatus{
		TokenDigests: []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: hex.EncodeToString(sum[:])}}, Conditions: ready,
	}
	p.must(admin.Status().Update(p.Context(), onboarder))
	registrar := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Name: "test", Namespace: p.settings.factoryNamespace},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
		},
	}
	p.must(admin.Create(p.Context(), registrar))
	registrar.Status.Conditions = ready
	p.must(admin.Status().Update(p.Context(), registrar))
}

// certificate puts a new certificate for localhost where the program reads it.
func (p *program) certificate(commonName string) {
	p.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p.must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: commonName}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	p.must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	p.must(err)
	write := func(path, kind string, content []byte) {
		p.must(os.WriteFile(path+".new", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
		p.must(os.Rename(path+".new", path))
	}
	write(p.settings.tlsKey, "PRIVATE KEY", keyDER)
	write(p.settings.tlsCert, "CERTIFICATE", der)
}

// client trusts the program's certificate of now.
func (p *program) client(change func(*tls.Config)) *http.Client {
	p.Helper()
	pool := x509.NewCertPool()
	certificate, err := os.ReadFile(p.settings.tlsCert)
	p.must(err)
	pool.AppendCertsFromPEM(certificate)
	config := &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS10} //nolint:gosec // offers old versions, to see them refused
	change(config)
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	p.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// eventually waits for something that is bound to become true soon.
func (p *program) eventually(what string, is func() bool) {
	p.Helper()
	deadline, tick := time.After(60*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case err := <-p.ended:
			p.Fatalf("the program ended before %s: %v\n%s", what, err, p.log)
		case <-deadline:
			p.Fatalf("not in time: %s\n%s", what, p.log)
		case <-tick.C:
		}
	}
}

// health asks as kubelet does; zero while nobody answers.
func (p *program) health(path string) int {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+p.settings.healthListen+path, nil)
	p.must(err)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (p *program) waitReady() {
	p.Helper()
	p.eventually("ready", func() bool { return p.health("/readyz") == http.StatusOK })
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
