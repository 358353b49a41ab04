package serve

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	chromium "magicwebsitefactory.gent/test/browser"
)

// faulty waits until a field, which a CSS selector finds, has a fault and the focus, and is described by the words.
func (v *visitor) faulty(field, focus, words string) {
	v.w.t.Helper()
	v.Until("the fault at "+field, fmt.Sprintf(`(() => { const field = document.querySelector(%q)
		return field.getAttribute('aria-invalid') === 'true' && document.activeElement?.matches(%q) &&
			field.getAttribute('aria-describedby').split(' ').some((id) => { const told = document.getElementById(id); return told.checkVisibility() && told.innerText === %q }) })()`,
		field, focus, words))
	if !chromium.Ask[bool](v.Person, "document.getElementById('trouble').hidden") {
		v.w.t.Errorf("what is wrong at %s is said below the card too", field)
	}
}

// faultless waits until nothing is wrong at any field.
func (v *visitor) faultless() {
	v.w.t.Helper()
	v.Until("that nothing is wrong at any field", `!document.querySelector('[aria-invalid=true]') && [...document.querySelectorAll('.fault')].every((p) => p.hidden) &&
		[...document.querySelectorAll('[aria-describedby*=fault]')].length === 0`)
}

func TestAFaultInTheSettingsIsSaidAtItsFieldUntilThePersonTypesThere(t *testing.T) {
	w, v, _ := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	for sentence, c := range map[string]struct{ field, value, problem string }{
		"a name too long":                 {"owner-name", strings.Repeat("a", maxName+1), "setting-name"},
		"a name with a control character": {"owner-name", "Alice\x01", "setting-name-control"},
		"words too long":                  {"owner-bio", strings.Repeat("a", maxBio+1), "setting-bio"},
		"words with a control character":  {"owner-bio", "I draw\x01 houses.", "setting-bio-control"},
	} {
		t.Log(sentence)
		v.Set(c.field, c.value)
		v.press("settings.send")
		v.faulty("#"+c.field, "#"+c.field, v.says("error."+c.problem))
		v.Keys("\b")
		v.faultless()
		v.Set(c.field, "Alice")
	}
	v.Set("owner-bio", strings.Repeat("a", maxBio+1))
	v.press("settings.send")
	v.faulty("#owner-bio", "#owner-bio", v.says("error.setting-bio"))
	v.Set("owner-bio", "Alice draws.")
	v.Set("owner-name", strings.Repeat("a", maxName+1))
	v.press("settings.send")
	v.faulty("#owner-name", "#owner-name", v.says("error.setting-name"))
	v.Accessible("hallo fault in the name")
	v.PressOn("[data-language=en]")
	english, err := wordsOf("en")
	if err != nil {
		t.Fatal(err)
	}
	v.See(english["error.setting-name"])
	if sent := len(w.sites.received()); sent != 0 {
		t.Errorf("the site was told %d times", sent)
	}
	v.Set("owner-name", "Alice")
	v.PressOn("[data-language=nl]")
	v.press("settings.send")
	v.hears("say.settings-kept")
}

func TestAFaultThatOnlyTheServerKnowsIsSaidAtItsFieldToo(t *testing.T) {
	w, v, _ := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "en")
	for _, c := range []struct{ problem, field, focus, change string }{
		{"setting-colour", "#owner-colour", "#owner-colour", ".swatch:nth-of-type(2)"},
		{"setting-background", "#owner-colour", "#owner-colour", ".swatch:nth-of-type(3)"},
		{"setting-language", "#owner-language", "input[type=radio]:checked", "#owner-language input:not(:checked)"},
	} {
		refused := func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/conversation/settings" {
				return false
			}
			refuse(rw, http.StatusBadRequest, c.problem)
			return true
		}
		w.instead.Store(&refused)
		v.press("settings.send")
		v.faulty(c.field, c.focus, v.says("error."+c.problem))
		if c.problem != "setting-background" { // looks like a fault in the colour
			v.Accessible("hallo fault " + c.problem)
		}
		v.PressOn(c.change)
		v.faultless()
	}
	w.instead.Store(nil)
	v.press("settings.send")
	v.hears("say.settings-kept")
}
