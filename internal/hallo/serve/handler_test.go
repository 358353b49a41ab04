package serve

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// cookie is the browser's conversation.
func (b *browser) cookie() string {
	b.t.Helper()
	address, err := url.Parse(b.page)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(address) {
		if c.Name == cookie {
			return c.Value
		}
	}
	b.t.Fatal("there is no cookie")
	return ""
}

// restartStopped starts a hallo that was stopped by the test.
func (w *world) restartStopped() {
	w.t.Helper()
	w.limits = func(c *Config) { c.State = w.t.TempDir() }
	w.socket = mustListen(w.t)
	w.start()
}

func simple(t *testing.T) *world {
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	return newWorld(t, start, nil)
}

func TestThePageComesInTheBrowsersLanguageWithAStrictPolicy(t *testing.T) {
	w := simple(t)
	for accepts, want := range map[string]string{"": "nl", "en-GB,en;q=0.9": "en", "fr, nl-BE;q=0.5": "nl", "fr": "nl", "EN": "en"} {
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.page+"/", nil)
		request.Header.Set("Accept-Language", accepts)
		response, err := w.browser().client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if policy := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") ||
			strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("the policy is %s", policy)
		}
		for name, value := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin"} {
			if got := response.Header.Get(name); got != value {
				t.Errorf("%s is %q, want %q", name, got, value)
			}
		}
		if got := w.browser().withLanguage(accepts); !strings.Contains(got, `<html lang="`+want+`"`) {
			t.Errorf("for %q the page is not in %s", accepts, want)
		}
	}
}

func (b *browser) withLanguage(accepts string) string {
	b.t.Helper()
	transport := b.client.Transport
	b.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("Accept-Language", accepts)
		return transport.RoundTrip(r)
	})
	return b.ask(http.MethodGet, "/", "").body
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestThePagesMarkupHasNothingInline(t *testing.T) {
	p, err := renderPages([]string{"gent", "be"})
	if err != nil {
		t.Fatal(err)
	}
	for l, page := range p.page {
		text := string(page)
		for _, inline := range []string{"<style", " style=", " onclick", "javascript:", "<script>", "http:", "https:"} {
			if strings.Contains(text, inline) {
				t.Errorf("the page in %s has %s", l, inline)
			}
		}
		if !strings.Contains(text, `data-suffixes="gent be"`) || !strings.Contains(text, "<noscript>") || !strings.Contains(text, `aria-live="polite"`) {
			t.Errorf("the page in %s lacks something:\n%s", l, text)
		}
	}
}

func TestAssetsAreSentAgainOnlyWhenTheyHaveChanged(t *testing.T) {
	b := simple(t).browser()
	first := b.ask(http.MethodGet, "/assets/app.js", "")
	if first.Status != http.StatusOK || first.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Fatalf("%d %v", first.Status, first.header)
	}
	transport := b.client.Transport
	b.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("If-None-Match", first.header.Get("ETag"))
		return transport.RoundTrip(r)
	})
	if again := b.ask(http.MethodGet, "/assets/app.js", ""); again.Status != http.StatusNotModified {
		t.Errorf("it was answered %d", again.Status)
	}
	for _, path := range []string{"/assets/page.html", "/assets/nothing.js", "/assets/..%2fdoc.go", "/nothing"} {
		if got := simpleGet(b, path); got != http.StatusNotFound {
			t.Errorf("%s was answered %d", path, got)
		}
	}
}

func simpleGet(b *browser, path string) int { return b.ask(http.MethodGet, path, "").Status }

func TestAConversationIsItsBrowsersAlone(t *testing.T) {
	w := simple(t)
	alice, bob := w.browser(), w.browser()
	code := alice.begin()
	if got := bob.look(); got.Status != http.StatusNoContent || strings.Contains(got.body, code) {
		t.Errorf("a stranger sees %d %s", got.Status, got.body)
	}
	if got := bob.step("kept", "{}"); got.Status != http.StatusNotFound || got.Type != "unknown" {
		t.Errorf("a stranger's step was answered %d %s", got.Status, got.Type)
	}
	bobs := bob.begin()
	if bobs == code {
		t.Error("two conversations have the same code")
	}
	if got := alice.ask(http.MethodPost, "/conversation", `{}`); got.Code != code || got.Status != http.StatusOK {
		t.Errorf("another tab begins anew, and the code that is shown is none any more: %d", got.Status)
	}
	alice.step("kept", "{}")
	if got := alice.ask(http.MethodPost, "/conversation", `{}`); got.Code != code || got.Status != http.StatusOK {
		t.Errorf("another tab begins anew while a name is chosen: %d", got.Status)
	}
	alice.order("alice.gent")
	before := alice.comesTo(Waiting)
	if got := alice.ask(http.MethodPost, "/conversation", `{}`); got.Code != before.Code || got.Status != http.StatusOK {
		t.Errorf("with an order, beginning again forgets it: %d", got.Status)
	}
}

func TestTheCookieIsOutOfReachOfScriptsAndOtherSites(t *testing.T) {
	b := simple(t).browser()
	got := b.ask(http.MethodPost, "/conversation", `{"language": "nl"}`)
	set := got.header.Get("Set-Cookie")
	for _, part := range []string{"__Host-hallo=", "Path=/", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age="} {
		if !strings.Contains(set, part) {
			t.Errorf("%s lacks %s", set, part)
		}
	}
	b.client.Transport = withHeader(b.client.Transport, "Sec-Fetch-Site", "cross-site")
	if got := b.step("kept", "{}"); got.Status != http.StatusForbidden {
		t.Errorf("another site's request was answered %d", got.Status)
	}
}

func withHeader(transport http.RoundTripper, name, value string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r.Header.Set(name, value)
		return transport.RoundTrip(r)
	})
}

func TestRequestsThatAreNotRightAreRefusedByName(t *testing.T) {
	b := simple(t).browser()
	b.begin()
	for sentence, c := range map[string]struct {
		step, body string
		status     int
		problem    string
	}{
		"no JSON":                       {"order", "domain=alice.gent", 400, "malformed"},
		"a body too large":              {"order", `{"domain": "` + strings.Repeat("a", maxBody) + `"}`, 413, "too-large"},
		"a step that there is not":      {"dance", `{}`, 404, "not-found"},
		"a name with a dot":             {"order", `{"domain": "www.alice.gent"}`, 400, "no-name"},
		"a name under another suffix":   {"order", `{"domain": "alice.be"}`, 400, "no-name"},
		"a name with a hyphen at last":  {"order", `{"domain": "alice-.gent"}`, 400, "no-name"},
		"a name that is an address":     {"order", `{"domain": "../alice.gent"}`, 400, "no-name"},
		"no name":                       {"order", `{}`, 400, "no-name"},
		"asking again for nothing":      {"again", `{}`, 409, "not-now"},
		"settings for nothing":          {"settings", `{"settings": {"name": "Alice"}}`, 409, "not-now"},
		"a name of an owner too long":   {"settings", `{"settings": {"name": "` + strings.Repeat("a", maxName+1) + `"}}`, 400, "setting-name"},
		"an owner's name with a bell":   {"settings", `{"settings": {"name": "a\u0007b"}}`, 400, "setting-name-control"},
		"an owner's name with a NUL":    {"settings", `{"settings": {"name": "a\u0000"}}`, 400, "setting-name-control"},
		"words with a bell":             {"settings", `{"settings": {"bio": "a\u0007b"}}`, 400, "setting-bio-control"},
		"words with a C1 control":       {"settings", `{"settings": {"bio": "a\u009bb"}}`, 400, "setting-bio-control"},
		"too many words":                {"settings", `{"settings": {"bio": "` + strings.Repeat("a", maxBio+1) + `"}}`, 400, "setting-bio"},
		"no colour":                     {"settings", `{"settings": {"colour": "red"}}`, 400, "setting-colour"},
		"no background":                 {"settings", `{"settings": {"background": "red"}}`, 400, "setting-background"},
		"a language that is not spoken": {"settings", `{"settings": {"language": "fr"}}`, 400, "setting-language"},
	} {
		t.Run(sentence, func(t *testing.T) {
			if got := b.step(c.step, c.body); got.Status != c.status || got.Type != c.problem {
				t.Errorf("it was answered %d %s, want %d %s", got.Status, got.Type, c.status, c.problem)
			}
		})
	}
	if got := b.look(); got.Phase != Choosing || len(got.Lines) != 4 {
		t.Errorf("they left %+v", got.view)
	}
}

func TestNamesAreLookedUpAsOftenAsAPersonTypesAndNotMore(t *testing.T) {
	b := simple(t).browser()
	if got := b.ask(http.MethodGet, "/name/alice.gent", ""); got.Status != http.StatusNotFound {
		t.Errorf("without a conversation it was answered %d", got.Status)
	}
	b.begin()
	for typed, want := range map[string]string{"Alice.GENT": "free", "alice": "no-name", "-.gent": "no-name", "%20": "no-name", "é.gent": "no-name"} {
		if got := b.ask(http.MethodGet, "/name/"+typed, ""); got.State != want {
			t.Errorf("%s is %q, want %q", typed, got.State, want)
		}
	}
	last := 0
	for range checksPerMinute + 1 {
		last = b.ask(http.MethodGet, "/name/-.gent", "").Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after many the answer is %d", last)
	}
}

func TestTheLanguageThatWasChosenIsTheSites(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.step("language", `{"language": "nl"}`)
	b.order("alice.gent")
	b.comesTo(Waiting)
	b.step("settings", `{"settings": {}}`)
	call(t, w, *f, "alice.gent", 201)
	b.comesTo(Ready)
	if posted := w.sites.received(); len(posted) != 1 || !strings.Contains(posted[0], `"settings":{"name":"alice.gent","language":"nl"}`) {
		t.Errorf("the site was told %q", posted)
	}
}

func TestACallbackPrefixWithoutAPathIsServedToo(t *testing.T) {
	for prefix, want := range map[string]string{"https://hallo.gent": "/site/", "https://hallo.gent/": "/site/", "https://hallo.gent/a/b/": "/a/b/site/"} {
		office := &Office{Config: Config{Callback: prefix, Suffixes: []string{"gent"}}}
		receiver, err := hallo.NewReceiver(hallo.ReceiverConfig{Callback: prefix, Token: token, Known: func(string) bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := NewHandler(office, receiver)
		if err != nil {
			t.Fatal(err)
		}
		if got := serveOnce(handler, http.MethodPatch, want+"alice.gent?status=201"); got != http.StatusUnauthorized {
			t.Errorf("below %s a call was answered %d", prefix, got)
		}
	}
}

func serveOnce(handler http.Handler, method, target string) int {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(method, "https://hallo.gent"+target, nil))
	return w.Code
}

func mustListen(t *testing.T) net.Listener {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return socket
}
