// Package dns publishes where a name leads, and asks the name servers that decide.
//
// [Zone] changes a zone by dynamic updates (RFC 2136) that are signed with TSIG (RFC 8945). [Resolver] asks the authoritative servers of a name
// themselves, past every cache: only what they say is what the next visitor gets.
package dns

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Publisher makes names lead somewhere. Names are in lower-case ASCII, without a trailing dot.
type Publisher interface {
	// PutAddresses makes the A and AAAA records at the name itself lead to these addresses, and nowhere else. It is safe to repeat, and changes nothing where
	// they do already. Other records are left alone.
	PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error

	// RemoveAddresses takes away the A and AAAA records at the name itself that lead to one of these addresses. Where they lead elsewhere somebody has changed
	// them, and they stay. It is no error that there are none.
	RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error
}

// Dial makes a connection, as [net.Dialer.DialContext] does. The network is udp or tcp, the address host:port.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Sorted returns the addresses in order, each once, IPv4 before IPv6.
func Sorted(addresses []netip.Addr) []netip.Addr {
	out := slices.Clone(addresses)
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// Join writes addresses as a list for people.
func Join(addresses []netip.Addr) string {
	texts := make([]string, 0, len(addresses))
	for _, a := range addresses {
		texts = append(texts, a.String())
	}
	return strings.Join(texts, ", ")
}
