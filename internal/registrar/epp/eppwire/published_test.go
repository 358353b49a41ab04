package eppwire

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func published(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/published/*/*.xml")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d messages, %v", len(paths), err)
	}
	messages := map[string][]byte{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		messages[strings.TrimSuffix(strings.TrimPrefix(path, "testdata/published/"), ".xml")] = content
	}
	return messages
}

// said is what the decoders make of a message, in one line.
func said(payload []byte) string {
	if g, err := ParseGreeting(payload); err == nil {
		return fmt.Sprintf("greeting of %q: objects %q, extensions %q", g.Server, g.Objects, g.Extensions)
	}
	r, err := ParseResponse(payload)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s, %s", r.Code(), r.ClientTransaction, r.ServerTransaction)
	if q := r.Queue; q != nil {
		fmt.Fprintf(&b, "; message %s of %d", q.ID, q.Count)
		if q.Queued != nil {
			fmt.Fprintf(&b, " at %s", q.Queued.UTC().Format("2006-01-02 15:04:05"))
		}
		kind, about := r.Subject()
		fmt.Fprintf(&b, " about %q %q: %q", kind, about, q.Text)
	}
	for _, result := range r.Results {
		if !result.Code.Success() {
			fmt.Fprintf(&b, "; says %q", result.Says())
		}
	}
	for _, c := range r.Data.Checked {
		free, err := r.Available(string(c.Name.Value))
		fmt.Fprintf(&b, "; %s free %t (%v)", c.Name.Value, free, err)
		if r.SaysPremium(string(c.Name.Value)) {
			b.WriteString(", says premium")
		}
		for _, command := range []string{PriceOfCreate, PriceOfRenew} {
			if q, err := r.Quote(string(c.Name.Value), command); err == nil {
				fmt.Fprintf(&b, ", %s %d %s premium %t", command, q.Minor, q.Currency, q.Premium)
			}
		}
	}
	for _, term := range append(r.Data.Created, r.Data.Renewed...) {
		fmt.Fprintf(&b, "; %s until %s", term.Name, day(term.Expires))
	}
	for _, d := range r.Data.Info {
		fmt.Fprintf(&b, "; %s of %q from %s until %s, status %v, at %q, leaving %t, signed %t, password %t", d.Name, d.Sponsor, day(d.Created), day(d.Expires), d.Statuses, d.NameServers(),
			r.Leaving(), r.Extension.Signed(), d.AuthInfo != "")
	}
	for _, p := range r.Data.Pending {
		fmt.Fprintf(&b, "; outcome of %s/%s for %s: %t at %s", p.Transaction.Client, p.Transaction.Server, p.Name.Value, p.Name.Result.is(false), day(p.Date))
	}
	return b.String()
}

func day(d *DateTime) string {
	if d == nil {
		return "?"
	}
	return fmt.Sprintf("%s (%s)", d.UTC().Format("2006-01-02T15:04:05Z"), d.Date)
}

func TestPublishedMessagesAreUnderstood(t *testing.T) {
	got := map[string]string{}
	for name, payload := range published(t) {
		got[name] = said(payload)
	}
	want := readGolden(t, "testdata/published/understood.txt", got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// readGolden reads what is to be said of each message, and writes it first with UPDATE_GOLDEN=1.
func readGolden(t *testing.T, path string, got map[string]string) map[string]string {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(got)) {
			b.WriteString(name + "\t" + got[name] + "\n")
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden := map[string]string{}
	for line := range strings.Lines(string(content)) {
		name, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		golden[name] = text
	}
	return golden
}
