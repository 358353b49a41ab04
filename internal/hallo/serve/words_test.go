package serve

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func bothLanguages(t *testing.T) map[string]map[string]string {
	t.Helper()
	words := map[string]map[string]string{}
	for _, l := range languages {
		w, err := wordsOf(l)
		if err != nil {
			t.Fatal(err)
		}
		words[l] = w
	}
	return words
}

var place = regexp.MustCompile(`\{\w+\}`)

func TestBothLanguagesSayTheSame(t *testing.T) {
	words := bothLanguages(t)
	for key, dutch := range words["nl"] {
		english, known := words["en"][key]
		if !known {
			t.Errorf("%s is missing in English", key)
			continue
		}
		if strings.TrimSpace(dutch) == "" || strings.TrimSpace(english) == "" {
			t.Errorf("%s has no words", key)
		}
		a, b := place.FindAllString(dutch, -1), place.FindAllString(english, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s has the places %v in Dutch and %v in English", key, a, b)
		}
	}
	for key := range words["en"] {
		if _, known := words["nl"][key]; !known {
			t.Errorf("%s is missing in Dutch", key)
		}
	}
}

// used finds the keys of words in scripts and pages: t: 'x.y', show(…, 'x.y', label: 'x.y' and the like.
var used = regexp.MustCompile(`['"\x60]((?:say|answer|start|code|name|check|progress|settings|colour|ready|failed|stranded|error)\.[A-Za-z-]+)['"\x60]`)

func TestEveryWordOfThePageIsThereAndNoneIsLeftOver(t *testing.T) {
	words := bothLanguages(t)["en"]
	seen := map[string]bool{}
	err := fs.WalkDir(web, "web", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".js") {
			return err
		}
		source, err := web.ReadFile(path)
		for _, match := range used.FindAllStringSubmatch(string(source), -1) {
			seen[match[1]] = true
			if words[match[1]] == "" {
				t.Errorf("%s says %s, for which there are no words", path, match[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range words {
		kind, _, dotted := strings.Cut(key, ".")
		// These are made of what the server says: phases, conditions, states and problems.
		composed := slices.Contains([]string{"say", "answer", "progress", "check", "colour", "error"}, kind)
		if dotted && !composed && !seen[key] {
			t.Errorf("nothing says %s", key)
		}
	}
}

func TestEveryProblemAndEveryStateOfANameHasWords(t *testing.T) {
	words := bothLanguages(t)["en"]
	for _, key := range []string{
		"error.unknown", "error.no-name", "error.not-now", "error.order-open", "error.too-many-orders", "error.busy", "error.full", "error.internal", "error.too-fast", "error.offline",
		"error.setting-name", "error.setting-name-control", "error.setting-bio", "error.setting-bio-control", "error.setting-colour", "error.setting-background", "error.setting-language",
		"check.free", "check.taken", "check.unsure", "check.no-name", "check.asking", "check.too-fast", "check.offline",
		"progress.ordered", "progress.ordering", "progress.waiting", "progress.arrived", "progress.introducing",
		"progress.DomainRegistered", "progress.SiteAvailable", "progress.DNSPublished", "progress.CertificateIssued", "progress.Reachable",
	} {
		if words[key] == "" {
			t.Errorf("there are no words for %s", key)
		}
	}
}

func TestThePageIsSmallAndAsksNobodyElse(t *testing.T) {
	p, err := renderPages([]string{"gent"})
	if err != nil {
		t.Fatal(err)
	}
	total := len(p.page["nl"])
	for name, a := range p.assets {
		if name != "en.json" { // is loaded by whoever asks for it
			total += len(a.content)
		}
		// The namespace of SVG is a name and no address.
		text := strings.ReplaceAll(string(a.content), "http://www.w3.org/2000/svg", "")
		if strings.Contains(text, "://") || strings.Contains(text, "innerHTML") || strings.Contains(text, "eval(") {
			t.Errorf("%s has an address, or makes code of text", name)
		}
	}
	if total > 50_000 {
		t.Errorf("the page has %d bytes, and may have 50 kB", total)
	}
}
