package delivery

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// metadata are the addresses at which clouds give credentials to whoever asks from inside. They are denied whatever is allowed: nobody is called back there.
// Most lie in networks that are closed anyway; Azure's is a public address.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("169.254.169.254/32"), // AWS, Azure, Google, Hetzner, OpenStack and others
	netip.MustParsePrefix("169.254.170.0/24"),   // AWS, for containers and pods
	netip.MustParsePrefix("fd00:ec2::/32"),      // AWS in IPv6
	netip.MustParsePrefix("fd20:ce::254/128"),   // Google in IPv6
	netip.MustParsePrefix("168.63.129.16/32"),   // Azure's WireServer
	netip.MustParsePrefix("100.100.100.200/32"), // Alibaba
	netip.MustParsePrefix("192.0.0.192/32"),     // Oracle
}

var errDeniedPrefix = errors.New("address in a denied network")

// guard decides which addresses may be called. It runs after DNS, on the address that is about to be dialled, so that a name that
// resolves to something else the second time gains nothing.
type guard struct {
	denied   []netip.Prefix
	guardian *ssrf.Guardian
}

// newGuard refuses what the IANA special-purpose registries hold (private, loopback, link-local, metadata, multicast and so on), but for the allowed networks.
// A denied network is denied whatever is allowed, and so is the metadata of clouds. The port is the business of the Onboarder's prefixes.
func newGuard(allowed, denied []netip.Prefix) (*guard, error) {
	for _, prefix := range slices.Concat(allowed, denied) {
		if !prefix.IsValid() || prefix.Addr().Is4In6() {
			return nil, fmt.Errorf("network %s: give an IPv4 or IPv6 network in CIDR notation", prefix)
		}
	}
	allowed4, allowed6 := families(allowed)
	return &guard{
		denied: slices.Concat(metadata, denied),
		guardian: ssrf.New(
			ssrf.WithAnyPort(),
			ssrf.WithAllowedV4Prefixes(allowed4...),
			ssrf.WithAllowedV6Prefixes(allowed6...),
		),
	}, nil
}

func families(prefixes []netip.Prefix) (v4, v6 []netip.Prefix) {
	for _, prefix := range prefixes {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix.Masked())
		} else {
			v6 = append(v6, prefix.Masked())
		}
	}
	return v4, v6
}

// control is a net.Dialer's Control.
func (g *guard) control(network, address string, conn syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return ssrf.ErrInvalidHostPort
	}
	addr := target.Addr().Unmap().WithZone("")
	for _, prefix := range g.denied {
		if prefix.Contains(addr) {
			return errDeniedPrefix
		}
	}
	return g.guardian.Safe(network, address, conn)
}

// forbidden says whether an error came from a guard.
func forbidden(err error) bool {
	return errors.Is(err, errDeniedPrefix) || errors.Is(err, ssrf.ErrProhibitedIP) ||
		errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrInvalidHostPort)
}
