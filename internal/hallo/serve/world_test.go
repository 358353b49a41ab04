package serve

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/gomega"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

const token = "mwf_token-of-the-test"

// world is a factory, the sites that it makes, and a hallo that can crash.
type world struct {
	t         *testing.T
	authority *hallotest.Authority
	factory   string // its URL
	sites     *sites
	callback  string
	socket    net.Listener
	state     string
	limits    func(*Config)
	log       safeBuffer
	// instead answers a request in hallo's place, if there is one and it returns true.
	instead atomic.Pointer[func(http.ResponseWriter, *http.Request) bool]

	office   *Office
	listener *hallo.Listener
	page     string // its URL
}

// safeBuffer is a log that several write.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

// sites answer POST /owner-settings in turn as they are told, the last answer again and again.
type sites struct {
	mu      sync.Mutex
	answers []hallotest.Reply
	posted  []string
	real    http.Handler // answers instead, if it is there
}

func (s *sites) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	if s.real != nil {
		s.posted = append(s.posted, string(body))
		s.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.real.ServeHTTP(w, r)
		return
	}
	reply := s.answers[min(len(s.posted), len(s.answers)-1)]
	s.posted = append(s.posted, string(body))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(reply.Status)
	_, _ = io.WriteString(w, reply.Body)
}

func (s *sites) become(site http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.real = site
}

func (s *sites) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.posted...)
}

// newWorld has a hallo that runs. A factory is started with the callback prefix.
func newWorld(t *testing.T, factory func(a *hallotest.Authority, callback string) (url string), limits func(*Config)) *world {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, authority: hallotest.NewAuthority(t), callback: "https://" + socket.Addr().String() + "/hallo", state: t.TempDir(), limits: limits,
		sites: &sites{answers: []hallotest.Reply{{Status: 204}}}, socket: socket, page: "https://" + socket.Addr().String(),
	}
	w.factory = factory(w.authority, w.callback)
	w.start()
	t.Cleanup(func() {
		w.stop()
		if log := w.log.String(); strings.Contains(log, token) {
			t.Errorf("the log shows the token:\n%s", log)
		}
	})
	return w
}

// scripted is a factory that follows a script, and can be told to call back.
func scripted(t *testing.T, script hallotest.Script) (start func(*hallotest.Authority, string) string, factory **hallotest.Factory) {
	factory = new(*hallotest.Factory)
	return func(a *hallotest.Authority, _ string) string {
		*factory = hallotest.NewFactory(t, a, token, script)
		return (*factory).URL
	}, factory
}

// modelled is a factory that keeps the contract.
func modelled(t *testing.T) func(*hallotest.Authority, string) string {
	return func(a *hallotest.Authority, callback string) string {
		return hallotest.NewModel(t, hallotest.ModelConfig{Tokens: []string{token}, Callback: callback, Trust: a}).URL
	}
}

func (w *world) start() {
	w.t.Helper()
	retry := hallo.Retry{Tries: 2, First: 5 * time.Millisecond, Longest: 10 * time.Millisecond, Clock: clock.RealClock{}, Random: func() float64 { return 0.5 }}
	client := func(tries int) *hallo.Factory {
		retry := retry
		retry.Tries = tries
		factory, err := hallo.NewFactory(hallo.FactoryConfig{URL: w.factory, Trust: w.authority.Pool(), Token: token, Retry: retry})
		if err != nil {
			w.t.Fatal(err)
		}
		return factory
	}
	site := httptest.NewUnstartedServer(w.sites)
	site.TLS = &tls.Config{Certificates: []tls.Certificate{w.authority.Certificate("*.gent")}, MinVersion: tls.VersionTLS12}
	site.StartTLS()
	w.t.Cleanup(site.Close)
	config := Config{
		Orders: client(2), Questions: client(1), FactoryURL: w.factory, Callback: w.callback,
		Site: func(domain string) *hallo.Site {
			return hallo.NewSite(hallo.SiteConfig{Domain: domain, Trust: w.authority.Pool(), Address: site.Listener.Addr().String(), Retry: retry})
		},
		Suffixes: []string{"gent"}, State: w.state, OrdersPerHour: 50, Conversations: 50,
		Clock: clock.RealClock{}, Random: rand.Reader, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	if w.limits != nil {
		w.limits(&config)
	}
	office, err := OpenOffice(config)
	if err != nil {
		w.t.Fatal(err)
	}
	receiver, err := office.Receiver(hallo.ReceiverConfig{Token: token})
	if err != nil {
		w.t.Fatal(err)
	}
	handler, err := NewHandler(office, receiver)
	if err != nil {
		w.t.Fatal(err)
	}
	w.office = office
	w.listener = hallo.Listen(w.socket, w.authority.Certificate("127.0.0.1"), w.interruptible(handler), func(line string) { w.t.Log(line) })
}

func (w *world) interruptible(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if instead := w.instead.Load(); instead == nil || !(*instead)(rw, r) {
			handler.ServeHTTP(rw, r)
		}
	})
}

func (w *world) stop() {
	w.listener.Close()
	w.office.Close()
}

// restart is what a crash and a start look like to everybody else: whatever is not in the state folder is gone.
func (w *world) restart() {
	w.t.Helper()
	address := w.socket.Addr().String()
	w.stop()
	socket, err := net.Listen("tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	w.socket = socket
	w.start()
}

// patience is less than the shortest rest between two rounds of tries.
const patience = firstRest - 3*time.Second

// browser is one person's.
type browser struct {
	*world
	client *http.Client
}

func (w *world) browser() *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.authority.Pool(), MinVersion: tls.VersionTLS12}}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &browser{world: w, client: &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second}}
}

// answered is what a browser got.
type answeredWith struct {
	view
	Status int
	Type   string `json:"type"`
	State  string `json:"state"`
	header http.Header
	body   string
}

func (b *browser) ask(method, path string, body string) answeredWith {
	b.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, b.page+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	got := answeredWith{header: response.Header, body: string(data)}
	if strings.Contains(response.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(data, &got); err != nil {
			b.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	got.Status = response.StatusCode
	return got
}

func (b *browser) look() answeredWith {
	b.t.Helper()
	return b.ask(http.MethodGet, "/conversation", "")
}

func (b *browser) step(name, body string) answeredWith {
	b.t.Helper()
	return b.ask(http.MethodPost, "/conversation/"+name, body)
}

// begin comes to the page and keeps the code.
func (b *browser) begin() (code string) {
	b.t.Helper()
	got := b.ask(http.MethodPost, "/conversation", `{"language": "en"}`)
	if got.Status != http.StatusCreated || got.Phase != KeepingCode || got.Code == "" {
		b.t.Fatalf("begun with %+v", got)
	}
	b.step("kept", "{}")
	return got.Code
}

func (b *browser) order(domain string) answeredWith {
	b.t.Helper()
	return b.step("order", `{"domain": "`+domain+`"}`)
}

// comesTo waits for a phase.
func (b *browser) comesTo(phase Phase) answeredWith {
	b.t.Helper()
	var got answeredWith
	gomega.NewWithT(b.t).Eventually(func() Phase {
		got = b.look()
		return got.Phase
	}).WithTimeout(patience).WithPolling(10*time.Millisecond).Should(gomega.Equal(phase), func() string { return b.log.String() })
	return got
}
