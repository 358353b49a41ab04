package delivery

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const markedToken = "marked-secret/with+characters&that=need?encoding"

func newTestClient(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	config := Config{
		Environment:     v1alpha1.EnvironmentTest,
		AllowedNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
		Timeout:         5 * time.Second,
		Clock:           clocktesting.NewFakePassiveClock(start),
	}
	if change != nil {
		change(&config)
	}
	client, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// receiver starts a TLS server and returns it with the CA bundle that trusts it.
func receiver(t *testing.T, handler http.HandlerFunc, change func(*httptest.Server)) (*httptest.Server, []byte) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if change != nil {
		change(server)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
}

func target(t *testing.T, base string) *url.URL {
	t.Helper()
	u, err := url.Parse(base + "/mwf/site/Alice.gent?status=201")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func answering(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestTheReceiverSeesExactlyTheContract(t *testing.T) {
	const query = "?status=201&secret=marked-secret%2Fwith%2Bcharacters%26that%3Dneed%3Fencoding"
	for name, tc := range map[string]struct {
		dialect v1alpha1.Dialect
		want    string
	}{
		"Bearer": {v1alpha1.DialectBearer, "PATCH /mwf/site/Alice.gent?status=201 HTTP/1.1\r\nHost: HOST\r\nUser-Agent: magic-website-factory\r\n" +
			"Content-Length: 0\r\nAuthorization: Bearer " + markedToken + "\r\nConnection: close\r\n\r\n"},
		"QuerySecret": {v1alpha1.DialectQuerySecret, "PATCH /mwf/site/Alice.gent" + query + " HTTP/1.1\r\nHost: HOST\r\nUser-Agent: magic-website-factory\r\n" +
			"Content-Length: 0\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			trusted, bundle := receiver(t, answering(200), nil)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: trusted.TLS.Certificates, NextProtos: []string{"http/1.1"}})
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			seen := make(chan string, 1)
			go func() { seen <- rawRequest(listener) }()
			u := target(t, "https://"+listener.Addr().String())
			answer := newTestClient(t, nil).Send(t.Context(), Request{Target: u, Dialect: tc.dialect, Token: markedToken, CABundle: bundle})
			if answer.String() != "200 OK" || !answer.Success() {
				t.Fatalf("answered %s", answer)
			}
			if diff := cmp.Diff(strings.Replace(tc.want, "HOST", u.Host, 1), <-seen); diff != "" {
				t.Errorf("the request differs (-want +got):\n%s", diff)
			}
			if strings.Contains(u.String(), "secret") {
				t.Errorf("the target now holds the secret: the caller's URL was written to")
			}
		})
	}
}

// rawRequest reads everything that comes before the answer is written.
func rawRequest(listener net.Listener) string {
	conn, err := listener.Accept()
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	var seen strings.Builder
	lines := bufio.NewReader(conn)
	for !strings.HasSuffix(seen.String(), "\r\n\r\n") {
		line, err := lines.ReadString('\n')
		if err != nil {
			return seen.String() + err.Error()
		}
		seen.WriteString(line)
	}
	_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	body, _ := io.ReadAll(lines)
	seen.Write(body)
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	return seen.String()
}

func TestHTTP2ReceiversSeeTheSame(t *testing.T) {
	type request struct {
		Proto, Method, URI, Authorization string
		Length                            int64
	}
	seen := make(chan request, 1)
	server, bundle := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		seen <- request{r.Proto, r.Method, r.RequestURI, r.Header.Get("Authorization"), r.ContentLength}
	}, func(s *httptest.Server) { s.EnableHTTP2 = true })
	answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, server.URL), Dialect: v1alpha1.DialectBearer, Token: markedToken, CABundle: bundle})
	if !answer.Success() {
		t.Fatalf("answered %s", answer)
	}
	want := request{"HTTP/2.0", "PATCH", "/mwf/site/Alice.gent?status=201", "Bearer " + markedToken, 0}
	if diff := cmp.Diff(want, <-seen); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
}

func TestAnswersBecomeACodeAndAFixedReason(t *testing.T) {
	for code, want := range map[int]string{
		200: "200 OK", 201: "201 UnexpectedSuccess", 204: "204 UnexpectedSuccess", 302: "302 Redirect", 304: "304 Redirect",
		401: "401 ClientError", 404: "404 ClientError", 410: "410 ClientError", 429: "429 ClientError",
		500: "500 ServerError", 503: "503 ServerError", 599: "599 ServerError", 999: "999 UnknownStatus",
	} {
		t.Run(want, func(t *testing.T) {
			server, bundle := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(code)
				if code != 204 && code != 304 {
					_, _ = io.WriteString(w, "the receiver's own words")
				}
			}, nil)
			answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, server.URL), Token: markedToken, CABundle: bundle})
			if answer.String() != want || answer.Success() != (code == 200) || answer.RetryAfter != 90*time.Second {
				t.Errorf("answered %s, success %t, retry after %s", answer, answer.Success(), answer.RetryAfter)
			}
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	var followed atomic.Int32
	elsewhere, _ := receiver(t, func(http.ResponseWriter, *http.Request) { followed.Add(1) }, nil)
	for _, code := range []int{301, 302, 303, 307, 308} {
		server, bundle := receiver(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/stolen", code)
		}, nil)
		answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, server.URL), Token: markedToken, CABundle: bundle})
		if answer.String() != fmt.Sprintf("%d Redirect", code) {
			t.Errorf("answered %s", answer)
		}
	}
	if followed.Load() > 0 {
		t.Errorf("%d redirects were followed", followed.Load())
	}
}

func TestFailuresBecomeAFixedReason(t *testing.T) {
	quiet, quietBundle := receiver(t, answering(200), nil)
	other := otherBundle(t)
	for name, tc := range map[string]struct {
		base   func(t *testing.T) string
		bundle []byte
		want   string
	}{
		"nobody listens": {func(t *testing.T) string { return "https://" + closedPort(t) }, nil, ReasonConnectionRefused},
		"a hang": {func(t *testing.T) string {
			release := make(chan struct{})
			server, _ := receiver(t, func(http.ResponseWriter, *http.Request) { <-release }, sharing(quiet))
			t.Cleanup(func() { close(release) })
			return server.URL
		}, quietBundle, ReasonTimeout},
		"a hang before TLS":                      {func(t *testing.T) string { return "https://" + silentPort(t) }, nil, ReasonTimeout},
		"a certificate that nobody trusts":       {func(*testing.T) string { return quiet.URL }, nil, ReasonCertificateInvalid},
		"a certificate of another CA":            {func(*testing.T) string { return quiet.URL }, other, ReasonCertificateInvalid},
		"a certificate for another name":         {func(*testing.T) string { return strings.Replace(quiet.URL, "127.0.0.1", "other.test", 1) }, quietBundle, ReasonCertificateInvalid},
		"TLS 1.1":                                {func(t *testing.T) string { return oldTLS(t, quiet) }, quietBundle, ReasonTLSFailed},
		"no TLS":                                 {func(t *testing.T) string { return plainServer(t) }, nil, ReasonTLSFailed},
		"a connection that is cut":               {func(t *testing.T) string { return cuttingServer(t, quiet) }, quietBundle, ReasonConnectionFailed},
		"a header that never ends":               {func(t *testing.T) string { return longHeader(t, quiet) }, quietBundle, ReasonConnectionFailed},
		"a CA bundle that cannot be read":        {func(*testing.T) string { return quiet.URL }, []byte("nonsense"), ReasonRequestInvalid},
		"plain HTTP":                             {func(*testing.T) string { return "http://127.0.0.1" }, nil, ReasonRequestInvalid},
		"no host":                                {func(*testing.T) string { return "https://" }, nil, ReasonRequestInvalid},
		"a name that DNS does not know":          {func(*testing.T) string { return "https://nowhere.test" }, nil, ReasonNameNotResolved},
		"a name for an address that is not ours": {func(*testing.T) string { return "https://private.test" }, nil, ReasonAddressForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			client := newTestClient(t, func(c *Config) {
				c.Timeout = time.Second
				c.Resolver = resolver(t, map[string]string{"private.test": "10.0.0.7", "other.test": "127.0.0.1"})
			})
			answer := client.Send(t.Context(), Request{Target: target(t, tc.base(t)), Token: markedToken, CABundle: tc.bundle})
			if answer.String() != tc.want || answer.Success() {
				t.Errorf("answered %s, want %s", answer, tc.want)
			}
		})
	}
}

func TestABodyThatNeverEndsIsNotReadToItsEnd(t *testing.T) {
	var written atomic.Int64
	done := make(chan struct{})
	server, bundle := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		chunk := make([]byte, 32<<10)
		for r.Context().Err() == nil {
			n, err := w.Write(chunk)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}, nil)
	answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, server.URL), Token: markedToken, CABundle: bundle})
	<-done
	if answer.String() != "200 OK" {
		t.Errorf("answered %s: the status came before the body, so the onboarder knows", answer)
	}
	if written.Load() > 16<<20 {
		t.Errorf("%d bytes were taken", written.Load())
	}
}

func TestACancelledContextEndsTheAttempt(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 1)
	server, bundle := receiver(t, func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release }, nil)
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if answer := newTestClient(t, nil).Send(ctx, Request{Target: target(t, server.URL), Token: markedToken, CABundle: bundle}); answer.Success() {
		t.Errorf("answered %s", answer)
	}
}

func TestNoProxyIsUsed(t *testing.T) {
	proxy, visits := trap(t)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:"+proxy)
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		t.Setenv(name, "")
	}
	server, bundle := receiver(t, answering(200), nil)
	client := newTestClient(t, func(c *Config) { c.Resolver = resolver(t, map[string]string{"example.com": "127.0.0.1"}) })
	if client.transport(nil).Proxy != nil {
		t.Error("the transport has a proxy") // net/http reads the environment once only, so the rest may show nothing
	}
	u := target(t, strings.Replace(server.URL, "127.0.0.1", "example.com", 1))
	if answer := client.Send(t.Context(), Request{Target: u, Token: markedToken, CABundle: bundle}); !answer.Success() || visits.Load() > 0 {
		t.Errorf("answered %s, and the proxy got %d connections", answer, visits.Load())
	}
}

func TestTokensThatNoHeaderCarriesAreRefused(t *testing.T) {
	for token, want := range map[string]string{
		"":                               "is empty",
		"marked-secret\n":                "ends in a line break",
		"marked-secret\r\n":              "ends in a line break",
		"marked\nsecret: x":              "has characters other than visible ASCII ones",
		"marked secret":                  "has characters other than visible ASCII ones",
		"marked-sécret":                  "has characters other than visible ASCII ones",
		"marked-\x7fsecret":              "has characters other than visible ASCII ones",
		strings.Repeat("x", MaxToken+1):  "has more than 4096 characters",
		strings.Repeat("x", MaxToken):    "",
		"ethical-design":                 "",
		markedToken:                      "",
		"mwf_0123456789abcdefABCDEF~.-_": "",
	} {
		err := CheckToken(token)
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("CheckToken(%.20q) = %v, want %q", token, err, want)
		}
		if want == "" {
			continue
		}
		answer := newTestClient(t, nil).Send(t.Context(), Request{Target: target(t, "https://127.0.0.1"), Token: Secret(token)})
		if answer.String() != ReasonRequestInvalid {
			t.Errorf("sending %.20q was answered %s", token, answer)
		}
	}
}
