// Package outside connects to servers on the internet, and to nothing else: an address that a registry's name resolves to, or that a redirect leads to,
// is never one of this cluster, this node or a private network.
package outside

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// connectTimeout bounds a connection, with the look-up of its name.
const connectTimeout = 4 * time.Second

// wireServer gives Azure's machines their credentials. It is the one address of its kind that is no special-purpose address.
var wireServer = netip.MustParsePrefix("168.63.129.16/32")

// Dialer makes a dialer that refuses whatever the IANA special-purpose registries hold: private, loopback, link-local, multicast and the like. It looks
// at the address that is about to be dialled, so that a name that resolves to something else the second time gains nothing. The exceptions
// are for tests.
func Dialer(exceptions ...netip.Prefix) *net.Dialer {
	var v4, v6 []netip.Prefix
	for _, prefix := range exceptions {
		if prefix.Addr().Is4() {
			v4 = append(v4, prefix)
		} else {
			v6 = append(v6, prefix)
		}
	}
	guardian := ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(wireServer), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	return &net.Dialer{Timeout: connectTimeout, Control: guardian.Safe}
}

// Why says in fixed words why nothing came of a connection. The error itself may hold addresses, URLs and what a server said, and goes no further.
func Why(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var network net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err, ssrf.ErrInvalidHostPort):
		return "has an address that must not be called"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "did not answer in time"
	case errors.As(err, &dns):
		return "has a name that does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses connections"
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		return "has a certificate that does not verify"
	case errors.As(err, &network) && network.Timeout():
		return "did not answer in time"
	default:
		return "broke off the connection"
	}
}
