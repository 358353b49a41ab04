package external

import (
	"testing"

	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/dns/dnstest"
	"magicwebsitefactory.gent/internal/registrar"
)

// The names lie in a zone at a real name server, which adds what it knows of a CNAME's target to its answers.
func TestNamesOfARealNameServerAreLookedUp(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{Zones: []string{"gent"}, Records: `
alice 300 IN A 203.0.113.1
bob 300 IN CNAME Sites
carol 300 IN CNAME bob
dave 300 IN CNAME elsewhere
erin 300 IN CNAME erin2
erin2 300 IN CNAME erin
sites 300 IN A 203.0.113.1
sites 300 IN AAAA 2001:db8::1
elsewhere 300 IN A 203.0.113.1
elsewhere 300 IN A 198.51.100.1`})
	account := opened(t, &dns.Resolver{Recursive: []string{s.Address}, Dial: s.Dial})
	for name, want := range map[string]registrar.Answer{
		"alice.gent": registrar.Yes, "bob.gent": registrar.Yes, "carol.gent": registrar.Yes, "dave.gent": registrar.No, "frank.gent": registrar.No,
	} {
		if got, err := account.LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation}); err != nil || got.InAccount != want {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, want)
		}
	}
	// A server that has the whole circle to itself does not answer.
	if got, err := account.LookUp(t.Context(), registrar.Query{Domain: "erin.gent", OperationID: operation}); err == nil && got.InAccount != registrar.No {
		t.Errorf("a circle: %+v", got)
	}
}
