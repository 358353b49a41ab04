package serve

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
	"magicwebsitefactory.gent/internal/indiesite"
)

var (
	free     = []hallotest.Reply{{Status: 200, Body: `{"available": true}`}}
	accepted = []hallotest.Reply{{Status: 201}}
)

// call is a callback as the scripted factory makes it.
func call(t *testing.T, w *world, f *hallotest.Factory, domain string, outcome int) int {
	t.Helper()
	status, err := f.Patch(w.callback+"/site/"+domain, outcome, true)
	if err != nil { // on a connection to the hallo before the restart
		status, err = f.Patch(w.callback+"/site/"+domain, outcome, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func TestAConversationWithAFactoryThatKeepsTheContractEndsAtTheSite(t *testing.T) {
	w := newWorld(t, modelled(t), nil)
	b := w.browser()
	code := b.begin()
	if got := b.ask("GET", "/name/alice.gent", ""); got.State != "free" {
		t.Fatalf("the name is %+v", got)
	}
	b.order("alice.gent")
	b.step("settings", `{"settings": {"name": "Alice", "bio": "Houses.", "colour": "#0b5c4a", "language": "en"}}`)
	got := b.comesTo(Ready)
	if want := "https://alice.gent/#code=" + code; got.Link != want {
		t.Errorf("it leads to %s, want %s", got.Link, want)
	}
	posted := w.sites.received()
	if len(posted) != 1 || !strings.Contains(posted[0], code) || !strings.Contains(posted[0], `"name":"Alice"`) {
		t.Errorf("the site was told %q", posted)
	}
	if strings.Contains(w.log.String(), code) {
		t.Errorf("the log shows the code:\n%s", w.log.String())
	}
}

func TestARealIndieSiteIsIntroducedToItsOwner(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	code := b.begin()
	store, err := indiesite.OpenStore(t.TempDir(), clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	w.sites.become(indiesite.NewHandler(indiesite.Config{
		Code: indiesite.NewCode(code), Store: store, Clock: clock.RealClock{}, Logger: slog.New(slog.DiscardHandler),
	}))
	b.order("alice.gent")
	b.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 201)
	b.comesTo(Arrived)
	b.step("settings", `{"settings": {"name": "Alice", "bio": "Houses.", "colour": "#7a2e5d", "background": "#f6f3ec", "language": "nl"}}`)
	b.comesTo(Ready)
	if got, _ := store.Settings(); got.Name != "Alice" || got.Bio != "Houses." || got.Colour != "#7a2e5d" || got.Language != "nl" {
		t.Errorf("the site knows its owner as %+v", got)
	}
}

func TestEveryEndOfAFactoryThatKeepsTheContractIsToldInWordsWithAWayOn(t *testing.T) {
	w := newWorld(t, modelled(t), nil)
	t.Run("the name goes to somebody else", func(t *testing.T) {
		b := w.browser()
		b.begin()
		b.order("taken-at-registration.gent")
		if got := b.comesTo(Choosing); got.Lines[len(got.Lines)-1].Says != "taken" {
			t.Errorf("it says %+v", got.Lines)
		}
		b.order("bob.gent")
		b.comesTo(Arrived)
	})
	t.Run("the factory fails", func(t *testing.T) {
		b := w.browser()
		b.begin()
		b.order("setup-fails.gent")
		b.comesTo(Failed)
		b.step("again", "{}")
		b.comesTo(Failed)
		b.step("another", "{}")
		b.order("carol.gent")
		b.comesTo(Arrived)
	})
	t.Run("the name is taken at once", func(t *testing.T) {
		b := w.browser()
		b.begin()
		if got := b.ask("GET", "/name/unavailable.gent", ""); got.State != "taken" {
			t.Errorf("the name is %+v", got)
		}
		b.order("unavailable.gent")
		b.comesTo(Choosing)
	})
	t.Run("nobody can tell", func(t *testing.T) {
		b := w.browser()
		b.begin()
		if got := b.ask("GET", "/name/error.gent", ""); got.State != "unsure" {
			t.Errorf("the name is %+v", got)
		}
	})
}

func TestASiteThatIsOwnedCountsAsDone(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	w.sites.answers = []hallotest.Reply{{Status: 403, Body: `{"type": "https://magicwebsitefactory.gent/problems/indie-site/already-owned"}`}}
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	b.step("settings", `{"settings": {"name": "Alice"}}`)
	call(t, w, *f, "alice.gent", 201)
	b.comesTo(Ready)
}

func TestASiteThatIsNotRightIsToldOf(t *testing.T) {
	for sentence, c := range map[string]struct {
		reply hallotest.Reply
		phase Phase
	}{
		"it knows another code":        {hallotest.Reply{Status: 403, Body: `{"type": "https://x/wrong-sign-up-code"}`}, Stranded},
		"it does not take the setting": {hallotest.Reply{Status: 400}, Arrived},
	} {
		t.Run(sentence, func(t *testing.T) {
			start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
			w := newWorld(t, start, nil)
			w.sites.answers = []hallotest.Reply{c.reply, {Status: 204}}
			b := w.browser()
			b.begin()
			b.order("alice.gent")
			b.comesTo(Waiting)
			call(t, w, *f, "alice.gent", 201)
			b.step("settings", `{"settings": {"name": "Alice"}}`)
			b.comesTo(c.phase)
			if c.phase == Stranded {
				b.step("again", "{}")
			} else {
				b.step("settings", `{"settings": {"name": "A"}}`)
			}
			b.comesTo(Ready)
		})
	}
}

func TestHowFarTheSiteIsComesFromTheFactory(t *testing.T) {
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: accepted, Progress: []hallotest.Reply{{Status: 200, Body: `{"conditions": [
		{"type": "DomainRegistered", "status": "True", "reason": "Succeeded"}, {"type": "DNSPublished", "status": "True", "reason": "NotRequested"},
		{"type": "Reachable", "status": "False", "reason": "NotReachable"}]}`}}})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	gomega.NewWithT(t).Eventually(func() []string { return b.look().Reached }).WithTimeout(patience).Should(gomega.Equal([]string{"DomainRegistered"}))
}
