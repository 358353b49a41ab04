package reach

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const domain = "alice.gent"

// authority is a private CA.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	bundle      []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

func (a *authority) leaf(t *testing.T, name string, notAfter time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{name}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: notAfter,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func serve(t *testing.T, certificate tls.Certificate, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = nil
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func answer(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func TestProbe(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	good := ca.leaf(t, domain, time.Now().Add(time.Hour))
	closed := func(t *testing.T) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	plain := func(t *testing.T) string {
		s := httptest.NewServer(answer(200))
		t.Cleanup(s.Close)
		return s.Listener.Addr().String()
	}
	site := func(certificate tls.Certificate, handler http.HandlerFunc) func(*testing.T) string {
		return func(t *testing.T) string { return serve(t, certificate, handler) }
	}
	for name, tc := range map[string]struct {
		at   func(*testing.T) string
		want Reason
	}{
		"a site that answers is reachable":                     {at: site(good, answer(200))},
		"an empty answer is one":                               {at: site(good, answer(204))},
		"a redirect is an answer and is not followed":          {at: site(good, answer(302, "Location", "https://elsewhere.invalid/"))},
		"a route that does not know the site answers 404":      {at: site(good, answer(404)), want: ReasonStatus},
		"a route without a pod answers 503":                    {at: site(good, answer(503)), want: ReasonStatus},
		"a certificate of another authority is no certificate": {at: site(other.leaf(t, domain, time.Now().Add(time.Hour)), answer(200)), want: ReasonUntrusted},
		"a certificate for another name is none":               {at: site(ca.leaf(t, "bob.gent", time.Now().Add(time.Hour)), answer(200)), want: ReasonWrongName},
		"an expired certificate is none":                       {at: site(ca.leaf(t, domain, time.Now().Add(-time.Hour)), answer(200)), want: ReasonExpired},
		"plain HTTP is not HTTPS":                              {at: plain, want: ReasonTLS},
		"a closed port refuses":                                {at: closed, want: ReasonRefused},
		"a name that does not resolve leads nowhere":           {at: func(*testing.T) string { return "nowhere.invalid" }, want: ReasonUnresolved},
		"an address that is none cannot be used":               {at: func(*testing.T) string { return "no address" }, want: ReasonConfiguration},
		"a site that hangs up is not there": {at: site(good, func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}), want: ReasonBroken},
	} {
		t.Run(name, func(t *testing.T) {
			expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{tc.at(t)}, CABundle: ca.bundle}), tc.want)
		})
	}
}

func expectReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var failure *Failure
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v", err)
	case want != "" && (!errors.As(err, &failure) || failure.Reason != want):
		t.Errorf("got %v, want the reason %s", err, want)
	}
}

func TestTheQuestionIsAskedAsAVisitorWould(t *testing.T) {
	ca := newAuthority(t)
	var host, serverName, path string
	at := serve(t, ca.leaf(t, domain, time.Now().Add(time.Hour)), func(_ http.ResponseWriter, r *http.Request) {
		host, serverName, path = r.Host, r.TLS.ServerName, r.URL.Path
	})
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{at}, CABundle: ca.bundle}), "")
	if host != domain || serverName != domain || path != "/" {
		t.Errorf("asked for host %q, server name %q, path %q", host, serverName, path)
	}
}

func TestAHangEndsInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{l.Addr().String()}}), ReasonTimeout)
}

func TestEveryAddressMustAnswer(t *testing.T) {
	ca := newAuthority(t)
	good := serve(t, ca.leaf(t, domain, time.Now().Add(time.Hour)), answer(200))
	bad := serve(t, ca.leaf(t, domain, time.Now().Add(time.Hour)), answer(500))
	err := HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{good, bad}, CABundle: ca.bundle})
	expectReason(t, err, ReasonStatus)
	if want := bad + ": the answer was 500 Internal Server Error"; err.Error() != want {
		t.Errorf("says %q, want %q", err, want)
	}
	expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain}), ReasonConfiguration)
}

func TestTheSystemsAuthoritiesDoNotCountBesideABundle(t *testing.T) {
	ca := newAuthority(t)
	at := serve(t, ca.leaf(t, domain, time.Now().Add(time.Hour)), answer(200))
	expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{at}}), ReasonUntrusted)
	expectReason(t, HTTPS{}.Probe(t.Context(), Target{Domain: domain, Addresses: []string{at}, CABundle: []byte("x")}), ReasonConfiguration)
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1:443",
		"192.0.2.1:8443":       "192.0.2.1:8443",
		"2001:db8::1":          "[2001:db8::1]:443",
		"[2001:db8::1]":        "[2001:db8::1]:443",
		"[2001:db8::1]:8443":   "[2001:db8::1]:8443",
		"Ingress.example":      "ingress.example:443",
		"ingress.example:8443": "ingress.example:8443",
		"":                     "",
		"ingress.example:0":    "",
		"ingress.example:http": "",
		"https://example":      "",
		"a b":                  "",
		"192.0.2.1:70000":      "",
	} {
		if got, err := ParseAddress(in); got != want || (err != nil) != (want == "") {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParseCABundle(t *testing.T) {
	good := newAuthority(t).bundle
	for name, tc := range map[string]struct {
		bundle []byte
		ok     bool
	}{
		"one certificate":          {good, true},
		"two certificates":         {append(append([]byte{}, good...), good...), true},
		"nothing":                  {nil, false},
		"no PEM":                   {[]byte("hello"), false},
		"something after the last": {append(append([]byte{}, good...), "hello"...), false},
		"a key":                    {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), false},
		"a broken certificate":     {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseCABundle(tc.bundle); (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}
