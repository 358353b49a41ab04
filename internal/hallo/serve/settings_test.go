package serve

import (
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

func TestWhatIsPastedIsTakenWithTheLinesThatItHad(t *testing.T) {
	for sentence, c := range map[string]struct{ name, bio, wantName, wantBio string }{
		"a soft break of Word's":         {"Alice\vPeeters", "houses\vboats", "Alice Peeters", "houses\nboats"},
		"a form feed":                    {"Alice\fPeeters", "houses\fboats", "Alice Peeters", "houses\nboats"},
		"lines that end as on Windows":   {"Alice\r\nPeeters", "houses\r\n\r\nboats", "Alice Peeters", "houses\n\nboats"},
		"lines that end as on old Macs":  {"Alice\rPeeters", "houses\rboats", "Alice Peeters", "houses\nboats"},
		"Unicode's line separators":      {"Alice\u2028Peeters", "houses\u2028boats\u2029trees", "Alice Peeters", "houses\nboats\ntrees"},
		"a next line":                    {"Alice\u0085Peeters", "houses\u0085boats", "Alice Peeters", "houses\nboats"},
		"a name in two columns":          {" Alice \t\u00a0 Peeters\n", "houses\tboats", "Alice Peeters", "houses\tboats"},
		"breaks at either end":           {"\vAlice\v", "\v\u2028houses\u2029\f", "Alice", "houses"},
		"spaces between words stay":      {"Alice Peeters", "houses  and\u00a0boats", "Alice Peeters", "houses  and\u00a0boats"},
		"a family of joined characters":  {"👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"},
		"as many line ends as there may": {"", strings.Repeat("a\r\n", maxBio/2-1) + "aa", "", strings.Repeat("a\n", maxBio/2-1) + "aa"},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := checked(hallo.OwnerSettings{Name: c.name, Bio: c.bio})
			if err != nil || got.Name != c.wantName || got.Bio != c.wantBio {
				t.Errorf("taken as %q and %q (%v), want %q and %q", got.Name, got.Bio, err, c.wantName, c.wantBio)
			}
		})
	}
}

func TestTheSiteIsToldWhatWasPastedInLinesThatItTakes(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	if got := b.step("settings", `{"settings": {"name": "Alice\u000bPeeters", "bio": "houses\u000bboats"}}`); got.Settings == nil {
		t.Fatalf("it was answered %d %s", got.Status, got.Type)
	}
	call(t, w, *f, "alice.gent", 201)
	b.comesTo(Ready)
	if posted := w.sites.received(); len(posted) != 1 || !strings.Contains(posted[0], `"name":"Alice Peeters","bio":"houses\nboats"`) {
		t.Errorf("the site was told %q", posted)
	}
}
