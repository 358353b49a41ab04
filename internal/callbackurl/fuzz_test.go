package callbackurl

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// maxFuzzed is somewhat more than any callback may have, in bytes.
const maxFuzzed = MaxLength + 256

// FuzzParse holds the parser to what net/url, which sends the request in the end, makes of the normal form.
func FuzzParse(f *testing.F) {
	for _, tc := range accepted {
		f.Add(tc.raw)
	}
	for _, tc := range refused {
		f.Add(tc.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if len(raw) > maxFuzzed {
			return
		}
		normal, err := Parse(raw)
		if err != nil {
			var told *Error
			if normal != "" || !errors.As(err, &told) || strings.Contains(raw, "marked-secret") && strings.Contains(err.Error(), "marked-secret") {
				t.Fatalf("Parse(%q) = %q, %v", raw, normal, err)
			}
			return
		}
		if again, err := Parse(normal); err != nil || again != normal || len(normal) > MaxLength {
			t.Fatalf("the normal form %q of %q becomes %q, %v", normal, raw, again, err)
		}
		u, err := url.Parse(normal)
		if err != nil {
			t.Fatalf("net/url refuses the normal form %q of %q: %v", normal, raw, err)
		}
		if u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery || u.String() != normal {
			t.Fatalf("net/url reads the normal form %q of %q differently: %#v", normal, raw, u)
		}
		if strings.ContainsAny(u.Path, "\\\x00\r\n") || u.Path != "" && path.Clean(u.Path) != u.Path {
			t.Fatalf("the normal form %q of %q has a path that others may read differently", normal, raw)
		}
		checkHost(t, u, raw)
		if before, err := url.Parse(raw); err == nil && !sameHost(before, u) {
			t.Fatalf("%q leads to %s, its normal form %q to %s", raw, before.Host, normal, u.Host)
		}
	})
}

// checkHost makes sure that nobody can read a host that is no plain IP address as one, and that the one that is dialled is the one that is written.
func checkHost(t *testing.T, u *url.URL, raw string) {
	t.Helper()
	host, port := u.Hostname(), u.Port()
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.String() != host || addr.Zone() != "" || addr.Is6() != strings.HasPrefix(u.Host, "[") {
			t.Fatalf("the address in %q is not in its one form: %q", raw, host)
		}
	} else if likeAnIP.MatchString(host) || !plainHost.MatchString(host) {
		t.Fatalf("the host %q of %q may be read as something else", host, raw)
	}
	if port == "443" || strings.HasPrefix(port, "0") || strings.HasSuffix(u.Host, ":") {
		t.Fatalf("the port of %q is not in its one form: %q", raw, u.Host)
	}
	if port == "" {
		port = "443"
	}
	if at := dialled(t, u); at != net.JoinHostPort(host, port) {
		t.Fatalf("%q leads to %s, and %s would be dialled", raw, u.Host, at)
	}
}

var (
	likeAnIP  = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)
	plainHost = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)
)

// sameHost compares the host that net/url finds in what was given with that of the normal form.
func sameHost(before, normal *url.URL) bool {
	host := strings.ToLower(strings.TrimSuffix(before.Hostname(), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.String()
	}
	number := func(port string) int {
		if port == "" {
			return 443
		}
		n, _ := strconv.Atoi(port)
		return n
	}
	return host == normal.Hostname() && number(before.Port()) == number(normal.Port())
}

// dialled is the address that net/http turns to for a URL.
func dialled(t *testing.T, u *url.URL) string {
	t.Helper()
	var at string
	enough := errors.New("enough")
	transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
		at = address
		return nil, enough
	}}
	request := &http.Request{Method: http.MethodPatch, URL: u, Host: u.Host, Header: http.Header{}}
	response, err := transport.RoundTrip(request)
	if err == nil {
		response.Body.Close()
	}
	if !errors.Is(err, enough) {
		t.Fatalf("nobody dialled for %s: %v", u, err)
	}
	return at
}

// FuzzAllowed compares the prefixes' text with what net/url makes of both: the same origin, and the same path segments to begin with.
func FuzzAllowed(f *testing.F) {
	f.Add("https://hallo.gent/mwf/x", "https://hallo.gent/mwf")
	f.Add("https://hallo.gent/mwfx", "https://hallo.gent/mwf")
	f.Add("https://hallo.gent:8443/%6dwf", "https://HALLO.gent.:08443/mwf/")
	f.Add("https://hallo.gent.evil.example/", "https://hallo.gent")
	f.Add("https://hallo.gent@evil.example/", "https://hallo.gent")
	f.Add("https://hallo.gent:84430", "https://hallo.gent:8443")
	f.Add("https://[::1]/a", "https://[0::0:1]:443/")
	f.Fuzz(func(t *testing.T, callback, prefix string) {
		if len(callback) > maxFuzzed || len(prefix) > maxFuzzed {
			return
		}
		allowed := Allowed(callback, []string{prefix})
		c, cerr := parsed(callback)
		p, perr := parsed(prefix)
		want := cerr == nil && perr == nil && c.Host == p.Host && len(segments(c)) >= len(segments(p)) &&
			slices.Equal(segments(c)[:len(segments(p))], segments(p))
		if allowed != want {
			t.Fatalf("Allowed(%q, %q) = %t", callback, prefix, allowed)
		}
		if allowed && dialled(t, c) != dialled(t, p) {
			t.Fatalf("%q leads away from %q", callback, prefix)
		}
		if allowed != Allowed(callback, []string{"http://hallo.gent", prefix, ""}) || Allowed(callback, nil) {
			t.Fatalf("%q is judged by what is no prefix", callback)
		}
	})
}

func parsed(raw string) (*url.URL, error) {
	normal, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	return url.Parse(normal)
}

func segments(u *url.URL) []string {
	if u.Path == "" {
		return nil
	}
	return strings.Split(u.EscapedPath()[1:], "/")
}

// FuzzTarget looks for a domain or a callback with which the token would go elsewhere than to the callback's /site/<domain>.
func FuzzTarget(f *testing.F) {
	f.Add("https://hallo.gent/mwf", "Alice.gent", 201)
	f.Add("https://hallo.gent:8443/a%2Cb/café/", "a-b.gent.", 409)
	f.Add("https://hallo.gent", "..", 500)
	f.Add("https://hallo.gent", "alice.gent?status=201", 409)
	f.Add("https://hallo.gent", "alice.gent#", 201)
	f.Add("https://hallo.gent", "a%2f", -1)
	f.Fuzz(func(t *testing.T, callback, domain string, code int) {
		if len(callback) > maxFuzzed || len(domain) > 512 || int(int32(code)) != code {
			return
		}
		target, err := Target(callback, domain, v1alpha1.OutcomeCode(code))
		base, perr := parsed(callback)
		if plain := plainDomain.MatchString(domain) && strings.Trim(domain, ".") != ""; (err == nil) != (perr == nil && plain) {
			t.Fatalf("Target(%q, %q) = %v, %v", callback, domain, target, err)
		}
		if err != nil {
			var told *Error
			if target != nil || !errors.As(err, &told) {
				t.Fatalf("Target(%q, %q) = %v and an error of another kind: %v", callback, domain, target, err)
			}
			return
		}
		if dialled(t, target) != dialled(t, base) {
			t.Fatalf("the token for %q goes to %s", callback, target.Host)
		}
		// As the receiver reads the first line of the request.
		seen, err := url.ParseRequestURI(target.RequestURI())
		if err != nil {
			t.Fatalf("no receiver could read %q: %v", target.RequestURI(), err)
		}
		if seen.Path != base.Path+"/site/"+domain || seen.RawQuery != "status="+strconv.Itoa(code) || path.Clean(seen.Path) != seen.Path {
			t.Fatalf("Target(%q, %q, %d) is read as %q with %q", callback, domain, code, seen.Path, seen.RawQuery)
		}
		if at := strings.TrimSuffix(target.String(), "?"+target.RawQuery); len(at) <= MaxLength && !Allowed(at, []string{callback}) {
			t.Fatalf("%q lies outside %q", at, callback)
		}
	})
}

var plainDomain = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)
