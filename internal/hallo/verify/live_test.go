package verify_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

// A live factory owes nobody the names of a test factory, and is ordered nothing for want of them.
func TestALiveFactoryThatKeepsTheContractPasses(t *testing.T) {
	isOurs := func(name string) bool { return strings.HasSuffix(name, ".gent") }
	for name, c := range map[string]struct {
		suffix string
		flaw   hallotest.Flaw
	}{
		"it sells names of its own":                     {"example", hallotest.Flaw{}},
		"it sells names below the suffix of test names": {"gent", hallotest.Flaw{}},
		"one of them happens to be taken":               {"gent", available(false, func(name string) bool { return name == "unavailable.gent" })},
		"nobody knows what is free for a while": {"gent", answers(func(r *http.Request, a *httptest.ResponseRecorder) {
			name, asked := strings.CutPrefix(r.URL.Path, "/v1/domain/")
			switch {
			case asked && name == "unavailable.gent":
				a.Body.Reset()
				a.Body.WriteString(`{"available":false}`)
			case asked && isOurs(name) && name != "available.gent" && !strings.HasPrefix(name, "xn--"):
				become(a, 503)
			}
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var ordered atomic.Int32
			seen := answers(func(r *http.Request, a *httptest.ResponseRecorder) {
				if isPost(r) && a.Code == 201 {
					ordered.Add(1)
				}
			})
			inner := c.flaw.Handler
			b := newLiveBench(t, hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
				if inner != nil {
					next = inner(next)
				}
				return seen.Handler(next)
			}}, c.suffix)
			if strings.HasPrefix(name, "nobody") {
				b.config.Only = only(t, "30-32,34-43,57,70-73,100-168")
			}
			h := b.check(t)
			if h.summary.Broken+h.summary.Absent+h.summary.Busy > 0 || h.summary.Ordered > 0 || ordered.Load() > 0 {
				t.Errorf("%+v, %d orders", h.summary, ordered.Load())
			}
			for _, r := range h.results {
				needs := r.Check.Needs & (verify.NeedsTestNames | verify.NeedsOrders)
				if (r.Verdict == verify.Skipped) != (needs != 0) || needs != 0 && !strings.Contains(r.Reason, "does not answer the names of a test factory") {
					t.Errorf("%s is %s: %v %s", r.Check.Sentence, r.Verdict, r.Failure, r.Reason)
				}
			}
		})
	}
}

func TestALiveFactoryIsOrderedNamesOfThePattern(t *testing.T) {
	b := newLiveBench(t, hallotest.Flaw{}, "example")
	b.config.NamePattern = "verify-*.example"
	h := b.check(t)
	for _, r := range h.results {
		if r.Verdict == verify.Broken || r.Verdict == verify.Absent && r.Check.Number != 150 {
			t.Errorf("%s is %s: %v", r.Check.Sentence, r.Verdict, r.Failure)
		}
	}
	if kept := h.numbers(verify.Kept); h.summary.Ordered != 10 || !slices.Contains(kept, 100) || !slices.Contains(kept, 133) || slices.Contains(kept, 34) {
		t.Errorf("%+v: %v", h.summary, kept)
	}
}

// Whoever says that it is a test factory hears of the names that it does not answer, and still orders nothing of it.
func TestATestFactoryIsHeldToItsNamesOnDemand(t *testing.T) {
	b := newLiveBench(t, hallotest.Flaw{}, "example")
	b.config.TestFactory, b.config.Only = true, only(t, "names,100,112,138")
	h := b.check(t)
	if got := h.numbers(verify.Broken); !slices.Equal(got, []int{34, 36, 37, 38}) || h.summary.Ordered > 0 {
		t.Errorf("%v are broken: %+v", got, h.summary)
	}
}
