package live

import (
	"flag"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das/dastest"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

// told gives the sources that a command line says.
func told(args ...string) (Sources, error) {
	var s Sources
	flags := flag.NewFlagSet("program", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	s.Register(flags)
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	return s, s.Complete()
}

func address(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWhoIsAskedIsSaidInFlags(t *testing.T) {
	got, err := told("--rdap-bootstrap-url=https://mirror.example/dns.json", "--rdap-server=gent=https://rdap.example/gent", "--rdap-server=co.uk=https://rdap.example:8443/",
		"--das=be=das.example:1", "--das=brussels=das.example:2", "--das-queries-per-minute=50")
	want := Sources{
		Bootstrap: address(t, "https://mirror.example/dns.json"),
		RDAP:      map[string]*url.URL{"gent": address(t, "https://rdap.example/gent/"), "co.uk": address(t, "https://rdap.example:8443/")},
		DAS:       map[string]string{"be": "das.example:1", "brussels": "das.example:2"},
		Queries:   50,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestWhoIsAskedByDefault(t *testing.T) {
	be := map[string]string{"be": "das.dns.be:4343"}
	for _, tc := range []struct {
		args []string
		das  map[string]string
	}{
		{nil, be},
		{[]string{"-das=vlaanderen=das.example:1"}, map[string]string{"be": "das.dns.be:4343", "vlaanderen": "das.example:1"}},
		{[]string{"-das=be=das.example:1"}, map[string]string{"be": "das.example:1"}},
		{[]string{"-das=be="}, map[string]string{}},
		{[]string{"-rdap-server=be=https://rdap.example/"}, map[string]string{}},
		{[]string{"-rdap-server=be=https://rdap.example/", "-das=be="}, map[string]string{}},
	} {
		got, err := told(tc.args...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.das, got.DAS); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tc.args, diff)
		}
		if got := got.Bootstrap.String(); got != "https://data.iana.org/rdap/dns.json" {
			t.Errorf("%q: %s", tc.args, got)
		}
	}
}

// Two front ends, the third that comes when they are replaced, and the manager are one address to DNS Belgium.
func TestFourProcessesMayShareAnAddress(t *testing.T) {
	if got, err := told(); err != nil || 4*got.Queries > 50 || got.Queries < 10 {
		t.Errorf("each asks %d times a minute (%v)", got.Queries, err)
	}
}

func TestSourcesThatCannotBeAskedAreNamed(t *testing.T) {
	for _, tc := range []struct {
		args string
		says string
	}{
		{"-rdap-bootstrap-url=http://data.iana.org/rdap/dns.json", "-rdap-bootstrap-url"},
		{"-rdap-bootstrap-url=", "-rdap-bootstrap-url"},
		{"-rdap-bootstrap-url=https://user@data.iana.org/", "bootstrap"},
		{"-rdap-server=https://rdap.example/", "-rdap-server"},
		{"-rdap-server=gent=http://rdap.example/", "-rdap-server"},
		{"-rdap-server=gent=https://a.example/ -rdap-server=gent=https://b.example/", "-rdap-server"},
		{"-rdap-server=.Gent=https://rdap.example/", "lower case"},
		{"-das=das.dns.be:4343", "-das"},
		{"-das=.be=das.dns.be:4343", "-das"},
		{"-das=be=das.dns.be", "DAS server"},
		{"-das=be=das.dns.be:4343 -das=be=das.dns.be:4344", "-das"},
		{"-das=be=das.dns.be:4343 -rdap-server=be=https://rdap.example/", "only one"},
		{"-das-queries-per-minute=51", "51"},
		{"-das-queries-per-minute=0", "DAS queries"},
	} {
		if _, err := told(strings.Fields(tc.args)...); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want an error that names %s", tc.args, err, tc.says)
		}
	}
}

// Whichever flag names the longest suffix of a name says who is asked.
func TestAnRDAPServerBelowADASSuffixIsAsked(t *testing.T) {
	registry, belgium := rdaptest.New(t), dastest.New(t)
	registry.Take("alice.co.be")
	belgium.Take("alice.be", "alice.x.brussels")
	s := Sources{
		Bootstrap: registry.Bootstrap(), RDAP: map[string]*url.URL{"co.be": registry.Base(), "brussels": registry.Base()},
		DAS: map[string]string{"be": belgium.Address, "x.brussels": belgium.Address}, Queries: DefaultQueries,
		Exceptions: rdaptest.Networks, Roots: registry.Roots,
	}
	checker, err := s.Checker(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []names.Name{"alice.co.be", "alice.be", "alice.x.brussels"} {
		if answer, err := checker.Check(t.Context(), name); err != nil || answer.Verdict != availability.Taken {
			t.Errorf("%s: %s, %v", name, answer.Verdict, err)
		}
	}
	if n := registry.Asked("/rdap/domain/alice.co.be"); n != 1 || len(belgium.Asked()) != 2 {
		t.Errorf("RDAP was asked %d times about alice.co.be, DAS %q", n, belgium.Asked())
	}
}
