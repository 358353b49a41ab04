package indiesite

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const host = "alice.gent"

func (s *testSite) newChallenge(t *testing.T) string {
	t.Helper()
	w := s.ask(http.MethodPost, "/session/challenge", "")
	var got struct{ Challenge string }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || !regexp.MustCompile(`\A[0-9a-f]{64}\z`).MatchString(got.Challenge) {
		t.Fatalf("answered %d %q", w.Code, w.Body)
	}
	return got.Challenge
}

func (s *testSite) answer(challenge, signature string) *httptest.ResponseRecorder {
	return s.ask(http.MethodPost, "/session", `{"challenge": "`+challenge+`", "signature": "`+signature+`"}`)
}

// signIn returns the owner's cookie.
func (s *testSite) signIn(t *testing.T, p person) *http.Cookie {
	t.Helper()
	challenge := s.newChallenge(t)
	w := s.answer(challenge, p.sign(host, challenge))
	cookies := w.Result().Cookies()
	if w.Code != http.StatusNoContent || len(cookies) != 1 {
		t.Fatalf("answered %d with %d cookies: %s", w.Code, len(cookies), w.Body)
	}
	return cookies[0]
}

func (s *testSite) askAs(cookie *http.Cookie, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://"+host+path, strings.NewReader(body))
	if cookie != nil {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func (s *testSite) wantSignedIn(t *testing.T, cookie *http.Cookie, want bool) {
	t.Helper()
	w := s.askAs(cookie, http.MethodPut, "/settings", `{"name": "Alice"}`)
	if want && w.Code != http.StatusNoContent {
		t.Fatalf("the owner is answered %d: %s", w.Code, w.Body)
	}
	if !want {
		wantProblem(t, w, http.StatusUnauthorized, "not-signed-in")
	}
}

func TestTheOwnerSignsInByProvingTheKeyAndStaysSignedIn(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	s.wantSignedIn(t, nil, false)
	cookie := s.signIn(t, alice)
	if cookie.Name != "__Host-session" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode ||
		cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge != 30*24*60*60 {
		t.Errorf("the cookie is %s", cookie)
	}
	s.wantSignedIn(t, cookie, true)
	s.restart(t)
	s.wantSignedIn(t, cookie, true)

	document, err := os.ReadFile(filepath.Join(s.dir, sessionsFile))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(document)+s.log.String(), cookie.Value) {
		t.Error("the token itself is on the disk, or in the log")
	}
}

func TestASignatureOpensNothingUnlessItIsTheOwnersOverThisChallengeAndThisHost(t *testing.T) {
	alice, mallory := someone('a'), someone('m')
	for name, signature := range map[string]func(challenge, other string) string{
		"somebody else's":                 func(challenge, _ string) string { return mallory.sign(host, challenge) },
		"the owner's to another host":     func(challenge, _ string) string { return alice.sign("mallory.gent", challenge) },
		"the owner's, host in capitals":   func(challenge, _ string) string { return alice.sign("ALICE.GENT", challenge) },
		"the owner's, with a port":        func(challenge, _ string) string { return alice.sign(host+":443", challenge) },
		"the owner's to no host":          func(challenge, _ string) string { return alice.sign("", challenge) },
		"the owner's to another question": func(_, other string) string { return alice.sign(host, other) },
		"nothing but zeros":               func(_, _ string) string { return strings.Repeat("0", 128) },
	} {
		t.Run(name, func(t *testing.T) {
			s := ownedSite(t, alice)
			challenge := s.newChallenge(t)
			w := s.answer(challenge, signature(challenge, s.newChallenge(t)))
			wantProblem(t, w, http.StatusForbidden, "wrong-signature")
			if w.Header().Get("Set-Cookie") != "" {
				t.Errorf("it sets %s", w.Header().Get("Set-Cookie"))
			}
		})
	}
}

func TestTheHostThatIsSignedIsTheOneInTheAddress(t *testing.T) {
	alice := someone('a')
	for header, signed := range map[string]string{
		"alice.gent": "alice.gent", "Alice.GENT": "alice.gent", "alice.gent:8443": "alice.gent",
		"[::1]:8080": "[::1]", "[::1]": "[::1]", "127.0.0.1:80": "127.0.0.1",
	} {
		t.Run(header, func(t *testing.T) {
			s := ownedSite(t, alice)
			challenge := s.newChallenge(t)
			r := httptest.NewRequest(http.MethodPost, "https://alice.gent/session",
				strings.NewReader(`{"challenge": "`+challenge+`", "signature": "`+alice.sign(signed, challenge)+`"}`))
			r.Host = header
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusNoContent {
				t.Errorf("answered %d: %s", w.Code, w.Body)
			}
		})
	}
}

func TestASignInThatIsNotAsItShouldBeSaysWhatIsMissing(t *testing.T) {
	zeros := strings.Repeat("0", 128)
	for name, c := range map[string]struct{ body, says string }{
		"not JSON":                  {`signature`, "JSON object"},
		"no challenge":              {`{"signature": "` + zeros + `"}`, "challenge must be"},
		"a challenge that is short": {`{"challenge": "00", "signature": "` + zeros + `"}`, "challenge must be"},
		"no signature":              {`{"challenge": "` + zeros[:64] + `"}`, "signature must be 64 bytes"},
		"a signature in capitals":   {`{"challenge": "` + zeros[:64] + `", "signature": "` + strings.Repeat("A", 128) + `"}`, "signature must be 64 bytes"},
		"a key twice":               {`{"challenge": "00", "challenge": "00"}`, "challenge"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ownedSite(t, someone('a')).ask(http.MethodPost, "/session", c.body)
			if problem := wantProblem(t, w, http.StatusBadRequest, "malformed"); !strings.Contains(problem.Detail, c.says) {
				t.Errorf("says %q", problem.Detail)
			}
		})
	}
}

func TestAChallengeIsAnsweredOnceAndWithinTwoMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice := someone('a')
		s := ownedSite(t, alice)
		challenge := s.newChallenge(t)
		signature := alice.sign(host, challenge)

		time.Sleep(challengeLength - time.Nanosecond) // of the bubble's time
		if w := s.answer(challenge, signature); w.Code != http.StatusNoContent {
			t.Fatalf("answered %d: %s", w.Code, w.Body)
		}
		wantProblem(t, s.answer(challenge, signature), http.StatusForbidden, "wrong-challenge")

		late := s.newChallenge(t)
		time.Sleep(challengeLength) // of the bubble's time
		wantProblem(t, s.answer(late, alice.sign(host, late)), http.StatusForbidden, "wrong-challenge")
		wantProblem(t, s.answer(challenge, signature), http.StatusForbidden, "wrong-challenge")
	})
}

func TestAChallengeThatThisSiteDidNotGiveOpensNothing(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	given := s.newChallenge(t)
	longer := "7fffffffffffffff" + given[16:] // ends in the far future
	for _, challenge := range []string{strings.Repeat("0", 64), strings.Repeat("f", 64), longer, given[:63] + flipped(given[63])} {
		wantProblem(t, s.answer(challenge, alice.sign(host, challenge)), http.StatusForbidden, "wrong-challenge")
	}
	s.restart(t)
	wantProblem(t, s.answer(given, alice.sign(host, given)), http.StatusForbidden, "wrong-challenge")
}

func flipped(digit byte) string {
	if digit == '0' {
		return "1"
	}
	return "0"
}

func TestWhoeverAsksForManyChallengesDoesNotTakeTheOwnersAway(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	owners := s.newChallenge(t)
	for range 2 * maxAnswered {
		s.newChallenge(t)
	}
	if w := s.answer(owners, alice.sign(host, owners)); w.Code != http.StatusNoContent {
		t.Errorf("the owner is answered %d: %s", w.Code, w.Body)
	}
}

func TestManyWrongSignaturesAreHeldBackAndTheOwnerNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice, mallory := someone('a'), someone('m')
		s := ownedSite(t, alice)
		timed := func(p person) (*httptest.ResponseRecorder, time.Duration) {
			challenge, start := s.newChallenge(t), time.Now()
			w := s.answer(challenge, p.sign(host, challenge))
			return w, time.Since(start)
		}
		for range freeWrongCodes {
			w, took := timed(mallory)
			wantProblem(t, w, http.StatusForbidden, "wrong-signature")
			if took != 0 {
				t.Fatalf("held back by %s too early", took)
			}
		}
		for range 20 {
			w, took := timed(mallory)
			wantProblem(t, w, http.StatusTooManyRequests, "too-many-wrong-signatures")
			if took < firstHold || took > maxHold || w.Header().Get("Retry-After") == "" {
				t.Fatalf("held back by %s, Retry-After %q", took, w.Header().Get("Retry-After"))
			}
		}
		for range 2 * maxHeldAttempts { // more than there are places
			go timed(mallory)
		}
		synctest.Wait()
		if w, took := timed(alice); w.Code != http.StatusNoContent || took != 0 {
			t.Errorf("the owner is answered %d after %s", w.Code, took)
		}
		if w, took := timed(mallory); w.Code != http.StatusServiceUnavailable || took != 0 {
			t.Errorf("one more is answered %d after %s", w.Code, took)
		}
		time.Sleep(maxHold) // of the bubble's time: until all have their answers
	})
}

func TestNobodySignsInToASiteWithoutAnOwner(t *testing.T) {
	s := newTestSite(t, rightCode)
	wantProblem(t, s.ask(http.MethodPost, "/session/challenge", ""), http.StatusNotFound, "not-claimed")
	wantProblem(t, s.ask(http.MethodPost, "/session", "{}"), http.StatusNotFound, "not-claimed")
	token, err := s.store.NewSession(someone('a').keys) // whoever owned it before it was taken from them
	if err != nil {
		t.Fatal(err)
	}
	s.wantSignedIn(t, &http.Cookie{Name: sessionCookie, Value: token}, false)
}

func TestSessionsEndWithTheirOwner(t *testing.T) {
	alice, bob := someone('a'), someone('b')
	s := ownedSite(t, alice)
	before := s.signIn(t, alice)
	if err := os.Remove(filepath.Join(s.dir, ownerFile)); err != nil { // by whoever runs the site
		t.Fatal(err)
	}
	s.restart(t)
	s.wantSignedIn(t, before, false)
	if w := s.ask(http.MethodPost, "/owner", bob.claiming(rightCode)); w.Code != http.StatusCreated {
		t.Fatalf("the next owner is answered %d", w.Code)
	}
	s.wantSignedIn(t, before, false)
	s.wantSignedIn(t, s.signIn(t, bob), true)
}

func TestSigningOutEndsTheSessionOnTheServerToo(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	phone, desk := s.signIn(t, alice), s.signIn(t, alice)
	w := s.askAs(phone, http.MethodDelete, "/session", "")
	if cookies := w.Result().Cookies(); w.Code != http.StatusNoContent || len(cookies) != 1 || cookies[0].MaxAge != -1 || cookies[0].Name != sessionCookie {
		t.Errorf("answered %d with %v", w.Code, w.Header())
	}
	s.wantSignedIn(t, phone, false)
	s.wantSignedIn(t, desk, true)
	s.restart(t)
	s.wantSignedIn(t, phone, false)
	s.wantSignedIn(t, desk, true)
	for _, cookie := range []*http.Cookie{phone, nil} {
		if w := s.askAs(cookie, http.MethodDelete, "/session", ""); w.Code != http.StatusNoContent {
			t.Errorf("signing out without a session is answered %d", w.Code)
		}
	}
}

func TestASessionEndsAfterThirtyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		alice := someone('a')
		s := ownedSite(t, alice)
		cookie := s.signIn(t, alice)
		time.Sleep(SessionLength - time.Second) // of the bubble's time
		s.wantSignedIn(t, cookie, true)
		time.Sleep(time.Second) // of the bubble's time
		s.wantSignedIn(t, cookie, false)
		s.restart(t)
		s.wantSignedIn(t, cookie, false)
		s.signIn(t, alice)
		if left := len(s.store.sessions); left != 1 {
			t.Errorf("%d sessions are kept, of which one goes on", left)
		}
	})
}

func TestTheTwentyFirstSessionEndsTheOldest(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	var cookies []*http.Cookie
	for range maxSessions + 1 {
		cookies = append(cookies, s.signIn(t, alice))
	}
	s.restart(t)
	s.wantSignedIn(t, cookies[0], false)
	for _, cookie := range cookies[1:] {
		s.wantSignedIn(t, cookie, true)
	}
}

func TestACookieThatIsNoneOfOursSignsNobodyIn(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	cookie := s.signIn(t, alice)
	digest := alice.keys.digestOf(cookie.Value)
	for _, value := range []string{"", "x", digest, strings.ToLower(cookie.Value), cookie.Value + "x"} {
		s.wantSignedIn(t, &http.Cookie{Name: sessionCookie, Value: value}, false)
	}
	s.wantSignedIn(t, &http.Cookie{Name: "session", Value: cookie.Value}, false)
}

func TestTheSettingsPageIsForTheOwnerAndOthersAreShownTheWayIn(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	w := s.ask(http.MethodGet, "/settings", "")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in" {
		t.Errorf("a visitor is answered %d, Location %q", w.Code, w.Header().Get("Location"))
	}
	if w := s.askAs(s.signIn(t, alice), http.MethodGet, "/settings", ""); w.Code != http.StatusOK {
		t.Errorf("the owner is answered %d", w.Code)
	}
	if w := s.ask(http.MethodGet, "/sign-in", ""); w.Code != http.StatusOK {
		t.Errorf("the way in is answered %d", w.Code)
	}
}

func TestASessionThatCannotBeKeptIsNone(t *testing.T) {
	alice := someone('a')
	s := ownedSite(t, alice)
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	challenge := s.newChallenge(t)
	w := s.answer(challenge, alice.sign(host, challenge))
	wantProblem(t, w, http.StatusInternalServerError, "storage")
	if w.Header().Get("Set-Cookie") != "" || len(s.store.sessions) > 0 {
		t.Error("there is a session all the same")
	}
}
