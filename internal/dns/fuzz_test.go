package dns

import (
	"testing"

	miekg "github.com/miekg/dns"
)

// FuzzAnswer looks for an answer of a stranger's name server of which more is believed than what it says of the very name.
func FuzzAnswer(f *testing.F) {
	for _, records := range [][]string{
		{"alice.gent. 300 IN A 192.0.2.1", "ALICE.gent. 300 IN AAAA 2001:db8::1"},
		{"alice.gent. 300 IN CNAME bob.gent.", "bob.gent. 300 IN A 192.0.2.1"},
		{"alice.gent. 300 IN NS ns.alice.gent.", "gent. 300 IN NS ns1.gent.", "ns.alice.gent. 300 IN A 192.0.2.77"},
		{". 300 IN NS a.root.", "gent.example. 300 IN NS ns.example."},
	} {
		message := new(miekg.Msg).SetQuestion("alice.gent.", miekg.TypeA)
		message.Response = true
		for _, text := range records {
			rr, err := miekg.NewRR(text)
			if err != nil {
				f.Fatal(err)
			}
			message.Answer, message.Ns, message.Extra = append(message.Answer, rr), append(message.Ns, rr), append(message.Extra, rr)
		}
		packed, err := message.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		message := new(miekg.Msg)
		if message.Unpack(packed) != nil {
			return
		}
		for _, rrtype := range types {
			addresses, alias := addressesIn(message, "alice.gent", rrtype)
			if alias && addresses != nil {
				t.Fatalf("an alias with the addresses %v", addresses)
			}
			for _, a := range addresses {
				if typeOf(a) != rrtype || !stands(message, a.AsSlice(), rrtype) {
					t.Fatalf("%s is no record of type %d at the name:\n%s", a, rrtype, message)
				}
			}
		}
		if target := aliasIn(message, "alice.gent"); target != "" {
			if _, alias := addressesIn(message, "alice.gent", miekg.TypeA); !alias {
				t.Fatalf("%s is what no CNAME at the name leads to:\n%s", target, message)
			}
			if _, err := new(miekg.Msg).SetQuestion(miekg.Fqdn(target), miekg.TypeA).Pack(); err != nil {
				t.Fatalf("%q cannot be asked for: %v", target, err)
			}
		}
		below := referred(message, "alice.gent")
		if below == nil {
			return
		}
		if len(below.names) == 0 || len(below.names) > maxServers {
			t.Fatalf("referred to %d servers:\n%s", len(below.names), message)
		}
		for _, name := range below.names {
			if n := len(glueOf(below.glue, name)); n > maxAddresses {
				t.Fatalf("%d addresses of %s:\n%s", n, name, message)
			}
		}
	})
}

// stands says whether there is such a record at the name, in a way of its own.
func stands(message *miekg.Msg, address []byte, rrtype uint16) bool {
	for _, rr := range message.Answer {
		if rr.Header().Rrtype != rrtype || miekg.CanonicalName(rr.Header().Name) != "alice.gent." {
			continue
		}
		switch rr := rr.(type) {
		case *miekg.A:
			if string(rr.A.To4()) == string(address) {
				return true
			}
		case *miekg.AAAA:
			if string(rr.AAAA.To16()) == string(address) {
				return true
			}
		}
	}
	return false
}
