package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

// answer is what came back.
type answer struct {
	status      int
	proto, body string
}

func (p *program) get(c *http.Client, path string) (answer, error) {
	req, err := http.NewRequestWithContext(p.Context(), http.MethodGet, "https://"+p.settings.listen+path, nil)
	p.must(err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Proto, string(body)}, err
}

func (p *program) order(c *http.Client, domain string) int {
	body := `{"domain":"` + domain + `","callback":"https://hallo.gent/mwf","installerSecret":"s3cr3t-mark-code"}`
	req, err := http.NewRequestWithContext(p.Context(), http.MethodPost, "https://"+p.settings.listen+"/v1/site", strings.NewReader(body))
	p.must(err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.Do(req)
	p.must(err)
	_ = res.Body.Close()
	return res.StatusCode
}

func anyVersion(*tls.Config) {}

// C90: "HTTPS only": plain HTTP and TLS older than 1.2 are refused, and HTTP/1.1 and HTTP/2 both spoken.
func TestC90_HTTPSOnly(t *testing.T) {
	p := start(t, func(*settings) {})
	p.waitReady()
	for name, tc := range map[string]struct {
		change func(*tls.Config)
		proto  string
	}{
		"TLS 1.3 and HTTP/2":   {anyVersion, "HTTP/2.0"},
		"TLS 1.2":              {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, "HTTP/2.0"},
		"HTTP/1.1":             {func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }, "HTTP/1.1"},
		"TLS 1.1 is refused":   {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11 }, ""},
		"TLS 1.0 is refused":   {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS10 }, ""},
		"another name refuses": {func(c *tls.Config) { c.ServerName = "elsewhere.gent" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := p.client(tc.change)
			if strings.Contains(name, "HTTP/1.1") {
				c.Transport.(*http.Transport).ForceAttemptHTTP2 = false
			}
			a, err := p.get(c, "/v1/domain/alice.gent")
			switch {
			case tc.proto == "" && err == nil:
				t.Errorf("answered: %+v", a)
			case tc.proto != "" && (err != nil || a.proto != tc.proto || a.body != `{"available":true}`):
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.settings.listen+"/v1/domain/alice.gent", nil)
	p.must(err)
	res, err := http.DefaultClient.Do(req)
	p.must(err)
	defer func() { _ = res.Body.Close() }()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusBadRequest || strings.Contains(string(body), "available") {
		t.Errorf("plain HTTP was answered %d %s", res.StatusCode, body)
	}
}

// C91: "The front end opens no plain port but the kubelet's health check", and that answers nothing else.
func TestC91_TheHealthCheckAnswersNothingElse(t *testing.T) {
	p := start(t, func(*settings) {})
	p.waitReady()
	for path, want := range map[string]int{
		"/healthz": http.StatusOK, "/readyz": http.StatusOK, "/": http.StatusNotFound, "/v1/domain/alice.gent": http.StatusNotFound,
		"/v1/site": http.StatusNotFound, "/metrics": http.StatusNotFound, "/debug/pprof/": http.StatusNotFound,
	} {
		if got := p.health(path); got != want {
			t.Errorf("%s: answered %d, want %d", path, got, want)
		}
	}
}

// C92: requests too large for the server's limits, or too slow, are broken off.
func TestC92_ServerLimits(t *testing.T) {
	p := start(t, func(*settings) {})
	p.waitReady()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.settings.listen+"/v1/domain/alice.gent", nil)
	p.must(err)
	req.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	res, err := p.client(func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }).Do(req)
	if err == nil {
		_ = res.Body.Close()
		if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("64 KiB of headers were answered %s", res.Status)
		}
	}
	s := newServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 10*time.Second || s.WriteTimeout != 30*time.Second || s.IdleTimeout != time.Minute || s.MaxHeaderBytes != 16<<10 {
		t.Errorf("the limits are %+v", s)
	}
}

// A certificate that changes is taken up while the program runs.
func TestTheCertificateIsReadAgain(t *testing.T) {
	p := start(t, func(*settings) {})
	p.waitReady()
	serial := func() string {
		conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", p.settings.listen) //nolint:gosec // looks at the certificate, trusts nothing
		p.must(err)
		defer func() { _ = conn.Close() }()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := serial(); got != "first" {
		t.Fatalf("the certificate is %s", got)
	}
	p.certificate("second")
	p.eventually("the second certificate", func() bool { return serial() == "second" })
	if a, err := p.get(p.client(anyVersion), "/v1/domain/alice.gent"); err != nil || a.body != `{"available":true}` {
		t.Errorf("%+v, %v", a, err)
	}
}

// Readiness fails while the caches are not synced or the keys are missing, and while shutting down; requests under way then still end.
func TestReadinessAndShutdown(t *testing.T) {
	p := start(t, func(s *settings) {
		s.drain = 2 * time.Second
		p := filepath.Join(s.digestKeys, "k1")
		_ = os.Remove(p) // comes later
	})
	p.eventually("alive", func() bool { return p.health("/healthz") == http.StatusOK })
	c := p.client(anyVersion)
	p.eventually("serving", func() bool { _, err := p.get(c, "/v1/domain/alice.gent"); return err == nil })
	if got := p.health("/readyz"); got == http.StatusOK {
		t.Fatal("ready without keys")
	}
	p.must(os.WriteFile(filepath.Join(p.settings.digestKeys, "k1"), []byte(strings.Repeat("k", 32)), 0o600))
	p.waitReady()
	p.stop()
	p.eventually("no longer ready", func() bool { return p.health("/readyz") == http.StatusInternalServerError })
	if a, err := p.get(c, "/v1/domain/alice.gent"); err != nil || a.body != `{"available":true}` {
		t.Errorf("while draining: %+v, %v", a, err)
	}
	select {
	case err := <-p.ended:
		p.must(err)
	case <-time.After(60 * time.Second):
		t.Fatal("it does not end")
	}
	if got := p.health("/healthz"); got != 0 {
		t.Errorf("the health check still answers: %d", got)
	}
}

// A program that cannot serve ends with an error that says why.
func TestItEndsWhenItCannotServe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, change := range map[string]func(*settings){
		"HTTPS: listen":        func(s *settings) { s.listen = taken.Addr().String() },
		"health check: listen": func(s *settings) { s.healthListen = taken.Addr().String() },
		"read the certificate": func(s *settings) { s.tlsCert += ".missing" },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, change)
			select {
			case err := <-p.ended:
				if err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("it ended with %v", err)
				}
			case <-time.After(60 * time.Second):
				t.Fatal("it does not end")
			}
		})
	}
}

// The whole of it, with informers, and no more rights than its account has: an order, its repeat, progress.
func TestTheProgramWithItsOwnAccount(t *testing.T) {
	p := start(t, func(s *settings) { s.cluster.Impersonate.UserName = grant(t, s) })
	p.waitReady()
	c := p.client(anyVersion)
	if a, err := p.get(c, "/v1/domain/alice.gent"); err != nil || a.body != `{"available":true}` {
		t.Fatalf("%+v, %v", a, err)
	}
	for range 2 {
		if status := p.order(c, "alice.gent"); status != http.StatusCreated {
			t.Fatalf("answered %d\n%s", status, p.log)
		}
	}
	if a, err := p.get(c, "/v1/domain/alice.gent"); err != nil || a.body != `{"available":false}` {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := p.get(c, "/v1/site/alice.gent"); err != nil || a.status != http.StatusOK || !strings.Contains(a.body, `"state":"pending"`) {
		t.Errorf("%+v, %v", a, err)
	}
	admin := apiserver.Client(t)
	var site v1alpha1.IndieSite
	p.must(admin.Get(t.Context(), client.ObjectKey{Namespace: p.settings.sitesNamespace, Name: "alice.gent"}, &site))
	site.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeFailed, Time: metav1.Now()}
	p.must(admin.Status().Update(t.Context(), &site))
	if status := p.order(c, "alice.gent"); status != http.StatusCreated {
		t.Errorf("a new attempt was answered %d\n%s", status, p.log)
	}
	p.must(admin.Get(t.Context(), client.ObjectKey{Namespace: p.settings.sitesNamespace, Name: "alice.gent"}, &site))
	if site.Spec.SetupAttempt != 2 {
		t.Errorf("the attempt is %d", site.Spec.SetupAttempt)
	}
	site.Status.Outcome = &v1alpha1.Outcome{Attempt: 2, Code: v1alpha1.OutcomeCreated, Time: metav1.Now()}
	site.Status.Delivery = &v1alpha1.Delivery{Attempt: 2}
	site.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.ConditionCallbackDelivered, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDelivered, LastTransitionTime: metav1.Now(),
	}}
	p.must(admin.Status().Update(t.Context(), &site))
	if status := p.order(c, "alice.gent"); status != http.StatusCreated {
		t.Errorf("a repeat after the outcome was answered %d\n%s", status, p.log)
	}
	p.must(admin.Get(t.Context(), client.ObjectKey{Namespace: p.settings.sitesNamespace, Name: "alice.gent"}, &site))
	if site.Annotations[v1alpha1.AnnotationSendAgain] == "" {
		t.Error("the outcome is not sent again")
	}
}

// grant gives a user of its own the rights of the front end's account, as the markers in internal/frontend/orders say, and no others.
func grant(t *testing.T, s *settings) string {
	t.Helper()
	admin, user := apiserver.Client(t), "front-end-of-"+s.sitesNamespace
	group := []string{v1alpha1.GroupName}
	for namespace, rules := range map[string][]rbacv1.PolicyRule{
		s.factoryNamespace: {{APIGroups: group, Resources: []string{"onboarders", "registrars", "domains"}, Verbs: []string{"get", "list", "watch"}}},
		s.sitesNamespace: {
			{APIGroups: group, Resources: []string{"indiesites"}, Verbs: []string{"get", "list", "watch", "create", "update", "patch"}},
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"create"}},
		},
	} {
		meta := metav1.ObjectMeta{Name: "frontend", Namespace: namespace}
		for _, object := range []client.Object{
			&rbacv1.Role{ObjectMeta: meta, Rules: rules},
			&rbacv1.RoleBinding{
				ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "frontend"},
				Subjects: []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}},
			},
		} {
			if err := admin.Create(context.Background(), object); err != nil && !apierrors.IsAlreadyExists(err) {
				t.Fatal(err)
			}
		}
	}
	return user
}

// The certificate of a test is fit for what it is for.
func TestCertificatesOfTestsVerify(t *testing.T) {
	p := &program{T: t, settings: settings{tlsCert: filepath.Join(t.TempDir(), "c"), tlsKey: filepath.Join(t.TempDir(), "k")}}
	p.certificate("x")
	pair, err := tls.LoadX509KeyPair(p.settings.tlsCert, p.settings.tlsKey)
	p.must(err)
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	p.must(err)
	p.must(leaf.VerifyHostname("localhost"))
}
