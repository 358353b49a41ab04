package verify_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

// broken is a factory that breaks one sentence, and what must be found.
type broken struct {
	flaw hallotest.Flaw
	// fails are the checks that must fail, those that depend on the broken sentence among them, and no others.
	fails []int
	// absent are the optional ones that must be found to be absent, and no others.
	absent []int
}

func TestEachBrokenSentenceIsFoundByItsOwnCheck(t *testing.T) {
	found := map[int]bool{}
	for _, set := range []map[string]broken{brokenTransport, brokenAuthentication, brokenNames, brokenRequests, brokenProblems, brokenCallbackURLs, brokenOrders, brokenCallbacks, brokenAdditions} {
		for sentence, b := range set {
			for _, number := range append(slices.Clone(b.fails), b.absent...) {
				found[number] = true
			}
			t.Run(sentence, func(t *testing.T) {
				t.Parallel()
				bench := newBench(t, b.flaw)
				if slices.Contains(b.fails, 137) {
					bench.config.Quiet = 20 * time.Second // it ends with the third call
				}
				h := bench.check(t)
				if got := h.numbers(verify.Broken); !slices.Equal(got, b.fails) {
					t.Errorf("%v failed, want %v", got, b.fails)
				}
				if got := h.numbers(verify.Absent); !slices.Equal(got, b.absent) {
					t.Errorf("%v are absent, want %v", got, b.absent)
				}
				if t.Failed() {
					for _, r := range h.results {
						if r.Failure != nil {
							t.Logf("%s: %s", name(r), r.Failure)
						}
					}
				}
			})
		}
	}
	for _, c := range verify.Checks() {
		if !found[c.Number] && c.Needs&verify.NeedsWebhookKey == 0 { // TestCallbacksThatShouldBeSignedAreJudged has that

			t.Errorf("no broken factory shows that check %d can fail: %s", c.Number, c.Sentence)
		}
	}
}

// before lets a factory see another request than the one that was sent.
func before(change func(*http.Request)) hallotest.Flaw {
	return hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r)
			next.ServeHTTP(w, r)
		})
	}}
}

// answers changes what a factory answers.
func answers(change func(*http.Request, *httptest.ResponseRecorder)) hallotest.Flaw {
	return hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			recorder := httptest.NewRecorder()
			next.ServeHTTP(recorder, r)
			r.Body = io.NopCloser(bytes.NewReader(body))
			change(r, recorder)
			for name, values := range recorder.Header() {
				w.Header()[name] = values
			}
			w.WriteHeader(recorder.Code)
			_, _ = w.Write(recorder.Body.Bytes())
		})
	}}
}

// instead answers some requests with a status, and all others as they should be.
func instead(status int, when func(*http.Request, *httptest.ResponseRecorder) bool) hallotest.Flaw {
	return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if when(r, a) {
			become(a, status)
		}
	})
}

// problemTypes are what a factory says of a status, so that a wrong status breaks nothing but itself.
var problemTypes = map[int]string{400: "invalid-field", 401: "unauthorized", 409: "not-available", 503: "try-again-later", 404: "not-found", 405: "method-not-allowed", 429: "too-many-failed-authentications"}

func become(a *httptest.ResponseRecorder, status int) {
	a.Code = status
	a.Body.Reset()
	if status >= 400 {
		a.Header().Set("Content-Type", "application/problem+json")
		_ = json.NewEncoder(a.Body).Encode(map[string]any{"type": "https://magicwebsitefactory.gent/problems/" + problemTypes[status], "status": status})
	}
}

// available answers some questions so.
func available(value bool, when func(name string) bool) hallotest.Flaw {
	return answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if name, is := strings.CutPrefix(r.URL.Path, "/v1/domain/"); is && a.Code < 400 && when(name) {
			a.Body.Reset()
			_ = json.NewEncoder(a.Body).Encode(map[string]bool{"available": value})
		}
	})
}

// body reads what was sent, and leaves it.
func body(r *http.Request) string {
	text, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(text))
	return string(text)
}

// rewrite changes bodies.
func rewrite(change func(string) string) hallotest.Flaw {
	return before(func(r *http.Request) {
		if r.Method == http.MethodPost {
			r.Body = io.NopCloser(strings.NewReader(change(body(r))))
		}
	})
}

// edit changes the members of bodies that can be read.
func edit(change func(map[string]any)) hallotest.Flaw {
	return rewrite(func(text string) string {
		var members map[string]any
		if strictly(text, &members) != nil {
			return text
		}
		change(members)
		changed, _ := json.Marshal(members)
		return string(changed)
	})
}

// strictly reads a body with no key twice at the top.
func strictly(text string, into *map[string]any) error {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) || duplicate.MatchString(text) || strings.Contains(text, "twice") || strings.Count(text, `"domain":`)+strings.Count(text, `"Domain":`) > 1 {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal([]byte(text), into); err != nil || *into == nil {
		return io.ErrUnexpectedEOF
	}
	return nil
}

var duplicate = regexp.MustCompile(`"callback":.*"callback":|"installerSecret":.*"installerSecret":|"secretSignUpCode":.*"secretSignUpCode":`)

func isPost(r *http.Request) bool { return r.Method == http.MethodPost }
func isGet(r *http.Request) bool  { return r.Method == http.MethodGet }

// callback changes the callback of orders.
func callback(change func(string) string) hallotest.Flaw {
	return edit(func(members map[string]any) {
		if text, is := members["callback"].(string); is {
			members["callback"] = change(text)
		}
	})
}
