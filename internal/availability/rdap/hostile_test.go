package rdap

import (
	"net/http"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
)

func TestA404AfterARedirectIsAboutTheNameOrAboutNothing(t *testing.T) {
	for to, known := range map[string]bool{
		"/rdap/v2/domain/alice.gent": true, "/rdap/domain/ALICE.gent": true, "/rdap/domain/alice.gent/": true,
		"/rdap/domain/bob.gent": false, "/rdap/": false, "/": false, "/rdap/domain/malice.gent/x": false, "/rdap/entity/alice.gent": false, "/domain/xalice.gent": false,
	} {
		a := newAsker(t, nil)
		a.registry.Play(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/rdap/domain/alice.gent" {
				http.Redirect(w, r, to, http.StatusMovedPermanently)
				return
			}
			rdaptest.Say(http.StatusNotFound, `{"errorCode":404}`)(w, r)
		})
		answer, err := a.Check(t.Context(), "alice.gent")
		if got := answer.Verdict == availability.Available; got != known {
			t.Errorf("to %s: %s, %v", to, answer.Verdict, err)
		}
	}
}

func TestAServerIsLeftAloneForAsLongAsItEverAskedFor(t *testing.T) {
	a := newAsker(t, nil)
	p := newPauses(a.clock)
	p.begin("rdap.example", time.Hour)
	p.begin("rdap.example", 10*time.Second) // a question that was under way then
	if left := p.left("rdap.example"); left != time.Hour {
		t.Errorf("left alone for %s", left)
	}
}

func TestWhoComesLateDoesNotFetchTheFileAgain(t *testing.T) {
	a := newAsker(t, nil)
	for range 2 { // the second has seen no copy, and begins when the first has ended
		if _, err := a.directory.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.registry.Asked("/dns.json"); n != 1 {
		t.Errorf("it was asked for %d times", n)
	}
	a.registry.PlayBootstrap(rdaptest.Say(500, ""))
	a.later(defaultFresh)
	for range 2 {
		_, _ = a.directory.refresh(t.Context())
	}
	if n := a.registry.Asked("/dns.json"); n != 2 {
		t.Errorf("it was asked for %d times", n)
	}
}
