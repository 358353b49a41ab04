package reach

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// defaultPort is HTTPS's (RFC 9110, section 4.2.2).
const defaultPort = "443"

// ParseAddress takes an address of a route, an IP address or a host name, optionally with a port, and returns it as host:port.
func ParseAddress(s string) (string, error) {
	if a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")); err == nil {
		return net.JoinHostPort(a.String(), defaultPort), nil
	}
	host, port := s, defaultPort
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q: the port must be a number from 1 to 65535", s)
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return net.JoinHostPort(a.String(), port), nil
	}
	if errs := validation.IsDNS1123Subdomain(strings.ToLower(host)); len(errs) > 0 {
		return "", fmt.Errorf("%q: must be an IP address or a host name, optionally with a port", s)
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}
