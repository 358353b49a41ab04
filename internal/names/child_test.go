package names

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestChildNamesAreLabelsOfAtMost52Characters(t *testing.T) {
	seen := map[string]string{}
	for _, domain := range []string{
		"a.gent", "alice.gent", "a-b.gent", "a.b.gent", "a-b-gent.gent", "a.b-gent.gent",
		strings.Repeat("x", 63) + ".gent", strings.Repeat("x", 26) + "-.gent", strings.Repeat("a.", 60) + "gent",
	} {
		name := Child(domain)
		if errs := validation.IsDNS1123Label(name); len(errs) > 0 || len(name) > 52 {
			t.Errorf("Child(%q) = %q (%d characters): %v", domain, name, len(name), errs)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%q and %q have the same child name %q", domain, other, name)
		}
		seen[name] = domain
	}
}

func TestChildNameIsStable(t *testing.T) {
	// A changed name would orphan every running site.
	if got, want := Child("alice.gent"), "site-alice-gent-e524732feee7481b395c"; got != want {
		t.Errorf("Child(alice.gent) = %q, want %q", got, want)
	}
}
