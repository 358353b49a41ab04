package verify_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

func olderOnly(r *http.Request) bool { return r.Header.Get("Authorization") == "" }

// refusing answers 401 to whoever speaks the older dialect, or the modern one.
func refusing(older bool) hallotest.Flaw {
	return instead(401, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return olderOnly(r) == older && !strings.Contains(a.Body.String(), "two-credentials")
	})
}

// bearerOnly is a factory that has never heard of the older dialect: a secret is a parameter and a member like any other that it does not know.
func bearerOnly() hallotest.Flaw {
	return before(func(r *http.Request) {
		r.URL.RawQuery = ""
		if isPost(r) && olderOnly(r) {
			r.Body = io.NopCloser(strings.NewReader("{}"))
		} else if isPost(r) {
			r.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(body(r), `"secret":`, `"unheardOf":`)))
		}
	})
}

// anyBody lets every body in, so that bodies do not show whom the factory knows.
func anyBody() hallotest.Flaw {
	return instead(400, func(r *http.Request, a *httptest.ResponseRecorder) bool {
		return isPost(r) && olderOnly(r) && a.Code == 401
	})
}

// inURL sees whether the token comes in a URL.
func inURL(flaw hallotest.Flaw, seen *atomic.Bool) hallotest.Flaw {
	inner := flaw.Handler
	return hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
		if inner != nil {
			next = inner(next)
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(r.URL.Query()["secret"], token) {
				seen.Store(true)
			}
			next.ServeHTTP(w, r)
		})
	}}
}

func TestTheTokenIsPutIntoAURLOnlyWhereTheFactoryTakesItSoOrOnDemand(t *testing.T) {
	both, modern, older := []hallo.Dialect{hallo.Bearer, hallo.QuerySecret}, []hallo.Dialect{hallo.Bearer}, []hallo.Dialect{hallo.QuerySecret}
	for name, c := range map[string]struct {
		flaw   hallotest.Flaw
		asked  []hallo.Dialect
		spoken []hallo.Dialect
		inURL  bool
		broken []int
	}{
		"both are let in":                      {hallotest.Flaw{}, nil, both, true, nil},
		"the older is let in, and not asked":   {hallotest.Flaw{}, modern, modern, false, nil},
		"the older is not let in":              {refusing(true), nil, modern, false, nil},
		"the older is not let in, and asked":   {refusing(true), both, both, true, []int{10, 11, 30, 31, 32, 33, 107}},
		"the modern is not let in":             {refusing(false), nil, older, true, nil},
		"the older is unheard of":              {bearerOnly(), nil, modern, false, nil},
		"bodies are let in whoever sends them": {anyBody(), nil, modern, false, []int{15, 16, 17}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen atomic.Bool
			b := newBench(t, inURL(c.flaw, &seen))
			b.config.Dialects, b.config.Only = c.asked, only(t, "10-21,30-33,107")
			h := b.check(t)
			var spoken []hallo.Dialect
			for _, r := range h.results {
				if r.Check.Number == 30 {
					spoken = append(spoken, r.Dialect)
				}
			}
			if got := h.numbers(verify.Broken); !slices.Equal(got, c.broken) || !slices.Equal(spoken, c.spoken) || seen.Load() != c.inURL {
				t.Errorf("%v are broken, %v are spoken, the token in a URL: %t", got, spoken, seen.Load())
				for _, r := range h.results {
					if r.Failure != nil {
						t.Logf("%s: %s", r.Check.Sentence, r.Failure)
					}
				}
			}
		})
	}
}

// Who is no onboarder of a factory has not found it broken.
func TestATokenThatTheFactoryDoesNotKnowIsSaidToBeThat(t *testing.T) {
	for name, c := range map[string]struct {
		flaw     hallotest.Flaw
		token    string
		dialects []hallo.Dialect
	}{
		"in no dialect":             {hallotest.Flaw{}, "mwf_token-of-elsewhere", nil},
		"in the one that was asked": {refusing(true), token, []hallo.Dialect{hallo.QuerySecret}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.flaw)
			b.config.Token, b.config.Dialects = c.token, c.dialects
			summary, err := verify.Run(t.Context(), b.config, func(r verify.Result) { t.Errorf("check %d was made", r.Check.Number) })
			if err == nil || !strings.Contains(err.Error(), "does not let the token in") || summary.Error != err.Error() {
				t.Errorf("%v: %+v", err, summary)
			}
		})
	}
}
