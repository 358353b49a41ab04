package verify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

// What the contract leaves open is no fault: each of these factories keeps all of its sentences.
func TestWhatTheContractLeavesOpenIsNotBroken(t *testing.T) {
	for name, c := range map[string]struct {
		flaw hallotest.Flaw
		only string
	}{
		"plain HTTP leads to https": {hallotest.Flaw{Server: alsoPlain("HTTP/1.1 301 Moved Permanently\r\nLocation: https://factory.example/\r\nContent-Length: 0\r\n\r\n")}, "1"},
		"errors have members and types of their own": {errorsAre(func(d map[string]any) {
			d["type"], d["instance"], d["requestID"], d["errors"] = fmt.Sprintf("/problems/%v", d["status"]), "urn:x:1", 5, map[string]string{"domain": "is missing"}
		}), "70-73"},
		"one status has several types": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
			if a.Code == 409 {
				become(a, 400)
				a.Body = bytes.NewBufferString(`{"type": "urn:x:not-sold"}`)
			}
		}), "70-73"},
		"Location is a relative reference": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
			if at := a.Header().Get("Location"); at != "" {
				a.Header().Set("Location", strings.TrimPrefix(at, "/v1/"))
			}
		}), "101"},
		"Location is a whole URL with a slash at its end": {answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			if at := a.Header().Get("Location"); at != "" {
				a.Header().Set("Location", "https://"+r.Host+at+"/")
			}
		}), "101"},
		"one label is a name that is not sold": {ordering(400, 409, func(name string) bool { return name == "alice" || name == "192.0.2.1" }), "55"},
		"what is too large is HTTP's 413": {instead(413, func(r *http.Request, a *httptest.ResponseRecorder) bool {
			return a.Code == 400 && len(body(r)) > 1<<20
		}), "64"},
		"what is too large is refused unread": {hallotest.Flaw{
			Server: func(s *httptest.Server) { s.EnableHTTP2 = false },
			Handler: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.ContentLength <= 1<<20:
						next.ServeHTTP(w, r)
					case r.Header.Get("Expect") == "": // what comes after the end of a connection resets it, and the answer may be lost with it
						panic(http.ErrAbortHandler)
					default:
						w.WriteHeader(http.StatusRequestEntityTooLarge)
					}
				})
			},
		}, "64"},
		"a body with trailing data holds no token": {instead(401, func(r *http.Request, a *httptest.ResponseRecorder) bool {
			return a.Code == 400 && r.Header.Get("Authorization") == "" && !json.Valid([]byte(body(r)))
		}), "50,51"},
		"an empty query is none": {callback(func(c string) string { return strings.TrimSuffix(strings.TrimSuffix(c, "?"), "#") }), "80-87"},
		"a secret in the query of an order is not looked at": {before(func(r *http.Request) {
			if isPost(r) {
				r.URL.RawQuery = ""
			}
		}), "10-22"},
		"Location has the name as it was sent": {answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
			a.Header().Set("Location", strings.Replace(a.Header().Get("Location"), "/verify-", "/Verify-", 1))
		}), "101"},
		"the other onboarder does not speak the older dialect": {instead(401, func(r *http.Request, _ *httptest.ResponseRecorder) bool {
			return r.URL.Query().Get("secret") == otherToken || strings.Contains(body(r), `"secret":"`+otherToken)
		}), "108,109"},
		"pauses are all alike": {hallotest.Flaw{Pauses: []time.Duration{100 * time.Millisecond, 100 * time.Millisecond}}, "130,141,146"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.flaw)
			b.config.Only = only(t, c.only)
			h := b.check(t)
			for _, r := range h.results {
				if r.Verdict == verify.Broken {
					t.Errorf("%s: %s", r.Check.Sentence, r.Failure)
				}
			}
			if h.summary.Kept == 0 {
				t.Errorf("nothing was seen: %+v", h.results)
			}
		})
	}
}

func TestAnOrderThatCostsMoneyMayComeToNothing(t *testing.T) {
	for _, outcome := range []int{409, 500} {
		t.Run(http.StatusText(outcome), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, told("paid-", outcome))
			b.config.TestFactory, b.config.NamePattern, b.config.Only = false, "paid-*.gent", only(t, "100-111,118,119,130-136,149")
			h := b.check(t)
			for _, r := range h.results {
				if r.Verdict == verify.Broken {
					t.Errorf("%s: %s", r.Check.Sentence, r.Failure)
				}
			}
			if kept := h.numbers(verify.Kept); !slices.Contains(kept, 130) || slices.Contains(kept, 133) {
				t.Errorf("%v are kept", kept)
			}
		})
	}
}

// Who is put off for ever has seen nothing broken, and nothing kept.
func TestAFactoryThatPutsEverythingOffIsNeitherBrokenNorSeen(t *testing.T) {
	for name, when := range map[string]string{"in seconds": "1", "at a date": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
				if a.Code == 409 {
					become(a, 503)
					a.Header().Set("Retry-After", when)
				}
			}))
			b.config.Timeout, b.config.Only = time.Second, only(t, "30,57")
			h := b.check(t)
			if h.summary.Kept != 2 || h.summary.Broken > 0 || h.summary.Busy != 2 {
				t.Errorf("%+v: %+v", h.summary, h.results)
			}
		})
	}
}

// An onboarder's quota may be small: the time that it costs is not the check's.
func TestAFactoryThatIsAskedTooOftenIsGivenTheTimeItAsksFor(t *testing.T) {
	var asked atomic.Int32
	b := newBench(t, answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if a.Code == 409 && asked.Add(1)%3 > 0 {
			become(a, 503)
			a.Header().Set("Retry-After", "1")
		}
	}))
	b.config.Timeout, b.config.Only = 1500*time.Millisecond, only(t, "57")
	b.config.Dialects = []hallo.Dialect{hallo.Bearer}
	if h := b.check(t); h.summary.Kept != 1 || h.results[0].Took < b.config.Timeout {
		t.Errorf("%+v: %+v", h.summary, h.results)
	}
}

// Checks that look at one order wait for it together, and their own time begins when it is there.
func TestAnOrderThatIsPutOffIsWaitedForByAllWhoLookAtIt(t *testing.T) {
	var asked atomic.Int32
	b := newBench(t, answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if isPost(r) && asked.Add(1) < 4 {
			become(a, 503)
			a.Header().Set("Retry-After", "1")
		}
	}))
	b.config.Timeout, b.config.Only = 1500*time.Millisecond, only(t, "100-104")
	b.config.Dialects = []hallo.Dialect{hallo.Bearer}
	if h := b.check(t); h.summary.Kept != 5 {
		t.Errorf("%+v: %+v", h.summary, h.results)
	}
}

func TestATokenThatWasTriedTooOftenIsNoOlderDialect(t *testing.T) {
	var tried sync.Map
	b := newBench(t, answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if !olderOnly(r) {
			return
		}
		become(a, 401)
		if _, before := tried.LoadOrStore("once", true); !before {
			become(a, 429)
			a.Header().Set("Retry-After", "1")
		}
	}))
	b.config.Only = only(t, "10,30")
	if h := b.check(t); h.summary.Broken > 0 || h.summary.Kept != 2 {
		t.Errorf("%+v: %+v", h.summary, h.results)
	}
}
