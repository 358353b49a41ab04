package dnsimple

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func (w *world) putNameServers(hosts ...string) error {
	w.t.Helper()
	keeper, ok := w.account().(registrar.NameServerKeeper)
	if !ok {
		w.t.Fatal("the account keeps no name servers")
	}
	return keeper.PutNameServers(w.t.Context(), name, hosts)
}

// changes counts the requests that set name servers.
func (w *world) changes() int {
	n := 0
	for _, r := range w.Requests() {
		if r.Method == http.MethodPut && strings.HasSuffix(r.Path, "/delegation") {
			n++
		}
	}
	return n
}

func TestANameIsLedToOtherNameServers(t *testing.T) {
	w := newWorld(t)
	w.Book.GiveToAccount(name, start.AddDate(1, 0, 0))
	for _, step := range []struct {
		sentence string
		hosts    []string
		changes  int
		want     []string
	}{
		{"DNSimple's own are left as they are", dnsimpletest.NameServers, 0, dnsimpletest.NameServers},
		{"to others", []string{"ns2.example.org", "ns1.example.org"}, 1, []string{"ns1.example.org", "ns2.example.org"}},
		{"to the same", []string{"ns2.example.org", "ns1.example.org"}, 1, []string{"ns1.example.org", "ns2.example.org"}},
		{"to the same, as others write them", []string{"NS1.example.org.", "ns2.example.org", "ns1.example.org"}, 1, []string{"ns1.example.org", "ns2.example.org"}},
		{"to fewer of them and another", []string{"ns2.example.org", "ns3.example.org"}, 2, []string{"ns2.example.org", "ns3.example.org"}},
	} {
		if err := w.putNameServers(step.hosts...); err != nil {
			t.Fatalf("%s: %v", step.sentence, err)
		}
		if diff := cmp.Diff(step.want, w.NameServers(name)); diff != "" || w.changes() != step.changes {
			t.Errorf("%s: after %d changes -want +got:\n%s", step.sentence, w.changes(), diff)
		}
	}
}

func TestWhatIsNoListOfNameServersIsNotSent(t *testing.T) {
	for sentence, hosts := range map[string][]string{
		"none":            nil,
		"one":             {"ns1.example.org"},
		"one, twice":      {"ns1.example.org", "NS1.example.org."},
		"an address":      {"ns1.example.org", "2001:db8::53"},
		"a path":          {"ns1.example.org", "../delegation"},
		"nothing at all":  {"ns1.example.org", ""},
		"more than a dot": {"ns1.example.org", "ns2..example.org"},
	} {
		w := newWorld(t)
		w.Book.GiveToAccount(name, start.AddDate(1, 0, 0))
		if err := w.putNameServers(hosts...); err == nil {
			t.Errorf("%s: it is taken", sentence)
		}
		if got := w.Requests(); len(got) != 0 {
			t.Errorf("%s: %+v", sentence, got)
		}
	}
}

func TestNameServersThatCannotBeSetAreAnError(t *testing.T) {
	const path = registrarPath + "/delegation"
	var credentials *registrar.CredentialsError
	for sentence, tc := range map[string]struct {
		replies map[string]reply
		as      any
	}{
		"a name that the account does not have": {replies: map[string]reply{"GET " + path: {404, "{\"message\":\"Domain `se-cr-et` not found\"}"}}},
		"a list that is none":                   {replies: map[string]reply{"GET " + path: {200, `{"data":null}`}}},
		"a list of something else":              {replies: map[string]reply{"GET " + path: {200, `{"data":{"se-cr-et":1}}`}}},
		"a change that is turned down":          {replies: map[string]reply{"PUT " + path: {400, `{"message":"se-cr-et"}`}}},
		"a change that the token may not make":  {replies: map[string]reply{"PUT " + path: {403, `{"message":"se-cr-et"}`}}, as: &credentials},
		"a change of others":                    {replies: map[string]reply{"PUT " + path: {200, `{"data":["ns1.dnsimple.com"]}`}}},
		"a change to nothing":                   {replies: map[string]reply{"PUT " + path: {200, `{}`}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.Book.GiveToAccount(name, start.AddDate(1, 0, 0))
			w.answers(tc.replies)
			err := w.putNameServers("ns1.example.org", "ns2.example.org")
			if err == nil || strings.Contains(err.Error(), leak) || strings.Contains(err.Error(), "1010") || tc.as != nil && !errors.As(err, tc.as) {
				t.Errorf("%v", err)
			}
			if got := w.NameServers(name); !slices.Equal(got, dnsimpletest.NameServers) {
				t.Errorf("it leads to %v", got)
			}
		})
	}
}

func TestNameServersAreSetWhateverHappenedBefore(t *testing.T) {
	for _, fault := range []registrartest.Fault{
		registrartest.HangsBefore, registrartest.HangsAfter, registrartest.ResetsBefore, registrartest.ResetsAfter, registrartest.FailsBefore, registrartest.FailsAfter,
		registrartest.Throttles, registrartest.Garbles,
	} {
		w := newWorld(t)
		w.Book.GiveToAccount(name, start.AddDate(1, 0, 0))
		w.Faults.Next(dnsimpletest.CallDelegation, registrartest.None, fault)
		err := w.putNameServers("ns1.example.org", "ns2.example.org")
		if throttled := new(registrar.Throttled); err == nil || errors.As(err, &throttled) != (fault == registrartest.Throttles) {
			t.Errorf("the server %s: %v", fault, err)
		}
		if err := w.putNameServers("ns1.example.org", "ns2.example.org"); err != nil {
			t.Errorf("the server %s, then it works: %v", fault, err)
		}
		if got := w.NameServers(name); !slices.Equal(got, []string{"ns1.example.org", "ns2.example.org"}) {
			t.Errorf("the server %s: it leads to %v", fault, got)
		}
	}
}
