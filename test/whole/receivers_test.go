package whole

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"sync/atomic"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// silent is the name of the receiver that never answers.
const silent = "silent"

// receiver takes callbacks in a way of its own. Once it is mended it answers as it should, unless it cannot.
type receiver struct {
	name, address string
	mended        atomic.Bool
}

func (r *receiver) url() string { return r.prefix() + r.name }

// prefix is what an Onboarder allows. Those that share a server have it in common.
func (r *receiver) prefix() string { return "https://" + r.address + "/" }

// dialects are those that it is called in. The one that does not answer takes so much time that one has to do: the one with the secret in the URL.
func (r *receiver) dialects() []v1alpha1.Dialect {
	if r.name == silent {
		return []v1alpha1.Dialect{v1alpha1.DialectQuerySecret}
	}
	return []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret}
}

// domain is the name that is ordered with this receiver.
func (r *receiver) domain(dialect v1alpha1.Dialect) string {
	return strings.ToLower(string(dialect)) + "-" + r.name + ".gent"
}

func (r *receiver) mend() { r.mended.Store(true) }

// echo is a request as it came, with all that is secret in it.
func echo(r *http.Request) string {
	text, _ := httputil.DumpRequest(r, true)
	return r.URL.String() + "\n" + string(text) + "\nto " + r.Host + r.RequestURI + "\nby " + r.Header.Get("Authorization")
}

// oneLine makes an echo that fits into a header.
func oneLine(r *http.Request) string {
	return strings.Join(strings.Fields(r.RequestURI+" "+r.Header.Get("Authorization")+" "+r.Header.Get("Webhook-Signature")), "_")
}

// raw answers with bytes that need not be HTTP.
func raw(answer func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text := answer(r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

// newReceivers starts one of each kind. Those of one server speak HTTP/1.1, in which a connection can be taken over. The first one is good, though it says too much.
func (v *vault) newReceivers() []*receiver {
	v.t.Helper()
	var all []*receiver
	mux, listener := http.NewServeMux(), v.listen()
	serveOld(v.t, listener, v.authority.Certificate(v.host), mux)
	for _, kind := range []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"good", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", oneLine(r))
			_, _ = io.WriteString(w, echo(r))
		}},
		{"failing", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Echo", oneLine(r))
			w.Header().Set("Retry-After", oneLine(r))
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, echo(r))
		}},
		{"redirecting", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://"+r.Host+"/elsewhere?and="+oneLine(r))
			w.WriteHeader(http.StatusTemporaryRedirect)
		}},
		{"misdirecting", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://%zz\x7f:"+oneLine(r))
			w.WriteHeader(http.StatusFound)
		}},
		{"hinting", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "<"+oneLine(r)+">")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Trailer", "X-Echo")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, echo(r))
			w.Header().Set("X-Echo", oneLine(r))
		}},
		{"breaking-off", raw(func(r *http.Request) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nX-Echo: " + oneLine(r) + "\r\nX-"
		})},
		{"half-told", raw(func(r *http.Request) string {
			return "HTTP/1.1 503 Sorry " + oneLine(r) + "\r\nContent-Length: 100000\r\n\r\n" + echo(r)
		})},
		{"gibberish", raw(func(r *http.Request) string { return oneLine(r) + "\r\n\r\n" + echo(r) })},
		{"bad-status", raw(func(r *http.Request) string { return "HTTP/1.1 " + oneLine(r) + "\r\n\r\n" })},
		{"bad-header", raw(func(r *http.Request) string { return "HTTP/1.1 200 OK\r\n" + oneLine(r) + "\r\n\r\n" })},
		{"bad-length", raw(func(r *http.Request) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: " + oneLine(r) + "\r\nTransfer-Encoding: " + oneLine(r) + "\r\n\r\n"
		})},
		{"verbose", raw(func(r *http.Request) string {
			return "HTTP/1.1 200 OK\r\nX-Echo: " + strings.Repeat(oneLine(r), 1000) + "\r\n\r\n"
		})},
	} {
		rec := &receiver{name: kind.name, address: listener.Addr().String()}
		mux.Handle("/"+kind.name+"/", rec.serve(kind.handler))
		all = append(all, rec)
	}
	return append(all,
		v.showing("untrusted", hallotest.NewAuthority(v.t).Certificate(v.host)), v.showing("misnamed", v.authority.Certificate("elsewhere.example")),
		v.silent(), v.unencrypted(), v.absent())
}

// serve takes callbacks with the handler, until the receiver is mended.
func (r *receiver) serve(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if r.mended.Load() {
			_, _ = io.WriteString(w, echo(request))
			return
		}
		handler(w, request)
	})
}

// silent never answers, and has a server of its own: the factory calls no host too often at once.
func (v *vault) silent() *receiver {
	v.t.Helper()
	listener := v.listen()
	rec := &receiver{name: silent, address: listener.Addr().String()}
	serve(v.t, listener, v.authority.Certificate(v.host), rec.serve(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	return rec
}

// showing has a certificate that does not verify.
func (v *vault) showing(name string, certificate tls.Certificate) *receiver {
	v.t.Helper()
	listener := v.listen()
	serve(v.t, listener, certificate, http.NotFoundHandler())
	return &receiver{name: name, address: listener.Addr().String()}
}

// unencrypted speaks plain HTTP.
func (v *vault) unencrypted() *receiver {
	v.t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	_ = server.Listener.Close()
	server.Listener = v.listen()
	server.Config.ReadHeaderTimeout = 5 * time.Second
	server.Start()
	v.t.Cleanup(server.Close)
	return &receiver{name: "unencrypted", address: server.Listener.Addr().String()}
}

// absent has nobody listening.
func (v *vault) absent() *receiver {
	return &receiver{name: "absent", address: v.world.address()}
}

// say writes bytes on a TLS connection to the front end, or on a plain one, and keeps what is answered.
func (v *vault) say(text string, overTLS bool, serverName string) {
	v.t.Helper()
	conn, err := net.DialTimeout("tcp", v.address, 10*time.Second)
	v.must(err)
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if overTLS {
		secure := tls.Client(conn, &tls.Config{RootCAs: v.authority.Pool(), ServerName: serverName, MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}) //nolint:gosec // says a name that is not the server's
		if secure.HandshakeContext(v.t.Context()) != nil {
			return // which is an answer too
		}
		conn = secure
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return
	}
	var answer bytes.Buffer
	_, _ = io.Copy(&answer, io.LimitReader(conn, 1<<20)) // as far as it comes
	_, _ = fmt.Fprintf(&v.answers, "%s\n", answer.Bytes())
}
