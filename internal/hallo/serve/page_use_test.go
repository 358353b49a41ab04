package serve

import (
	"fmt"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	chromium "magicwebsitefactory.gent/test/browser"
)

func TestANameIsJudgedAsItIsTyped(t *testing.T) {
	start, _ := scripted(t, hallotest.Script{
		Availability: append([]hallotest.Reply{{Status: 503}}, free...),
		Names:        map[string]hallotest.Reply{"jose-peeters.gent": free[0], "bob.gent": {Status: 200, Body: `{"available": false}`}},
	})
	v := newWorld(t, start, nil).visit("nl")
	v.begin()
	for _, c := range []struct{ typed, state, domain string }{
		{"José Peeters", "free", "jose-peeters.gent"},
		{" JOSE-PEETERS.gent ", "free", "jose-peeters.gent"},
		{"bob", "taken", "bob.gent"},
		{"a_b", "no-name", ""},
		{"-bob", "no-name", ""},
		{"bob-", "", ""}, // on its way to becoming more
		{strings.Repeat("a", 64), "no-name", ""},
		{"alice", "unsure", "alice.gent"},
	} {
		v.Type("name", c.typed)
		v.judged(c.state)
		if text := chromium.Ask[string](v.Person, "document.getElementById('verdict').innerText"); !strings.Contains(text, c.domain) {
			t.Errorf("%q is judged with %q", c.typed, text)
		}
		if can := chromium.Ask[bool](v.Person, "!document.querySelector('form [type=submit]').disabled"); can != (c.state == "free") {
			t.Errorf("%q can be ordered: %v", c.typed, can)
		}
	}
	v.Accessible("hallo unsure")
	v.press("check.again")
	v.judged("free")
}

func TestTheLanguageCanBeChangedInTheMiddle(t *testing.T) {
	_, v, _ := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	v.PressOn("[data-language=en]")
	english := func() {
		t.Helper()
		words, err := wordsOf("en")
		if err != nil {
			t.Fatal(err)
		}
		v.words = words
		v.hears("say.accepted")
		if heard := chromium.Ask[string](v.Person, "document.documentElement.lang + ' ' + document.title"); heard != "en "+words["title"] {
			t.Errorf("the page is in %s", heard)
		}
		dutch, err := wordsOf("nl")
		if err != nil {
			t.Fatal(err)
		}
		page := chromium.Ask[string](v.Person, "document.body.innerText")
		for key, text := range dutch {
			text = strings.ReplaceAll(text, "{domain}", "alice.gent")
			if text != words[key] && len(text) > 12 && strings.Contains(page, text) {
				t.Errorf("after the change the page says %q", text)
			}
		}
	}
	english()
	v.Reload()
	english()
}

func TestWhatWasTypedSurvivesAReload(t *testing.T) {
	_, v, _ := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	v.Type("owner-name", "Alice Peeters")
	v.Type("owner-bio", "Ik teken huizen.")
	v.Reload()
	v.Until("what was typed", `document.getElementById('owner-name')?.value === 'Alice Peeters' && document.getElementById('owner-bio').value === 'Ik teken huizen.'`)
}

func TestWhoeverLosesTheNetworkIsToldAndGoesOnOnceItIsBack(t *testing.T) {
	w, v, f := waiting(t, hallotest.Script{Availability: free, Orders: accepted}, "nl")
	v.Offline(true)
	v.hears("error.offline")
	call(t, w, f, "alice.gent", 201)
	v.Offline(false)
	v.hears("say.arrived")
	v.Until("that nothing is wrong any more", "document.getElementById('trouble').hidden")
}

// Everything can be done without a mouse, and the focus is always where it goes on.
func TestTheKeyboardSuffices(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	v := w.visit("en")
	focus := func(selector string) {
		t.Helper()
		v.Until("the focus on "+selector, fmt.Sprintf("document.activeElement?.matches(%q)", selector))
	}
	tab := func(selector string) {
		t.Helper()
		for range 20 {
			v.Keys("\t")
			if chromium.Ask[bool](v.Person, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
				return
			}
		}
		t.Fatalf("the tabulator does not lead to %s", selector)
	}
	v.Until("the page", "document.querySelector('[data-t=\"start.button\"]')")
	tab(`[data-t="start.button"]`)
	v.Keys("\r")
	focus(`[data-t="code.kept"]`)
	v.Keys("\r")
	focus("#name")
	v.Keys("alice")
	v.judged("free")
	v.Keys("\r")
	focus("#how-far")
	v.hears("say.accepted")
	tab("#owner-name")
	v.Keys("Alice\r")
	v.hears("say.settings-kept")
	focus("#how-far")
	call(t, w, *f, "alice.gent", 201)
	v.hears("say.ready")
	focus(`[data-t="ready.go"]`)
}

func TestEveryStepOfTheWayToTheSiteIsAccessible(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	v := w.visit("nl")
	v.hears("say.hello")
	v.Accessible("hallo hello")
	v.press("start.button")
	v.hears("code.kept")
	v.Accessible("hallo code")
	v.press("code.kept")
	v.order()
	v.Type("owner-name", "Alice")
	v.Type("owner-bio", "Ik teken huizen.")
	v.Accessible("hallo about you")
	v.press("settings.send")
	v.hears("say.settings-kept")
	call(t, w, *f, "alice.gent", 201)
	v.hears("say.ready")
	v.Until("the way to the site", `document.querySelector("[data-t='ready.go']").checkVisibility()`)
	v.Accessible("hallo ready")
	if shown := chromium.Ask[bool](v.Person, "document.querySelector('output.code').checkVisibility()"); shown {
		t.Error("the code is beside the way to the site, and nobody asked for it")
	}
	v.PressOn("summary")
	v.Until("the code", "document.querySelector('output.code').checkVisibility()")
	v.Accessible("hallo ready with the code")
}
