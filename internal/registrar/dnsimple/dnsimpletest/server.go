// Package dnsimpletest is a DNSimple of our own for tests: the calls of its API that the provider makes, with books that never forget what was paid and faults
// that can be switched on. It answers in the field names and with the status codes of the published description.
package dnsimpletest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// What the server takes, and asks for.
const (
	// AccountID is the number of its one account.
	AccountID int64 = 1010
	// RegistrantID is the number of the account's one contact.
	RegistrantID int64 = 2715
	// Token of the account.
	Token = "dnsimple_a_test_token_that_nobody_may_see"
	// Price of a name for a year, in dollars. A premium name costs ten times as much.
	Price = 10.00
)

// The calls beside those that all registrars have, for faults.
const (
	// CallPrice asks what a name costs.
	CallPrice registrartest.Call = "price"
	// CallDelegation asks where a name leads, or changes it.
	CallDelegation registrartest.Call = "delegation"
)

// NameServers are the server's own, which names lead to that nobody delegated elsewhere.
var NameServers = []string{"ns1.dnsimple.com", "ns2.dnsimple.com", "ns3.dnsimple.com", "ns4.dnsimple.com"}

// Server is a DNSimple with one account. It is safe for use by many goroutines.
type Server struct {
	Book   *registrartest.Book
	Faults *registrartest.Faults

	clock clock.PassiveClock
	mux   *http.ServeMux

	mu sync.Mutex
	// created is when a name came into the account, and changed when it last changed.
	created, changed map[string]time.Time
	// hosted are zones in the account that nobody registered.
	hosted map[string]bool
	// renewals counts, as their numbers.
	renewals int64
	// requests that arrived.
	requests []Request
	// says, if it is set, answers requests in place of the server.
	says func(Request) (status int, body string)
}

// Request is one that arrived.
type Request struct {
	Method, Path string
	// Headers that were sent, but for the token.
	Headers map[string]string
	Body    string
}

// New returns a server with empty books that nothing goes wrong with.
func New(clk clock.PassiveClock) *Server {
	s := &Server{
		Book: registrartest.NewBook(clk), Faults: &registrartest.Faults{}, clock: clk,
		created: map[string]time.Time{}, changed: map[string]time.Time{}, hosted: map[string]bool{},
	}
	s.mux = s.routes()
	return s
}

// Start serves over TLS on loopback until the test ends. The transport trusts the server; it makes a connection for every request.
func (s *Server) Start(t testing.TB) (baseURL string, transport http.RoundTripper) {
	t.Helper()
	served := httptest.NewTLSServer(s)
	t.Cleanup(func() {
		served.CloseClientConnections()
		served.Close()
	})
	trusting, ok := served.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the test server has no transport")
	}
	trusting.DisableKeepAlives = true
	return served.URL, trusting
}

// Transport takes requests without a network, in the caller's goroutine. A server that hangs gives up at once there, as if the time had been over, so that
// the time may be a simulated one.
func (s *Server) Transport() http.RoundTripper { return inProcess{s} }

// Host makes a zone of the account, as somebody does who only wants name servers.
func (s *Server) Host(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosted[name] = true
	s.touchLocked(name)
}

// Answer has requests answered by a function in place of the server. The function may return zero for the status, and the server answers after all.
func (s *Server) Answer(says func(Request) (status int, body string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.says = says
}

// Requests are those that arrived so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) touch(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touchLocked(name)
}

func (s *Server) touchLocked(name string) {
	s.changed[name] = s.clock.Now()
	if s.created[name].IsZero() {
		s.created[name] = s.changed[name]
	}
}

// times are when a name came into the account, and when it last changed. Names that were given to it by other means than the API were bought for a year when they came.
func (s *Server) times(name string, expiry time.Time) (created, changed time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if created = s.created[name]; created.IsZero() && !expiry.IsZero() {
		created = expiry.AddDate(-1, 0, 0)
	}
	if changed = s.changed[name]; changed.Before(created) {
		changed = created
	}
	return created, changed
}

func (s *Server) isHosted(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hosted[name]
}

func (s *Server) nextRenewal() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewals++
	return s.renewals
}
