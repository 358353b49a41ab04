package faults

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/faults/sim"
)

// rehearsal is a scenario with nothing going wrong.
type rehearsal struct {
	once  sync.Once
	world *sim.World
	err   error
}

// rehearsals are those of this run, by scenario.
var rehearsals sync.Map

// rehearsed plays a scenario once with nothing going wrong.
func rehearsed(t *testing.T, api client.WithWatch, s scenario) *rehearsal {
	t.Helper()
	known, _ := rehearsals.LoadOrStore(s.name, &rehearsal{})
	r := known.(*rehearsal)
	r.once.Do(func() {
		j := job{scenario: s, disturbance: disturbance{name: "undisturbed"}, part: "undisturbed"}
		r.world, r.err = j.play(t, api)
	})
	return r
}

// rehearse plays scenarios with nothing going wrong, a few at a time, and hands them on.
func rehearse(t *testing.T, scenarios []scenario) []scenario {
	t.Helper()
	api := connect(t)
	together(slices.Values(scenarios), func(s scenario) { rehearsed(t, api, s) })
	return scenarios
}

// undisturbed is a scenario with nothing going wrong, for the calls that it makes.
func undisturbed(t *testing.T, s scenario) *sim.World {
	t.Helper()
	r := rehearsed(t, connect(t), s)
	if r.err != nil {
		t.Fatalf("%s, undisturbed: %v\n%s", s.name, r.err, trace(r.world))
	}
	return r.world
}

// at is a Script that does something at one moment of one call.
func at(c sim.Call, m sim.Moment, v func(w *sim.World, t *sim.Task) sim.Verdict) sim.Script {
	done := false
	return sim.ScriptFunc(func(w *sim.World, t *sim.Task, now sim.Call, moment sim.Moment) sim.Verdict {
		if done || now != c || moment != m {
			return sim.Verdict{}
		}
		done = true
		w.Disturbed++
		return v(w, t)
	})
}

// disturbable are the moments of a scenario at which it makes a difference that something goes wrong: not around a read through the cache, which is no call;
// not after a read, which is the same as before the call that follows; of what comes again and again only the first; what comes before the
// registrar has its first order only in the first scenario, as it is the same in all of them, and so is a workload, but for the scenarios in which it comes
// and goes in a way of its own.
func disturbable(t *testing.T, s scenario) []sim.Moments {
	t.Helper()
	var moments []sim.Moments
	for _, m := range beforeTheEnd(undisturbed(t, s), s) {
		again := (m.Call.Duty == sim.DutyRegistrar || m.Call.Verb == "probe") && m.Call.N > 2
		same := s.name != scenarios[0].name && !s.rebuilds && workload(m.Call)
		if !m.Call.Cached() && !again && !same && (m.Moment == sim.Before || !m.Call.Read()) {
			moments = append(moments, m)
		}
	}
	return moments
}

// workload says whether a call has to do with what the site consists of.
func workload(c sim.Call) bool {
	return c.Duty == sim.DutySiteClass || c.Duty == sim.DutySite && c.Kind != v1alpha1.KindIndieSite && c.Kind != v1alpha1.KindDomain && c.Verb != "probe"
}

// beforeTheEnd are the moments of a run until everything was settled, but for those that the first scenario has as well.
func beforeTheEnd(w *sim.World, s scenario) []sim.Moments {
	all := w.CallsUntilSettled()
	for i, m := range all {
		if w.Late() {
			break
		}
		if s.name != scenarios[0].name && m.Call.Verb == "buy" {
			return all[i:]
		}
	}
	return all
}

func TestWheneverAProcessDies(t *testing.T) {
	runAll(t, everywhere(t, "process dies", sim.Crash, everyCall), 41)
}

func TestWheneverACallFails(t *testing.T) {
	runAll(t, everywhere(t, "call fails", sim.Fail, everyCall), 43)
}

// everyCall is each call of the first scenario, and each change of the others: a process that dies loses what it has read, so dying after a read is
// dying after the change before it.
func everyCall(s scenario, c sim.Call) bool { return s.name == scenarios[0].name || !c.Read() }

// everywhere does one thing at each moment of each scenario.
func everywhere(t *testing.T, part string, action sim.Action, which func(scenario, sim.Call) bool) []job {
	t.Helper()
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if !which(s, m.Call) {
				continue
			}
			jobs = append(jobs, job{part: part, scenario: s, disturbance: disturbance{
				name: fmt.Sprintf("%s %s", m.Moment, m.Call),
				arrange: func(*sim.World) sim.Script {
					return at(m.Call, m.Moment, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: action} })
				},
			}})
		}
	}
	return jobs
}
