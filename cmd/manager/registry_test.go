package main

import (
	"testing"

	"github.com/go-logr/logr"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das/dastest"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

// The manager asks whom its flags name, and nobody else: an admin who has told the front end of another server has told the manager too.
func TestTheManagerAsksTheRegistriesThatItsFlagsName(t *testing.T) {
	registry, elsewhere, belgium := rdaptest.New(t), rdaptest.New(t), dastest.New(t)
	registry.Take("alice.gent", "alice.brussels")
	belgium.Take("alice.be")
	cfg, err := parse([]string{
		"--environment=live", "--rdap-bootstrap-url=" + elsewhere.Bootstrap().String(), "--rdap-server=gent=" + registry.Base().String(),
		"--rdap-server=brussels=" + registry.Base().String(), "--das=be=" + belgium.Address,
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg.sources.Exceptions, cfg.sources.Roots = rdaptest.Networks, registry.Roots
	checker, err := registryOf(cfg, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[names.Name]availability.Verdict{
		"alice.gent": availability.Taken, "alice.brussels": availability.Taken, "alice.be": availability.Taken, "bob.gent": availability.Available,
	} {
		if answer, err := checker.Check(t.Context(), name); answer.Verdict != want {
			t.Errorf("%s: %s, %v", name, answer.Verdict, err)
		}
	}
	if n := elsewhere.Asked("/dns.json"); n != 0 || len(belgium.Asked()) != 1 {
		t.Errorf("the bootstrap file was asked for %d times, DNS Belgium about %q", n, belgium.Asked())
	}
}
