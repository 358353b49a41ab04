package faults

import (
	"fmt"
	"testing"

	"magicwebsitefactory.gent/test/faults/sim"
)

// The whole cluster is restored from a backup that was made just now, or every status is lost in place.
func TestWheneverTheClusterIsRestoredWithoutStatus(t *testing.T) {
	var jobs []job
	for _, s := range rehearse(t, chosen(scenarios)) {
		for _, m := range disturbable(t, s) {
			if m.Call.Read() || m.Moment != sim.After || m.Call.Duty == sim.DutyFrontEnd {
				continue
			}
			for name, restore := range ordered("restored", (*sim.World).Restore, "robbed of every status", (*sim.World).LoseStatus) {
				if name != "restored" && s.name != scenarios[0].name && s.name != "pending" {
					continue
				}
				jobs = append(jobs, job{part: "restore", scenario: s, disturbance: disturbance{
					name: fmt.Sprintf("the cluster is %s after %s", name, m.Call),
					arrange: func(*sim.World) sim.Script {
						return at(m.Call, sim.After, func(w *sim.World, _ *sim.Task) sim.Verdict {
							w.Later(0, "the cluster is "+name, func() error { return restore(w) })
							return sim.Verdict{Action: sim.Crash}
						})
					},
				}})
			}
		}
	}
	runAll(t, jobs, 47)
}
