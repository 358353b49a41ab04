package verify_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

func TestAFactoryThatKeepsTheContractPasses(t *testing.T) {
	h := newBench(t, hallotest.Flaw{}).check(t)
	for _, r := range h.results {
		if r.Verdict != verify.Kept && r.Check.Number != 150 {
			t.Errorf("%s (%s) is %s: %v %s", name(r), r.Check.Sentence, r.Verdict, r.Failure, r.Reason)
		}
	}
	if h.summary.Kept < 120 || h.summary.Ordered == 0 {
		t.Errorf("%+v", h.summary)
	}
	t.Logf("%+v", h.summary)
}

func TestNumbersAreGivenOnceAndInOrder(t *testing.T) {
	var numbers []int
	for _, c := range verify.Checks() {
		numbers = append(numbers, c.Number)
		if c.Sentence == "" || c.Section == "" {
			t.Errorf("check %d lacks a sentence or a section", c.Number)
		}
	}
	if !slices.IsSorted(numbers) || len(slices.Compact(slices.Clone(numbers))) != len(numbers) {
		t.Errorf("the numbers are %v", numbers)
	}
}

func TestCallbacksThatShouldBeSignedAreJudged(t *testing.T) {
	b := newBench(t, hallotest.Flaw{})
	b.config.WebhookKey = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	b.config.Only = only(t, "130-136,150")
	h := b.check(t)
	if got := h.with(verify.Absent); !slices.Equal(got, []string{"150", "150 older"}) || h.summary.Broken > 0 {
		t.Errorf("%v are absent: %+v", got, h.results)
	}
}

func only(t *testing.T, text string) verify.Selection {
	t.Helper()
	chosen, err := verify.ParseSelection(text)
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

// neverSold are names under invalid, and what is no name at all.
var neverSold = regexp.MustCompile(`(?i)\.invalid[./]?$|^alice$|^192\.0\.2\.1$|@hallo\.invalid$`)

// Without leave to order, no body goes out that could be an order, whatever the factory does with it.
func TestNothingIsOrderedWithoutLeave(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*verify.Config)
		flaw   hallotest.Flaw
	}{
		"no leave":                         {func(c *verify.Config) { c.Orders = false }, hallotest.Flaw{}},
		"leave, but it is no test factory": {func(*verify.Config) {}, available(true, func(name string) bool { return name == "unavailable.gent" })},
	} {
		t.Run(name, func(t *testing.T) {
			var ordered sync.Map
			seen := answers(func(r *http.Request, a *httptest.ResponseRecorder) {
				if name, _ := orderOf(r); isPost(r) && (a.Code == 201 || name != "" && !neverSold.MatchString(name)) {
					ordered.Store(name, a.Code)
				}
			})
			inner := c.flaw.Handler
			b := newBench(t, hallotest.Flaw{Handler: func(next http.Handler) http.Handler {
				if inner != nil {
					next = inner(next)
				}
				return seen.Handler(next)
			}})
			c.change(&b.config)
			h := b.check(t)
			ordered.Range(func(name, code any) bool {
				t.Errorf("%s was ordered: %v", name, code)
				return true
			})
			if h.summary.Ordered > 0 || h.summary.Kept < 90 || slices.Contains(h.numbers(verify.Kept), 100) {
				t.Errorf("%+v", h.summary)
			}
		})
	}
}

func TestAPatternMakesTheNamesThatAreOrdered(t *testing.T) {
	var names sync.Map
	flaw := answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		if name, _ := orderOf(r); isPost(r) && a.Code == 201 {
			names.Store(normalised(name), true)
		}
	})
	b := newBench(t, flaw)
	b.config.TestFactory, b.config.NamePattern, b.config.Exhaust = false, "paid-*.gent", false
	h := b.check(t)
	count := 0
	names.Range(func(name, _ any) bool {
		count++
		if !strings.HasPrefix(name.(string), "paid-") {
			t.Errorf("%s was ordered", name)
		}
		return true
	})
	if count != 10 || count != h.summary.Ordered || h.summary.Broken > 0 {
		t.Errorf("%d names were ordered: %+v", count, h.summary)
	}
}

func TestSelections(t *testing.T) {
	for text, want := range map[string][]int{
		"":              nil,
		"3, 7":          nil, // there is no 7
		"3,30-32":       {3, 30, 31, 32},
		"callback-urls": {80, 81, 82, 83, 84, 85, 86, 87},
		"5-3":           nil,
		"nonsense":      nil,
		" , ":           nil,
	} {
		got, err := verify.ParseSelection(text)
		if !slices.Equal(got, want) && err == nil || (err != nil) != (text != "" && want == nil) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestReportsHoldNoSecret(t *testing.T) {
	b := newBench(t, answers(func(r *http.Request, a *httptest.ResponseRecorder) {
		a.Body.WriteString(r.URL.String() + body(r) + r.Header.Get("Authorization") + "\x1b[2J") // an echo breaks everything
	}))
	b.config.Patience = time.Second
	h := b.check(t)
	var text, lines, junit bytes.Buffer
	for out, asJSON := range map[*bytes.Buffer]bool{&text: false, &lines: true} {
		reporter := verify.NewReporter(out, asJSON)
		for _, r := range h.results {
			reporter.Show(r)
		}
		reporter.End(h.summary)
	}
	if err := verify.WriteJUnit(&junit, h.results, h.summary); err != nil {
		t.Fatal(err)
	}
	if h.summary.Broken == 0 {
		t.Fatal("nothing is broken")
	}
	quoted, _ := json.Marshal(token)
	for _, out := range []*bytes.Buffer{&text, &lines, &junit} {
		for _, secret := range []string{token, string(quoted), url.QueryEscape(token), "mwf_token", "\x1b"} {
			if strings.Contains(out.String(), secret) {
				t.Errorf("%q is shown", secret)
			}
		}
	}
	for line := range strings.Lines(lines.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("is no JSON: %s", line)
		}
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &suites); err != nil || suites.Tests != len(h.results) || suites.Failures != h.summary.Broken || len(suites.Suites) != 9 {
		t.Errorf("%+v, %v", suites, err)
	}
}

func TestConfigurationsThatCannotBeAreRefused(t *testing.T) {
	for name, change := range map[string]func(*verify.Config){
		"no https":              func(c *verify.Config) { c.URL = "http://factory.example" },
		"no token":              func(c *verify.Config) { c.Token = "" },
		"one token twice":       func(c *verify.Config) { c.OtherToken = c.Token },
		"nobody who listens":    func(c *verify.Config) { c.Inbox = nil },
		"no callback":           func(c *verify.Config) { c.Callback = "" },
		"a pattern of nothing":  func(c *verify.Config) { c.TestFactory, c.NamePattern = false, "verify.example" },
		"a pattern of suffixes": func(c *verify.Config) { c.TestFactory, c.NamePattern = false, "verify.*" },
		"a pattern for a test":  func(c *verify.Config) { c.NamePattern = "verify-*.example" },
		"nobody there":          func(c *verify.Config) { c.URL = "https://127.0.0.1:1" },
		"a token of elsewhere":  func(c *verify.Config) { c.Token = "mwf_token-of-elsewhere" },
	} {
		t.Run(name, func(t *testing.T) {
			config := newBench(t, hallotest.Flaw{}).config
			change(&config)
			if _, err := verify.Run(t.Context(), config, func(verify.Result) {}); err == nil {
				t.Error("it was run")
			}
		})
	}
}
