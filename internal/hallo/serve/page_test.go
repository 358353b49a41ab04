package serve

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	chromium "magicwebsitefactory.gent/test/browser"
)

// visitor is somebody on Hallobot's page, in a real browser.
type visitor struct {
	*chromium.Person
	w     *world
	words map[string]string
}

// visit comes to the page in a language.
func (w *world) visit(language string) *visitor {
	w.t.Helper()
	authority := filepath.Join(w.t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, w.authority.PEM(), 0o600); err != nil {
		w.t.Fatal(err)
	}
	words, err := wordsOf(language)
	if err != nil {
		w.t.Fatal(err)
	}
	b := chromium.Start(w.t, chromium.Options{
		Hosts:       map[string]string{"127.0.0.1": strings.TrimPrefix(w.page, "https://")},
		Authorities: []string{authority},
	})
	v := &visitor{Person: b.Person(w.t, "the visitor", language), w: w, words: words}
	v.Open(w.page + "/")
	w.t.Cleanup(func() {
		if complaints := v.Complaints(); len(complaints) > 0 {
			w.t.Errorf("the browser complains: %q", complaints)
		}
	})
	return v
}

// says is what the page says with a key, of alice.gent.
func (v *visitor) says(key string) string {
	v.w.t.Helper()
	words, known := v.words[key]
	if !known {
		v.w.t.Fatalf("there are no words for %s", key)
	}
	return strings.ReplaceAll(words, "{domain}", "alice.gent")
}

// hears waits until the page says it.
func (v *visitor) hears(key string) {
	v.w.t.Helper()
	v.See(v.says(key))
}

// press presses the button that has the words.
func (v *visitor) press(key string) { v.w.t.Helper(); v.PressOn(`button[data-t="` + key + `"]`) }

// begin keeps the code and comes to the field for a name.
func (v *visitor) begin() {
	v.w.t.Helper()
	v.press("start.button")
	v.press("code.kept")
}

// order orders alice.gent and waits until the factory has taken the order.
func (v *visitor) order() {
	v.w.t.Helper()
	v.Type("name", "alice")
	v.judged("free")
	v.press("name.order")
	v.hears("say.accepted")
}

// judged waits until the name that was typed is judged.
func (v *visitor) judged(state string) {
	v.w.t.Helper()
	v.Until("the verdict "+state, `document.getElementById('verdict').dataset.state === '`+state+`'`)
}

// waiting is a visitor whose order the factory has taken.
func waiting(t *testing.T, script hallotest.Script, language string) (*world, *visitor, *hallotest.Factory) {
	t.Helper()
	start, f := scripted(t, script)
	w := newWorld(t, start, nil)
	v := w.visit(language)
	v.begin()
	v.order()
	return w, v, *f
}

func TestWhoeverLosesANameMeanwhileIsToldAndChoosesAnother(t *testing.T) {
	w, v, f := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	call(t, w, f, "alice.gent", 409)
	v.hears("say.taken")
	v.Accessible("hallo taken meanwhile")
	v.Type("name", "bob")
	v.judged("free")
	v.press("name.order")
	v.Until("the second order", `document.getElementById('how-far')?.textContent.includes('bob.gent')`)
	if orders := f.Orders(); len(orders) != 2 || !strings.Contains(orders[1], "bob.gent") {
		t.Errorf("ordered with %q", orders)
	}
}

func TestWhoeverIsToldOfAFailureCanAskAgainOrChooseAnotherName(t *testing.T) {
	w, v, f := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "en")
	call(t, w, f, "alice.gent", 500)
	v.hears("say.failed")
	v.Accessible("hallo failed")
	v.press("failed.again")
	v.Until("the second order to be taken", `document.querySelector('[data-step="ordereddone"]')`)
	call(t, w, f, "alice.gent", 500)
	v.press("failed.another")
	v.Until("the field for a name", "document.activeElement?.id === 'name'")
}

func TestASilentFactoryIsToldOfAndCanBeAskedAtOnce(t *testing.T) {
	lost := hallotest.Reply{Lost: true}
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{lost, lost, {Status: 201}}})
	v := newWorld(t, start, nil).visit("nl")
	v.begin()
	v.Type("name", "alice")
	v.judged("free")
	v.press("name.order")
	v.hears("say.factory-silent")
	v.Accessible("hallo factory silent")
	v.press("progress.retry")
	v.hears("say.accepted")
}

func TestASiteWithAnotherCodeStrandsTheConversationAndAnotherCanBegin(t *testing.T) {
	w, v, f := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "en")
	w.sites.answers = []hallotest.Reply{{Status: 403, Body: `{"type": "https://x/wrong-sign-up-code"}`}}
	v.press("settings.skip")
	v.hears("say.settings-kept")
	call(t, w, f, "alice.gent", 201)
	v.hears("say.wrong-code")
	v.Accessible("hallo stranded")
	v.press("stranded.begin")
	v.Until("a new code", "document.querySelector('output.code')")
	if heard := chromium.Ask[string](v.Person, "document.getElementById('log').innerText"); strings.Contains(heard, "alice.gent") {
		t.Errorf("the new conversation begins with the old one: %s", heard)
	}
}

func TestSettingsThatTheSiteDoesNotTakeAreAskedForAgain(t *testing.T) {
	w, v, f := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	w.sites.answers = []hallotest.Reply{{Status: 400}, {Status: 204}}
	v.Type("owner-name", "Alice <b>")
	v.press("settings.send")
	v.See("Ik ben Alice <b>.")
	call(t, w, f, "alice.gent", 201)
	v.hears("say.bad-settings")
	v.Accessible("hallo bad settings")
	v.Type("owner-name", "Alice")
	v.press("settings.send")
	v.hears("say.ready")
}
