package verify

import (
	"encoding/json"
	"fmt"
	"io"

	"magicwebsitefactory.gent/internal/hallo"
)

// Reporter shows results as they come: for people, or as one JSON object per line.
type Reporter struct {
	out     io.Writer
	asJSON  bool
	section Section
}

// NewReporter makes one that writes to out.
func NewReporter(out io.Writer, asJSON bool) *Reporter { return &Reporter{out: out, asJSON: asJSON} }

var marks = map[Verdict]string{Kept: "✓", Broken: "✗", Absent: "○", Skipped: "–"}

// line is a result as JSON.
type line struct {
	Number   int           `json:"number"`
	Section  Section       `json:"section"`
	Dialect  hallo.Dialect `json:"dialect,omitempty"`
	Sentence string        `json:"sentence"`
	Optional bool          `json:"optional"`
	Verdict  Verdict       `json:"verdict"`
	Reason   string        `json:"reason,omitempty"`
	Busy     bool          `json:"busy,omitempty"`
	Sent     string        `json:"sent,omitempty"`
	Came     string        `json:"came,omitempty"`
	Want     string        `json:"want,omitempty"`
	Seconds  float64       `json:"seconds"`
}

// Show writes one result.
func (p *Reporter) Show(r Result) {
	if p.asJSON {
		l := line{
			Number: r.Check.Number, Section: r.Check.Section, Dialect: r.Dialect, Sentence: r.Check.Sentence, Optional: r.Check.Optional,
			Verdict: r.Verdict, Reason: r.Reason, Busy: r.Busy, Seconds: r.Took.Seconds(),
		}
		if f := r.Failure; f != nil {
			l.Sent, l.Came, l.Want = f.Sent, f.Came, f.Want
		}
		p.encode(l)
		return
	}
	if r.Check.Section != p.section {
		p.section = r.Check.Section
		p.print("\n%s\n", p.section)
	}
	p.print("  %s %3d %-13s %s%s\n", marks[r.Verdict], r.Check.Number, r.Dialect, r.Check.Sentence, optional(r.Check))
	switch {
	case r.Failure != nil:
		p.print("          sent  %s\n          came  %s\n          want  %s\n", r.Failure.Sent, r.Failure.Came, r.Failure.Want)
	case r.Reason != "":
		p.print("          %s\n", r.Reason)
	}
}

func optional(c Check) string {
	if c.Optional {
		return " (optional)"
	}
	return ""
}

// End writes the summary.
func (p *Reporter) End(s Summary) {
	if p.asJSON {
		summary := map[string]any{
			"kept": s.Kept, "broken": s.Broken, "absent": s.Absent, "skipped": s.Skipped, "busy": s.Busy, "ordered": s.Ordered, "seconds": s.Took.Seconds(),
		}
		if s.Error != "" {
			summary["error"] = s.Error
		}
		p.encode(map[string]any{"summary": summary})
		return
	}
	p.print("\n%d kept, %d broken, %d optional ones absent, %d skipped", s.Kept, s.Broken, s.Absent, s.Skipped)
	if s.Busy > 0 {
		p.print(" (%d of them for want of time)", s.Busy)
	}
	p.print("; %d orders of new names; %.1f s\n", s.Ordered, s.Took.Seconds())
}

// List writes all checks, and what each needs.
func (p *Reporter) List() {
	for _, c := range Checks() {
		if p.asJSON {
			p.encode(map[string]any{"number": c.Number, "section": c.Section, "sentence": c.Sentence, "optional": c.Optional, "eachDialect": c.Each, "needs": c.Needs.words()})
			continue
		}
		if c.Section != p.section {
			p.section = c.Section
			p.print("\n%s\n", p.section)
		}
		p.print("  %3d %s%s\n", c.Number, c.Sentence, optional(c))
		for _, need := range c.Needs.words() {
			p.print("      needs %s\n", need)
		}
	}
}

// words say what is needed.
func (n Needs) words() []string {
	words := []string{}
	for _, need := range []struct {
		what Needs
		word string
	}{
		{NeedsCallback, "--callback"}, {NeedsOrders, "--orders"}, {NeedsTestNames, "a test factory"}, {NeedsOther, "--other-token-file"},
		{NeedsBothDialects, "both dialects"}, {NeedsWebhookKey, "--webhook-key-file"}, {NeedsExhaust, "--exhaust"},
	} {
		if n&need.what != 0 {
			words = append(words, need.word)
		}
	}
	return words
}

func (p *Reporter) print(format string, values ...any) { _, _ = fmt.Fprintf(p.out, format, values...) } // nowhere to tell

func (p *Reporter) encode(v any) {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // nowhere to tell
}
