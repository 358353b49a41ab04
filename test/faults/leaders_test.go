package faults

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"magicwebsitefactory.gent/test/faults/sim"
)

// standstill is longer than anybody waits for the answer of a purchase that another has begun.
const standstill = 3 * time.Minute

// One manager stands still before a call, another takes over and does all that there is to do, then the first goes on, and both believe to lead.
func TestWheneverAnotherLeaderTakesOver(t *testing.T) {
	var jobs []job
	for i, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if m.Moment != sim.Before || m.Call.Duty == sim.DutyFrontEnd || m.Call.Read() && s.name != scenarios[0].name {
				continue
			}
			for name, stand := range standing {
				if i > 3 && name != "works for three minutes" && only == "" {
					continue
				}
				jobs = append(jobs, job{part: "two leaders", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("one stands still before %s, the other %s", m.Call, name),
					arrange: func(*sim.World) sim.Script {
						return at(m.Call, sim.Before, func(w *sim.World, _ *sim.Task) sim.Verdict {
							return sim.Verdict{Action: sim.Pause, Until: stand(w, w.NewManager())}
						})
					},
				}})
			}
		}
	}
	runAll(t, jobs, 53)
}

// standing says for how long one stands still, by what the other does meanwhile.
var standing = ordered(
	"does all there is to do", untilIdle,
	"works for three minutes", untilLater,
)

// ordered goes through two values by their names, always in the same order.
func ordered[T any](name1 string, value1 T, name2 string, value2 T) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		_ = yield(name1, value1) && yield(name2, value2)
	}
}

func untilIdle(_ *sim.World, other *sim.Process) func(*sim.World) bool {
	return func(w *sim.World) bool { return w.Idle(other) }
}

func untilLater(w *sim.World, _ *sim.Process) func(*sim.World) bool {
	end := w.Clock.Now().Add(standstill)
	w.Later(standstill, "three minutes are over", func() error { return nil }) // or the clock would go on to when something else is due
	return func(w *sim.World) bool { return !w.Clock.Now().Before(end) }
}

// One duty stands still before a call while the others of its process go on.
func TestWheneverADutyIsSlow(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if m.Moment != sim.Before || m.Call.Read() && s.name != scenarios[0].name {
				continue
			}
			for name, long := range ordered("until nothing else is left to do", false, "for three minutes", true) {
				if !long && s.name != scenarios[0].name {
					continue
				}
				jobs = append(jobs, job{part: "slow duty", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("%s takes its time %s", m.Call, name),
					arrange: func(*sim.World) sim.Script {
						return at(m.Call, sim.Before, func(w *sim.World, t *sim.Task) sim.Verdict {
							v := sim.Verdict{Action: sim.Pause, Alone: true}
							if long {
								v.Until = untilLater(w, t.Process)
							}
							return v
						})
					},
				}})
			}
		}
	}
	runAll(t, jobs, 47)
}

// Two leaders whose steps are interleaved with two changes of turn: the first stops before one of its calls, the second before one of its own, the first does
// all that it can, then the second goes on.
func TestWheneverTwoLeadersTakeTurns(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios[:4])) {
		calls := turning(t, s)
		for _, first := range calls {
			for _, second := range calls {
				jobs = append(jobs, job{part: "two leaders", scenario: s, disturbance: disturbance{
					name:    fmt.Sprintf("one stops before %s, the other before %s", first, second),
					arrange: func(w *sim.World) sim.Script { return takingTurns(w, first, second) },
				}})
			}
		}
	}
	runAll(t, jobs, 67)
}

// turning are the calls of the duties that spend money and tell outcomes, from the first write on.
func turning(t *testing.T, s scenario) []sim.Call {
	t.Helper()
	var calls []sim.Call
	for _, m := range disturbable(t, s) {
		if m.Moment == sim.Before && (m.Call.Duty == sim.DutyDomain && !m.Call.Read() || m.Call.Duty == sim.DutyCallback && !m.Call.Read()) {
			calls = append(calls, m.Call)
		}
	}
	return calls
}

func takingTurns(_ *sim.World, first, second sim.Call) sim.Script {
	var one, other *sim.Process
	stopped := false
	return sim.ScriptFunc(func(w *sim.World, t *sim.Task, c sim.Call, m sim.Moment) sim.Verdict {
		switch {
		case m != sim.Before:
		case other == nil && c == first:
			one, other = t.Process, w.NewManager()
			w.Disturbed++
			return sim.Verdict{Action: sim.Pause, Until: func(w *sim.World) bool { return stopped || w.Idle(other) }}
		case t.Process == other && !stopped && same(c, second):
			stopped = true
			return sim.Verdict{Action: sim.Pause, Until: func(w *sim.World) bool { return w.Idle(one) }}
		}
		return sim.Verdict{}
	})
}

// same compares calls but for their number, which is the run's and not the process's.
func same(a, b sim.Call) bool {
	a.N, b.N = 0, 0
	return a == b
}
