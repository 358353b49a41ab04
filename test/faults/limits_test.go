package faults

import (
	"fmt"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/faults/sim"
)

// Two names more than the Registrar's limit are ordered at once, and whatever dies around a reservation or a purchase, no more are bought than the limit
// has.
func TestTheLimitsHold(t *testing.T) {
	crowd := scenario{name: "more names than a day has", play: func(w *sim.World) error {
		for i := range sim.RegistrationsPerDay + 2 {
			w.Citizen.Order(fmt.Sprintf("name-%d.gent", i), "code")
		}
		return nil
	}}
	jobs := []job{{part: "limits", scenario: crowd, disturbance: disturbance{name: "undisturbed"}}}
	if only != "" && !strings.Contains(only, " it ") {
		runAll(t, jobs, 1)
		return
	}
	for _, m := range disturbable(t, crowd) {
		if m.Call.Duty != sim.DutyDomain || m.Call.Read() || m.Call.Kind == v1alpha1.KindDomain {
			continue
		}
		for _, action := range []sim.Action{sim.Crash, sim.Fail} {
			jobs = append(jobs, job{part: "limits", scenario: crowd, disturbance: disturbance{
				name: fmt.Sprintf("%s %s it %s", m.Moment, m.Call, action),
				arrange: func(*sim.World) sim.Script {
					return at(m.Call, m.Moment, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: action} })
				},
			}})
		}
	}
	runAll(t, jobs, 23)
}
