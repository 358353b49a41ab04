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

// ParseAddress takes an address of a route, an IP address or a host name, optionally with a port, and returns it as host:port. An IPv6 address may stand
// in brackets, and has no zone, which would mean something else on another node.
func ParseAddress(s string) (string, error) {
	host, port := s, defaultPort
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	} else if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") && strings.Contains(s, ":") {
		host = s[1 : len(s)-1]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return "", fmt.Errorf("%q: the port must be a number from 1 to 65535", s)
	}
	port = strconv.FormatUint(n, 10)
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		return net.JoinHostPort(a.String(), port), nil
	}
	if errs := validation.IsDNS1123Subdomain(strings.ToLower(host)); len(errs) > 0 {
		return "", fmt.Errorf("%q: must be an IP address or a host name, optionally with a port", s)
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}
