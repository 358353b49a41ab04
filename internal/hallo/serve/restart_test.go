package serve

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/onsi/gomega"

	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

func TestAConversationSurvivesARestart(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	code := b.begin()
	w.restart()
	if got := b.look(); got.Code != code || got.Phase != Choosing {
		t.Fatalf("after a restart it is %+v", got)
	}
	b.order("alice.gent")
	b.comesTo(Waiting)
	b.step("settings", `{"settings": {"name": "Alice"}}`)
	w.restart()
	if status := call(t, w, *f, "alice.gent", 201); status != http.StatusOK {
		t.Errorf("a late callback was answered %d", status)
	}
	b.comesTo(Ready)
	w.restart()
	if got := b.look(); got.Phase != Ready || got.Link == "" {
		t.Errorf("after a restart it is %+v", got)
	}
	if status := call(t, w, *f, "alice.gent", 201); status != http.StatusOK {
		t.Errorf("a callback that came again was answered %d", status)
	}
	if n := len((*f).Orders()); n != 1 {
		t.Errorf("ordered %d times", n)
	}
}

// orderedInVain is an order whose answers were lost so often that the person is told; the next one is answered.
func orderedInVain(t *testing.T) (w *world, b *browser, f **hallotest.Factory) {
	t.Helper()
	lost := hallotest.Reply{Lost: true}
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{lost, lost, {Status: 201}}})
	w = newWorld(t, start, nil)
	b = w.browser()
	b.begin()
	b.order("alice.gent")
	gomega.NewWithT(t).Eventually(func() string { return b.look().Trouble }).WithTimeout(patience).Should(gomega.Equal("factory-silent"))
	return w, b, f
}

func TestAnOrderWhoseAnswerIsLostIsSentAgainAfterARestartAndIsTheSame(t *testing.T) {
	w, b, f := orderedInVain(t)
	w.restart()
	b.comesTo(Waiting)
	orders := (*f).Orders()
	if len(orders) != 3 || len(slices.Compact(orders)) != 1 {
		t.Errorf("ordered with %q", orders)
	}
}

func TestAPersonCanHaveASilentFactoryAskedAtOnce(t *testing.T) {
	_, b, _ := orderedInVain(t)
	b.step("again", "{}")
	b.comesTo(Waiting)
}

func TestACallbackEndsTheWaitForASilentFactoryAtOnce(t *testing.T) {
	lost := hallotest.Reply{Lost: true}
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{lost}})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.step("settings", `{"settings": {"name": "Alice"}}`)
	gomega.NewWithT(t).Eventually(func() string { return b.look().Trouble }).WithTimeout(patience).Should(gomega.Equal("factory-silent"))
	call(t, w, *f, "alice.gent", 201)
	b.comesTo(Ready)
}

func TestACallbackForANameThatWasLeftIsAnswered(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 409)
	b.order("bob.gent")
	b.comesTo(Waiting)
	w.restart()
	if status := call(t, w, *f, "alice.gent", 409); status != http.StatusOK {
		t.Errorf("it was answered %d", status)
	}
	if got := b.look(); got.Phase != Waiting || got.Domain != "bob.gent" {
		t.Errorf("it is %s for %s", got.Phase, got.Domain)
	}
}

func TestAFailureOfSomebodyElsesOrderThatIsToldAgainIsNotMistaken(t *testing.T) {
	lost := hallotest.Reply{Lost: true}
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Status: 201}, lost, lost, {Status: 201}}})
	w := newWorld(t, start, nil)
	alice, bob := w.browser(), w.browser()
	alice.begin()
	bob.begin()
	alice.order("alice.gent")
	alice.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 500)
	bob.order("alice.gent")
	gomega.NewWithT(t).Eventually(func() string { return bob.look().Trouble }).WithTimeout(patience).Should(gomega.Equal("factory-silent"))
	if status := call(t, w, *f, "alice.gent", 500); status != http.StatusOK {
		t.Errorf("it was answered %d", status)
	}
	if got := bob.look(); got.Phase != Ordering {
		t.Errorf("it was taken for the second order's: %s", got.Phase)
	}
	bob.step("again", "{}")
	bob.comesTo(Waiting)
	call(t, w, *f, "alice.gent", 500)
	bob.comesTo(Failed)
}

func TestACallbackForAnUnknownDomainIsNotTaken(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	if status := call(t, w, *f, "nobodys.gent", 201); status != http.StatusNotFound {
		t.Errorf("it was answered %d", status)
	}
}

func TestACallbackThatCannotBeKeptHasToComeAgain(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	b := w.browser()
	b.begin()
	b.order("alice.gent")
	b.comesTo(Waiting)
	folder := filepath.Join(w.state, "conversations")
	if err := os.Rename(folder, folder+".gone"); err != nil {
		t.Fatal(err)
	}
	if status := call(t, w, *f, "alice.gent", 201); status != http.StatusServiceUnavailable {
		t.Errorf("it was answered %d", status)
	}
	if got := b.look(); got.Phase != Waiting {
		t.Errorf("it is %s", got.Phase)
	}
	if err := os.Rename(folder+".gone", folder); err != nil {
		t.Fatal(err)
	}
	if status := call(t, w, *f, "alice.gent", 201); status != http.StatusOK {
		t.Errorf("it was answered %d", status)
	}
	b.comesTo(Arrived)
}

func TestTwoConversationsThatWantTheSameName(t *testing.T) {
	start, f := scripted(t, hallotest.Script{Availability: free, Orders: accepted})
	w := newWorld(t, start, nil)
	alice, bob := w.browser(), w.browser()
	alice.begin()
	bob.begin()
	alice.order("alice.gent")
	alice.comesTo(Waiting)
	if got := bob.ask("GET", "/name/alice.gent", ""); got.State != "taken" {
		t.Errorf("while one has ordered it, to the other it is %s", got.State)
	}
	if got := bob.order("alice.gent"); got.Phase != Choosing || got.Lines[len(got.Lines)-1].Says != "taken" {
		t.Errorf("the other is told %+v", got)
	}
	if n := len((*f).Orders()); n != 1 {
		t.Errorf("ordered %d times", n)
	}

	call(t, w, *f, "alice.gent", 500)
	alice.comesTo(Failed)
	bob.order("alice.gent")
	bob.comesTo(Waiting)
	if got := alice.step("again", "{}"); got.Phase != Choosing {
		t.Errorf("the first is %s while the other has ordered the name", got.Phase)
	}
	call(t, w, *f, "alice.gent", 201)
	bob.comesTo(Arrived)
	if got := alice.look(); got.Phase != Choosing {
		t.Errorf("the first was told the other's outcome: %s", got.Phase)
	}
}
