package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type axeRule struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// ShotsEnv names a folder for pictures of each page that is held to anything, in every look.
const ShotsEnv = "BROWSER_SHOTS"

// Accessible holds the page to WCAG 2.2 AA and to what is good practice, as far as axe-core can see, in every look; and in none does it
// have to be moved sideways.
func (p *Person) Accessible(where string) {
	p.t.Helper()
	for _, look := range Looks() {
		p.Look(look)
		p.axe(where + ", " + look.Name)
		if dir := os.Getenv(ShotsEnv); dir != "" {
			p.Shot(filepath.Join(dir, strings.ReplaceAll(where, " ", "-")+"."+look.Name+".png"))
		}
	}
	p.Look(Look{Width: 320, Height: 640}) // WCAG 2.2, 1.4.10
	if wide := Ask[int](p, "document.documentElement.scrollWidth"); wide > 320 {
		p.t.Errorf("%s: is %d pixels wide on a screen of 320", where, wide)
	}
	p.Look(Desktop)
}

func (p *Person) axe(where string) {
	p.t.Helper()
	if !Ask[bool](p, "Boolean(window.axe)") {
		p.inject()
	}
	// What fades in has the contrast of its end, and what turns for ever has no end.
	Ask[any](p, `Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().iterations !== Infinity).map(a => a.finished.catch(() => 0))).then(() => 0)`)
	found := Ask[json.RawMessage](p, `axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']})
		.then(({violations, passes}) => ({violations, passes: passes.length}))`)
	var result struct {
		Violations []axeRule
		Passes     int
	}
	p.do("read axe's result", json.Unmarshal(found, &result))
	if result.Passes < 10 {
		p.t.Errorf("%s: axe looked at next to nothing: %d rules passed", where, result.Passes)
	}
	for _, rule := range result.Violations {
		var nodes []string
		for _, node := range rule.Nodes {
			nodes = append(nodes, node.HTML+"\n      "+strings.ReplaceAll(node.FailureSummary, "\n", "\n      "))
		}
		p.t.Errorf("%s: axe finds %s (%s): %s\n    %s", where, rule.ID, rule.Impact, rule.Help, strings.Join(nodes, "\n    "))
	}
}

// inject runs axe as the developer tools would, which no page's policy has a say in.
func (p *Person) inject() {
	p.t.Helper()
	file, err := fromRoot("internal/indiesite/web/node_modules/axe-core/axe.min.js")
	p.do("find axe-core", err)
	source, err := os.ReadFile(file)
	if err != nil {
		p.t.Fatalf("axe-core is not there: run make web (%v)", err)
	}
	Ask[any](p, string(source)+"\n;0")
}

// fromRoot finds a file of this project, wherever a test runs.
func fromRoot(path string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.sum")); err == nil {
			if _, err := os.Stat(filepath.Join(dir, "PROJECT")); err == nil {
				return filepath.Join(dir, path), nil
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("this is not within the project")
		}
		dir = up
	}
}
