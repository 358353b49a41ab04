package callbackurl

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// FuzzParse holds the parser to what net/url, which sends the request in the end, makes of the normal form.
func FuzzParse(f *testing.F) {
	for _, tc := range accepted {
		f.Add(tc.raw)
	}
	for _, tc := range refused {
		f.Add(tc.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		normal, err := Parse(raw)
		if err != nil {
			if normal != "" {
				t.Fatalf("an error, and yet %q", normal)
			}
			return
		}
		if again, err := Parse(normal); err != nil || again != normal {
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
		if !Allowed(raw, []string{u.Scheme + "://" + u.Host}) || !Allowed(normal+"/x", []string{raw}) || Allowed(normal+"x/y", []string{normal + "/z"}) {
			t.Fatalf("%q does not agree with itself", raw)
		}
		target, err := Target(raw, "Alice.gent", v1alpha1.OutcomeCreated)
		switch {
		case err != nil:
			t.Fatalf("no target for %q: %v", raw, err)
		case target.Host != u.Host || target.String() != normal+"/site/Alice.gent?status=201":
			t.Fatalf("the target %q of %q lies elsewhere", target, raw)
		}
	})
}
