package hallotest

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// ModelConfig says how a Model is.
type ModelConfig struct {
	// Tokens of onboarders. All may speak both dialects.
	Tokens []string
	// Callback is the prefix that all of them may be called back under.
	Callback string
	// Suffix makes it a live factory, which sells names below it and knows no names that always end alike. Without one it is a test factory.
	Suffix string
	// Trust is who signed the receiver's certificate, and the Model's.
	Trust *Authority
	// Flaw is how it breaks the contract; the zero value keeps it.
	Flaw Flaw
}

// Flaw is a way to break the contract. Each field breaks what it is about and leaves the rest as it is.
type Flaw struct {
	// Handler stands before the API and may change requests and answers.
	Handler func(http.Handler) http.Handler
	// Server changes how the API is served.
	Server func(*httptest.Server)
	// Claims changes what becomes of orders.
	Claims func(*Claims)
	// Call changes each callback as it goes out.
	Call func(*http.Request)
	// Client changes how callbacks are made.
	Client func(*http.Client)
	// Delivered says which answers end telling; nil for 200.
	Delivered func(status int) bool
	// Outcomes are told of a name, one after the other, instead of its own.
	Outcomes func(name string, outcome int) []int
	// Pauses before the second and the following calls; the last one repeats.
	Pauses []time.Duration
}

// Claims are the rules by which orders are known again. All are true where the contract is kept.
type Claims struct {
	// Code, Callback, Dialect and Onboarder: the order is another one if it has another.
	Code, Callback, Dialect, Onboarder bool
	// Repeats: the same order is accepted again. SentAgain: and then told again, if it was told.
	Repeats, SentAgain bool
	// AfterFailure: a name is free for its onboarder after a 500. StartsOver: a test name is, after any outcome.
	AfterFailure, StartsOver bool
	// Hidden: other onboarders hear that the name is claimed.
	Hidden bool
}

// Model is a factory in memory that keeps the HTTP contract, a test factory unless it has a Suffix: what a conformance check must find nothing wrong with. With a
// Flaw it is one that the check must find.
type Model struct {
	// URL is where it is.
	URL string

	t       testing.TB
	config  ModelConfig
	rules   Claims
	client  *http.Client
	ending  context.Context
	telling sync.WaitGroup

	mu       sync.Mutex
	claims   map[string]*claim
	failures int
}

func (m *Model) test() bool { return m.config.Suffix == "" }

// pauses of a Model without a flaw.
var pauses = []time.Duration{60 * time.Millisecond, 3 * time.Second, time.Minute}

// NewModel starts one that ends with the test.
func NewModel(t testing.TB, config ModelConfig) *Model {
	t.Helper()
	m := &Model{t: t, config: config, claims: map[string]*claim{}, rules: Claims{
		Code: true, Callback: true, Dialect: true, Onboarder: true, Repeats: true, SentAgain: true, AfterFailure: true, StartsOver: true, Hidden: true,
	}}
	if config.Flaw.Claims != nil {
		config.Flaw.Claims(&m.rules)
	}
	if m.config.Flaw.Pauses == nil {
		m.config.Flaw.Pauses = pauses
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: config.Trust.Pool(), MinVersion: tls.VersionTLS12}}
	m.client = &http.Client{
		Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if config.Flaw.Client != nil {
		config.Flaw.Client(m.client)
	}
	var handler http.Handler = http.HandlerFunc(m.serve)
	if config.Flaw.Handler != nil {
		handler = config.Flaw.Handler(handler)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{config.Trust.Certificate("127.0.0.1")}, MinVersion: tls.VersionTLS12}
	if config.Flaw.Server != nil {
		config.Flaw.Server(server)
	}
	server.StartTLS()
	m.URL = server.URL
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	m.ending = ctx
	t.Cleanup(func() {
		end()
		m.telling.Wait()
		server.Close()
		transport.CloseIdleConnections()
	})
	return m
}
