package faults

import (
	"fmt"
	"testing"
	"time"

	"magicwebsitefactory.gent/test/faults/sim"
)

// change is what an admin does in the middle of something.
type change struct {
	name string
	do   func(w *sim.World)
}

var changes = []change{
	{"the site is deleted", func(w *sim.World) { w.Do("delete", w.DeleteSite(alice)) }},
	{"the Registrar is suspended", func(w *sim.World) {
		w.Do("suspend", w.Suspend(true))
		w.Later(10*time.Minute, "the Registrar goes on", func() error { return w.Suspend(false) })
	}},
	{"the token is changed", func(w *sim.World) {
		w.Do("rotate", w.Rotate("mwf_another-token-of-the-simulation-just-as-long"))
	}},
}

// The first scenario is interfered with in every way before each call, the others are deleted before each change.
func TestWheneverAnAdminInterferes(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		first := s.name == scenarios[0].name
		for _, m := range disturbable(t, s) {
			for i, c := range changes {
				if m.Moment == sim.After || !first && (m.Call.Read() || i > 0) {
					continue
				}
				jobs = append(jobs, job{part: "admin interferes", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("%s %s %s", c.name, m.Moment, m.Call),
					arrange: func(*sim.World) sim.Script {
						return at(m.Call, m.Moment, func(w *sim.World, _ *sim.Task) sim.Verdict {
							c.do(w)
							return sim.Verdict{}
						})
					},
				}})
			}
		}
	}
	runAll(t, jobs, 97)
}

// The registrar's answer is lost, and the order arrives only later, up to the last moment at which it can.
func TestHoweverLateAnOrderArrives(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if m.Call.Verb != "buy" || m.Moment != sim.Before {
				continue
			}
			for _, after := range []time.Duration{time.Second, 15 * time.Second, 59 * time.Second, 75 * time.Second} {
				jobs = append(jobs, job{part: "late order", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("%s arrives %s late", m.Call, after),
					arrange: func(*sim.World) sim.Script {
						return at(m.Call, sim.Before, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: sim.Delay, After: after} })
					},
				}})
			}
		}
	}
	runAll(t, jobs, 7)
}
