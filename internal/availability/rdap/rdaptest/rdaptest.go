// Package rdaptest plays a registry's RDAP server and IANA's bootstrap file, behind TLS on loopback, with faults that can be switched on.
package rdaptest

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Networks are where the server is. Clients let nobody call there but in tests.
var Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// MediaType is RDAP's.
const MediaType = "application/rdap+json"

// Help is what RDAP servers say of themselves.
const Help = `{"rdapConformance":["rdap_level_0"],"notices":[{"title":"Help","description":["domain/NAME"]}]}`

// Server answers as a registry: 200 with a domain object for names that are taken, 404 with an error for all others.
type Server struct {
	// Roots vouch for the server's certificate.
	Roots *x509.CertPool

	server *httptest.Server

	mu        sync.Mutex
	taken     map[string]bool
	fault     http.HandlerFunc
	bootstrap http.HandlerFunc
	help      http.HandlerFunc
	asked     []string
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{taken: map[string]bool{}}
	s.bootstrap, s.help = s.Services("gent"), Say(http.StatusOK, Help)
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(s.server.Certificate())
	return s
}

// Certificate is the server's, for clients that call others too.
func (s *Server) Certificate() *x509.Certificate { return s.server.Certificate() }

// URL of a path on the server.
func (s *Server) URL(path string) *url.URL {
	base, err := url.Parse(s.server.URL)
	if err != nil {
		panic(err)
	}
	return base.JoinPath(path)
}

// Base is the RDAP server's base URL.
func (s *Server) Base() *url.URL { return s.URL("/rdap/") }

// Bootstrap is the URL of the bootstrap file, which says that the server knows names under gent, until it says otherwise.
func (s *Server) Bootstrap() *url.URL { return s.URL("/dns.json") }

// Take makes somebody hold names.
func (s *Server) Take(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.taken[name] = true
	}
}

// Release makes nobody hold a name any more.
func (s *Server) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, name)
}

// Play answers all questions about names in this way from now on, or as a registry does where it is nil.
func (s *Server) Play(fault http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// PlayBootstrap answers all questions for the bootstrap file in this way from now on.
func (s *Server) PlayBootstrap(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bootstrap = answer
}

// PlayHelp answers all questions for help in this way from now on.
func (s *Server) PlayHelp(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.help = answer
}

// Services answers with a bootstrap file that sends names under the suffixes to this server.
func (s *Server) Services(suffixes ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"version": "1.0", "services": [][][]string{{suffixes, {s.Base().String()}}}})
	}
}

// Asked is how often a path was asked for: /dns.json, /rdap/domain/alice.gent.
func (s *Server) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, asked := range s.asked {
		if asked == path {
			n++
		}
	}
	return n
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	fault, bootstrap, help := s.fault, s.bootstrap, s.help
	name, isDomain := strings.CutPrefix(r.URL.Path, "/rdap/domain/")
	taken := s.taken[name]
	s.mu.Unlock()
	switch {
	case r.URL.Path == "/dns.json":
		bootstrap(w, r)
	case r.URL.Path == "/rdap/help":
		help(w, r)
	case fault != nil:
		fault(w, r)
	case isDomain && taken:
		Say(http.StatusOK, fmt.Sprintf(`{"rdapConformance":["rdap_level_0"],"objectClassName":"domain","ldhName":%q,"status":["active"]}`, strings.ToUpper(name)))(w, r)
	case isDomain:
		Say(http.StatusNotFound, `{"rdapConformance":["rdap_level_0"],"errorCode":404,"title":"Not Found"}`)(w, r)
	default:
		http.NotFound(w, r)
	}
}

// Say answers with a code and a body of RDAP's media type, and with more header fields: name, value, name, value.
func Say(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", MediaType)
		w.Header().Set("Access-Control-Allow-Origin", "*")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// Hang does not answer as long as somebody waits.
func Hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Reset breaks off the connection in the middle of an answer.
func Reset(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(`{"objectClassName":`))
	_ = http.NewResponseController(w).Flush() // or net/http would ask once more, as nothing came back
	panic(http.ErrAbortHandler)
}
