package indiesite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"k8s.io/utils/clock"
)

const rightCode = "open-sesame"

// testSite is a site as it runs, but for the network.
type testSite struct {
	http.Handler
	store *Store
	dir   string
	code  string
	log   *bytes.Buffer
}

func newTestSite(t *testing.T, code string) *testSite {
	t.Helper()
	s := &testSite{dir: t.TempDir(), code: code, log: &bytes.Buffer{}}
	s.restart(t)
	return s
}

// restart starts the site anew on what its data directory holds.
func (s *testSite) restart(t *testing.T) {
	t.Helper()
	s.store = openStore(t, s.dir)
	s.Handler = NewHandler(Config{
		Code: NewCode(s.code), Store: s.store, Clock: clock.RealClock{},
		Logger: slog.New(slog.NewJSONHandler(s.log, nil)),
	})
}

func (s *testSite) ask(method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, "https://alice.gent"+target, strings.NewReader(body)))
	return w
}

// askIn asks for somebody who hangs up when the context ends.
func (s *testSite) askIn(ctx context.Context, method, target, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, "https://alice.gent"+target, strings.NewReader(body)))
	return w
}

func (s *testSite) post(body string) *httptest.ResponseRecorder {
	return s.ask(http.MethodPost, "/owner-settings", body)
}

func withCode(code string) string {
	return fmt.Sprintf(`{"secretSignUpCode": %q, "settings": {"name": "Alice"}}`, code)
}

func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, kind string) Problem {
	t.Helper()
	var problem Problem
	if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
		t.Fatalf("answered %d with %q", w.Code, w.Body)
	}
	if w.Code != status || problem.Status != status || problem.Type != problemBase+kind {
		t.Fatalf("answered %d with %+v, want %d %s", w.Code, problem, status, kind)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type is %q", got)
	}
	return problem
}

func TestOwnerSettingsAreTakenWithTheCodeHoweverTheyAreWritten(t *testing.T) {
	for name, body := range map[string]string{
		"the newer spelling":         `{"secretSignUpCode": "open-sesame", "settings": {"name": "Alice"}}`,
		"the older spelling":         `{"secretSignupCode": "open-sesame", "settings": {"name": "Alice"}}`,
		"both spellings":             `{"secretSignUpCode": "open-sesame", "secretSignupCode": "open-sesame", "settings": {"name": "Alice"}}`,
		"settings by their old name": `{"secretSignUpCode": "open-sesame", "owner-settings": {"name": "Alice"}}`,
		"the code inside":            `{"owner-settings": {"secretSignUpCode": "open-sesame", "name": "Alice"}}`,
		"the code at both places":    `{"secretSignUpCode": "open-sesame", "owner-settings": {"secretSignupCode": "open-sesame", "name": "Alice"}}`,
		"settings unknown here":      `{"secretSignUpCode": "open-sesame", "settings": {"name": "Alice", "shoe-size": 38}, "more": []}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestSite(t, rightCode)
			for range 2 { // a lost answer is asked for again
				if w := s.post(body); w.Code != http.StatusNoContent {
					t.Fatalf("answered %d: %s", w.Code, w.Body)
				}
			}
			if got, _ := s.store.Settings(); got != (Settings{Name: "Alice"}) {
				t.Errorf("kept %+v", got)
			}
		})
	}
}

func TestOwnerSettingsThatAreNotAsTheyShouldBeAreRefusedAndNothingIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		status int
		kind   string
		says   string
	}{
		"not JSON":                   {`name=Alice`, 400, "malformed", "JSON object"},
		"no object":                  {`[]`, 400, "malformed", "JSON object"},
		"something behind it":        {withCode(rightCode) + `{}`, 400, "malformed", "nothing after"},
		"a key twice":                {`{"secretSignUpCode": "open-sesame", "settings": {"name": "a", "name": "b"}}`, 400, "malformed", "name"},
		"keys in other case":         {`{"secretsignupcode": "open-sesame", "settings": {}}`, 400, "malformed", "secretSignUpCode"},
		"no code":                    {`{"settings": {"name": "Alice"}}`, 400, "malformed", "secretSignUpCode"},
		"a code that is a number":    {`{"secretSignUpCode": 12, "settings": {}}`, 400, "malformed", "secretSignUpCode must be a string"},
		"spellings that differ":      {`{"secretSignUpCode": "open-sesame", "secretSignupCode": "other", "settings": {}}`, 400, "malformed", "differ"},
		"places that differ":         {`{"secretSignUpCode": "open-sesame", "settings": {"secretSignUpCode": "other"}}`, 400, "malformed", "different"},
		"no settings":                {`{"secretSignUpCode": "open-sesame"}`, 400, "malformed", "settings is missing"},
		"settings under both names":  {`{"secretSignUpCode": "open-sesame", "settings": {}, "owner-settings": {}}`, 400, "malformed", "one object"},
		"settings that are a list":   {`{"secretSignUpCode": "open-sesame", "settings": []}`, 400, "malformed", "settings must be an object"},
		"a name that is a number":    {`{"secretSignUpCode": "open-sesame", "settings": {"name": 1}}`, 400, "malformed", "name must be a string"},
		"a colour by name":           {`{"secretSignUpCode": "open-sesame", "settings": {"colour": "red"}}`, 400, "invalid-setting", "#rrggbb"},
		"a wrong code":               {withCode("guess"), 403, "wrong-sign-up-code", ""},
		"wrong code, wrong settings": {`{"secretSignUpCode": "guess", "settings": {"colour": "red"}}`, 403, "wrong-sign-up-code", ""},
		"too large a body":           {`{"x": "` + strings.Repeat("x", maxBody) + `"}`, 413, "too-large", "1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestSite(t, rightCode)
			problem := wantProblem(t, s.post(c.body), c.status, c.kind)
			if !strings.Contains(problem.Detail, c.says) {
				t.Errorf("says %q, want %q in it", problem.Detail, c.says)
			}
			if _, known := s.store.Settings(); known {
				t.Error("something was kept")
			}
			for _, secret := range []string{rightCode, "guess", "other"} {
				if strings.Contains(fmt.Sprint(problem)+s.log.String(), secret) {
					t.Errorf("%q is in the answer or the log", secret)
				}
			}
		})
	}
}

func TestASiteWithoutACodeTakesNoSettingsAndSaysSo(t *testing.T) {
	s := newTestSite(t, "")
	wantProblem(t, s.post(withCode("")), http.StatusForbidden, "no-sign-up-code")
	wantProblem(t, s.post(withCode("any")), http.StatusForbidden, "no-sign-up-code")
}

func TestLargeBodiesAreReadAFewAtATimeAndDoNotHoldUpSmallOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSite(t, rightCode)
		large := func(body io.Reader) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, "https://alice.gent/owner-settings", body)
			r.ContentLength = smallBody + 1
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			return w
		}
		var slow []*io.PipeWriter
		for range maxLargeBodies {
			body, end := io.Pipe()
			slow = append(slow, end)
			go large(body)
		}
		synctest.Wait() // all places are taken
		if w := large(strings.NewReader(withCode(rightCode))); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("one large body more was answered %d", w.Code)
		}
		if w := s.post(withCode(rightCode)); w.Code != http.StatusNoContent {
			t.Errorf("a small body was answered %d", w.Code)
		}
		for _, end := range slow {
			_ = end.CloseWithError(io.ErrUnexpectedEOF)
		}
		synctest.Wait()
		if w := large(strings.NewReader(withCode(rightCode))); w.Code != http.StatusNoContent {
			t.Errorf("a large body with places free was answered %d", w.Code)
		}
	})
}

func TestAddressesAnswerTheirOwnMethodsOnly(t *testing.T) {
	s := newTestSite(t, rightCode)
	wantProblem(t, s.ask(http.MethodGet, "/nowhere", ""), http.StatusNotFound, "not-found")
	for path, allowed := range map[string]string{
		"/":                                    "GET, HEAD",
		"/sign-in":                             "GET, HEAD",
		"/owner-settings":                      "POST",
		"/owner":                               "GET, HEAD, POST",
		"/owner/public-signing-key":            "GET, HEAD",
		"/owner/encrypted-private-signing-key": "GET, HEAD",
		"/session":                             "DELETE, POST",
		"/session/challenge":                   "POST",
		"/settings":                            "GET, HEAD, PUT",
		"/picture":                             "DELETE, GET, HEAD, PUT",
	} {
		w := s.ask(http.MethodPatch, path, "")
		wantProblem(t, w, http.StatusMethodNotAllowed, "method-not-allowed")
		if w.Header().Get("Allow") != allowed {
			t.Errorf("%s: Allow is %q, want %q", path, w.Header().Get("Allow"), allowed)
		}
	}
}

func TestPagesOfOtherSitesChangeNothing(t *testing.T) {
	s := newTestSite(t, rightCode)
	from := func(site, origin, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "https://alice.gent"+path, strings.NewReader(body))
		if site != "" {
			r.Header.Set("Sec-Fetch-Site", site)
		}
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for path, methods := range map[string][]string{
		"/owner": {"POST"}, "/session": {"POST", "DELETE"}, "/session/challenge": {"POST"}, "/settings": {"PUT"}, "/picture": {"PUT", "DELETE"},
	} {
		for _, method := range methods {
			wantProblem(t, from("cross-site", "https://mallory.gent", method, path, ""), http.StatusForbidden, "cross-origin")
			wantProblem(t, from("same-site", "https://other.alice.gent", method, path, ""), http.StatusForbidden, "cross-origin")
			wantProblem(t, from("", "https://mallory.gent", method, path, ""), http.StatusForbidden, "cross-origin")
		}
	}
	if w := from("cross-site", "https://hallo.gent", "POST", "/owner-settings", withCode(rightCode)); w.Code != http.StatusNoContent {
		t.Errorf("an onboarder's page with the code is answered %d", w.Code)
	}
	if w := from("same-origin", "https://alice.gent", "POST", "/owner", someone('a').claiming(rightCode)); w.Code != http.StatusCreated {
		t.Errorf("the site's own page is answered %d", w.Code)
	}
	if w := from("cross-site", "https://mallory.gent", "GET", "/owner/public-signing-key", ""); w.Code != http.StatusOK {
		t.Errorf("what is public is answered %d", w.Code)
	}
}

func TestReadinessFailsWithTheDataDirectory(t *testing.T) {
	s := newTestSite(t, rightCode)
	for _, check := range []string{"/healthz", "/readyz"} {
		if w := s.ask(http.MethodGet, check, ""); w.Code != http.StatusOK || w.Body.String() != "ok\n" {
			t.Errorf("%s answers %d %q", check, w.Code, w.Body)
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("checks that go well are logged: %s", s.log)
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if w := s.ask(http.MethodGet, "/readyz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("without a data directory /readyz answers %d", w.Code)
	}
	if w := s.ask(http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("without a data directory /healthz answers %d; a restart would not help", w.Code)
	}
	wantProblem(t, s.post(withCode(rightCode)), http.StatusInternalServerError, "storage")
}
