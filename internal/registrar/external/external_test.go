package external

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	name      = "alice.gent"
	operation = "operation-1"
)

// asker answers as it is told to.
type asker struct {
	answers dns.Answers
	// further are what the servers of other names say.
	further map[string]dns.Answers
	err     error
	asked   []string
}

func (a *asker) Ask(_ context.Context, domain string) (dns.Answers, error) {
	a.asked = append(a.asked, domain)
	if domain == name || a.further == nil {
		return a.answers, a.err
	}
	answers, ok := a.further[domain]
	if !ok {
		return nil, &dns.Failure{Reason: dns.ReasonNoServers}
	}
	return answers, nil
}

func leadsTo(addresses ...string) dns.Answer {
	answer := dns.Answer{Server: "ns.example"}
	for _, a := range addresses {
		answer.Addresses = append(answer.Addresses, netip.MustParseAddr(a))
	}
	return answer
}

var (
	silent  = dns.Answer{Server: "ns.example", Silent: &dns.Failure{Reason: dns.ReasonTimeout}}
	missing = dns.Answer{Server: "ns.example", Missing: true}
)

func aliasTo(target string) dns.Answer {
	return dns.Answer{Server: "ns.example", Alias: true, Target: target}
}

func described(addresses ...string) *v1alpha1.Registrar {
	return &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mwf-system", Name: "elsewhere"},
		Spec:       v1alpha1.RegistrarSpec{Provider: v1alpha1.RegistrarProvider{External: &v1alpha1.ExternalProvider{Addresses: addresses}}},
	}
}

func opened(t *testing.T, a Asker) registrar.Registrar {
	t.Helper()
	account, err := registrar.NewSource(v1alpha1.EnvironmentLive, New(a)).For(t.Context(), described("203.0.113.1", "203.0.113.2", "2001:0db8::0001"))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestWhoseANameIs(t *testing.T) {
	here := registrar.Sighting{InAccount: registrar.Yes, Order: registrar.OrderImpossible, Registered: registrar.Yes, OperationID: operation}
	notYet := registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderImpossible}
	for sentence, tc := range map[string]struct {
		answers dns.Answers
		want    registrar.Sighting
	}{
		"one of the addresses is enough":            {dns.Answers{leadsTo("203.0.113.1")}, here},
		"so are all of them":                        {dns.Answers{leadsTo("203.0.113.1", "203.0.113.2", "2001:db8::1")}, here},
		"an IPv4 address may be written as IPv6":    {dns.Answers{leadsTo("::ffff:203.0.113.1")}, here},
		"a server that is silent is left out":       {dns.Answers{silent, leadsTo("203.0.113.1")}, here},
		"a foreign address beside ours is not here": {dns.Answers{leadsTo("203.0.113.1", "198.51.100.1")}, notYet},
		"a foreign IPv6 address beside ours too":    {dns.Answers{leadsTo("203.0.113.1", "2001:db8::2")}, notYet},
		"only foreign addresses":                    {dns.Answers{leadsTo("198.51.100.1")}, notYet},
		"servers that differ":                       {dns.Answers{leadsTo("203.0.113.1"), leadsTo("198.51.100.1")}, notYet},
		"a server that does not know it yet":        {dns.Answers{leadsTo("203.0.113.1"), missing}, notYet},
		"no such name":                              {dns.Answers{missing}, notYet},
		"a name without addresses":                  {dns.Answers{leadsTo()}, notYet},
		"a CNAME to nothing":                        {dns.Answers{aliasTo("")}, notYet},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := &asker{answers: tc.answers}
			got, err := opened(t, a).LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff([]string{name}, a.asked); diff != "" {
				t.Errorf("-want +asked:\n%s", diff)
			}
		})
	}
}

func TestACNAMEIsFollowed(t *testing.T) {
	const sites, lb = "sites.example", "lb.example"
	chain := func(length int) map[string]dns.Answers {
		further := map[string]dns.Answers{}
		for i := 1; i < length; i++ {
			further[fmt.Sprintf("host%d.example", i)] = dns.Answers{aliasTo(fmt.Sprintf("host%d.example", i+1))}
		}
		further[fmt.Sprintf("host%d.example", length)] = dns.Answers{leadsTo("203.0.113.1")}
		return further
	}
	for sentence, tc := range map[string]struct {
		at      dns.Answers // the name itself
		further map[string]dns.Answers
		here    bool
		unknown bool
		asked   int
	}{
		"to a host that has our addresses":     {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo("203.0.113.1", "2001:db8::1")}}, here: true, asked: 2},
		"by another one":                       {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {aliasTo(lb)}, lb: {leadsTo("203.0.113.2")}}, here: true, asked: 3},
		"where one server of each is silent":   {at: dns.Answers{silent, aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo("203.0.113.1"), silent}}, here: true, asked: 2},
		"to a host of somebody else":           {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo("198.51.100.1")}}, asked: 2},
		"to a host with a foreign address too": {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo("203.0.113.1", "198.51.100.1")}}, asked: 2},
		"to a host of which one server says otherwise": {
			at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo("203.0.113.1"), leadsTo("198.51.100.1")}}, asked: 2,
		},
		"to a host that there is not":                       {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {missing}}, asked: 2},
		"to a host without addresses":                       {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {leadsTo()}}, asked: 2},
		"to the name itself":                                {at: dns.Answers{aliasTo(name)}, asked: 1},
		"round in a circle":                                 {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {aliasTo(lb)}, lb: {aliasTo(sites)}}, asked: 3},
		"to different hosts, by different servers":          {at: dns.Answers{aliasTo(sites), aliasTo(lb)}, asked: 1},
		"which only some servers know of":                   {at: dns.Answers{aliasTo(sites), leadsTo("203.0.113.1")}, asked: 1},
		"which only some servers know of, the others first": {at: dns.Answers{leadsTo("203.0.113.1"), aliasTo(sites)}, asked: 1},
		"as far as resolvers follow":                        {at: dns.Answers{aliasTo("host1.example")}, further: chain(maxAliases), here: true, asked: maxAliases + 1},
		"but no further":                                    {at: dns.Answers{aliasTo("host1.example")}, further: chain(maxAliases + 1), asked: maxAliases + 1},
		"to a host whose servers are silent":                {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{sites: {silent}}, unknown: true, asked: 2},
		"to a host whose servers cannot be found":           {at: dns.Answers{aliasTo(sites)}, further: map[string]dns.Answers{}, unknown: true, asked: 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			a := &asker{answers: tc.at, further: tc.further}
			got, err := opened(t, a).LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation})
			switch want := map[bool]registrar.Answer{true: registrar.Yes, false: registrar.No}[tc.here]; {
			case tc.unknown:
				if err == nil {
					t.Errorf("it is seen as %+v", got)
				}
			case err != nil:
				t.Error(err)
			case got.InAccount != want || got.Order != registrar.OrderImpossible:
				t.Errorf("%+v", got)
			}
			if len(a.asked) != tc.asked {
				t.Errorf("asked about %v, want %d questions", a.asked, tc.asked)
			}
		})
	}
}

func TestSilenceIsNoAnswer(t *testing.T) {
	for sentence, a := range map[string]*asker{
		"the servers cannot be found": {err: &dns.Failure{Reason: dns.ReasonNoServers}},
		"none of them answers":        {answers: dns.Answers{silent, silent}},
		"there is none":               {},
	} {
		if got, err := opened(t, a).LookUp(t.Context(), registrar.Query{Domain: name}); err == nil {
			t.Errorf("%s: it is seen as %+v", sentence, got)
		}
	}
}

func TestNothingIsBoughtOrRenewed(t *testing.T) {
	a := &asker{answers: dns.Answers{leadsTo("203.0.113.1")}}
	account := opened(t, a)
	if r, ok := account.Buy(t.Context(), registrar.Order{Domain: name}).(registrar.Rejected); !ok || r.Reason.Final() || r.Detail == "" {
		t.Errorf("%#v", r)
	}
	if r, ok := account.Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: true}).(registrar.Rejected); !ok || !r.Reason.Final() || r.Detail == "" {
		t.Errorf("%#v", r)
	}
	if err := account.Check(t.Context()); err != nil || len(a.asked) != 0 {
		t.Errorf("%v, %d questions", err, len(a.asked))
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	for text, says := range map[string]string{"example.org": "addresses[0]", "fe80::1%eth0": "addresses[0]", "203.0.113.1:443": "addresses[0]", "": "addresses[0]"} {
		_, err := registrar.NewSource(v1alpha1.EnvironmentLive, New(&asker{})).For(t.Context(), described(text))
		if spec := new(registrar.SpecError); !errors.As(err, &spec) || !strings.Contains(spec.Field, says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err := registrar.NewSource(v1alpha1.EnvironmentLive, New(&asker{})).For(t.Context(), described())
	if spec := new(registrar.SpecError); !errors.As(err, &spec) {
		t.Errorf("no address: %v", err)
	}
	_, err = registrar.NewSource(v1alpha1.EnvironmentTest, New(&asker{})).For(t.Context(), described("203.0.113.1"))
	if environment := new(registrar.EnvironmentError); !errors.As(err, &environment) {
		t.Errorf("on test: %v", err)
	}
}
