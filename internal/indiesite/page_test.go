package indiesite

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func savedSite(t *testing.T, settings Settings) *testSite {
	t.Helper()
	s := newTestSite(t, rightCode)
	if err := s.store.Save(settings); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestThePageShowsTheOwnerOnceItIsKnown(t *testing.T) {
	s := newTestSite(t, rightCode)
	if page := s.ask(http.MethodGet, "/", "").Body.String(); !strings.Contains(page, "This site is waiting for its owner") {
		t.Errorf("before:\n%s", page)
	}
	if err := s.store.Save(alice); err != nil {
		t.Fatal(err)
	}
	page := s.ask(http.MethodGet, "/", "").Body.String()
	for _, want := range []string{"Alice</h1>", "Draws houses.", "alice.gent", "#f2b705", `<html lang="en">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "waiting") {
		t.Error("the page still waits")
	}
}

func TestSettingsCannotBecomePartOfThePage(t *testing.T) {
	attack := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	page := savedSite(t, Settings{Name: attack, Bio: attack}).ask(http.MethodGet, "/", "").Body.String()
	if strings.Contains(page, "<script") || strings.Contains(page, "<img") {
		t.Errorf("the page holds the owner's markup:\n%s", page)
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the page does not show what the owner wrote")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = `<script>alert(1)</script>`
	newTestSite(t, rightCode).ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "<script") {
		t.Errorf("the page holds the Host header's markup:\n%s", w.Body)
	}
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	s := savedSite(t, alice)
	for _, path := range []string{"/", "/style.css", "/favicon.svg", "/owner/public-signing-key", "/nowhere", "/readyz"} {
		h := s.ask(http.MethodGet, path, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy":   "default-src 'none'",
			"X-Content-Type-Options":    "nosniff",
			"Referrer-Policy":           "no-referrer",
			"Strict-Transport-Security": "max-age=",
		} {
			if got := h.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy has an unsafe exception", path)
		}
	}
}

func TestThePageNeedsNothingThatThePolicyForbids(t *testing.T) {
	page := savedSite(t, alice).ask(http.MethodGet, "/", "").Body.String()
	for _, forbidden := range []string{"<script", "<style", " style=", "http://", "https://", "//"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page holds %q:\n%s", forbidden, page)
		}
	}
}

func TestTheStyleSheetCarriesTheOwnersColourWithReadableText(t *testing.T) {
	for colour, text := range map[string]string{"#f2b705": "#000000", "#0b5c4a": "#ffffff"} {
		sheet := savedSite(t, Settings{Colour: colour}).ask(http.MethodGet, "/style.css", "").Body.String()
		if !strings.Contains(sheet, "--accent: "+colour+"; --on-accent: "+text+";") {
			t.Errorf("%s: the style sheet starts %.80q", colour, sheet)
		}
	}
	if sheet := newTestSite(t, rightCode).ask(http.MethodGet, "/style.css", "").Body.String(); !strings.Contains(sheet, DefaultColour) {
		t.Errorf("without an owner it starts %.80q", sheet)
	}
}

func TestABrowserIsToldWhenNothingChanged(t *testing.T) {
	s := savedSite(t, alice)
	for path, colour := range map[string]string{"/": "#000001", "/style.css": "#000002", "/favicon.svg": "#000003"} {
		tag := s.ask(http.MethodGet, path, "").Header().Get("ETag")
		again := func() int {
			r := httptest.NewRequest(http.MethodGet, "https://alice.gent"+path, nil)
			r.Header.Set("If-None-Match", tag)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w.Code
		}
		if got := again(); got != http.StatusNotModified {
			t.Errorf("%s: unchanged, it answers %d", path, got)
		}
		if err := s.store.Save(Settings{Name: path, Colour: colour}); err != nil {
			t.Fatal(err)
		}
		if got := again(); got != http.StatusOK {
			t.Errorf("%s: changed, it answers %d", path, got)
		}
	}
}

func TestThePageSpeaksTheOwnersLanguageElseTheVisitors(t *testing.T) {
	for name, c := range map[string]struct{ owner, visitor, want string }{
		"the owner's, whatever the visitor's": {"nl", "en", "nl"},
		"the visitor's":                       {"", "nl-BE", "nl"},
		"the visitor's favourite of ours":     {"", "fr;q=1, en;q=0.5, nl;q=0.8", "nl"},
		"not one the visitor refuses":         {"", "nl;q=0, en;q=0.1", "en"},
		"English for everybody else":          {"", "fr", "en"},
		"English for nonsense":                {"", ";;q=,,q=x", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := wordsFor(c.owner, c.visitor).Lang; got != c.want {
				t.Errorf("speaks %s, want %s", got, c.want)
			}
		})
	}
}

func TestANameThatStartsWithoutALetterHasNoMonogram(t *testing.T) {
	for name, want := range map[string]string{"élise": "É", "": "", "3 musketeers": "", "👩 me": ""} {
		if got := monogram(name); got != want {
			t.Errorf("%q has monogram %q, want %q", name, got, want)
		}
	}
}
