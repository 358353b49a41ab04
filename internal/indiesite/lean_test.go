package indiesite

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOfARequestOnlyWhatTheSiteReadsIsKept(t *testing.T) {
	var seen http.Header
	handler := lean(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	r := httptest.NewRequest(http.MethodGet, "https://alice.gent/", nil)
	r.Trailer = http.Header{"Later": nil}
	for i := range 1000 {
		r.Header.Set(fmt.Sprintf("X-%d", i), "y")
	}
	r.Header.Set("Cookie", "other="+strings.Repeat("x", 4000)+"; "+sessionCookie+"=token")
	r.Header.Set("Accept-Language", "nl")
	r.Header.Set("If-None-Match", `"tag"`)
	handler.ServeHTTP(httptest.NewRecorder(), r)
	want := http.Header{"Cookie": {sessionCookie + "=token"}, "Accept-Language": {"nl"}, "If-None-Match": {`"tag"`}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
	if r.Trailer != nil {
		t.Error("the trailer is kept")
	}
}

func TestARequestThatBringsTooMuchAlongIsRefused(t *testing.T) {
	s := newTestSite(t, rightCode)
	wantProblem(t, s.ask(http.MethodGet, "/?"+strings.Repeat("x", maxAddress), ""), http.StatusRequestURITooLong, "address-too-long")
	for name, set := range map[string]func(*http.Request){
		"a host":             func(r *http.Request) { r.Host = strings.Repeat("x", maxFields+1) },
		"a language":         func(r *http.Request) { r.Header.Set("Accept-Language", strings.Repeat("x", maxFields)) },
		"a session":          func(r *http.Request) { r.Header.Set("Cookie", sessionCookie+"="+strings.Repeat("x", maxFields)) },
		"many empty origins": func(r *http.Request) { r.Header["Origin"] = make([]string, maxFields/fieldCost+1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "https://alice.gent/", nil)
			set(r)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			wantProblem(t, w, http.StatusRequestHeaderFieldsTooLarge, "header-too-large")
		})
	}
}
