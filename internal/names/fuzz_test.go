package names

import (
	"errors"
	"regexp"
	"strings"
	"testing"
)

// The pattern that the kinds IndieSite and Domain hold spec.domain to.
var kindPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// What a name in the kinds' pattern must not have besides: an address's last label (URL Standard, "ends in a number"), and labels of a reserved form.
var (
	notASCII   = regexp.MustCompile(`[^\x00-\x7f]`)
	likeAnIP   = regexp.MustCompile(`(^|\.)([0-9]+|0x[0-9a-f]*)$`)
	isReserved = regexp.MustCompile(`(^|\.)[a-z0-9-]{2}--`)
)

// isSold is Normalise once more, as the patterns have it.
func isSold(raw string) bool {
	name := strings.ToLower(strings.TrimSuffix(raw, "."))
	return !notASCII.MatchString(raw) && len(name) <= 253 && kindPattern.MatchString(name) && !likeAnIP.MatchString(name) && !isReserved.MatchString(name)
}

// FuzzNormalise compares what is taken for a name, and its normal form, with what the kinds' pattern and the standards say.
func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{
		"alice.gent", "Alice.GENT.", "a--b.gent", "xn--caf-dma.gent", "café.gent", "192.0.2.1", "127.0x1", "a_b.gent", "-a.gent", "a..gent",
		"www.alice.gent", "alice.gent\x00", "\xff.gent", "gent", ".", "", "ſ.gent", "K.gent",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if len(raw) > 1024 {
			return
		}
		name, err := Normalise(raw)
		if (err == nil) != isSold(raw) {
			t.Fatalf("Normalise(%q) = %q, %v", raw, name, err)
		}
		if err != nil {
			var told *Error
			if name != "" || !errors.As(err, &told) || errors.Is(err, ErrInvalid) == errors.Is(err, ErrNotSold) {
				t.Fatalf("Normalise(%q) = %q and an error of no single kind: %v", raw, name, err)
			}
			if len(raw) > len(told.Reason) && strings.Contains(err.Error(), raw) {
				t.Fatalf("the error repeats %q: %v", raw, err)
			}
			return
		}
		if want := strings.ToLower(strings.TrimSuffix(raw, ".")); string(name) != want {
			t.Fatalf("Normalise(%q) = %q, want %q", raw, name, want)
		}
		if again, err := Normalise(string(name)); again != name || err != nil {
			t.Fatalf("the normal form %q of %q has another: %q, %v", name, raw, again, err)
		}
		if name.Label()+"."+name.Suffix() != string(name) || !name.SoldUnder([]string{name.Suffix()}) {
			t.Fatalf("%q does not come apart into %q and %q", name, name.Label(), name.Suffix())
		}
		if name.SoldUnder([]string{"." + name.Suffix()}) || name.SoldUnder([]string{string(name)}) || name.SoldUnder([]string{""}) {
			t.Fatalf("%q is sold under what is not its suffix", name)
		}
	})
}

// A label as Services and StatefulSets take it for a name (RFC 1123).
var childPattern = regexp.MustCompile(`^site-[a-z0-9]([a-z0-9-]*[a-z0-9])?-[0-9a-f]{20}$`)

// FuzzChild looks for a name whose children could not be made, and for two names that would share theirs.
func FuzzChild(f *testing.F) {
	f.Add("alice.gent", "bob.gent")
	f.Add("a-b.gent", "a.b.gent")
	f.Add(strings.Repeat("a", 63)+".gent", strings.Repeat("a", 62)+".gent")
	f.Add(strings.Repeat("a", 25)+"-b.gent", "1.gent")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 512 || len(b) > 512 {
			return
		}
		for _, domain := range []string{a, b} {
			name, err := Normalise(domain)
			if err != nil {
				continue
			}
			if child := Child(string(name)); !childPattern.MatchString(child) || len(child) > maxChildLength || child != Child(string(name)) {
				t.Fatalf("Child(%q) = %q", name, child)
			}
		}
		if (Child(a) == Child(b)) != (a == b) {
			t.Fatalf("%q and %q have the children %q and %q", a, b, Child(a), Child(b))
		}
	})
}
