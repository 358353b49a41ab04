package serve

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

// crowded has room for so many conversations, and a clock that the test moves.
func crowded(t *testing.T, room int, script hallotest.Script) (*world, *clocktesting.FakeClock, **hallotest.Factory) {
	t.Helper()
	start, f := scripted(t, script)
	clock := clocktesting.NewFakeClock(time.Now())
	return newWorld(t, start, func(c *Config) { c.Conversations, c.Clock = room, clock }), clock, f
}

// arrives orders a name and has the factory call back.
func (b *browser) arrives(f *hallotest.Factory, domain string) {
	b.t.Helper()
	b.begin()
	b.order(domain)
	b.comesTo(Waiting)
	call(b.t, b.world, f, domain, http.StatusCreated)
	b.comesTo(Arrived)
}

// readies comes to the end of a conversation.
func (b *browser) readies(f *hallotest.Factory, domain string) {
	b.t.Helper()
	b.arrives(f, domain)
	b.step("settings", `{"settings": {"name": "Alice"}}`)
	b.comesTo(Ready)
}

// comes is somebody new on the page, and what they are answered.
func (w *world) comes() (*browser, answeredWith) {
	w.t.Helper()
	b := w.browser()
	return b, b.ask(http.MethodPost, "/conversation", `{}`)
}

func TestWhereThereIsNoRoomTheConversationGoesThatHasBeenAtItsEndTheLongest(t *testing.T) {
	w, clock, f := crowded(t, 3, hallotest.Script{Availability: free, Orders: accepted})
	oldest, older, waiting := w.browser(), w.browser(), w.browser()
	oldest.readies(*f, "oldest.gent")
	clock.Step(time.Hour)
	older.readies(*f, "older.gent")
	waiting.begin()
	waiting.order("waiting.gent")
	waiting.comesTo(Waiting)
	clock.Step(atEnd - time.Hour - time.Second)
	if _, got := w.comes(); got.Status != http.StatusServiceUnavailable || got.Type != "full" {
		t.Errorf("one more was answered %d %s, though none has rested for a day", got.Status, got.Type)
	}
	clock.Step(time.Second)
	newest, got := w.comes()
	if got.Status != http.StatusCreated {
		t.Fatalf("one more was answered %d %s", got.Status, got.Type)
	}
	if oldest.look().Status != http.StatusNoContent || older.look().Phase != Ready || waiting.look().Phase != Waiting || newest.look().Phase != KeepingCode {
		t.Error("the wrong conversation was forgotten")
	}
}

func TestWhoeverIsChoosingANameIsNotForgottenForTheNextWhileOthersAreDone(t *testing.T) {
	w, clock, f := crowded(t, 2, hallotest.Script{Availability: free, Orders: accepted})
	done, choosing := w.browser(), w.browser()
	done.readies(*f, "done.gent")
	clock.Step(atEnd)
	choosing.begin()
	if _, got := w.comes(); got.Status != http.StatusCreated {
		t.Fatalf("one more was answered %d %s", got.Status, got.Type)
	}
	if choosing.look().Phase != Choosing || done.look().Status != http.StatusNoContent {
		t.Error("somebody who chooses a name was forgotten, and somebody who is done was not")
	}
}

func TestWhatIsForgottenForAnotherIsWhatNobodyWaitsFor(t *testing.T) {
	lost := hallotest.Reply{Lost: true}
	for sentence, c := range map[string]struct {
		orders []hallotest.Reply
		way    func(w *world, f *hallotest.Factory, b *browser)
		goes   bool
	}{
		"a site that knows another code": {accepted, func(w *world, f *hallotest.Factory, b *browser) {
			w.sites.answers = []hallotest.Reply{{Status: 403, Body: `{"type": "https://x/wrong-sign-up-code"}`}}
			b.arrives(f, "alice.gent")
			b.step("settings", `{"settings": {"name": "Alice"}}`)
			b.comesTo(Stranded)
		}, true},
		"an order that failed": {accepted, func(w *world, f *hallotest.Factory, b *browser) {
			b.begin()
			b.order("alice.gent")
			b.comesTo(Waiting)
			call(w.t, w, f, "alice.gent", 500)
			b.comesTo(Failed)
		}, true},
		"a name that was lost": {accepted, func(w *world, f *hallotest.Factory, b *browser) {
			b.begin()
			b.order("alice.gent")
			b.comesTo(Waiting)
			call(w.t, w, f, "alice.gent", 409)
			b.comesTo(Choosing)
		}, true},
		"an order that may stand, though it failed": {[]hallotest.Reply{lost}, func(w *world, f *hallotest.Factory, b *browser) {
			b.begin()
			b.order("alice.gent")
			call(w.t, w, f, "alice.gent", 500)
			b.comesTo(Failed)
		}, false},
		"an order that waits for its callback": {accepted, func(_ *world, _ *hallotest.Factory, b *browser) {
			b.begin()
			b.order("alice.gent")
			b.comesTo(Waiting)
		}, false},
		"a site that waits for its owner": {accepted, func(_ *world, f *hallotest.Factory, b *browser) {
			b.arrives(f, "alice.gent")
		}, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			w, clock, f := crowded(t, 1, hallotest.Script{Availability: free, Orders: c.orders})
			b := w.browser()
			c.way(w, *f, b)
			clock.Step(atEnd)
			_, got := w.comes()
			if gone := b.look().Status == http.StatusNoContent; gone != c.goes || gone != (got.Status == http.StatusCreated) {
				t.Errorf("it was forgotten: %v; the next was answered %d %s", gone, got.Status, got.Type)
			}
		})
	}
}

func TestCallbacksForAConversationThatWasForgottenAreStillAnswered(t *testing.T) {
	w, clock, f := crowded(t, 1, hallotest.Script{Availability: free, Orders: accepted})
	b := w.browser()
	b.begin()
	b.order("first.gent")
	b.comesTo(Waiting)
	call(t, w, *f, "first.gent", 409)
	b.order("alice.gent")
	b.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 201)
	b.step("settings", `{"settings": {"name": "Secret Alice"}}`)
	code := b.comesTo(Ready).Code
	clock.Step(atEnd)
	if _, got := w.comes(); got.Status != http.StatusCreated {
		t.Fatalf("one more was answered %d %s", got.Status, got.Type)
	}
	answers := func() {
		t.Helper()
		for domain, outcome := range map[string]int{"alice.gent": 201, "first.gent": 409} {
			if status := call(t, w, *f, domain, outcome); status != http.StatusOK {
				t.Errorf("%d for %s, told again, was answered %d, and would be told for a month", outcome, domain, status)
			}
		}
		if got := b.look(); got.Status != http.StatusNoContent {
			t.Errorf("it is there again: %d %+v", got.Status, got.view)
		}
		for _, step := range []string{"kept", "again", "another", "settings", "order"} {
			if got := b.step(step, `{"domain": "alice.gent"}`); got.Status != http.StatusNotFound || got.Type != "unknown" {
				t.Errorf("its person's step %s was answered %d %s", step, got.Status, got.Type)
			}
		}
		if got := b.ask(http.MethodGet, "/name/bob.gent", ""); got.Status != http.StatusNotFound {
			t.Errorf("its person's question was answered %d", got.Status)
		}
	}
	answers()
	w.restart()
	answers()
	files, err := filepath.Glob(filepath.Join(w.state, "conversations", "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("kept are %q (%v)", files, err)
	}
	for _, file := range files {
		if content, _ := os.ReadFile(file); strings.Contains(string(content), code) || strings.Contains(string(content), "Secret Alice") {
			t.Errorf("more is kept of it than callbacks need: %s", content)
		}
	}
	clock.Step(keepWith)
	if _, got := w.comes(); got.Status != http.StatusCreated {
		t.Fatalf("one more was answered %d %s", got.Status, got.Type)
	}
	if status := call(t, w, *f, "alice.gent", 201); status != http.StatusNotFound {
		t.Errorf("after %v its callback was answered %d", keepWith, status)
	}
}

func TestAFailureIsRememberedThoughItsConversationIsForgotten(t *testing.T) {
	w, clock, f := crowded(t, 1, hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Status: 201}, {Lost: true}}})
	alice := w.browser()
	alice.begin()
	alice.order("shared.gent")
	alice.comesTo(Waiting)
	call(t, w, *f, "shared.gent", 500)
	alice.comesTo(Failed)
	clock.Step(atEnd)
	bob := w.browser()
	bob.begin()
	bob.order("shared.gent")
	if status := call(t, w, *f, "shared.gent", 500); status != http.StatusOK {
		t.Errorf("the failure, told again, was answered %d", status)
	}
	if got := bob.look(); got.Phase != Ordering {
		t.Errorf("the failure of the order before ended this one: %+v", got.view)
	}
}
