// Package callbackurl says which URLs an onboarder may be called back at. The front end judges an order's callback by it, and the delivery
// judges the same callback again each time before a token goes there, so that neither can be talked into more than the other.
//
// It is pure: no look-ups, no clock, no state. Its errors never repeat any part of the URL, which may hold a secret.
package callbackurl

import (
	"net/url"
	"strconv"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// MaxLength is how many characters a callback may have in its normal form.
const MaxLength = 2048

const scheme = "https://"

// Error says what is wrong with a callback URL, and what is allowed. It never repeats any part of the URL.
type Error struct {
	// Problem is a clause that goes on from "callback URL", such as "must not have a query".
	Problem string
}

func (e *Error) Error() string { return "callback URL " + e.Problem }

func refuse(problem string) error { return &Error{Problem: problem} }

// Parse takes a callback, or a prefix for callbacks, and returns its normal form (RFC 3986 section 6.2): scheme and host in lower case, the default
// port left out, no slash at the end, percent-encoding in capitals and only where it is needed. The error is always an *Error.
//
// Refused are: other schemes than https; user info, query, fragment, backslash, spaces and control characters; dot segments and empty segments; encoded
// dots, slashes, backslashes and percent signs, which another server might decode into a different path; hosts that are no
// DNS name in ASCII, no IPv6 literal in brackets and no IPv4 address of four plain decimal numbers.
func Parse(raw string) (string, error) {
	authority, path, err := split(raw)
	if err != nil {
		return "", err
	}
	host, port, err := parseAuthority(authority)
	if err != nil {
		return "", err
	}
	path, err = normalisePath(path)
	if err != nil {
		return "", err
	}
	normal := scheme + host + port + path
	if len(normal) > MaxLength {
		return "", refuse("must have at most " + strconv.Itoa(MaxLength) + " characters")
	}
	return normal, nil
}

// Allowed says whether a callback lies at or below one of the prefixes: the same origin, port included, and whole path segments, so that
// /mwf allows /mwf and /mwf/x but not /mwfx. What does not parse is not allowed and allows nothing.
func Allowed(callback string, prefixes []string) bool {
	normal, err := Parse(callback)
	if err != nil {
		return false
	}
	for _, raw := range prefixes {
		prefix, err := Parse(raw)
		if err == nil && (normal == prefix || strings.HasPrefix(normal, prefix+"/")) {
			return true
		}
	}
	return false
}

// Target returns the URL that is called: <callback>/site/<domain as it was sent>?status=<code>. It holds no secret; the older dialect adds
// its own only when the request is sent. A domain that is no single plain path segment is an error.
func Target(callback, domainAsSent string, code v1alpha1.OutcomeCode) (*url.URL, error) {
	normal, err := Parse(callback)
	if err != nil {
		return nil, err
	}
	if !plainSegment(domainAsSent) {
		return nil, refuse("cannot be completed: the domain must consist of letters, digits, dashes and dots")
	}
	target, err := url.Parse(normal + "/site/" + domainAsSent)
	if err != nil {
		// Parse lets nothing through that net/url refuses; its error would repeat the URL.
		return nil, refuse("cannot be parsed")
	}
	target.RawQuery = "status=" + strconv.Itoa(int(code))
	return target, nil
}

// plainSegment refuses the dot segments too: ".." would lead out of /site.
func plainSegment(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && s[i] != '-' && s[i] != '.' {
			return false
		}
	}
	return strings.Trim(s, ".") != ""
}

// split takes a URL apart into authority and path, and refuses what belongs to neither. It does not use net/url, whose parser decodes the path
// and so forgets which dots and slashes were encoded.
func split(raw string) (authority, path string, err error) {
	for i := range len(raw) {
		switch c := raw[i]; {
		case c <= ' ' || c == 0x7f:
			return "", "", refuse("must not have spaces or control characters")
		case c == '\\':
			return "", "", refuse("must not have a backslash")
		case c == '?':
			return "", "", refuse("must not have a query")
		case c == '#':
			return "", "", refuse("must not have a fragment")
		}
	}
	if len(raw) < len(scheme) || !strings.EqualFold(raw[:len(scheme)], scheme) {
		return "", "", refuse("must begin with " + scheme)
	}
	authority, path, _ = strings.Cut(raw[len(scheme):], "/")
	if strings.Contains(authority, "@") {
		return "", "", refuse("must not have user info")
	}
	return authority, path, nil
}
