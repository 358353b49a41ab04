package dns_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"
	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/dns/dnstest"
)

const ttl = 5 * time.Minute

func addresses(texts ...string) []netip.Addr {
	out := make([]netip.Addr, 0, len(texts))
	for _, text := range texts {
		out = append(out, netip.MustParseAddr(text))
	}
	return out
}

func key(t *testing.T, data map[string][]byte) dns.Key {
	t.Helper()
	k, err := dns.ParseKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func zoneOf(t *testing.T, s *dnstest.Server) *dns.Zone {
	t.Helper()
	return &dns.Zone{Server: s.Address, Name: "gent", Key: key(t, s.SecretData())}
}

// serial of the zone: it goes up with every change.
func serial(t *testing.T, s *dnstest.Server) uint32 {
	t.Helper()
	answer, err := miekg.Exchange(new(miekg.Msg).SetQuestion("gent.", miekg.TypeSOA), s.Address)
	if err != nil || len(answer.Answer) != 1 {
		t.Fatalf("ask for the zone's serial: %v", err)
	}
	return answer.Answer[0].(*miekg.SOA).Serial
}

// records that the server has at a name, as a zone file has them.
func records(t *testing.T, s *dnstest.Server, name string) []string {
	t.Helper()
	var out []string
	for _, rrtype := range []uint16{miekg.TypeA, miekg.TypeAAAA} {
		answer, err := miekg.Exchange(new(miekg.Msg).SetQuestion(miekg.Fqdn(name), rrtype), s.Address)
		if err != nil {
			t.Fatal(err)
		}
		for _, rr := range answer.Answer {
			out = append(out, strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	slices.Sort(out)
	return out
}

func expectRecords(t *testing.T, s *dnstest.Server, name string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, records(t, s, name)); diff != "" {
		t.Errorf("the records of %s (-want +got):\n%s", name, diff)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expectReason(t *testing.T, err error, want dns.Reason) {
	t.Helper()
	var failure *dns.Failure
	if !errors.As(err, &failure) || failure.Reason != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestANameIsPublishedAnsweredAndWithdrawn(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{})
	zone, resolver := zoneOf(t, s), &dns.Resolver{Recursive: []string{s.Address}, Dial: s.Dial}
	want := addresses("192.0.2.1", "192.0.2.7", "2001:db8::1")

	must(t, zone.PutAddresses(t.Context(), "alice.gent", want, ttl))
	expectRecords(t, s, "alice.gent",
		"alice.gent. 300 IN A 192.0.2.1", "alice.gent. 300 IN A 192.0.2.7", "alice.gent. 300 IN AAAA 2001:db8::1")
	answers, err := resolver.Ask(t.Context(), "alice.gent")
	must(t, err)
	if difference, answered := answers.Differ(want); difference != "" || !answered {
		t.Errorf("the authoritative servers differ: %q (answered: %t)", difference, answered)
	}

	must(t, zone.RemoveAddresses(t.Context(), "alice.gent", want))
	expectRecords(t, s, "alice.gent")
	answers, err = resolver.Ask(t.Context(), "alice.gent")
	must(t, err)
	if difference, _ := answers.Differ(want); difference != "name server ns1.gent (127.0.0.1) answers that there is no such name" {
		t.Errorf("the authoritative servers say: %q", difference)
	}
}

func TestAnUpdateGoesOutOnlyWhereSomethingDiffers(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{Records: "alice 300 IN TXT \"hello\"\nalice 300 IN A 198.51.100.9"})
	zone := zoneOf(t, s)
	want := addresses("192.0.2.1", "2001:db8::1")
	must(t, zone.PutAddresses(t.Context(), "alice.gent", want, ttl)) // what led elsewhere leads here now
	expectRecords(t, s, "alice.gent", "alice.gent. 300 IN A 192.0.2.1", "alice.gent. 300 IN AAAA 2001:db8::1")

	before := serial(t, s)
	must(t, zone.PutAddresses(t.Context(), "alice.gent", addresses("2001:db8::1", "192.0.2.1", "192.0.2.1"), ttl))
	must(t, zone.RemoveAddresses(t.Context(), "alice.gent", addresses("203.0.113.1")))
	must(t, zone.RemoveAddresses(t.Context(), "nobody.gent", want))
	if after := serial(t, s); after != before {
		t.Errorf("the zone's serial went from %d to %d although nothing differed", before, after)
	}

	must(t, zone.PutAddresses(t.Context(), "alice.gent", addresses("192.0.2.1"), time.Hour)) // an address less, and another TTL
	expectRecords(t, s, "alice.gent", "alice.gent. 3600 IN A 192.0.2.1")

	text, err := miekg.Exchange(new(miekg.Msg).SetQuestion("alice.gent.", miekg.TypeTXT), s.Address)
	if err != nil || len(text.Answer) != 1 {
		t.Errorf("other records were touched: %v, %v", text, err)
	}
}

func TestOnlyRecordsThatLeadHereAreWithdrawn(t *testing.T) {
	for name, tc := range map[string]struct {
		records string
		remove  []netip.Addr
		want    []string
	}{
		"somebody changed the record":             {"alice 300 IN A 198.51.100.9", addresses("192.0.2.1"), []string{"alice.gent. 300 IN A 198.51.100.9"}},
		"somebody added one":                      {"alice 300 IN A 192.0.2.1\nalice 300 IN A 198.51.100.9", addresses("192.0.2.1"), []string{"alice.gent. 300 IN A 198.51.100.9"}},
		"only one kind of address leads here":     {"alice 300 IN A 192.0.2.1\nalice 300 IN AAAA 2001:db8::9", addresses("192.0.2.1", "2001:db8::1"), []string{"alice.gent. 300 IN AAAA 2001:db8::9"}},
		"a wildcard leads here, and is not ours":  {"* 300 IN A 192.0.2.1", addresses("192.0.2.1"), []string{"alice.gent. 300 IN A 192.0.2.1"}},
		"it is there twice, in both kinds":        {"alice 300 IN A 192.0.2.1\nalice 300 IN A 192.0.2.2\nalice 300 IN AAAA 2001:db8::1", addresses("192.0.2.1", "192.0.2.2", "2001:db8::1"), nil},
		"another name leads here and stays there": {"alice 300 IN A 192.0.2.1\nbob 300 IN A 192.0.2.1", addresses("192.0.2.1"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := dnstest.Start(t, dnstest.Options{Records: tc.records})
			must(t, zoneOf(t, s).RemoveAddresses(t.Context(), "alice.gent", tc.remove))
			expectRecords(t, s, "alice.gent", tc.want...)
			if strings.Contains(tc.records, "bob") {
				expectRecords(t, s, "bob.gent", "bob.gent. 300 IN A 192.0.2.1")
			}
		})
	}
}

// Somebody who put a CNAME there has taken the addresses away, as nothing stands beside one: there is nothing to wait for.
func TestACNAMEIsNoneOfOursToWithdraw(t *testing.T) {
	for _, owner := range []string{"alice", "*"} {
		s := dnstest.Start(t, dnstest.Options{Records: owner + " 300 IN CNAME elsewhere.example."})
		before := serial(t, s)
		must(t, zoneOf(t, s).RemoveAddresses(t.Context(), "alice.gent", addresses("192.0.2.1")))
		if after := serial(t, s); after != before {
			t.Errorf("%s: the zone's serial went from %d to %d", owner, before, after)
		}
	}
}

func TestAWildcardGivesWayToTheNamesOwnRecords(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{Records: "* 300 IN A 192.0.2.1\n* 300 IN AAAA 2001:db8::9"})
	must(t, zoneOf(t, s).PutAddresses(t.Context(), "alice.gent", addresses("192.0.2.1", "2001:db8::1"), ttl))
	expectRecords(t, s, "alice.gent", "alice.gent. 300 IN A 192.0.2.1", "alice.gent. 300 IN AAAA 2001:db8::1")
}

func TestANameCanBeAZoneOfItsOwn(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{Zones: []string{"alice.gent", "gent"}})
	zone := zoneOf(t, s)
	zone.Name = ""
	must(t, zone.PutAddresses(t.Context(), "alice.gent", addresses("192.0.2.1"), ttl))
	expectRecords(t, s, "alice.gent", "alice.gent. 300 IN A 192.0.2.1")
}

func TestWhatTheServerRefusesIsNamed(t *testing.T) {
	other := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32)))
	plain := dnstest.Start(t, dnstest.Options{})
	for name, tc := range map[string]struct {
		options dnstest.Options
		domain  string
		change  func(*dns.Zone, map[string][]byte)
		want    dns.Reason
		say     string
	}{
		"a key with another secret": {
			change: func(_ *dns.Zone, k map[string][]byte) { k["secret"] = []byte(other) },
			want:   dns.ReasonKeyWrong, say: "BADSIG",
		},
		"a key that it does not know": {
			change: func(_ *dns.Zone, k map[string][]byte) { k["name"] = []byte("somebody") },
			want:   dns.ReasonKeyUnknown, say: "BADKEY",
		},
		"a key of another algorithm": {
			change: func(_ *dns.Zone, k map[string][]byte) { k["algorithm"] = []byte("hmac-sha512") },
			want:   dns.ReasonKeyUnknown, say: "BADKEY",
		},
		"a clock that is wrong": {
			change: func(z *dns.Zone, _ map[string][]byte) {
				z.Clock = clocktesting.NewFakePassiveClock(time.Now().Add(-time.Hour))
			},
			want: dns.ReasonClock, say: "BADTIME",
		},
		"a zone that it does not have": {
			domain: "alice.example", change: func(z *dns.Zone, _ map[string][]byte) { z.Name = "example" },
			want: dns.ReasonRefused, say: "REFUSED",
		},
		"a zone that is a part of one that it has": {
			change: func(z *dns.Zone, _ map[string][]byte) { z.Name = "" },
			want:   dns.ReasonNotAuthoritative, say: "NOTAUTH",
		},
		"a name that lies elsewhere": {
			domain: "alice.example", change: func(*dns.Zone, map[string][]byte) {},
			want: dns.ReasonOutsideZone, say: "does not lie in the zone",
		},
		"a zone that takes no updates": {
			options: dnstest.Options{ReadOnly: true}, change: func(*dns.Zone, map[string][]byte) {},
			want: dns.ReasonRefused, say: "REFUSED",
		},
		"a name that is an alias": {
			options: dnstest.Options{Records: "alice 300 IN CNAME elsewhere.example."}, change: func(*dns.Zone, map[string][]byte) {},
			want: dns.ReasonAlias, say: "CNAME",
		},
		"a server that is not there": {
			change: func(z *dns.Zone, _ map[string][]byte) { z.Server = "127.0.0.1:1" },
			want:   dns.ReasonUnreachable, say: "no connection",
		},
		"a server whose name does not resolve": {
			change: func(z *dns.Zone, _ map[string][]byte) { z.Server = "nobody.invalid:53" },
			want:   dns.ReasonUnresolved, say: "does not resolve",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain
			if tc.options.ReadOnly || tc.options.Records != "" {
				s = dnstest.Start(t, tc.options)
			}
			data, zone := s.SecretData(), zoneOf(t, s)
			tc.change(zone, data)
			zone.Key = key(t, data)
			domain := "alice.gent"
			if tc.domain != "" {
				domain = tc.domain
			}
			err := zone.PutAddresses(t.Context(), domain, addresses("192.0.2.1"), ttl)
			expectReason(t, err, tc.want)
			text := fmt.Sprintf("%v %+v %#v %v %+v %#v", err, err, err, zone.Key, zone.Key, *zone)
			if !strings.Contains(err.Error(), tc.say) {
				t.Errorf("%q does not say %q", err, tc.say)
			}
			if strings.Contains(text, s.Secret) || strings.Contains(text, other) {
				t.Errorf("the secret is in %s", text)
			}
		})
	}
}

func TestAKeyIsReadFromASecret(t *testing.T) {
	good := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	for name, tc := range map[string]struct {
		name, algorithm, secret, want string
	}{
		"as it should be":              {"factory", "hmac-sha256", good, ""},
		"with a trailing dot":          {"Factory.example.", "HMAC-SHA512.", good + "\n", ""},
		"without a name":               {"", "hmac-sha256", good, "the key name is missing or empty"},
		"without anything":             {"", "", "", "the key name is missing or empty\nthe key algorithm is missing or empty\nthe key secret is missing or empty"},
		"with a name that is none":     {"fac tory", "hmac-sha256", good, "the key name must be the name of a TSIG key, in the form of a domain name"},
		"with an algorithm of old":     {"factory", "hmac-md5.sig-alg.reg.int", good, "the key algorithm must be hmac-sha256 or hmac-sha512"},
		"with a secret that is short":  {"factory", "hmac-sha256", "c2hvcnQ=", "the key secret must be base64 of at least 16 bytes"},
		"with a secret not in base64":  {"factory", "hmac-sha256", "%%% not base64 %%%", "the key secret must be base64 of at least 16 bytes"},
		"with two things that are off": {"factory", "none", "x", "the key algorithm must be hmac-sha256 or hmac-sha512\nthe key secret must be base64 of at least 16 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			k, err := dns.ParseKey(map[string][]byte{"name": []byte(tc.name), "algorithm": []byte(tc.algorithm), "secret": []byte(tc.secret)})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if text := fmt.Sprintf("%v %#v", k, k); strings.Contains(text, good) || (tc.secret != "" && strings.Contains(text+got, tc.secret) && len(tc.secret) > 4) {
				t.Errorf("the secret is in %q", text)
			}
		})
	}
}

func TestWhatSomebodyMakesLeadElsewhereAtThatMomentStays(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{Records: "alice 300 IN A 192.0.2.1\nalice 300 IN AAAA 2001:db8::1"})
	theirs, ours := zoneOf(t, s), zoneOf(t, s)
	dials := 0
	ours.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials++; dials == 3 { // both kinds were looked at, and the update is about to go out
			must(t, theirs.PutAddresses(ctx, "alice.gent", addresses("198.51.100.9", "2001:db8::1"), ttl))
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	must(t, ours.RemoveAddresses(t.Context(), "alice.gent", addresses("192.0.2.1", "2001:db8::1")))
	expectRecords(t, s, "alice.gent", "alice.gent. 300 IN A 198.51.100.9")
	if dials != 6 {
		t.Errorf("%d questions and updates, want two looks and two updates", dials)
	}
}

func TestAStrangersAnswerIsNotTaken(t *testing.T) {
	for name, tc := range map[string]struct {
		answer func(*miekg.Msg) *miekg.Msg
		want   dns.Reason
	}{
		"without a signature": {func(q *miekg.Msg) *miekg.Msg {
			answer := new(miekg.Msg).SetReply(q)
			answer.Authoritative = true
			return answer
		}, dns.ReasonUnsigned},
		"to another question": {func(q *miekg.Msg) *miekg.Msg {
			answer := new(miekg.Msg).SetReply(q)
			answer.Question[0].Name = "bob.gent."
			return answer
		}, dns.ReasonBroken},
		"that takes no updates at all": {func(q *miekg.Msg) *miekg.Msg { return new(miekg.Msg).SetRcode(q, miekg.RcodeNotImplemented) }, dns.ReasonNotImplemented},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			must(t, err)
			server := &miekg.Server{Listener: listener, Handler: miekg.HandlerFunc(func(w miekg.ResponseWriter, q *miekg.Msg) {
				q.Extra = nil
				_ = w.WriteMsg(tc.answer(q))
			}), MsgAcceptFunc: func(miekg.Header) miekg.MsgAcceptAction { return miekg.MsgAccept }}
			ended := make(chan struct{})
			started := make(chan struct{})
			server.NotifyStartedFunc = func() { close(started) }
			go func() { _ = server.ActivateAndServe(); close(ended) }()
			<-started
			t.Cleanup(func() { _ = server.Shutdown(); <-ended })
			secret := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
			zone := &dns.Zone{Server: listener.Addr().String(), Name: "gent", Key: key(t, map[string][]byte{
				"name": []byte("factory"), "algorithm": []byte("hmac-sha256"), "secret": []byte(secret),
			})}
			expectReason(t, zone.PutAddresses(t.Context(), "alice.gent", addresses("192.0.2.1"), ttl), tc.want)
		})
	}
}
