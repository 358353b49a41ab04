package indiesite

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// needBundle fails a test that make web has to come before.
func needBundle(t *testing.T) {
	t.Helper()
	if missing := BundleMissing(); missing != "" {
		t.Fatal(missing)
	}
}

var assetPath = regexp.MustCompile(`/assets/[a-z-]+-[a-z0-9]{8}\.(?:js|css)`)

// The pages are small, for phones on a bad line: below 50 kB with all that they load, except for the cryptography.
func TestEveryPageIsBelow50KBWithoutTheCryptography(t *testing.T) {
	needBundle(t)
	const limit = 50_000 // bytes
	waiting, welcoming, owned := newTestSite(t, rightCode), newTestSite(t, rightCode), savedSite(t, alice)
	if err := welcoming.store.Save(alice); err != nil {
		t.Fatal(err)
	}
	cookie := owned.signIn(t, someone('a'))
	for where, c := range map[string]struct {
		site *testSite
		page *httptest.ResponseRecorder
	}{
		"waiting":          {waiting, waiting.ask(http.MethodGet, "/", "")},
		"welcome":          {welcoming, welcoming.ask(http.MethodGet, "/", "")},
		"the owner's page": {owned, owned.ask(http.MethodGet, "/", "")},
		"sign-in":          {owned, owned.ask(http.MethodGet, "/sign-in", "")},
		"settings":         {owned, owned.askAs(cookie, http.MethodGet, "/settings", "")},
	} {
		size := c.page.Body.Len()
		for _, path := range append(assetPath.FindAllString(c.page.Body.String(), -1), "/style.css", "/favicon.svg") {
			if path == theBundle().paths[workerKeys] {
				continue
			}
			size += len(c.site.page(t, path))
		}
		if size > limit {
			t.Errorf("%s has %d bytes, at most %d", where, size, limit)
		}
		t.Logf("%s has %d bytes", where, size)
	}
}

func TestAssetsAreKeptForGoodAndCompressed(t *testing.T) {
	needBundle(t)
	s := newTestSite(t, rightCode)
	for name, path := range theBundle().paths {
		plain := s.ask(http.MethodGet, path, "")
		if plain.Code != http.StatusOK || plain.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: answered %d, kept %q", name, plain.Code, plain.Header().Get("Cache-Control"))
		}
		if want := contentTypes[name[strings.LastIndex(name, ".")+1:]]; plain.Header().Get("Content-Type") != want {
			t.Errorf("%s is %q", name, plain.Header().Get("Content-Type"))
		}
		r := httptest.NewRequest(http.MethodGet, "https://alice.gent"+path, nil)
		r.Header.Set("Accept-Encoding", "br, gzip")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		packed := w.Body.Len()
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		content, err := io.ReadAll(unpacked)
		if err != nil || string(content) != plain.Body.String() || packed >= len(content) {
			t.Errorf("%s: %d bytes come as %d, and are not the same: %v", name, len(content), packed, err)
		}
	}
	for accepted, want := range map[string]string{
		"gzip": "gzip", "deflate, gzip;q=0.1": "gzip", "GZIP": "gzip", "gzip;q=0": "", "gzip; q=0.000, br": "", "br": "", "xgzip": "", "identity": "", "": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "https://alice.gent"+theBundle().paths[styleOwner], nil)
		r.Header.Set("Accept-Encoding", accepted)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("who accepts %q is sent %q", accepted, got)
		}
	}
	wantProblem(t, s.ask(http.MethodGet, "/assets/keys-aaaaaaaa.js", ""), http.StatusNotFound, "not-found")
	wantProblem(t, s.ask(http.MethodGet, "/assets/.gitkeep", ""), http.StatusNotFound, "not-found")
}

func TestTheWorkerWithTheKeysMayAskNobody(t *testing.T) {
	needBundle(t)
	policy := newTestSite(t, rightCode).ask(http.MethodGet, theBundle().paths[workerKeys], "").Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "connect-src") {
		t.Errorf("its policy is %q", policy)
	}
}

func TestABinaryWithoutTheBundleSaysWhatIsMissing(t *testing.T) {
	empty := readBundle(fstest.MapFS{".gitkeep": {}})
	if empty.complete() || len(empty.files) > 0 {
		t.Errorf("a clean clone has %d files", len(empty.files))
	}
	v := view{Words: english, Host: "alice.gent", Settings: alice, HasCode: true}
	for _, name := range []string{"welcome.html", "sign-in.html", "settings.html", "waiting.html"} {
		var page strings.Builder
		v.Owned = name == "sign-in.html"
		if err := templates.ExecuteTemplate(&page, name, v); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(page.String(), "<form") || strings.Contains(page.String(), "/assets/") {
			t.Errorf("%s has what cannot work:\n%s", name, &page)
		}
		if name != "waiting.html" && !strings.Contains(page.String(), "make web") {
			t.Errorf("%s does not say what is missing:\n%s", name, &page)
		}
	}
}
