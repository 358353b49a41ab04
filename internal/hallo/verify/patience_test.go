package verify_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

// What is asked for at once may be done one by one, and the last of it takes many times as long as the first.
func TestAFactoryThatIsAtWorkIsWaitedFor(t *testing.T) {
	var working sync.Mutex
	work := time.NewTicker(250 * time.Millisecond)
	t.Cleanup(work.Stop)
	b := newBench(t, hallotest.Flaw{Pauses: []time.Duration{time.Second}, Call: func(*http.Request) {
		working.Lock()
		defer working.Unlock()
		<-work.C
	}})
	b.config.Patience, b.config.Only = 4*time.Second, only(t, "130-145,147")
	h := b.check(t)
	if h.summary.Broken > 0 || h.summary.Skipped > 0 || h.summary.Took < b.config.Patience {
		for _, r := range h.results {
			t.Logf("%s is %s: %v %s", name(r), r.Verdict, r.Failure, r.Reason)
		}
		t.Errorf("%+v", h.summary)
	}
}

func TestWhoLosesPatienceSaysSo(t *testing.T) {
	b := newBench(t, hallotest.Flaw{Client: func(c *http.Client) { c.Transport = silent{} }})
	b.config.Patience, b.config.Only = 300*time.Millisecond, only(t, "130")
	for _, r := range b.check(t).results {
		if r.Verdict != verify.Broken || !strings.Contains(r.Failure.Came, "--patience (300ms) ran out") {
			t.Errorf("%s: %v %s", r.Verdict, r.Failure, r.Reason)
		}
	}
}

// That an answer takes long breaks no sentence, and keeps none.
func TestAFactoryThatIsSlowIsNeitherBrokenNorSeen(t *testing.T) {
	slow := func(when func(*http.Request) bool) hallotest.Flaw {
		return hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if when(r) {
					<-r.Context().Done()
					return
				}
				next.ServeHTTP(w, r)
			})
		}}
	}
	for name, c := range map[string]struct {
		flaw hallotest.Flaw
		only string
	}{
		"in one answer":     {slow(func(r *http.Request) bool { return r.URL.Path == "/v1/domain/hello world" }), "32"},
		"in its errors":     {slow(func(r *http.Request) bool { return isPost(r) && strings.Contains(body(r), ".invalid") }), "70"},
		"in falling silent": {hallotest.Flaw{}, "137"}, // it must be quiet for longer than there is time
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.flaw)
			b.config.Timeout, b.config.Patience, b.config.Quiet, b.config.Only = time.Second, time.Second, time.Minute, only(t, c.only)
			b.config.Dialects = []hallo.Dialect{hallo.Bearer}
			h := b.check(t)
			if r := h.results[0]; h.summary.Busy != 1 || h.summary.Broken+h.summary.Kept > 0 || !strings.Contains(r.Reason, "--timeout ran out") {
				t.Errorf("%+v: %s %v %s", h.summary, r.Verdict, r.Failure, r.Reason)
			}
		})
	}
}
