package main

import (
	"net/url"
	"testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das/dastest"
	"magicwebsitefactory.gent/internal/availability/live"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

// Whichever flag names the longest suffix of a name says who is asked.
func TestAnRDAPServerBelowADASSuffixIsAsked(t *testing.T) {
	registry, belgium := rdaptest.New(t), dastest.New(t)
	registry.Take("alice.co.be")
	belgium.Take("alice.be", "alice.x.brussels")
	s := sources{
		bootstrap: registry.Bootstrap(), servers: map[string]*url.URL{"co.be": registry.Base(), "brussels": registry.Base()},
		das: map[string]string{"be": belgium.Address, "x.brussels": belgium.Address}, queries: defaultQueries,
		exceptions: rdaptest.Networks, roots: registry.Roots,
	}
	bySuffix, others, err := s.checkers(nil)
	if err != nil {
		t.Fatal(err)
	}
	checker := live.New(live.Config{Others: others, BySuffix: bySuffix})
	for _, name := range []names.Name{"alice.co.be", "alice.be", "alice.x.brussels"} {
		if answer, err := checker.Check(t.Context(), name); err != nil || answer.Verdict != availability.Taken {
			t.Errorf("%s: %s, %v", name, answer.Verdict, err)
		}
	}
	if n := registry.Asked("/rdap/domain/alice.co.be"); n != 1 || len(belgium.Asked()) != 2 {
		t.Errorf("RDAP was asked %d times about alice.co.be, DAS %q", n, belgium.Asked())
	}
}
