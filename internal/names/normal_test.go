package names

import (
	"errors"
	"strings"
	"testing"
)

func TestNormaliseTakesHostNames(t *testing.T) {
	longest := strings.Repeat(strings.Repeat("a", 49)+".", 5) + "gen"
	for raw, want := range map[string]Name{
		"alice.gent":                       "alice.gent",
		"Alice.GENT.":                      "alice.gent",
		"a.gent":                           "a.gent",
		"1.gent":                           "1.gent",
		"123-456.gent":                     "123-456.gent",
		"a-b.gent":                         "a-b.gent",
		"a--b.gent":                        "a--b.gent",
		"www.alice.gent":                   "www.alice.gent",
		"0x1.gent":                         "0x1.gent",
		"alice.0xyz":                       "alice.0xyz",
		strings.Repeat("A", 63) + ".gent":  Name(strings.Repeat("a", 63) + ".gent"),
		longest:                            Name(longest),
		longest + ".":                      Name(longest),
		"taken-at-registration-7.gent":     "taken-at-registration-7.gent",
		"a.b.c.d.e.f.g.h.i.j.k.l.m.n.gent": "a.b.c.d.e.f.g.h.i.j.k.l.m.n.gent",
	} {
		if got, err := Normalise(raw); got != want || err != nil {
			t.Errorf("Normalise(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestNormaliseRefusesWhatCannotBeADomainName(t *testing.T) {
	for why, raw := range map[string]string{
		"nothing":                        "",
		"the root":                       ".",
		"a single label":                 "alice",
		"a single label with a dot":      "alice.",
		"a leading dot":                  ".gent",
		"two dots":                       "alice..gent",
		"two trailing dots":              "alice.gent..",
		"a space inside":                 "al ice.gent",
		"a space before":                 " alice.gent",
		"a line break":                   "alice.gent\n",
		"a NUL":                          "alice.gent\x00",
		"an underscore":                  "al_ice.gent",
		"a leading hyphen":               "-alice.gent",
		"a trailing hyphen":              "alice-.gent",
		"a suffix with a hyphen":         "alice.-gent",
		"a long label":                   strings.Repeat("a", 64) + ".gent",
		"a long name":                    strings.Repeat(strings.Repeat("a", 49)+".", 5) + "gent",
		"a URL":                          "https://alice.gent",
		"a path":                         "alice.gent/",
		"an address of mail":             "alice@alice.gent",
		"a wildcard":                     "*.gent",
		"a port":                         "alice.gent:443",
		"an encoded dot":                 "alice%2egent",
		"an IPv4 address":                "192.0.2.1",
		"a short IPv4 address":           "127.1",
		"a hexadecimal IPv4 address":     "127.0x1",
		"an IPv6 address":                "2001:db8::1",
		"an IPv6 address in brackets":    "[2001:db8::1]",
		"invalid UTF-8":                  "alice\xff.gent",
		"a non-breaking space":           "alice\u00a0.gent",
		"a right-to-left override":       "alice\u202e.gent",
		"a zero-width space":             "al\u200bice.gent",
		"a sentence in another language": "där är den.gent",
		"a picture":                      "\U0001f382.gent",
	} {
		t.Run(why, func(t *testing.T) {
			name, err := Normalise(raw)
			var told *Error
			if name != "" || !errors.Is(err, ErrInvalid) || !errors.As(err, &told) || told.Reason == "" {
				t.Errorf("Normalise(%q) = %q, %v; want ErrInvalid and a reason", raw, name, err)
			}
		})
	}
}

func TestNormaliseKnowsNamesThatAreNotSoldYet(t *testing.T) {
	for _, raw := range []string{
		"café.gent", "CAFÉ.gent", "gеnt.gent", "straße.gent", "例え.gent", "alice。gent", "xn--caf-dma.gent", "XN--CAF-DMA.gent", "alice.xn--p1ai", "ab--cd.gent",
	} {
		if name, err := Normalise(raw); name != "" || !errors.Is(err, ErrNotSold) {
			t.Errorf("Normalise(%q) = %q, %v; want ErrNotSold", raw, name, err)
		}
	}
}

func TestSoldUnderWantsExactlyOneLabelBeforeTheSuffix(t *testing.T) {
	for _, tc := range []struct {
		name     Name
		suffixes []string
		want     bool
	}{
		{"alice.gent", []string{"gent"}, true},
		{"alice.gent", []string{"brussels", "gent"}, true},
		{"alice.gent", []string{"brussels"}, false},
		{"alice.gent", nil, false},
		{"www.alice.gent", []string{"gent"}, false},
		{"alice.co.gent", []string{"gent", "co.gent"}, true},
		{"co.gent", []string{"co.gent"}, false},
		{"alicegent.gen", []string{"gent"}, false},
		{"", []string{""}, false},
	} {
		if got := tc.name.SoldUnder(tc.suffixes); got != tc.want {
			t.Errorf("%q.SoldUnder(%q) = %v, want %v", tc.name, tc.suffixes, got, tc.want)
		}
	}
}
