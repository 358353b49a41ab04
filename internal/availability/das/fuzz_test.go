package das

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// The lines that a verdict needs, as DNS Belgium's description and an answer of the earlier version have them.
var (
	success   = regexp.MustCompile(`(?im)^[ \t\r]*(RC[ \t\r]*:|%%[ \t\r]*RC[ \t\r]*=)[ \t\r]*0[ \t\r]*$`)
	statuses  = regexp.MustCompile(`(?im)^[ \t\r]*(STATUS[ \t\r]*:|%%[ \t\r]*STATUS[ \t\r]*=)`)
	available = regexp.MustCompile(`(?im)^[ \t\r]*(STATUS[ \t\r]*:|%%[ \t\r]*STATUS[ \t\r]*=)[ \t\r]*AVAILABLE[ \t\r]*$`)
)

// FuzzDAS looks for an answer that is taken for more than it says.
func FuzzDAS(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "published", "*.txt"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no published answers: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(content), "test.be")
	}
	f.Add("RC: 0\r\nDomain: TEST.be\r\nA-label: test.be\r\nStatus: available\r\n", "test.be")
	f.Add("RC: 0\nDomain: test.be\nStatus: AVAILABLE\nStatus: NOT AVAILABLE\n", "test.be")
	f.Fuzz(func(t *testing.T, text, raw string) {
		name, err := names.Normalise(raw)
		if err != nil {
			return
		}
		verdict, reason, pause := read(strings.NewReader(text), name)
		if (verdict == availability.Unknown) != (reason != "") || pause < 0 || pause > 0 && verdict != availability.Unknown || len(reason) > 60 {
			t.Fatalf("%s (%q), pause %s", verdict, reason, pause)
		}
		if verdict == availability.Unknown {
			return
		}
		if !success.MatchString(text) || !strings.Contains(strings.ToLower(text), name.String()) || !statuses.MatchString(text) {
			t.Fatalf("%q about %s: %s", text, name, verdict)
		}
		if verdict == availability.Available && !available.MatchString(text) {
			t.Fatalf("%q about %s: %s", text, name, verdict)
		}
	})
}
