package callback

import (
	"slices"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/internal/delivery"
)

var (
	ok200   = delivery.Answered(200, 0)
	timeout = delivery.Answer{Reason: delivery.ReasonTimeout}
)

func at(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: sitesNamespace, Name: name}
}

// line is a receiver of four slots, all of them taken, with sites that wait.
func line(t *testing.T, waiting ...string) *slots {
	t.Helper()
	s := &slots{}
	take := func(name string, want bool) {
		t.Helper()
		if s.take("a.gent", at(name), 4) != want {
			t.Fatalf("%s gets a slot: %t, want %t", name, !want, want)
		}
	}
	take("1", true)
	take("2", false) // the receiver has not answered yet
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "2")
	for _, name := range []string{"2", "3", "4", "5"} {
		take(name, true)
	}
	for _, name := range waiting {
		take(name, false)
	}
	return s
}

func wantCalled(t *testing.T, got []types.NamespacedName, want ...string) {
	t.Helper()
	var names []string
	for _, site := range got {
		names = append(names, site.Name)
	}
	if !slices.Equal(names, want) {
		t.Errorf("called: %q, want %q", names, want)
	}
}

func TestASlotThatIsGivenBackGoesToWhoWaitedLongest(t *testing.T) {
	s := line(t, "x", "y")
	if !s.full("a.gent", at("x"), 4) || s.full("b.gent", at("x"), 4) {
		t.Error("one who looks again is not told that there is no slot, or another receiver has none")
	}
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
	if !s.take("a.gent", at("x"), 4) {
		t.Error("x was called to a slot that is not there")
	}
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "y")
	wantCalled(t, s.giveBack("a.gent", ok200, 4)) // y is on its way, and nobody else waits
}

func TestWhoIsCalledAndDoesNotComeHoldsUpNobody(t *testing.T) {
	s := line(t, "x", "y", "z")
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
	wantCalled(t, s.came(at("y"), 4)) // was not called
	wantCalled(t, s.came(at("x"), 4), "y")
	if !s.take("a.gent", at("z"), 4) {
		t.Error("z finds no slot although one is free")
	}
	wantCalled(t, s.came(at("y"), 4)) // z has it
}

func TestAReceiverThatIsSlowGetsOneAtATime(t *testing.T) {
	for name, answer := range map[string]delivery.Answer{
		"hangs": timeout, "asks for less": delivery.Answered(429, 0), "has a gateway that gives up": delivery.Answered(504, 0), "has a gateway that fails": delivery.Answered(502, 0),
	} {
		t.Run(name, func(t *testing.T) {
			s := line(t, "x", "y", "z", "u", "v")
			wantCalled(t, s.giveBack("a.gent", answer, 4))
			wantCalled(t, s.giveBack("a.gent", answer, 4))
			wantCalled(t, s.giveBack("a.gent", delivery.Answer{}, 4)) // nothing was sent, so nothing is known
			wantCalled(t, s.giveBack("a.gent", answer, 4), "x")
			if !s.take("a.gent", at("x"), 4) || s.take("a.gent", at("y"), 4) {
				t.Error("it does not get one at a time")
			}
			wantCalled(t, s.giveBack("a.gent", delivery.Answered(500, 0), 4), "y", "z", "u", "v") // it answers
			for _, site := range []string{"y", "z", "u", "v"} {
				if !s.take("a.gent", at(site), 4) {
					t.Errorf("%s was called to a slot that is not there", site)
				}
			}
		})
	}
}

func TestSlotsForgetWhatIsOver(t *testing.T) {
	s := line(t, "x")
	for range 3 {
		s.giveBack("a.gent", ok200, 4)
	}
	s.giveBack("a.gent", timeout, 4)
	s.came(at("x"), 4)
	s.full("b.gent", at("y"), 4)
	if len(s.hosts) != 0 {
		t.Errorf("%v are remembered", s.hosts)
	}
}

func TestWhoTakesASlotBeforeItsTurnIsNoLongerInLine(t *testing.T) {
	s := line(t, "x", "y")
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
	if !s.take("a.gent", at("y"), 4) {
		t.Fatal("y looks by itself, and finds no slot although one is free")
	}
	wantCalled(t, s.giveBack("a.gent", ok200, 4)) // x is on its way
	wantCalled(t, s.giveBack("a.gent", ok200, 4)) // and y's attempt runs
}

func TestASiteThatGetsAnotherReceiverKeepsNoPlaceAtTheOneBefore(t *testing.T) {
	for name, goes := range map[string]func(s *slots){
		"and finds a slot there": func(s *slots) {
			if !s.take("b.gent", at("x"), 4) {
				t.Error("b.gent has no slot")
			}
			wantCalled(t, s.giveBack("b.gent", ok200, 4))
		},
		"and is called there too": func(s *slots) {
			s.take("b.gent", at("1"), 4)
			if s.take("b.gent", at("x"), 4) {
				t.Error("b.gent, which has not answered yet, takes two")
			}
			wantCalled(t, s.giveBack("b.gent", ok200, 4), "x")
		},
	} {
		t.Run("it was called, "+name, func(t *testing.T) {
			s := line(t, "x", "y")
			wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
			goes(s)
			wantCalled(t, s.came(at("x"), 4), "y")
			if !s.take("a.gent", at("y"), 4) {
				t.Error("y was called to a slot that is not there")
			}
			for range 4 {
				s.giveBack("a.gent", ok200, 4)
			}
			if len(s.hosts) != 0 {
				t.Errorf("%v are remembered", s.hosts)
			}
		})
	}
}

func TestWhoIsCalledTwiceHoldsOnePlace(t *testing.T) {
	s := line(t, "x")
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
	s.take("a.gent", at("z"), 4)
	if !s.full("a.gent", at("x"), 4) {
		t.Fatal("x finds a slot although z has it")
	}
	s.giveBack("a.gent", ok200, 4)
	wantCalled(t, s.giveBack("a.gent", ok200, 4), "x")
	if got := s.hosts["a.gent"].called.Len(); got != 1 {
		t.Errorf("%d are expected, want x once", got)
	}
}

// TestEverybodyInLineGetsTheirTurn has many workers who come when they are called, and only then.
func TestEverybodyInLineGetsTheirTurn(t *testing.T) {
	const sites, limit = 500, 4
	s := &slots{}
	var running, most, done int
	var mu sync.Mutex
	var wg sync.WaitGroup
	var come func(site types.NamespacedName)
	wake := func(sites []types.NamespacedName) {
		for _, site := range sites {
			wg.Go(func() { come(site) })
		}
	}
	come = func(site types.NamespacedName) {
		if s.take("a.gent", site, limit) {
			mu.Lock()
			running++
			most = max(most, running)
			done++
			mu.Unlock()
			mu.Lock()
			running--
			mu.Unlock()
			wake(s.giveBack("a.gent", ok200, limit))
		}
		wake(s.came(site, limit))
	}
	for i := range sites {
		wg.Go(func() { come(at(string(rune('a'+i%26)) + string(rune('a'+i/26)))) })
	}
	wg.Wait()
	if done != sites || most > limit || len(s.hosts) != 0 {
		t.Errorf("%d of %d had their turn, %d at once; left over: %v", done, sites, most, s.hosts)
	}
}
