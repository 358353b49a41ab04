package faults

import (
	"fmt"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/faults/sim"
)

// oldest is by how many versions a read is too old at most.
const oldest = 3

// Every read through the cache is served from before the last change of what is read, from before the last two, and so on: each by itself in the
// first scenario, and all of one pass together in every other scenario.
func TestHoweverOldTheCache(t *testing.T) {
	var jobs []job
	for i, s := range rehearse(t, chosen(scenarios)) {
		w := undisturbed(t, s)
		for _, m := range beforeTheEnd(w, s) {
			if m.Moment != sim.Before || !m.Call.Cached() {
				continue
			}
			first := m.Call.Kind == v1alpha1.KindIndieSite && m.Call.Duty != sim.DutySiteClass || m.Call.Duty == sim.DutyDomain && m.Call.Kind == v1alpha1.KindDomain
			for older := 1; older <= min(w.Depths[m.Call], oldest); older++ {
				if s.name == scenarios[0].name {
					jobs = append(jobs, job{part: "old read", scenario: s, disturbance: disturbance{
						name:    fmt.Sprintf("%s is %d versions old", m.Call, older),
						arrange: func(*sim.World) sim.Script { return oldFrom(m.Call, older, false) },
					}})
				}
				if first && older == 1 && i%2 == 0 {
					jobs = append(jobs, job{part: "old read", scenario: s, disturbance: disturbance{
						name:    fmt.Sprintf("all is %d versions old from %s on", older, m.Call),
						arrange: func(*sim.World) sim.Script { return oldFrom(m.Call, older, true) },
					}})
				}
			}
		}
	}
	runAll(t, jobs, 71)
}

// oldFrom is a Script in which a read is old, or all of that pass from there on.
func oldFrom(c sim.Call, older int, pass bool) sim.Script {
	var old *sim.Task
	return sim.ScriptFunc(func(w *sim.World, t *sim.Task, now sim.Call, m sim.Moment) sim.Verdict {
		switch {
		case m != sim.Before || !now.Cached():
		case now == c && old == nil:
			old = t
			w.Disturbed++
			return sim.Verdict{Older: older}
		case pass && t == old:
			return sim.Verdict{Older: older}
		}
		return sim.Verdict{}
	})
}

// A manager that replaces one that died may at first see less than that one had seen.
func TestHoweverOldTheCacheAfterADeath(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if m.Call.Read() || m.Moment == sim.Before || m.Call.Duty == sim.DutyFrontEnd {
				continue
			}
			for _, behind := range []int{7, 1} {
				if behind == 1 && s.name != scenarios[0].name {
					continue
				}
				jobs = append(jobs, job{part: "old read after a death", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("dies after %s, comes back %d changes behind", m.Call, behind),
					arrange: func(w *sim.World) sim.Script {
						w.OnDeath = func(*sim.Process) {
							manager := w.NewManager()
							manager.Lag(behind)
							w.Later(20*time.Second, "the cache catches up", func() error {
								manager.Lag(0)
								w.Resync()
								return nil
							})
						}
						return at(m.Call, sim.After, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: sim.Crash} })
					},
				}})
			}
		}
	}
	runAll(t, jobs, 41)
}
