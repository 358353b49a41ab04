package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
	"magicwebsitefactory.gent/test/faults/sim"
)

const (
	// partCredentials is what these runs are called.
	partCredentials = "credentials"
	// byItself is after how long it is known at the latest that an account works no longer, or works again: it is tried every half hour.
	byItself = 40 * time.Minute
	// byTheSecret is the same where the Secret was changed, which is seen at once, but for what goes wrong then.
	byTheSecret = 5 * time.Minute
)

// withoutCredentials are scenarios in which a provider refuses the credentials for a while: because an admin got them wrong, or because its server takes them no longer. An
// order waits, whether it was accepted before or not, and nobody is told anything that nobody can know.
var withoutCredentials = []scenario{
	{
		name: "wrong credentials before the order", ends: []int{201},
		arrange: func(w *sim.World) {
			w.Begin()
			w.Do("spoil the credentials", w.SpoilCredentials())
		},
		play: inTurn(order, within(byTheSecret, (*sim.World).SaysRefused), shutOut, (*sim.World).MendCredentials, within(byTheSecret, (*sim.World).SaysReady)),
	},
	{
		name: "credentials refused before the order", ends: []int{201},
		arrange: func(w *sim.World) {
			w.Begin()
			w.RefuseCredentials()
		},
		play: inTurn(within(byItself, (*sim.World).SaysRefused), order, shutOut, takenAgain),
	},
	{
		name: "credentials refused as the order comes", ends: []int{201},
		arrange: func(w *sim.World) {
			w.BeforeOrder = func() {
				w.BeforeOrder = nil
				w.Begin()
				w.RefuseCredentials()
			}
		},
		play: orderedMeanwhile,
	},
	{
		name: "credentials refused before the order is carried out", ends: []int{201},
		arrange: func(w *sim.World) {
			plays(sim.Slow)(w)
			w.BeforeOrder = func() {
				w.BeforeOrder = nil
				w.Begin()
			}
			w.AfterOrder = func() {
				if w.Registry.Bought(alice) {
					w.AfterOrder = nil
					w.RefuseCredentials()
				}
			}
		},
		play: orderedMeanwhile,
	},
}

// inTurn does one thing after another.
func inTurn(steps ...func(w *sim.World) error) func(w *sim.World) error {
	return func(w *sim.World) error {
		for _, step := range steps {
			if err := step(w); err != nil {
				return err
			}
		}
		return nil
	}
}

// within goes on until something is so, for so long at most.
func within(limit time.Duration, so func(w *sim.World) error) func(w *sim.World) error {
	return func(w *sim.World) error { return w.Run(limit, func() error { return so(w) }) }
}

// orderedMeanwhile is an order that comes so far that the credentials are refused.
func orderedMeanwhile(w *sim.World) error {
	return inTurn(order, within(horizon(), (*sim.World).Refuses), within(byItself, (*sim.World).SaysRefused), shutOut, takenAgain)(w)
}

// shutOut is a while in which the credentials stay refused.
func shutOut(w *sim.World) error {
	if err := w.RunFor(10 * time.Minute); err != nil {
		return err
	}
	return w.SaysRefused()
}

// takenAgain has the server take the credentials again, and the Registrar say so.
func takenAgain(w *sim.World) error {
	w.TakeCredentials()
	return within(byItself, (*sim.World).SaysReady)(w)
}

// The provider refuses the credentials, and then everything goes wrong around it that can, in the duty that buys and in the one that says how it is with the account.
func TestWhileTheCredentialsAreRefused(t *testing.T) {
	var jobs []job
	for _, p := range providers {
		for _, s := range rehearse(t, playedAt(p.name, p.sell, withoutCredentials)) {
			jobs = append(jobs, disturbedByCalls(t, s)...)
			jobs = append(jobs, disturbedByServer(t, s)...)
		}
	}
	runAll(t, jobs, 37)
}

// disturbedByCalls has the duties' own calls go wrong.
func disturbedByCalls(t *testing.T, s scenario) []job {
	t.Helper()
	var jobs []job
	for _, m := range disturbable(t, s) {
		concerned := m.Call.Duty == sim.DutyRegistrar || m.Call.Duty == sim.DutyDomain && !beforeTheOrder(s)
		if !concerned || m.Call.N > 4 || m.Call.Read() && m.Call.Kind != "Account" {
			continue
		}
		for _, action := range actions {
			if action.at(m, true) {
				jobs = append(jobs, job{part: partCredentials, scenario: s, disturbance: disturbance{
					name:    fmt.Sprintf("it %s %s %s", action.name, m.Moment, m.Call),
					arrange: func(*sim.World) sim.Script { return at(m.Call, m.Moment, action.verdict) },
				}})
			}
		}
	}
	return jobs
}

// beforeTheOrder says whether all is well again by the time of the order, so that what comes then is tried elsewhere.
func beforeTheOrder(s scenario) bool { return strings.Contains(s.name, "before the order at") }

// disturbedByServer has the server do more wrong than to refuse.
func disturbedByServer(t *testing.T, s scenario) []job {
	t.Helper()
	var jobs []job
	calls := serverCalls(t, s)
	if i := slices.IndexFunc(calls, func(c sim.ShopCall) bool { return c.Call == registrartest.CallLookUp }); i > 0 && beforeTheOrder(s) {
		calls = calls[:i]
	}
	for _, c := range calls {
		for _, fault := range someFaults {
			turn := breaking{fault, &c}
			jobs = append(jobs, job{part: partCredentials, scenario: s, disturbance: disturbance{
				name: "the server " + turn.String(), arrange: func(w *sim.World) sim.Script { return broken(w, turn) },
			}})
		}
	}
	return jobs
}
