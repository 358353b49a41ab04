package names

import (
	"errors"
	"regexp"
	"testing"
)

// The pattern that the kinds IndieSite and Domain hold spec.domain to.
var kindPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{
		"alice.gent", "Alice.GENT.", "a--b.gent", "xn--caf-dma.gent", "café.gent", "192.0.2.1", "127.0x1", "a_b.gent", "-a.gent", "a..gent",
		"www.alice.gent", "alice.gent\x00", "\xff.gent", "gent", ".", "", "ſ.gent", "K.gent",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := Normalise(raw)
		if err != nil {
			var told *Error
			if name != "" || !errors.As(err, &told) || errors.Is(err, ErrInvalid) == errors.Is(err, ErrNotSold) {
				t.Fatalf("Normalise(%q) = %q and an error of no single kind: %v", raw, name, err)
			}
			return
		}
		if !kindPattern.MatchString(string(name)) || len(name) > maxNameLength {
			t.Fatalf("Normalise(%q) = %q, which the kinds would refuse", raw, name)
		}
		if again, err := Normalise(string(name)); again != name || err != nil {
			t.Fatalf("the normal form %q of %q has another: %q, %v", name, raw, again, err)
		}
		if name.Label()+"."+name.Suffix() != string(name) || !name.SoldUnder([]string{name.Suffix()}) {
			t.Fatalf("%q does not come apart into %q and %q", name, name.Label(), name.Suffix())
		}
	})
}
