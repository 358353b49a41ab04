package indiesite

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"k8s.io/utils/clock"
)

// FuzzPage looks for settings, or for a visitor's request, that put something else than text into the page.
func FuzzPage(f *testing.F) {
	f.Add("Alice", "I sail.\nOften.", "#0b5c4a", "nl", "alice.gent", "nl-BE,en;q=0.5")
	f.Add(`</h1><script>alert(1)</script>`, `<img src=x onerror="x">`, "", "en", `alice.gent"><b>`, "en")
	f.Add(`" onload="x`, "&lt;b&gt; &amp; {{.Host}}", "#ffffff", "", "alice.gent:8443", "*;q=1")
	f.Add("élan", "", "", "", "[::1]:443", "")
	f.Add("", "x", "", "", "", "\xff")
	f.Fuzz(func(t *testing.T, name, bio, colour, language, host, accept string) {
		if len(name)+len(bio)+len(host)+len(accept) > maxFuzzed || !utf8.ValidString(name+bio) {
			return
		}
		settings, err := Settings{Name: name, Bio: bio, Colour: colour, Language: language}.Normalised()
		if err != nil {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "https://alice.gent/", nil)
		r.Host = host
		r.Header.Set("Accept-Language", accept)
		w := httptest.NewRecorder()
		shown := fuzzedPage(t, &Store{held: &state{Settings: settings}, owner: &ownerState{}}, w, r, public)
		if settings.Name != "" && shown["h1.p-name"] != settings.Name || shown["p.lead bio p-note"] != settings.Bio {
			t.Fatalf("%+v is shown as %q", settings, shown)
		}
		if plainHost.MatchString(host) && shown["a.u-url u-uid"] != host {
			t.Fatalf("the host %q is shown as %q", host, shown["a.u-url u-uid"])
		}
		shown = fuzzedPage(t, &Store{held: &state{Settings: settings}}, httptest.NewRecorder(), r, welcoming)
		if settings.Name != "" && !strings.HasSuffix(shown["h1"], " "+settings.Name) {
			t.Fatalf("%+v is welcomed as %q", settings, shown)
		}
	})
}

func fuzzedPage(t *testing.T, store *Store, w *httptest.ResponseRecorder, r *http.Request, made madeOf) map[string]string {
	t.Helper()
	NewHandler(Config{Store: store, Logger: slog.New(slog.DiscardHandler), Clock: clock.RealClock{}}).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%+v: answered %d", store.held, w.Code)
	}
	page, err := html.Parse(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	made.walk(t, page, shown)
	return shown
}

// madeOf is all that a page is made of.
type madeOf struct {
	elements, attributes []string
	addresses            *regexp.Regexp
}

var (
	plainHost = regexp.MustCompile(`\A[a-z0-9.-]+\z`)
	public    = madeOf{
		strings.Fields("html head meta title link body header div p h1 main footer a"),
		strings.Fields("lang charset name content rel href type class dir aria-hidden"),
		regexp.MustCompile(`\A(/|/style\.css|/favicon\.svg|/sign-in)\z`),
	}
	welcoming = madeOf{
		append(strings.Fields("script svg path circle use span strong form input label button h2"), public.elements...),
		append(strings.Fields(`id src viewbox preserveaspectratio focusable fill fill-rule d x stroke stroke-width stroke-linejoin cx cy r aria-label aria-describedby aria-controls aria-live role
			data-host data-worker hidden novalidate for autocomplete autocapitalize spellcheck value readonly tabindex`), public.attributes...),
		regexp.MustCompile(`\A(/|/style\.css|/favicon\.svg|/sign-in|#gables|/assets/(owner|welcome)-[a-z0-9]{8}\.(css|js))\z`),
	}
)

func (m madeOf) walk(t *testing.T, n *html.Node, shown map[string]string) {
	t.Helper()
	if n.Type == html.ElementNode {
		if !slices.Contains(m.elements, n.Data) {
			t.Fatalf("the page has a <%s>", n.Data)
		}
		name := n.Data
		for _, a := range n.Attr {
			key := strings.ToLower(a.Key)
			if !slices.Contains(m.attributes, key) || (key == "href" || key == "src") && !m.addresses.MatchString(a.Val) {
				t.Fatalf("the page has a <%s %s=%q>", n.Data, a.Key, a.Val)
			}
			if key == "class" {
				name += "." + a.Val
			}
		}
		if child := n.FirstChild; child != nil && child.Type == html.TextNode && child.NextSibling == nil {
			shown[name] = child.Data
		}
	}
	for child := range n.ChildNodes() {
		m.walk(t, child, shown)
	}
}

// A header as RFC 9110, sections 12.4.2 and 12.5.4, has it.
var languageRange = regexp.MustCompile(`\A[ \t]*([A-Za-z*][A-Za-z0-9-]*)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?[ \t]*\z`)

// FuzzAcceptLanguage compares the language that is chosen with the one that the RFC's own grammar gives, wherever the header keeps to that grammar.
func FuzzAcceptLanguage(f *testing.F) {
	for _, seed := range []string{
		"", "nl", "NL-be, en;q=0.8", "en;q=0.5,nl;q=0.9", "nl;q=0,en;q=0.001", "fr, nl;q=0.1", "nl;q=1.001", "en, nl;q=Inf", "en, nl;q=1e9", "en;q=0.9, nl;q=NaN", "nl;Q=0", "en;q=0.1,nl;q=0x1p-1",
		"*", ",,nl", "nl;", "nl;q", "nl;level=1;q=0", ";q=1", strings.Repeat("en;q=0.1,", 50) + "nl",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if len(header) > maxFuzzed {
			return
		}
		got := wordsFor("", header).Lang
		if got != "en" && got != "nl" || wordsFor("nl", header).Lang != "nl" {
			t.Fatalf("%q chooses %q", header, got)
		}
		want, best := "en", 0.0
		for part := range strings.SplitSeq(header, ",") {
			match := languageRange.FindStringSubmatch(part)
			if match == nil {
				return
			}
			weight := 1.0
			if match[2] != "" {
				weight, _ = strconv.ParseFloat(match[2], 64)
			}
			primary, _, _ := strings.Cut(strings.ToLower(match[1]), "-")
			if (primary == "en" || primary == "nl") && weight > best {
				want, best = primary, weight
			}
		}
		if got != want {
			t.Fatalf("%q chooses %q, want %q", header, got, want)
		}
	})
}
