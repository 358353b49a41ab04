//go:build e2e

package e2e

import (
	"net/http"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
)

func TestDeletedSiteIsOrderedAgain(t *testing.T) {
	w := theWorld
	first, second := w.onboarder(t, hallo.Bearer), w.onboarder(t, hallo.QuerySecret)
	domain := w.name("again")

	order := func(o *onboarder, code string, earlier int) {
		t.Helper()
		o.claim(t, domain, code)
		want := make([]int, earlier+1)
		for i := range want {
			want[i] = http.StatusCreated
		}
		o.awaitOutcomes(t, domain, outcomeTime, want...)
		w.deliveredRecord(t, domain)
	}

	order(first, "the-code", 0)
	w.introduce(t, domain, "the-code", "Alice of Ghent")
	w.shows(t, domain, "Alice of Ghent", true)
	if w.site(t, domain).Status.SiteClassRevision == "" {
		t.Error("the site names no snapshot of its SiteClass")
	}

	w.deleteSite(t, domain)
	order(first, "the-code", 1)
	w.shows(t, domain, "Alice of Ghent", true)

	w.deleteSite(t, domain)
	order(first, "another-code", 2)
	w.shows(t, domain, "Alice of Ghent", false)

	w.deleteSite(t, domain)
	order(second, "the-code", 0)
	w.shows(t, domain, "Alice of Ghent", false)

	w.bought(t, domain, 1)
}

// introduce posts the owner settings to the site itself.
func (w *world) introduce(t *testing.T, domain, code, name string) {
	t.Helper()
	site := hallo.NewSite(hallo.SiteConfig{Domain: domain, Trust: w.siteTrust, Address: w.route, Retry: patient()})
	if err := site.Introduce(t.Context(), code, hallo.OwnerSettings{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// shows looks whether the site's page shows a text.
func (w *world) shows(t *testing.T, domain, text string, want bool) {
	t.Helper()
	site := hallo.NewSite(hallo.SiteConfig{Domain: domain, Trust: w.siteTrust, Address: w.route, Retry: patient()})
	err := site.Shows(t.Context(), "")
	if err != nil {
		t.Fatalf("open %s: %v", domain, err)
	}
	if got := site.Shows(t.Context(), text) == nil; got != want {
		t.Errorf("https://%s/ shows %q: %v, want %v", domain, text, got, want)
	}
}

func TestTwoOnboardersAreStrangersToEachOther(t *testing.T) {
	w := theWorld
	alice, bob := w.onboarder(t, hallo.Bearer), w.onboarder(t, hallo.Bearer)
	domain := w.name("strangers")
	alice.claim(t, domain, "alices-code")
	alice.awaitOutcomes(t, domain, outcomeTime, http.StatusCreated)

	if status, body := bob.get(t, "/v1/site/"+domain); status != http.StatusNotFound {
		t.Errorf("GET of another's site: %d %s", status, body)
	}
	if status, body := bob.post(t, domain, bob.callback, "alices-code"); status != http.StatusConflict {
		t.Errorf("order of another's name: %d %s", status, body)
	}
	if status, body := bob.post(t, domain, alice.callback, "alices-code"); status != http.StatusBadRequest {
		t.Errorf("replay with another's callback: %d %s", status, body)
	}
	if status, body := alice.get(t, "/v1/site/"+domain); status != http.StatusOK {
		t.Errorf("GET of one's own site: %d %s", status, body)
	}
	if calls := bob.calls(domain); len(calls) != 0 {
		t.Errorf("bob was called about alice's site: %v", calls)
	}
}
