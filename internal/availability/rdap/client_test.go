package rdap

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// asker is a Client with a registry of its own and a clock that stands still.
type asker struct {
	*testing.T
	*Client
	registry *rdaptest.Server
	clock    *clocktesting.FakePassiveClock
}

func newAsker(t *testing.T, change func(*Config)) *asker {
	t.Helper()
	a := &asker{T: t, registry: rdaptest.New(t), clock: clocktesting.NewFakePassiveClock(start)}
	config := Config{Bootstrap: a.registry.Bootstrap(), Clock: a.clock, Exceptions: rdaptest.Networks, Roots: a.registry.Roots}
	if change != nil {
		change(&config)
	}
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	a.Client = client
	t.Cleanup(client.transport.http.CloseIdleConnections)
	return a
}

func (a *asker) later(d time.Duration) { a.clock.SetTime(a.clock.Now().Add(d)) }

func (a *asker) mustFind(name names.Name, want availability.Verdict) {
	a.Helper()
	if got, err := a.Check(a.Context(), name); err != nil || got.Verdict != want || got.Price != nil || got.Premium {
		a.Errorf("%s: %+v, %v; want %s", name, got, err, want)
	}
}

// mustNotKnow wants an error that says why, and how long it will be so.
func (a *asker) mustNotKnow(name names.Name, why string, until time.Duration) {
	a.Helper()
	a.mustNotKnowIn(a.Context(), name, why, until)
}

func (a *asker) mustNotKnowIn(ctx context.Context, name names.Name, why string, until time.Duration) {
	a.Helper()
	got, err := a.Check(ctx, name)
	var unknown *availability.UnknownError
	if got.Verdict != availability.Unknown || !errors.As(err, &unknown) {
		a.Fatalf("%s: %+v, %v", name, got, err)
	}
	if !strings.Contains(err.Error(), why) || unknown.RetryAfter != until {
		a.Errorf("%s: %v, again in %s; want %q in %s", name, err, unknown.RetryAfter, why, until)
	}
	if strings.Contains(err.Error(), "s3cr3t") {
		a.Errorf("the server's words are in the error: %v", err)
	}
}

func TestARegistryIsFoundAndAsked(t *testing.T) {
	a := newAsker(t, nil)
	a.registry.Take("alice.gent")
	a.mustFind("alice.gent", availability.Taken)
	a.mustFind("bob.gent", availability.Available)
	if n := a.registry.Asked("/dns.json"); n != 1 {
		t.Errorf("the bootstrap file was asked for %d times", n)
	}
	a.mustNotKnow("alice.be", "names no server for names such as be", 0)
}

func TestTheRequestIsAsRDAPHasIt(t *testing.T) {
	a := newAsker(t, nil)
	var got *http.Request
	a.registry.Play(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		rdaptest.Say(http.StatusNotFound, `{"errorCode":404}`)(w, r)
	})
	a.mustFind("bob.gent", availability.Available)
	if got.Method != http.MethodGet || got.RequestURI != "/rdap/domain/bob.gent" || got.Header.Get("Accept") != accept ||
		got.UserAgent() != userAgent || got.Header.Get("Accept-Encoding") != "" {
		t.Errorf("%s %s %v", got.Method, got.RequestURI, got.Header)
	}
}

func TestAnAdminsServerGoesBeforeTheBootstrapFile(t *testing.T) {
	other := rdaptest.New(t)
	other.Take("alice.gent")
	a := newAsker(t, func(c *Config) {
		c.Servers = map[string]*url.URL{"gent": other.Base()}
		c.Roots.AddCert(other.Certificate())
	})
	a.mustFind("alice.gent", availability.Taken)
	if n := a.registry.Asked("/dns.json") + a.registry.Asked("/rdap/domain/alice.gent"); n != 0 {
		t.Errorf("somebody else was asked %d times", n)
	}
}

func TestNoVerdictWhereARegistryFails(t *testing.T) {
	const page = "<h1>s3cr3t</h1>"
	for why, tc := range map[string]struct {
		fault http.HandlerFunc
		says  string
	}{
		"an error of the server":    {rdaptest.Say(500, page), "answered 500"},
		"a bad gateway":             {rdaptest.Say(502, page), "answered 502"},
		"a request it cannot take":  {rdaptest.Say(400, `{"errorCode":400}`), "answered 400"},
		"a page in place of a 404":  {rdaptest.Say(404, page, "Content-Type", "text/html"), "answered 404 with what is no RDAP error"},
		"a page in place of a 200":  {rdaptest.Say(200, page), "answered 200 with no record of the name"},
		"another name's record":     {rdaptest.Say(200, `{"objectClassName":"domain","ldhName":"s3cr3t.gent"}`), "answered 200 with no record of the name"},
		"an answer that breaks off": {rdaptest.Reset, "broke off the connection"},
		"an endless answer":         {rdaptest.Say(200, strings.Repeat(" ", MaxAnswer+1)), "more than"},
		"an endless header":         {rdaptest.Say(404, "", "X-Large", strings.Repeat("s3cr3t", maxHeader)), "broke off the connection"},
		"a redirect to nowhere":     {rdaptest.Say(302, ""), "answered 302"},
		"a redirect without TLS":    {redirect("http://rdap.example/s3cr3t"), "redirects to what is no https URL"},
		"a redirect in a circle":    {redirect("/rdap/domain/s3cr3t"), "redirects more than 3 times"},
		"a redirect with a user":    {redirect("https://s3cr3t@rdap.example/"), "redirects to what is no https URL"},
	} {
		t.Run(why, func(t *testing.T) {
			a := newAsker(t, nil)
			a.registry.Play(tc.fault)
			a.mustNotKnow("alice.gent", tc.says, 0)
			a.registry.Play(nil)
			a.mustFind("alice.gent", availability.Available)
		})
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func TestARedirectIsFollowed(t *testing.T) {
	other := rdaptest.New(t)
	other.Take("alice.gent")
	a := newAsker(t, func(c *Config) { c.Roots.AddCert(other.Certificate()) })
	a.registry.Play(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL(r.URL.Path).String(), http.StatusTemporaryRedirect)
	})
	a.mustFind("alice.gent", availability.Taken)
	a.mustFind("bob.gent", availability.Available)
	other.Play(rdaptest.Say(429, "", "Retry-After", "20"))
	a.mustNotKnow("carol.gent", "answered 429", 20*time.Second)
	a.mustNotKnow("carol.gent", "redirects to a server that wants to be left alone", 0)
	if n := other.Asked("/rdap/domain/carol.gent"); n != 1 {
		t.Errorf("the server that wants to be left alone was asked %d times", n)
	}
}

func TestAServerThatHangsIsNotWaitedFor(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("bob.gent", availability.Available)
	a.registry.Play(rdaptest.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	a.mustNotKnowIn(ctx, "alice.gent", "did not answer in time", 0)
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	a := newAsker(t, func(c *Config) { c.Exceptions = nil })
	a.mustNotKnow("alice.gent", "has an address that must not be called", 0)
	if n := a.registry.Asked("/dns.json"); n != 0 {
		t.Errorf("a private address was called %d times", n)
	}
	inside := newAsker(t, func(c *Config) {
		c.Servers = map[string]*url.URL{"gent": {Scheme: "https", Host: "169.254.169.254"}, "be": {Scheme: "https", Host: "[fd00:ec2::254]"}}
	})
	inside.mustNotKnow("alice.gent", "has an address that must not be called", 0)
	inside.mustNotKnow("alice.be", "has an address that must not be called", 0)
	outside := newAsker(t, nil)
	outside.registry.Play(redirect("https://10.0.0.1/rdap/domain/alice.gent"))
	outside.mustNotKnow("alice.gent", "has an address that must not be called", 0)
}

func TestACertificateMustVerify(t *testing.T) {
	a := newAsker(t, func(c *Config) { c.Roots = nil })
	a.mustNotKnow("alice.gent", "has a certificate that does not verify", 0)
}

func TestAServerThatIsBusyIsLeftAlone(t *testing.T) {
	for why, tc := range map[string]struct {
		code   int
		header []string
		until  time.Duration
	}{
		"429 in seconds":              {429, []string{"Retry-After", "30"}, 30 * time.Second},
		"503 in seconds":              {503, []string{"Retry-After", "7"}, 7 * time.Second},
		"429 by a date":               {429, []string{"Retry-After", start.Add(90 * time.Second).Format(http.TimeFormat)}, 90 * time.Second},
		"429 for longer than an hour": {429, []string{"Retry-After", "86400"}, time.Hour},
		"429 for ever":                {429, []string{"Retry-After", "99999999999999999999"}, time.Hour},
		"429 that does not say":       {429, nil, pauseBusy},
		"503 that does not say":       {503, nil, pauseDown},
		"429 until yesterday":         {429, []string{"Retry-After", start.Add(-time.Hour).Format(http.TimeFormat)}, pauseBusy},
		"429 with nonsense":           {429, []string{"Retry-After", "-5"}, pauseBusy},
	} {
		t.Run(why, func(t *testing.T) {
			a := newAsker(t, nil)
			a.mustFind("bob.gent", availability.Available)
			a.registry.Play(rdaptest.Say(tc.code, "", tc.header...))
			a.mustNotKnow("alice.gent", "answered "+strconv.Itoa(tc.code), tc.until)
			a.registry.Play(nil)
			a.later(tc.until - time.Second)
			a.mustNotKnow("carol.gent", "wants to be left alone", time.Second)
			if n := a.registry.Asked("/rdap/domain/carol.gent"); n != 0 {
				t.Errorf("it was asked %d times", n)
			}
			a.later(time.Second)
			a.mustFind("carol.gent", availability.Available)
		})
	}
}

func TestTheNextServerIsAskedWhereTheFirstFails(t *testing.T) {
	other := rdaptest.New(t)
	a := newAsker(t, func(c *Config) { c.Roots.AddCert(other.Certificate()) })
	a.registry.PlayBootstrap(rdaptest.Say(200, `{"version":"1.0","services":[[["gent"],["`+other.Base().String()+`","`+a.registry.Base().String()+`"]]]}`))
	a.registry.Take("alice.gent")
	other.Play(rdaptest.Reset)
	a.mustFind("alice.gent", availability.Taken)
	other.Play(nil)
	a.mustFind("alice.gent", availability.Available)
}
