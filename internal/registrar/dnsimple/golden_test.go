package dnsimple

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// TestWhatGoesOut compares every request that is ever made with those on file: what DNSimple gets to see must not change unnoticed.
func TestWhatGoesOut(t *testing.T) {
	w := newWorld(t)
	var text strings.Builder
	seen := 0
	chapter := func(title string, do func()) {
		do()
		fmt.Fprintf(&text, "# %s\n", title)
		for _, r := range w.Requests()[seen:] {
			fmt.Fprintf(&text, "%s %s\n", r.Method, r.Path)
			for _, header := range slices.Sorted(maps.Keys(r.Headers)) {
				fmt.Fprintf(&text, "  %s: %s\n", header, r.Headers[header])
			}
			if r.Body != "" {
				fmt.Fprintf(&text, "  %s\n", strings.TrimSpace(r.Body))
			}
		}
		seen = len(w.Requests())
	}
	chapter("the check", func() {
		if err := w.account().Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
	chapter("a name that nobody has", func() { w.lookUp("") })
	chapter("a purchase", func() { w.buy() })
	chapter("a name that is ours", func() { w.lookUp("") })
	chapter("automatic renewal on", func() { w.account().Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: true}) })
	chapter("automatic renewal off", func() { w.account().Renew(t.Context(), registrar.Renewal{Domain: name}) })
	chapter("other name servers", func() {
		if err := w.putNameServers("ns1.example.org", "ns2.example.org"); err != nil {
			t.Error(err)
		}
	})
	chapter("another year", func() { w.extend(w.Book.Get(name).Expiry) })
	chapter("what became of it", func() { w.lookUp("renewal/1") })
	w = newWorld(t)
	seen = 0
	w.Book.SetPlay(name, registrartest.IsSlow)
	chapter("a purchase that takes its time", func() { w.buy() })
	chapter("what became of it", func() { w.lookUp("registration/1") })

	golden := filepath.Join("testdata", "requests.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; UPDATE_GOLDEN=1 writes it", err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
