package serve

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

func TestOrdersOfAnHourAreBoundedAlsoOverARestart(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, func(c *Config) { c.OrdersPerHour = 2 })
	for i := range 2 {
		b := w.browser()
		b.begin()
		b.order(fmt.Sprintf("site-%d.gent", i))
		b.comesTo(Waiting)
	}
	w.restart()
	b := w.browser()
	b.begin()
	if got := b.order("site-3.gent"); got.Status != http.StatusServiceUnavailable || got.Type != "busy" {
		t.Errorf("a third order was answered %d %s", got.Status, got.Type)
	}
	if got := b.look(); got.Phase != Choosing || len(got.Lines) != 4 {
		t.Errorf("it left %+v", got.view)
	}
	if n := len((*f).Orders()); n != 2 {
		t.Errorf("ordered %d times", n)
	}
}

func TestConversationsAreBoundedAndOneWithAnOrderIsNeverForgottenForAnother(t *testing.T) {
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, func(c *Config) { c.Conversations = 2 })
	ordered, idle, newest := w.browser(), w.browser(), w.browser()
	ordered.begin()
	ordered.order("alice.gent")
	ordered.comesTo(Waiting)
	idle.begin()
	newest.begin()
	if idle.look().Status != http.StatusNoContent || ordered.look().Phase != Waiting || newest.look().Phase != Choosing {
		t.Error("the wrong conversation was forgotten")
	}
	newest.order("bob.gent")
	newest.comesTo(Waiting)
	if got := w.browser().ask("POST", "/conversation", `{}`); got.Status != http.StatusServiceUnavailable || got.Type != "full" {
		t.Errorf("one more was answered %d %s", got.Status, got.Type)
	}
}

func TestTheStateFolderIsItsOwnersAndOfOneFactory(t *testing.T) {
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	id := b.cookie()
	err := filepath.WalkDir(w.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == w.state {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", path, info.Mode())
		}
		if content, _ := os.ReadFile(path); strings.Contains(path+string(content), id) {
			t.Errorf("%s tells how to take the conversation over", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	other := w.office.Config
	if _, err := OpenOffice(other); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second hallo has the same folder: %v", err)
	}
	w.stop()
	other.FactoryURL = "https://another.example"
	if _, err := OpenOffice(other); err == nil || !strings.Contains(err.Error(), "https://another.example") {
		t.Errorf("the orders of one factory are gone on with at another: %v", err)
	}
	file, _ := filepath.Glob(filepath.Join(w.state, "conversations", "*.json"))
	if err := os.WriteFile(file[0], []byte(`{"phase":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenOffice(w.office.Config); err == nil || !strings.Contains(err.Error(), file[0]) {
		t.Errorf("a broken conversation is passed over: %v", err)
	}
	if err := os.Remove(file[0]); err != nil {
		t.Fatal(err)
	}
	w.restartStopped()
}

func TestNothingSecretIsLogged(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Status: 400, Body: `{"title": "because of ` + token + `"}`}, {Status: 201}}})
	w := newWorld(t, start, nil)
	w.sites.answers = []hallotest.Reply{{Status: 400, Body: `{"title": "no"}`}}
	b := w.browser()
	code := b.begin()
	b.order("alice.gent")
	b.comesTo(Failed)
	b.step("again", "{}")
	b.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 201)
	b.step("settings", `{"settings": {"name": "Alice"}}`)
	b.comesTo(Arrived)
	log := w.log.String()
	for _, secret := range []string{code, token, b.cookie()} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %q:\n%s", secret, log)
		}
	}
	if !regexp.MustCompile(`from=ordering to=waiting domain=alice.gent`).MatchString(log) {
		t.Errorf("the log does not say what happened:\n%s", log)
	}
}

func TestOpenOrdersAreNeverSentAgainWithAnotherCallback(t *testing.T) {
	start, _ := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	w.stop()
	other := w.office.Config
	other.Callback += "/elsewhere"
	if _, err := OpenOffice(other); err == nil || !strings.Contains(err.Error(), w.callback) {
		t.Errorf("an open order would be another one, and its 409 the end of it: %v", err)
	}
	same, err := OpenOffice(w.office.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := same.Take("alice.gent", 409); err != nil {
		t.Fatal(err)
	}
	same.Close()
	office, err := OpenOffice(other)
	if err != nil {
		t.Fatalf("no order is open any more: %v", err)
	}
	office.Close()
	w.restartStopped()
}

func TestAFailureOfANameThatWasLeftIsRememberedForWhoeverOrdersItNext(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Status: 201}, {Status: 201}, {Lost: true}}})
	w := newWorld(t, start, nil)
	alice, bob := w.browser(), w.browser()
	alice.begin()
	alice.order("shared.gent")
	alice.comesTo(Waiting)
	call(t, w, *f, "shared.gent", 500)
	alice.comesTo(Failed)
	alice.step("another", "{}")
	alice.order("alice.gent")
	alice.comesTo(Waiting)
	bob.begin()
	bob.order("shared.gent")
	if status := call(t, w, *f, "shared.gent", 500); status != http.StatusOK {
		t.Errorf("the failure, told again, was answered %d", status)
	}
	if got := bob.look(); got.Phase != Ordering {
		t.Errorf("the failure of the order before ended this one: %+v", got.view)
	}
}
