package dns_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"

	"magicwebsitefactory.gent/internal/dns"
)

// internet is a number of name servers, by their address, that run in this process.
type internet struct {
	t       *testing.T
	servers map[string]string // where a server that has an address really listens
	mu      sync.Mutex
	asked   []string
}

// zonefile is what a server answers: records by owner and type, and delegations.
type nameserver struct {
	// authority is the zone that it decides over; empty for a recursive resolver.
	authority string
	records   []string
	// cuts are NS records of zones below, and the addresses of their servers.
	cuts, glue []string
	// code in place of any answer.
	code int
	// silent servers never answer, and short ones answer in full over TCP only.
	silent, short bool
}

func newInternet(t *testing.T, servers map[string]nameserver) *internet {
	t.Helper()
	in := &internet{t: t, servers: map[string]string{}}
	for at, s := range servers {
		stream, err := net.Listen("tcp", "127.0.0.1:0")
		must(t, err)
		packets, err := net.ListenPacket("udp", stream.Addr().String())
		must(t, err)
		in.servers[net.JoinHostPort(at, "53")] = stream.Addr().String()
		for _, run := range []*miekg.Server{{Listener: stream, Handler: in.handler(at, s, false)}, {PacketConn: packets, Handler: in.handler(at, s, true)}} {
			started, ended := make(chan struct{}), make(chan struct{})
			run.NotifyStartedFunc = func() { close(started) }
			go func() { _ = run.ActivateAndServe(); close(ended) }()
			<-started
			t.Cleanup(func() { _ = run.Shutdown(); <-ended })
		}
	}
	return in
}

func (in *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, ok := in.servers[address]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s is nowhere", address)}
	}
	return (&net.Dialer{}).DialContext(ctx, network, to)
}

// questions are all that came, to whichever server.
func (in *internet) questions() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.asked)
}

func (in *internet) handler(at string, s nameserver, udp bool) miekg.Handler {
	return miekg.HandlerFunc(func(w miekg.ResponseWriter, q *miekg.Msg) {
		in.mu.Lock()
		in.asked = append(in.asked, fmt.Sprintf("%s %s %s recursion=%t", at, q.Question[0].Name, miekg.TypeToString[q.Question[0].Qtype], q.RecursionDesired))
		in.mu.Unlock()
		if s.silent {
			return
		}
		answer := s.answer(q)
		if s.short && udp {
			answer.Answer, answer.Truncated = nil, true
		}
		_ = w.WriteMsg(answer)
	})
}

func (s nameserver) answer(q *miekg.Msg) *miekg.Msg {
	answer := new(miekg.Msg).SetReply(q)
	if s.code != 0 {
		answer.Rcode = s.code
		return answer
	}
	asked := q.Question[0]
	for _, cut := range parse(s.cuts) {
		if miekg.IsSubDomain(cut.Header().Name, asked.Name) {
			answer.Ns, answer.Extra = append(answer.Ns, cut), parse(s.glue)
		}
	}
	if len(answer.Ns) > 0 {
		return answer
	}
	answer.Authoritative = s.authority != ""
	answer.Rcode = miekg.RcodeNameError
	for _, rr := range parse(s.records) {
		if miekg.IsSubDomain(asked.Name, rr.Header().Name) {
			answer.Rcode = miekg.RcodeSuccess
		}
		if rr.Header().Name == asked.Name && (rr.Header().Rrtype == asked.Qtype || rr.Header().Rrtype == miekg.TypeCNAME) {
			answer.Answer = append(answer.Answer, rr)
		}
	}
	return answer
}

func parse(texts []string) []miekg.RR {
	var out []miekg.RR
	for _, text := range texts {
		rr, err := miekg.NewRR(text)
		if err != nil {
			panic(err)
		}
		out = append(out, rr)
	}
	return out
}

const recursive = "198.51.100.53"

// theRecursive knows two servers of gent, and whatever else it is told.
func theRecursive(more ...string) nameserver {
	return nameserver{records: append([]string{
		"gent. IN NS ns1.gent.", "gent. IN NS ns2.gent.", "ns1.gent. IN A 192.0.2.1", "ns2.gent. IN A 192.0.2.2", "ns2.gent. IN AAAA 2001:db8::2",
	}, more...)}
}

func theZone(records ...string) nameserver { return nameserver{authority: "gent", records: records} }

func TestTheAuthoritativeServersAreAsked(t *testing.T) {
	here := []string{"alice.gent. IN A 203.0.113.7", "alice.gent. IN AAAA 2001:db8::7"}
	want := addresses("2001:db8::7", "203.0.113.7")
	for name, tc := range map[string]struct {
		servers    map[string]nameserver
		difference string
		silent     bool
	}{
		"all of them agree": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone(here...), "192.0.2.2": theZone(here...), "2001:db8::2": theZone(here...),
		}},
		"one of them is behind": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone(here...), "192.0.2.2": theZone("bob.gent. IN A 192.0.2.9"), "2001:db8::2": theZone(here...),
		}, difference: "name server ns2.gent (192.0.2.2) answers that there is no such name"},
		"one of them is behind, at one of its addresses": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone(here...), "192.0.2.2": theZone(here...), "2001:db8::2": theZone("alice.gent. IN A 203.0.113.8"),
		}, difference: "name server ns2.gent (2001:db8::2) answers 203.0.113.8"},
		"one address too many": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone(append([]string{"alice.gent. IN A 203.0.113.8"}, here...)...),
		}, difference: "name server ns1.gent (192.0.2.1) answers 203.0.113.7, 203.0.113.8, 2001:db8::7"},
		"an alias": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone("alice.gent. IN CNAME www.example."),
		}, difference: "name server ns1.gent (192.0.2.1) answers with a CNAME"},
		"the name has other records only": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": theZone(`alice.gent. IN TXT "x"`),
		}, difference: "name server ns1.gent (192.0.2.1) answers that the name has no addresses"},
		"those that cannot be reached are no difference": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.2": theZone(here...),
		}},
		"nor are those that refuse, or have trouble": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": {code: miekg.RcodeRefused}, "192.0.2.2": {code: miekg.RcodeServerFailure}, "2001:db8::2": theZone(here...),
		}},
		"a long answer comes over TCP": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": {authority: "gent", records: here, short: true},
		}},
		"nobody answers": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": {code: miekg.RcodeRefused},
		}, silent: true, difference: "name server ns1.gent (192.0.2.1): it refuses this, by its policy for the zone or the key (REFUSED)"},
		"what a server only remembers does not count": {servers: map[string]nameserver{
			recursive: theRecursive(), "192.0.2.1": {records: here},
		}, silent: true, difference: "name server ns1.gent (192.0.2.1): it has no authority over the zone (NOTAUTH)"},
		"a zone of the name's own, and nothing above that the resolver knows": {servers: map[string]nameserver{
			recursive: {records: []string{"alice.gent. IN NS ns.example.", "ns.example. IN A 192.0.2.77"}}, "192.0.2.77": {authority: "alice.gent", records: here},
		}},
		"a zone of the name's own, with glue": {servers: map[string]nameserver{
			recursive:   theRecursive(),
			"192.0.2.1": {authority: "gent", cuts: []string{"alice.gent. IN NS ns.alice.gent."}, glue: []string{"ns.alice.gent. IN A 192.0.2.77"}}, "192.0.2.77": {authority: "alice.gent", records: here},
		}},
		"the same, and its server has no glue": {servers: map[string]nameserver{
			recursive:   theRecursive("ns.example. IN A 192.0.2.77"),
			"192.0.2.1": {authority: "gent", cuts: []string{"alice.gent. IN NS ns.example."}}, "192.0.2.77": {authority: "alice.gent", records: here},
		}},
		"the same, and one of its servers does not resolve": {servers: map[string]nameserver{
			recursive:   theRecursive("ns.example. IN A 192.0.2.77"),
			"192.0.2.1": {authority: "gent", cuts: []string{"alice.gent. IN NS ns.example.", "alice.gent. IN NS ns.nowhere."}}, "192.0.2.77": {authority: "alice.gent", records: here},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInternet(t, tc.servers)
			r := &dns.Resolver{Recursive: []string{recursive + ":53"}, Dial: in.dial}
			answers, err := r.Ask(t.Context(), "alice.gent")
			must(t, err)
			difference, answered := answers.Differ(want)
			if difference != tc.difference || answered == tc.silent {
				t.Errorf("got %q (answered: %t), want %q", difference, answered, tc.difference)
			}
			for _, asked := range in.questions() {
				if strings.HasPrefix(asked, recursive+" alice.gent.") && len(tc.servers[recursive].records) > 2 {
					t.Errorf("the resolver was asked for the name itself: it remembers what is not there yet")
				}
				if strings.HasPrefix(asked, recursive) != strings.HasSuffix(asked, "recursion=true") {
					t.Errorf("asked %s", asked)
				}
			}
		})
	}
}

func TestAnAliasIsToldWithWhatItLeadsTo(t *testing.T) {
	in := newInternet(t, map[string]nameserver{
		recursive: theRecursive(), "192.0.2.1": theZone("alice.gent. IN CNAME Sites.Example.", "sites.example. IN A 203.0.113.7"),
		"192.0.2.2": theZone("alice.gent. IN A 203.0.113.7"), "2001:db8::2": theZone("bob.gent. IN CNAME sites.example."),
	})
	answers, err := (&dns.Resolver{Recursive: []string{recursive + ":53"}, Dial: in.dial}).Ask(t.Context(), "alice.gent")
	must(t, err)
	got := map[string]string{}
	for _, a := range answers {
		got[a.At.String()] = fmt.Sprintf("alias %t to %q, missing %t, %v", a.Alias, a.Target, a.Missing, a.Addresses)
	}
	want := map[string]string{
		"192.0.2.1": `alias true to "sites.example", missing false, []`, "192.0.2.2": `alias false to "", missing false, [203.0.113.7]`,
		"2001:db8::2": `alias false to "", missing true, []`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheServersHaveToBeFound(t *testing.T) {
	for name, tc := range map[string]struct {
		servers map[string]nameserver
		want    dns.Reason
	}{
		"the resolver knows no zone":               {map[string]nameserver{recursive: {}}, dns.ReasonNoServers},
		"the resolver has trouble":                 {map[string]nameserver{recursive: {code: miekg.RcodeServerFailure}}, dns.ReasonServerFailure},
		"the resolver is not there":                {map[string]nameserver{}, dns.ReasonUnreachable},
		"no server of the zone resolves":           {map[string]nameserver{recursive: {records: []string{"gent. IN NS ns1.gent."}}}, dns.ReasonUnresolved},
		"two servers refer to each other for ever": {map[string]nameserver{recursive: theRecursive(), "192.0.2.1": {cuts: []string{"alice.gent. IN NS ns1.gent."}}}, dns.ReasonNoServers},
	} {
		t.Run(name, func(t *testing.T) {
			r := &dns.Resolver{Recursive: []string{recursive + ":53"}, Dial: newInternet(t, tc.servers).dial}
			_, err := r.Ask(t.Context(), "alice.gent")
			expectReason(t, err, tc.want)
		})
	}
}

func TestTheNextResolverIsAskedWhereOneHasTrouble(t *testing.T) {
	in := newInternet(t, map[string]nameserver{
		"198.51.100.1": {code: miekg.RcodeServerFailure}, recursive: theRecursive(), "192.0.2.1": theZone("alice.gent. IN A 203.0.113.7"),
	})
	r := &dns.Resolver{Recursive: []string{"198.51.100.99:53", "198.51.100.1:53", recursive + ":53"}, Dial: in.dial}
	answers, err := r.Ask(t.Context(), "alice.gent")
	must(t, err)
	if difference, _ := answers.Differ(addresses("203.0.113.7")); difference != "" {
		t.Error(difference)
	}
}

func TestAServerThatNeverAnswersIsAskedTwiceAndLeftOut(t *testing.T) {
	in := newInternet(t, map[string]nameserver{
		recursive: theRecursive(), "192.0.2.1": {silent: true}, "192.0.2.2": theZone("alice.gent. IN A 203.0.113.7"),
	})
	r := &dns.Resolver{Recursive: []string{recursive + ":53"}, Dial: in.dial}
	answers, err := r.Ask(t.Context(), "alice.gent")
	must(t, err)
	if difference, answered := answers.Differ(addresses("203.0.113.7")); difference != "" || !answered {
		t.Errorf("%q, answered: %t", difference, answered)
	}
	asked := 0
	for _, q := range in.questions() {
		if strings.HasPrefix(q, "192.0.2.1 ") {
			asked++
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAddressesAreListedInOrderAndOnce(t *testing.T) {
	got := dns.Sorted([]netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")})
	if diff := cmp.Diff("192.0.2.1, 192.0.2.2, 2001:db8::1", dns.Join(got)); diff != "" {
		t.Error(diff)
	}
}
