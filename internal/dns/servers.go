package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	miekg "github.com/miekg/dns"
	"k8s.io/utils/clock"
)

const (
	// maxServers and maxAddresses bound how much of what others publish is followed: the root has thirteen servers, with two addresses each.
	maxServers   = 13
	maxAddresses = 4
	// maxReferrals bounds how far down delegations are followed from the zone that the recursive resolver knew.
	maxReferrals = 4
	// port of name servers (RFC 1035, section 4.2).
	port = "53"
	// resolvConf names the recursive resolvers of this machine, or pod.
	resolvConf = "/etc/resolv.conf"
)

// Resolver asks the authoritative servers of names. Their own names and addresses it learns from recursive resolvers.
type Resolver struct {
	// Recursive resolvers, as host:port, tried in this order; none for those of /etc/resolv.conf.
	Recursive []string
	// Dial makes connections; nil for the network's own.
	Dial Dial
}

// server is one of a zone's name servers.
type server struct {
	name      string // canonical
	addresses []netip.Addr
}

func (r *Resolver) exchanger() exchanger { return newExchanger(r.Dial, clock.RealClock{}) }

// zoneServers finds the name servers of the closest zone above a name that the recursive resolver knows. They refer to others where the name is a zone of its
// own. The resolver is asked for the name itself only where it knows nothing above: it would remember that there is no such name yet, and tell those who
// look for it right after it was made.
func (r *Resolver) zoneServers(ctx context.Context, domain string) ([]server, error) {
	name := miekg.Fqdn(domain)
	var zones []string
	for _, above, _ := strings.Cut(name, "."); above != ""; _, above, _ = strings.Cut(above, ".") {
		zones = append(zones, above)
	}
	var trouble error
	for _, zone := range append(zones, name) {
		answer, err := r.recurse(ctx, zone, miekg.TypeNS)
		if err != nil { // a zone whose servers have trouble: the one above knows as much
			trouble = cmp.Or(trouble, err)
			continue
		}
		if names := nameServers(answer.Answer, zone); len(names) > 0 {
			return r.resolveAll(ctx, names, nil)
		}
	}
	if trouble != nil {
		return nil, trouble
	}
	return nil, &Failure{Reason: ReasonNoServers}
}

// nameServers are those of one owner among the records.
func nameServers(records []miekg.RR, owner string) []string {
	var names []string
	for _, rr := range records {
		if ns, ok := rr.(*miekg.NS); ok && miekg.CanonicalName(ns.Hdr.Name) == miekg.CanonicalName(owner) {
			names = append(names, miekg.CanonicalName(ns.Ns))
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return names[:min(len(names), maxServers)]
}

// resolveAll finds the addresses of name servers: among the records that came along (glue), or else from the recursive resolver. Servers without any
// address are left in, as ones that do not answer.
func (r *Resolver) resolveAll(ctx context.Context, names []string, glue []miekg.RR) ([]server, error) {
	servers := make([]server, len(names))
	var all sync.WaitGroup
	for i, name := range names {
		servers[i] = server{name: name, addresses: glueOf(glue, name)}
		if len(servers[i].addresses) == 0 {
			all.Go(func() { servers[i].addresses = r.resolve(ctx, name) })
		}
	}
	all.Wait()
	if !slices.ContainsFunc(servers, func(s server) bool { return len(s.addresses) > 0 }) {
		return nil, &Failure{Reason: ReasonUnresolved, Server: display(names[0])}
	}
	return servers, nil
}

func glueOf(glue []miekg.RR, name string) []netip.Addr {
	var addresses []netip.Addr
	for _, rrtype := range types {
		found, _ := addressesIn(&miekg.Msg{Answer: glue}, name, rrtype)
		addresses = append(addresses, found...)
	}
	addresses = Sorted(addresses)
	return addresses[:min(len(addresses), maxAddresses)]
}

// resolve asks the recursive resolver for the addresses of a name server. A name server's name is no alias (RFC 2181, section 10.3).
func (r *Resolver) resolve(ctx context.Context, name string) []netip.Addr {
	var records []miekg.RR
	for _, rrtype := range types {
		if answer, err := r.recurse(ctx, name, rrtype); err == nil {
			records = append(records, answer.Answer...)
		}
	}
	return glueOf(records, name)
}

// recurse asks the recursive resolvers, one after the other, until one knows: that there is none is knowledge as well.
func (r *Resolver) recurse(ctx context.Context, name string, rrtype uint16) (*miekg.Msg, error) {
	resolvers, err := r.recursive()
	if err != nil {
		return nil, err
	}
	for _, at := range resolvers {
		question := new(miekg.Msg).SetQuestion(name, rrtype).SetEdns0(udpSize, false)
		answer, asked := r.exchanger().ask(ctx, at, question)
		switch {
		case asked != nil:
			err = asked
		case answer.Rcode == miekg.RcodeSuccess, answer.Rcode == miekg.RcodeNameError:
			return answer, nil
		default:
			err = &Failure{Reason: rejected(answer.Rcode), Server: at, Code: answer.Rcode}
		}
	}
	return nil, fmt.Errorf("ask the recursive resolver: %w", err)
}

func (r *Resolver) recursive() ([]string, error) {
	if len(r.Recursive) > 0 {
		return r.Recursive, nil
	}
	conf, err := miekg.ClientConfigFromFile(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", resolvConf, err)
	}
	if len(conf.Servers) == 0 {
		return nil, errors.New(resolvConf + " names no resolver")
	}
	servers := make([]string, 0, len(conf.Servers))
	for _, s := range conf.Servers {
		servers = append(servers, net.JoinHostPort(s, conf.Port))
	}
	return servers, nil
}

// display writes a name as people do.
func display(name string) string { return strings.TrimSuffix(name, ".") }
