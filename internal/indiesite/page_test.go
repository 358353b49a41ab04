package indiesite

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// savedSite is owned, and shows the settings.
func savedSite(t *testing.T, settings Settings) *testSite {
	t.Helper()
	s := newTestSite(t, rightCode)
	if err := errors.Join(s.store.Save(settings), s.store.Claim(someone('a').keys)); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *testSite) page(t *testing.T, path string) string {
	t.Helper()
	w := s.ask(http.MethodGet, path, "")
	if w.Code != http.StatusOK {
		t.Fatalf("%s answers %d", path, w.Code)
	}
	return w.Body.String()
}

func wantAll(t *testing.T, where, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(page, part) {
			t.Errorf("%s: the page lacks %q:\n%s", where, part, page)
		}
	}
}

func TestThePageWaitsThenWelcomesTheOwnerThenIsTheOwners(t *testing.T) {
	needBundle(t)
	s := newTestSite(t, rightCode)
	wantAll(t, "before", s.page(t, "/"), "This site is waiting for its owner")
	if err := s.store.Save(alice); err != nil {
		t.Fatal(err)
	}
	wantAll(t, "once there are settings", s.page(t, "/"), "Welcome, Alice</h1>", "Secret sign-up code", "data-needs-code", `<html lang="en">`, `id="needs"`)
	owner := someone('a')
	if err := s.store.Claim(owner.keys); err != nil {
		t.Fatal(err)
	}
	page := s.page(t, "/")
	wantAll(t, "owned", page, `<h1 class="p-name" dir="auto">Alice</h1>`, "Draws houses.", "alice.gent", `<html lang="en" class="own">`, `href="/sign-in"`)
	for _, gone := range []string{"waiting", "Welcome", `href="/settings"`} {
		if strings.Contains(page, gone) {
			t.Errorf("the owner's page says %q", gone)
		}
	}
	own := s.askAs(s.signIn(t, owner), http.MethodGet, "/", "").Body.String()
	wantAll(t, "signed in", own, `href="/settings"`)
	if strings.Contains(own, `href="/sign-in"`) {
		t.Error("who is signed in is offered to sign in")
	}
}

func TestASiteWithoutACodeAsksForNone(t *testing.T) {
	s := newTestSite(t, "")
	if err := s.store.Save(alice); err != nil {
		t.Fatal(err)
	}
	if page := s.page(t, "/"); strings.Contains(page, "data-needs-code") || strings.Contains(page, "sign-up code") {
		t.Errorf("it asks for a code that nobody has:\n%s", page)
	}
}

// https://microformats.org/wiki/h-card
func TestTheOwnersPageIsAnHCard(t *testing.T) {
	s := savedSite(t, alice)
	wantAll(t, "without a picture", s.page(t, "/"), `class="h-card"`, `class="p-name"`, `p-note`, `<a class="u-url u-uid" href="/" rel="me">`)
	if err := s.store.SavePicture(smallPicture(t)); err != nil {
		t.Fatal(err)
	}
	wantAll(t, "with one", s.page(t, "/"), `u-photo" src="/picture?v=`+s.store.PictureTag()+`"`, `alt="Picture of Alice"`)
}

func smallPicture(t *testing.T) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func TestSettingsCannotBecomePartOfAPage(t *testing.T) {
	needBundle(t)
	attack := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	settings := Settings{Name: attack, Bio: attack}
	owned := savedSite(t, settings)
	welcoming := newTestSite(t, rightCode)
	if err := welcoming.store.Save(settings); err != nil {
		t.Fatal(err)
	}
	for where, page := range map[string]string{
		"the owner's page": owned.page(t, "/"),
		"welcome":          welcoming.page(t, "/"),
		"settings":         owned.askAs(owned.signIn(t, someone('a')), http.MethodGet, "/settings", "").Body.String(),
	} {
		if strings.Contains(page, "<script>") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s holds the owner's markup:\n%s", where, page)
		}
		if !strings.Contains(page, "&lt;script&gt;") {
			t.Errorf("%s does not show what the owner wrote:\n%s", where, page)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = `<script>alert(1)</script>`
	newTestSite(t, rightCode).ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "<script>") {
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

func TestThePublicPageNeedsNothingThatThePolicyForbidsAndNoScriptAtAll(t *testing.T) {
	page := savedSite(t, alice).page(t, "/")
	for _, forbidden := range []string{"<script", "<style", " style=", "http://", "https://", "//", "/assets/"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page holds %q:\n%s", forbidden, page)
		}
	}
}

func TestEachPageIsAllowedWhatItNeedsAndNoMore(t *testing.T) {
	waiting, welcoming, owned := newTestSite(t, rightCode), newTestSite(t, rightCode), savedSite(t, alice)
	if err := welcoming.store.Save(alice); err != nil {
		t.Fatal(err)
	}
	cookie := owned.signIn(t, someone('a'))
	const nothing, scripts, keys = "no script", "scripts", "scripts and WebAssembly"
	for where, c := range map[string]struct {
		answer *httptest.ResponseRecorder
		want   string
	}{
		"the owner's page": {owned.ask(http.MethodGet, "/", ""), nothing},
		"it, signed in":    {owned.askAs(cookie, http.MethodGet, "/", ""), nothing},
		"waiting":          {waiting.ask(http.MethodGet, "/", ""), scripts},
		"welcome":          {welcoming.ask(http.MethodGet, "/", ""), keys},
		"sign-in":          {owned.ask(http.MethodGet, "/sign-in", ""), keys},
		"settings":         {owned.askAs(cookie, http.MethodGet, "/settings", ""), scripts},
	} {
		policy, got := c.answer.Header().Get("Content-Security-Policy"), nothing
		if strings.Contains(policy, "script-src 'self'") {
			got = scripts
		}
		if strings.Contains(policy, "'wasm-unsafe-eval'") {
			got = keys
		}
		if got != c.want {
			t.Errorf("%s is allowed %s, want %s: %s", where, got, c.want, policy)
		}
		for _, part := range []string{"default-src 'none'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %s", where, part)
			}
		}
		if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "'unsafe-eval'") || strings.Contains(policy, "http") {
			t.Errorf("%s: the policy has an exception: %s", where, policy)
		}
		for _, inline := range []string{"<style", " style=", " onclick=", "<script>", "javascript:"} {
			if strings.Contains(c.answer.Body.String(), inline) {
				t.Errorf("%s has %q", where, inline)
			}
		}
		for tag := range strings.SplitSeq(c.answer.Body.String(), "<") {
			if (strings.HasPrefix(tag, "input") || strings.HasPrefix(tag, "form")) && (strings.Contains(tag, " name=") || strings.Contains(tag, " action=")) {
				t.Errorf("%s has a field that the browser could send by itself: %s", where, tag)
			}
		}
	}
}

func TestTheStyleSheetCarriesTheOwnersColoursWithReadableText(t *testing.T) {
	for colour, text := range map[string]string{"#f2b705": "#000000", "#0b5c4a": "#ffffff"} {
		sheet := savedSite(t, Settings{Colour: colour}).page(t, "/style.css")
		if !strings.Contains(sheet, "--accent: "+colour+"; --on-accent: "+text+";") {
			t.Errorf("%s: the style sheet starts %.80q", colour, sheet)
		}
		sheet = savedSite(t, Settings{Background: colour}).page(t, "/style.css")
		if !strings.Contains(sheet, ":root.own { --paper: "+colour+"; --ink: "+text+";") {
			t.Errorf("%s as a background: the style sheet starts %.200q", colour, sheet)
		}
	}
	if sheet := newTestSite(t, rightCode).page(t, "/style.css"); !strings.Contains(sheet, DefaultColour) || strings.Contains(sheet, ":root.own") {
		t.Errorf("without an owner it starts %.80q", sheet)
	}
}

func TestBothLanguagesHaveAllWords(t *testing.T) {
	for language, all := range inLanguage {
		walkWords(t, language, reflect.ValueOf(all))
	}
}

func walkWords(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		name := where + "." + v.Type().Field(i).Name
		if v.Field(i).Kind() == reflect.Struct {
			walkWords(t, name, v.Field(i))
		} else if strings.TrimSpace(v.Field(i).String()) == "" {
			t.Errorf("%s is empty", name)
		}
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
