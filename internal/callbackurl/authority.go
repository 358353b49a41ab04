package callbackurl

import (
	"net/netip"
	"strconv"
	"strings"
)

const (
	defaultPort = 443
	maxHost     = 253
	maxLabel    = 63
)

// parseAuthority returns the host in its normal form, and the port with its colon, or nothing for the default port.
func parseAuthority(authority string) (host, port string, err error) {
	host, port, found := cutPort(authority)
	if found {
		if port, err = parsePort(port); err != nil {
			return "", "", err
		}
	}
	if host, err = parseHost(host); err != nil {
		return "", "", err
	}
	return host, port, nil
}

// cutPort cuts at the colon that no IPv6 literal holds.
func cutPort(authority string) (host, port string, found bool) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || strings.LastIndexByte(authority, ']') > i {
		return authority, "", false
	}
	return authority[:i], authority[i+1:], true
}

// parsePort takes an empty port for the default one (RFC 3986 section 6.2.3).
func parsePort(digits string) (string, error) {
	if digits == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(digits, 10, 16) // takes no sign
	if err != nil || n == 0 {
		return "", refuse("must have a port between 1 and 65535, or none")
	}
	if n == defaultPort {
		return "", nil
	}
	return ":" + strconv.FormatUint(n, 10), nil
}

func parseHost(host string) (string, error) {
	if host == "" {
		return "", refuse("must have a host")
	}
	if strings.HasPrefix(host, "[") {
		return parseIPv6(host)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if endsInNumber(host) {
		// Some resolvers take 2130706433, 0x7f.1 and 0177.0.0.1 for 127.0.0.1.
		if addr, err := netip.ParseAddr(host); err != nil || !addr.Is4() {
			return "", refuse("must have a host that is a DNS name, or an IPv4 address of four plain decimal numbers")
		}
		return host, nil
	}
	if !isDNSName(host) {
		return "", refuse("must have a host that is a DNS name in ASCII, an IPv4 address, or an IPv6 address in brackets")
	}
	return host, nil
}

func parseIPv6(host string) (string, error) {
	literal, closed := strings.CutSuffix(host[1:], "]")
	addr, err := netip.ParseAddr(literal)
	if !closed || err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", refuse("must have an IPv6 address without a zone between the brackets")
	}
	return "[" + addr.String() + "]", nil
}

// endsInNumber is the test of the WHATWG URL standard for what somebody may read as an IPv4 address.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if digits, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isDNSName also takes underscores, which real hosts have.
func isDNSName(host string) bool {
	if len(host) > maxHost {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if !isAlphanumeric(label[i]) && label[i] != '-' && label[i] != '_' {
				return false
			}
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
