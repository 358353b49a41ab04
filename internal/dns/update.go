package dns

import (
	"context"
	"net/netip"
	"slices"
	"time"

	miekg "github.com/miekg/dns"
	"k8s.io/utils/clock"
)

// maxLooks bounds how often an update is computed anew because the records changed meanwhile.
const maxLooks = 4

// Zone is a [Publisher] that changes a zone by dynamic updates (RFC 2136). It asks the server first, and sends an update only where something differs.
type Zone struct {
	// Server takes the updates, as host:port.
	Server string
	// Name of the zone; empty where every name is a zone of its own.
	Name string
	// Key signs questions and updates.
	Key Key
	// Dial makes connections; nil for the network's own.
	Dial Dial
	// Clock gives the time of signatures; nil for the real one.
	Clock clock.PassiveClock
}

var _ Publisher = (*Zone)(nil)

// standing is what the server says that stands at a name.
type standing struct {
	addresses []netip.Addr // sorted
	ttl       map[uint16]uint32
}

// of returns the addresses of one type of record.
func of(addresses []netip.Addr, rrtype uint16) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addresses), func(a netip.Addr) bool { return typeOf(a) != rrtype })
}

var types = []uint16{miekg.TypeA, miekg.TypeAAAA}

func typeOf(a netip.Addr) uint16 {
	if a.Is4() {
		return miekg.TypeA
	}
	return miekg.TypeAAAA
}

// PutAddresses implements [Publisher]. Both types of record change in one update, so that nobody sees half of it.
func (z *Zone) PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error {
	want := Sorted(addresses)
	have, err := z.look(ctx, domain)
	if err != nil {
		return err
	}
	if slices.Equal(want, have.addresses) && !slices.ContainsFunc(want, func(a netip.Addr) bool { return have.ttl[typeOf(a)] != seconds(ttl) }) {
		return nil
	}
	// All of them anew: with one record at the name, those that a wildcard gave are gone.
	update := z.update(domain)
	for _, rrtype := range types {
		update.RemoveRRset([]miekg.RR{&miekg.ANY{Hdr: miekg.RR_Header{Name: miekg.Fqdn(domain), Rrtype: rrtype}}})
	}
	update.Insert(records(domain, want, seconds(ttl)))
	answer, err := z.send(ctx, update)
	if err != nil {
		return err
	}
	return z.accepted(answer)
}

// RemoveAddresses implements [Publisher]. The update goes through only while the records are those that were seen: what somebody has just made to lead
// elsewhere is not touched.
func (z *Zone) RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error {
	theirs := func(a netip.Addr) bool { return !slices.Contains(addresses, a) }
	var before *standing
	for range maxLooks {
		have, err := z.look(ctx, domain)
		if reasonOf(err) == ReasonAlias {
			return nil // beside a CNAME nothing of ours can stand
		}
		if err != nil {
			return err
		}
		ours := slices.DeleteFunc(slices.Clone(have.addresses), theirs)
		if len(ours) == 0 || (before != nil && slices.Equal(before.addresses, have.addresses)) {
			return nil // nothing of ours, or nothing that stands at the name itself: a wildcard gives the same answer, and is not ours
		}
		update := z.update(domain)
		for _, rrtype := range types {
			if gone := of(ours, rrtype); len(gone) > 0 {
				update.Used(records(domain, of(have.addresses, rrtype), 0))
				update.Remove(records(domain, gone, 0))
			}
		}
		answer, err := z.send(ctx, update)
		if err != nil {
			return err
		}
		if answer.Rcode != miekg.RcodeNXRrset && answer.Rcode != miekg.RcodeNameError {
			return z.accepted(answer)
		}
		before = have
	}
	return &Failure{Reason: ReasonChanging, Server: z.Server}
}

// look asks the server what stands at a name. The question is signed as well: a server may tell more to who has its key, and a wrong key is
// found before anything is changed.
func (z *Zone) look(ctx context.Context, domain string) (*standing, error) {
	if !miekg.IsSubDomain(miekg.Fqdn(z.zone(domain)), miekg.Fqdn(domain)) {
		return nil, &Failure{Reason: ReasonOutsideZone}
	}
	have := &standing{ttl: map[uint16]uint32{}}
	for _, rrtype := range types {
		question := new(miekg.Msg).SetQuestion(miekg.Fqdn(domain), rrtype)
		question.RecursionDesired = false
		answer, err := z.send(ctx, question)
		switch {
		case err != nil:
			return nil, err
		case answer.Rcode != miekg.RcodeSuccess && answer.Rcode != miekg.RcodeNameError:
			return nil, &Failure{Reason: rejected(answer.Rcode), Server: z.Server, Code: answer.Rcode}
		case !answer.Authoritative:
			return nil, &Failure{Reason: ReasonNotAuthoritative, Server: z.Server}
		}
		found, alias := addressesIn(answer, domain, rrtype)
		if alias {
			return nil, &Failure{Reason: ReasonAlias, Server: z.Server}
		}
		for _, rr := range answer.Answer {
			have.ttl[rr.Header().Rrtype] = rr.Header().Ttl
		}
		have.addresses = append(have.addresses, found...)
	}
	have.addresses = Sorted(have.addresses)
	return have, nil
}

func (z *Zone) zone(domain string) string {
	if z.Name == "" {
		return domain
	}
	return z.Name
}

func (z *Zone) update(domain string) *miekg.Msg {
	return new(miekg.Msg).SetUpdate(miekg.Fqdn(z.zone(domain)))
}

func (z *Zone) send(ctx context.Context, message *miekg.Msg) (*miekg.Msg, error) {
	return newExchanger(z.Dial, z.Clock).signed(ctx, z.Server, message, z.Key)
}

func (z *Zone) accepted(answer *miekg.Msg) error {
	if answer.Rcode != miekg.RcodeSuccess {
		return &Failure{Reason: rejected(answer.Rcode), Server: z.Server, Code: answer.Rcode}
	}
	return nil
}

func records(domain string, addresses []netip.Addr, ttl uint32) []miekg.RR {
	rrs := make([]miekg.RR, 0, len(addresses))
	for _, a := range addresses {
		header := miekg.RR_Header{Name: miekg.Fqdn(domain), Rrtype: typeOf(a), Class: miekg.ClassINET, Ttl: ttl}
		if a.Is4() {
			rrs = append(rrs, &miekg.A{Hdr: header, A: a.AsSlice()})
		} else {
			rrs = append(rrs, &miekg.AAAA{Hdr: header, AAAA: a.AsSlice()})
		}
	}
	return rrs
}

func seconds(d time.Duration) uint32 { return uint32(min(max(d/time.Second, 0), 1<<31-1)) }

// addressesIn are the records of one type at the name itself; or a CNAME stands there.
func addressesIn(answer *miekg.Msg, domain string, rrtype uint16) (addresses []netip.Addr, alias bool) {
	for _, rr := range answer.Answer {
		if miekg.CanonicalName(rr.Header().Name) != miekg.CanonicalName(domain) {
			continue
		}
		var raw []byte
		switch rr := rr.(type) {
		case *miekg.CNAME:
			return nil, true
		case *miekg.A:
			raw = rr.A
		case *miekg.AAAA:
			raw = rr.AAAA
		}
		if a, ok := netip.AddrFromSlice(raw); ok && rr.Header().Rrtype == rrtype {
			if rrtype == miekg.TypeA {
				a = a.Unmap() // net.IP has sixteen bytes for these as well
			}
			addresses = append(addresses, a)
		}
	}
	return addresses, false
}
