package verify_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// A factory may be at home below a path, and addresses may be given with a slash at their end.
func TestAFactoryBelowAPathPasses(t *testing.T) {
	below := answers(func(_ *http.Request, a *httptest.ResponseRecorder) {
		if at := a.Header().Get("Location"); at != "" {
			a.Header().Set("Location", "/factory"+at)
		}
	})
	b := newBench(t, hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
		return below.Handler(http.StripPrefix("/factory", next))
	}})
	b.config.URL += "/factory/"
	b.config.Callback += "/"
	b.config.Only = only(t, "1-137")
	if h := b.check(t); h.summary.Broken+h.summary.Absent+h.summary.Skipped > 0 {
		t.Errorf("%+v: %+v", h.summary, h.results)
	}
}
