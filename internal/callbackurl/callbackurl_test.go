package callbackurl

import (
	"errors"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var accepted = map[string]struct{ raw, want string }{
	"a plain host":                                {"https://hallo.gent", "https://hallo.gent"},
	"a slash at the end makes no difference":      {"https://hallo.gent/mwf/", "https://hallo.gent/mwf"},
	"nor do several":                              {"https://hallo.gent///", "https://hallo.gent"},
	"scheme and host are lower-cased, paths not":  {"HTTPS://Hallo.GENT/MWF", "https://hallo.gent/MWF"},
	"the default port is dropped":                 {"https://hallo.gent:443/mwf", "https://hallo.gent/mwf"},
	"an empty port is the default one":            {"https://hallo.gent:/mwf", "https://hallo.gent/mwf"},
	"a port of its own stays":                     {"https://hallo.gent:8443", "https://hallo.gent:8443"},
	"a port loses its leading zeros":              {"https://hallo.gent:00443", "https://hallo.gent"},
	"the root's dot makes no difference":          {"https://hallo.gent./mwf", "https://hallo.gent/mwf"},
	"a host of one label":                         {"https://localhost:8443", "https://localhost:8443"},
	"an IPv4 address":                             {"https://192.0.2.1/mwf", "https://192.0.2.1/mwf"},
	"an IPv6 address":                             {"https://[2001:DB8:0:0::1]/mwf", "https://[2001:db8::1]/mwf"},
	"an IPv6 address with a port":                 {"https://[::1]:8443", "https://[::1]:8443"},
	"an IPv6 address with the default port":       {"https://[::1]:443", "https://[::1]"},
	"a name in Punycode":                          {"https://xn--caf-dma.gent", "https://xn--caf-dma.gent"},
	"a host with an underscore":                   {"https://my_host.gent", "https://my_host.gent"},
	"a label that only begins like a number":      {"https://7.gent", "https://7.gent"},
	"an encoding that was not needed is undone":   {"https://hallo.gent/%6dwf/%7Ex", "https://hallo.gent/mwf/~x"},
	"an encoding that is needed is in capitals":   {"https://hallo.gent/caf%c3%a9", "https://hallo.gent/caf%C3%A9"},
	"an IRI becomes a URI":                        {"https://hallo.gent/café", "https://hallo.gent/caf%C3%A9"},
	"delimiters stay as they are, but for the @":  {"https://hallo.gent/a:b;c=d,e(f)@g", "https://hallo.gent/a:b;c=d,e(f)%40g"},
	"an encoded delimiter is not the plain one":   {"https://hallo.gent/a%2Cb", "https://hallo.gent/a%2Cb"},
	"an encoded question mark is part of a path":  {"https://hallo.gent/a%3Fb%23c", "https://hallo.gent/a%3Fb%23c"},
	"dots within a segment are no dot segment":    {"https://hallo.gent/.well-known/a..b/...", "https://hallo.gent/.well-known/a..b/..."},
	"a character that no URL may have is encoded": {`https://hallo.gent/a"b`, "https://hallo.gent/a%22b"},
}

var refused = map[string]struct{ raw, problem string }{
	"nothing":                                  {"", "must begin with https://"},
	"plain HTTP":                               {"http://hallo.gent", "must begin with https://"},
	"another scheme":                           {"ftp://hallo.gent", "must begin with https://"},
	"no scheme":                                {"hallo.gent/mwf", "must begin with https://"},
	"no authority":                             {"https:hallo.gent", "must begin with https://"},
	"one slash":                                {"https:/hallo.gent", "must begin with https://"},
	"a space in front":                         {" https://hallo.gent", "must not have spaces or control characters"},
	"a space inside":                           {"https://hallo.gent/a b", "must not have spaces or control characters"},
	"a new line":                               {"https://hallo.gent/\nx", "must not have spaces or control characters"},
	"a NUL":                                    {"https://hallo.gent/\x00", "must not have spaces or control characters"},
	"a DEL":                                    {"https://hallo.gent/\x7f", "must not have spaces or control characters"},
	"an encoded control character":             {"https://hallo.gent/a%0d%0ab", "must not have spaces or control characters"},
	"user info":                                {"https://marked-secret@hallo.gent", "must not have user info"},
	"a password":                               {"https://u:marked-secret@hallo.gent/mwf", "must not have user info"},
	"empty user info":                          {"https://@hallo.gent", "must not have user info"},
	"a query":                                  {"https://hallo.gent/?secret=marked-secret", "must not have a query"},
	"an empty query":                           {"https://hallo.gent/mwf?", "must not have a query"},
	"a fragment":                               {"https://hallo.gent/mwf#marked-secret", "must not have a fragment"},
	"a backslash in the path":                  {`https://hallo.gent\@evil.example`, "must not have a backslash"},
	"a backslash for the slashes":              {`https:\\hallo.gent`, "must not have a backslash"},
	"an encoded dot":                           {"https://hallo.gent/mwf/%2e%2e/x", "must not have encoded dots, slashes or backslashes"},
	"an encoded dot in capitals":               {"https://hallo.gent/mwf/%2E", "must not have encoded dots, slashes or backslashes"},
	"an encoded slash":                         {"https://hallo.gent/mwf%2fx", "must not have encoded dots, slashes or backslashes"},
	"an encoded backslash":                     {"https://hallo.gent/mwf%5Cx", "must not have encoded dots, slashes or backslashes"},
	"a dot encoded twice":                      {"https://hallo.gent/mwf/%252e%252e", "must not have encoded percent signs"},
	"a percent sign alone":                     {"https://hallo.gent/100%", "must have two hexadecimal digits after each percent sign"},
	"a percent sign before no digits":          {"https://hallo.gent/%zz", "must have two hexadecimal digits after each percent sign"},
	"a dot segment":                            {"https://hallo.gent/./mwf", "must not have the path segments . and .."},
	"a dot segment that leads up":              {"https://hallo.gent/mwf/../x", "must not have the path segments . and .."},
	"a dot segment at the end":                 {"https://hallo.gent/mwf/..", "must not have the path segments . and .."},
	"a dot segment with a parameter":           {"https://hallo.gent/mwf/..;x=1/y", "must not have the path segments . and .."},
	"an empty segment":                         {"https://hallo.gent//mwf", "must not have empty path segments"},
	"an empty segment inside":                  {"https://hallo.gent/a//b", "must not have empty path segments"},
	"a path that is no UTF-8":                  {"https://hallo.gent/\xff", "must be UTF-8"},
	"no host":                                  {"https://", "must have a host"},
	"no host but a path":                       {"https:///mwf", "must have a host"},
	"no host but a port":                       {"https://:8443", "must have a host"},
	"a port that is none":                      {"https://hallo.gent:http", "must have a port between 1 and 65535, or none"},
	"port 0":                                   {"https://hallo.gent:0", "must have a port between 1 and 65535, or none"},
	"a port that is too high":                  {"https://hallo.gent:65536", "must have a port between 1 and 65535, or none"},
	"a port with a sign":                       {"https://hallo.gent:+443", "must have a port between 1 and 65535, or none"},
	"two ports":                                {"https://hallo.gent:1:2", "must have a host that is a DNS name in ASCII"},
	"an IPv6 address without brackets":         {"https://::1/", "must have a host that is a DNS name in ASCII"},
	"an IPv6 address with a zone":              {"https://[fe80::1%25eth0]/", "must have an IPv6 address without a zone"},
	"an IPv4 address in brackets":              {"https://[127.0.0.1]/", "must have an IPv6 address without a zone"},
	"a bracket that is not closed":             {"https://[::1/mwf", "must have an IPv6 address without a zone"},
	"something after the bracket":              {"https://[::1]x/", "must have an IPv6 address without a zone"},
	"a name that is not ASCII":                 {"https://café.gent", "must have a host that is a DNS name in ASCII"},
	"an encoded host":                          {"https://hallo%2egent", "must have a host that is a DNS name in ASCII"},
	"an empty label":                           {"https://hallo..gent", "must have a host that is a DNS name in ASCII"},
	"two dots at the end":                      {"https://hallo.gent..", "must have a host that is a DNS name in ASCII"},
	"a label that begins with a dash":          {"https://-hallo.gent", "must have a host that is a DNS name in ASCII"},
	"a label that is too long":                 {"https://" + strings.Repeat("a", 64) + ".gent", "must have a host that is a DNS name in ASCII"},
	"a host that is too long":                  {"https://" + strings.Repeat("a.", 126) + "gent", "must have a host that is a DNS name in ASCII"},
	"an IPv4 address as one decimal number":    {"https://2130706433/", "an IPv4 address of four plain decimal numbers"},
	"an IPv4 address as one hexadecimal":       {"https://0x7f000001/", "an IPv4 address of four plain decimal numbers"},
	"an IPv4 address in octal":                 {"https://0177.0.0.1/", "an IPv4 address of four plain decimal numbers"},
	"an IPv4 address with hexadecimal parts":   {"https://127.0.0.0x1/", "an IPv4 address of four plain decimal numbers"},
	"an IPv4 address that is cut short":        {"https://127.1/", "an IPv4 address of four plain decimal numbers"},
	"an IPv4 address out of range":             {"https://127.0.0.256/", "an IPv4 address of four plain decimal numbers"},
	"more characters than the API takes":       {"https://hallo.gent/" + strings.Repeat("a", MaxLength), "must have at most 2048 characters"},
	"more characters only once it was encoded": {"https://hallo.gent/" + strings.Repeat("é", 400), "must have at most 2048 characters"},
}

func TestParseReturnsTheNormalForm(t *testing.T) {
	for name, tc := range accepted {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.raw)
			if err != nil || got != tc.want {
				t.Errorf("Parse(%q) = %q, %v; want %q", tc.raw, got, err, tc.want)
			}
		})
	}
}

func TestParseRefusesAndSaysWhyWithoutRepeatingTheURL(t *testing.T) {
	for name, tc := range refused {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.raw)
			var typed *Error
			if !errors.As(err, &typed) || got != "" {
				t.Fatalf("Parse(%q) = %q, %v; want an *Error and nothing", tc.raw, got, err)
			}
			if !strings.HasPrefix(typed.Problem, tc.problem) && !strings.Contains(typed.Problem, tc.problem) {
				t.Errorf("Parse(%q): %q; want %q in it", tc.raw, typed.Problem, tc.problem)
			}
			if strings.Contains(err.Error(), "marked-secret") || strings.Contains(err.Error(), "hallo.gent") {
				t.Errorf("the error repeats the URL: %v", err)
			}
		})
	}
}

func TestAllowedComparesOriginAndWholeSegments(t *testing.T) {
	for name, tc := range map[string]struct {
		callback string
		prefixes []string
		want     bool
	}{
		"the prefix itself":                       {"https://hallo.gent/mwf", []string{"https://hallo.gent/mwf"}, true},
		"below the prefix":                        {"https://hallo.gent/mwf/a/b", []string{"https://hallo.gent/mwf"}, true},
		"a prefix with a slash at its end":        {"https://hallo.gent/mwf", []string{"https://hallo.gent/mwf/"}, true},
		"an origin allows every path":             {"https://hallo.gent/any/thing", []string{"https://hallo.gent"}, true},
		"any of several prefixes":                 {"https://b.gent/x", []string{"https://a.gent", "https://b.gent"}, true},
		"a default port against none":             {"https://hallo.gent:443/mwf", []string{"https://HALLO.gent/mwf"}, true},
		"an encoding that was not needed":         {"https://hallo.gent/%6Dwf", []string{"https://hallo.gent/mwf"}, true},
		"half a segment":                          {"https://hallo.gent/mwfx", []string{"https://hallo.gent/mwf"}, false},
		"above the prefix":                        {"https://hallo.gent", []string{"https://hallo.gent/mwf"}, false},
		"another case in the path":                {"https://hallo.gent/MWF", []string{"https://hallo.gent/mwf"}, false},
		"another port":                            {"https://hallo.gent:8443/mwf", []string{"https://hallo.gent/mwf"}, false},
		"the port of the prefix left out":         {"https://hallo.gent/mwf", []string{"https://hallo.gent:8443/mwf"}, false},
		"a longer port":                           {"https://hallo.gent:84430", []string{"https://hallo.gent:8443"}, false},
		"a subdomain":                             {"https://x.hallo.gent/mwf", []string{"https://hallo.gent"}, false},
		"a host that goes on":                     {"https://hallo.gent.evil.example", []string{"https://hallo.gent"}, false},
		"the host as user info":                   {"https://hallo.gent@evil.example", []string{"https://hallo.gent"}, false},
		"out of the prefix by dots":               {"https://hallo.gent/mwf/../x", []string{"https://hallo.gent/mwf"}, false},
		"out of the prefix by encoded dots":       {"https://hallo.gent/mwf/%2e%2e/x", []string{"https://hallo.gent/mwf"}, false},
		"plain HTTP":                              {"http://hallo.gent", []string{"https://hallo.gent"}, false},
		"no prefix":                               {"https://hallo.gent", nil, false},
		"a prefix that does not parse":            {"https://hallo.gent", []string{"https://"}, false},
		"one bad prefix does not hide a good one": {"https://hallo.gent/x", []string{"http://hallo.gent", "https://hallo.gent"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Allowed(tc.callback, tc.prefixes); got != tc.want {
				t.Errorf("Allowed(%q, %q) = %t, want %t", tc.callback, tc.prefixes, got, tc.want)
			}
		})
	}
}

func TestTargetIsTheContractsURL(t *testing.T) {
	for name, tc := range map[string]struct {
		callback, domain string
		code             v1alpha1.OutcomeCode
		want             string
	}{
		"an origin":                      {"https://hallo.gent", "alice.gent", 201, "https://hallo.gent/site/alice.gent?status=201"},
		"the name as it was sent":        {"https://hallo.gent/mwf/", "Alice.GENT.", 409, "https://hallo.gent/mwf/site/Alice.GENT.?status=409"},
		"a path that has to stay as is":  {"https://hallo.gent:8443/a%2Cb/café", "a-b.gent", 500, "https://hallo.gent:8443/a%2Cb/caf%C3%A9/site/a-b.gent?status=500"},
		"a receiver at an IPv6 address":  {"https://[::1]:8443/", "alice.gent", 201, "https://[::1]:8443/site/alice.gent?status=201"},
		"a callback that does not parse": {"https://hallo.gent/?x", "alice.gent", 201, ""},
		"a domain that leads out":        {"https://hallo.gent/mwf", "..", 201, ""},
		"a domain with a slash":          {"https://hallo.gent", "alice.gent/x", 201, ""},
		"a domain with a query":          {"https://hallo.gent", "alice.gent?status=201", 409, ""},
		"no domain":                      {"https://hallo.gent", "", 201, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Target(tc.callback, tc.domain, tc.code)
			switch {
			case tc.want == "" && err == nil:
				t.Errorf("Target(%q, %q) = %s, want an error", tc.callback, tc.domain, got)
			case tc.want != "" && (err != nil || got.String() != tc.want):
				t.Errorf("Target(%q, %q) = %v, %v; want %s", tc.callback, tc.domain, got, err, tc.want)
			}
		})
	}
}
