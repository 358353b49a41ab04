package serve

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	chromium "magicwebsitefactory.gent/test/browser"
)

// fails has a file of the page answered 503 so many times; it returns how often it was asked for.
func (w *world) fails(file string, times int) (asked func() int) {
	var mu sync.Mutex
	count := 0
	instead := func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/"+file) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		count++
		if count > times {
			return false
		}
		http.Error(rw, "not now", http.StatusServiceUnavailable)
		return true
	}
	w.instead.Store(&instead)
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

// always is more often than anything is tried.
const always = 1000

// stuck says whether the page says that it is not whole.
const stuck = `document.querySelector('#stuck a')?.checkVisibility({visibilityProperty: true})`

// waits has all time go by that the page's style waits for.
func (v *visitor) waits() {
	v.w.t.Helper()
	chromium.Ask[any](v.Person, `document.getAnimations().filter((a) => a.effect.getComputedTiming().iterations !== Infinity).forEach((a) => a.finish()) || 0`)
}

// reloads follows the link on a page that is stuck, and is greeted.
func (v *visitor) reloads() {
	v.w.t.Helper()
	v.See(v.says("stuck"))
	v.w.instead.Store(nil)
	v.PressOn("#stuck a")
	v.hears("say.hello")
	v.waits()
	if chromium.Ask[bool](v.Person, "Boolean("+stuck+")") {
		v.w.t.Error("a page that is whole says that it is not")
	}
}

func TestWordsThatFailToLoadAreAskedForAgain(t *testing.T) {
	w := simple(t)
	asked := w.fails("nl.json", 2)
	v := w.visit("nl")
	v.hears("say.hello")
	v.waits()
	if n := asked(); n != 3 || chromium.Ask[bool](v.Person, "Boolean("+stuck+")") {
		t.Errorf("they were asked for %d times", n)
	}
}

func TestAPageWithoutWordsSaysSoAndCanBeLoadedAgain(t *testing.T) {
	w := simple(t)
	w.fails("en.json", always)
	v := w.visit("en")
	v.Until("that the page says so", stuck)
	v.Accessible("hallo stuck")
	v.reloads()
}

func TestALanguageThatFailsToLoadIsNotSpokenUntilItIsThere(t *testing.T) {
	w := simple(t)
	v := w.visit("nl")
	v.hears("say.hello")
	w.fails("en.json", always)
	v.PressOn("[data-language=en]")
	v.hears("error.offline")
	v.hears("say.hello")
	w.instead.Store(nil)
	v.PressOn("[data-language=en]")
	v.Until("English", "document.documentElement.lang === 'en'")
	if chromium.Ask[bool](v.Person, "!document.getElementById('trouble').hidden") {
		t.Error("it still says that it cannot be reached")
	}
}

func TestAPageWithoutWordsLoadsAgainOnceTheNetworkIsBack(t *testing.T) {
	w := simple(t)
	w.fails("nl.json", always)
	v := w.visit("nl")
	v.Until("that the page says so", stuck)
	v.Until("that it has given up", "document.querySelector('#stuck.now')")
	w.instead.Store(nil)
	chromium.Ask[any](v.Person, "dispatchEvent(new Event('online')) && 0") // to a Chromium in a network of its own, there is never one
	v.hears("say.hello")
}

func TestAPageWhoseScriptFailsToLoadSaysSoAndCanBeLoadedAgain(t *testing.T) {
	for _, script := range []string{"app.js", "work.js"} {
		t.Run(script, func(t *testing.T) {
			w := simple(t)
			w.fails(script, always)
			v := w.visit("nl")
			v.Until("the page", "document.readyState === 'complete'")
			if chromium.Ask[bool](v.Person, "Boolean("+stuck+")") {
				t.Error("it says so before it can know")
			}
			v.waits()
			v.reloads()
		})
	}
}

func TestAPageWithoutScriptSaysWhatItNeedsAndNothingElse(t *testing.T) {
	v := simple(t).visit("nl")
	v.WithoutScript(true)
	v.Reload()
	v.See(v.says("no-script"))
	v.waits()
	if chromium.Ask[bool](v.Person, "Boolean("+stuck+")") {
		t.Error("it says too that it is not whole")
	}
}
