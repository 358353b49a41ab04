package hallo_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/indiesite"
)

const (
	token = "mwf_token-of-the-test"
	code  = "open-sesame"
)

var (
	free     = []hallotest.Reply{{Status: 200, Body: `{"available": true}`}}
	taken    = []hallotest.Reply{{Status: 200, Body: `{"available": false}`}}
	accepted = []hallotest.Reply{{Status: 201}}
)

// impatient is a clock on which every pause is over at once; it remembers how
// long they would have been. Where it stands still, no pause ends.
type impatient struct {
	clock.RealClock
	still  bool
	passed func(pauses int) // if given, is told how many pauses there were
	mu     sync.Mutex
	pauses []time.Duration
}

func (c *impatient) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pauses = append(c.pauses, d)
	if c.passed != nil {
		c.passed(len(c.pauses))
	}
	over := make(chan time.Time, 1)
	if !c.still {
		over <- c.Now()
	}
	return over
}

// town is a factory, an onboarder that listens, and one real Indie Site, all
// talking TLS over loopback.
type town struct {
	*hallo.Claim
	clock *impatient
	// authority signs every certificate of the town.
	authority *hallotest.Authority
	factory   *hallotest.Factory
	output    *bytes.Buffer
	owner     func() indiesite.Settings
}

type townConfig struct {
	domain  string
	dialect hallo.Dialect
	script  hallotest.Script
	json    bool
	// siteCode is the one that the site knows; code if empty.
	siteCode string
	// siteName is the one in the site's certificate; the domain if empty.
	siteName string
}

func newTown(t *testing.T, config townConfig) *town {
	t.Helper()
	if config.domain == "" {
		config.domain = "available.gent"
	}
	if config.siteName == "" {
		config.siteName = strings.ToLower(strings.TrimSuffix(config.domain, "."))
	}
	if config.siteCode == "" {
		config.siteCode = code
	}
	authority := hallotest.NewAuthority(t)
	tn := &town{clock: &impatient{}, authority: authority, output: &bytes.Buffer{}}
	tn.factory = hallotest.NewFactory(t, authority, token, config.script)

	report := hallo.NewReport(tn.output, config.domain, config.json, clock.RealClock{})
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	callback := "https://" + socket.Addr().String() + "/mwf"
	receiver, err := hallo.NewReceiver(hallo.ReceiverConfig{
		Callback: callback, Token: token, Dialect: config.dialect,
		Observe: func(call hallo.Call) {
			if !call.Accepted() {
				report.Note(hallo.StepCallback, "refused: %+v", call)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	listener := hallo.Listen(socket, authority.Certificate("127.0.0.1"), receiver, func(line string) { t.Log(line) })
	t.Cleanup(listener.Close)

	retry := hallo.Retry{
		Tries: 4, First: time.Second, Longest: time.Minute, Clock: tn.clock,
		Random: func() float64 { return 0.5 }, Note: report.Retrying,
	}
	factory, err := hallo.NewFactory(hallo.FactoryConfig{
		URL: tn.factory.URL + "/", Trust: authority.Pool(), Token: token, Dialect: config.dialect, Retry: retry,
	})
	if err != nil {
		t.Fatal(err)
	}
	tn.Claim = &hallo.Claim{
		Order:    hallo.Order{Domain: config.domain, Callback: callback, Code: code},
		Settings: hallo.OwnerSettings{Name: "Alice & Bob", Bio: "Drawing houses."},
		Factory:  factory,
		Receiver: receiver,
		Site: hallo.NewSite(hallo.SiteConfig{
			Domain: config.domain, Trust: authority.Pool(), Retry: retry,
			Address: tn.startSite(t, authority.Certificate(config.siteName), config.siteCode),
		}),
		Report: report,
	}
	return tn
}

// siteThat is a site that answers as it is told.
func (tn *town) siteThat(t *testing.T, answer http.HandlerFunc) *hallo.Site {
	t.Helper()
	server := httptest.NewUnstartedServer(answer)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{tn.authority.Certificate(tn.Order.Domain)}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return hallo.NewSite(hallo.SiteConfig{
		Domain: tn.Order.Domain, Trust: tn.authority.Pool(), Address: server.Listener.Addr().String(),
		Retry: hallo.Retry{Tries: 2, Clock: tn.clock, Random: func() float64 { return 0.5 }},
	})
}

func (tn *town) startSite(t *testing.T, certificate tls.Certificate, siteCode string) (address string) {
	t.Helper()
	store, err := indiesite.OpenStore(t.TempDir(), clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	tn.owner = func() indiesite.Settings {
		settings, _ := store.Settings()
		return settings
	}
	server := httptest.NewUnstartedServer(indiesite.NewHandler(indiesite.Config{
		Code: indiesite.NewCode(siteCode), Store: store, Clock: clock.RealClock{}, Logger: slog.New(slog.DiscardHandler),
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// claim runs the claim, for at most half a minute, and checks what must hold
// of its output however it ends.
func (tn *town) claim(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, hallo.ErrTimeout)
	defer cancel()
	err := tn.Run(ctx)
	tn.checkOutput(t)
	return err
}

func (tn *town) checkOutput(t *testing.T) {
	t.Helper()
	for _, secret := range []string{token, code, base64.StdEncoding.EncodeToString([]byte(token))} {
		if strings.Contains(tn.output.String(), secret) {
			t.Errorf("the output shows %q:\n%s", secret, tn.output)
		}
	}
}
