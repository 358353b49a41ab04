package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
	"magicwebsitefactory.gent/test/faults/sim"
)

// everyFault is what a provider's server can do wrong, someFaults those of them that are most unlike each other.
var (
	everyFault = []registrartest.Fault{
		registrartest.HangsBefore, registrartest.HangsAfter, registrartest.ResetsBefore, registrartest.ResetsAfter, registrartest.FailsBefore,
		registrartest.FailsAfter, registrartest.Throttles, registrartest.Garbles, registrartest.Doubles,
		registrartest.Lingers,
	}
	someFaults = []registrartest.Fault{registrartest.ResetsBefore, registrartest.HangsAfter, registrartest.FailsAfter, registrartest.Throttles, registrartest.Doubles, registrartest.Lingers}
)

// breaking has the server do something wrong with its calls, as long as there is something left, each at its turn: with that call, or with whichever comes next where it is nil.
type breaking struct {
	fault registrartest.Fault
	call  *sim.ShopCall
}

func (b breaking) String() string {
	if b.call == nil {
		return b.fault.String() + " the next call"
	}
	return fmt.Sprintf("%s %s", b.fault, b.call)
}

// broken arranges it.
func broken(w *sim.World, turns ...breaking) sim.Script {
	w.Fault = func(c sim.ShopCall) registrartest.Fault {
		if len(turns) == 0 || turns[0].call != nil && *turns[0].call != c {
			return registrartest.None
		}
		fault := turns[0].fault
		turns = turns[1:]
		return fault
	}
	return sim.Undisturbed
}

// serverCalls are the calls of a scenario that reach the server and make a difference: as for the duty's own calls, what comes before the first order is the same in
// every scenario, and of what comes again and again only the first are tried.
func serverCalls(t *testing.T, s scenario) []sim.ShopCall {
	t.Helper()
	w := undisturbed(t, s)
	calls := w.ShopCalls()
	if i := slices.IndexFunc(calls, func(c sim.ShopCall) bool { return c.Call == registrartest.CallBuy }); i > 0 && !w.Late() && !strings.HasPrefix(s.name, scenarios[0].name) {
		calls = calls[i:]
	}
	seen := map[registrartest.Call]int{}
	return slices.DeleteFunc(slices.Clone(calls), func(c sim.ShopCall) bool {
		seen[c.Call]++
		return seen[c.Call] > 3 || c.Call == registrartest.CallCheck && seen[c.Call] > 1
	})
}

// spends says whether a call is one that costs money, or may at most providers.
func spends(c sim.ShopCall) bool {
	return c.Call == registrartest.CallBuy || c.Call == registrartest.CallRenew
}

// Whichever call of whichever provider its server takes wrong, and however.
func TestWhateverTheProviderDoesWrong(t *testing.T) {
	var jobs []job
	for _, p := range providers {
		for _, s := range rehearse(t, atProvider(p.name, p.sell)) {
			for _, c := range serverCalls(t, s) {
				faults := someFaults
				if spends(c) || strings.HasPrefix(s.name, scenarios[0].name) {
					faults = everyFault
				}
				for _, fault := range faults {
					turn := breaking{fault, &c}
					jobs = append(jobs, job{part: "provider's fault", scenario: s, disturbance: disturbance{
						name: "the server " + turn.String(), arrange: func(w *sim.World) sim.Script { return broken(w, turn) },
					}})
				}
			}
		}
	}
	runAll(t, jobs, 19)
}

// inPairs are the scenarios that two faults are tried in.
var inPairs = []string{"all is well", "taken at the registration", "pending for long", "runs out"}

// Two things go wrong around what costs money: the server fails, and the process dies with the answer or once it is written down; or the server fails twice, with the order
// and the call that follows, or with two orders.
func TestWhateverTheProviderDoesWrongTwice(t *testing.T) {
	var jobs []job
	for _, p := range providers {
		for _, s := range rehearse(t, atProvider(p.name, p.sell)) {
			if !slices.ContainsFunc(inPairs, func(name string) bool { return s.name == name+" at "+p.name }) {
				continue
			}
			for _, c := range serverCalls(t, s) {
				if !spends(c) || c.Call == registrartest.CallRenew && p.name == "combell" {
					continue
				}
				for _, first := range append(slices.Clone(someFaults), registrartest.Garbles) {
					for name, arrange := range seconds(breaking{first, &c}) {
						jobs = append(jobs, job{part: "provider's faults in pairs", scenario: s, disturbance: disturbance{name: name, arrange: arrange}})
					}
				}
			}
		}
	}
	runAll(t, jobs, 23)
}

// seconds are what goes wrong after the first.
func seconds(first breaking) func(yield func(string, func(*sim.World) sim.Script) bool) {
	return func(yield func(string, func(*sim.World) sim.Script) bool) {
		for _, moments := range []int{1, 3} {
			name := fmt.Sprintf("the server %s, and the process dies %d moments later", first, moments)
			if !yield(name, func(w *sim.World) sim.Script { return dyingAfter(w, first, moments) }) {
				return
			}
		}
		next := []breaking{}
		for _, fault := range someFaults {
			next = append(next, breaking{fault: fault})
		}
		if again := (&sim.ShopCall{Call: first.call.Call, N: first.call.N + 1}); first.fault.Early() {
			for _, fault := range someFaults {
				next = append(next, breaking{fault, again})
			}
		}
		for _, second := range next {
			name := fmt.Sprintf("the server %s, and %s", first, second)
			if !yield(name, func(w *sim.World) sim.Script { return broken(w, first, second) }) {
				return
			}
		}
	}
}

// dyingAfter has the process that called die so many moments of its calls after the server did something wrong.
func dyingAfter(w *sim.World, first breaking, moments int) sim.Script {
	broken(w, first)
	return sim.ScriptFunc(func(w *sim.World, t *sim.Task, c sim.Call, _ sim.Moment) sim.Verdict {
		if w.Disturbed == 0 || c.Duty != sim.DutyDomain || c.Cached() {
			return sim.Verdict{}
		}
		if moments--; moments != 0 {
			return sim.Verdict{}
		}
		return sim.Verdict{Action: sim.Crash}
	})
}
