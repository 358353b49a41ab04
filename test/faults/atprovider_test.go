package faults

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"magicwebsitefactory.gent/test/faults/sim"
)

// long is longer than any renewal takes here.
const long = 40 * 24 * time.Hour

// onlyAtProviders are scenarios in which it makes a difference how a provider does it.
var onlyAtProviders = []scenario{
	{name: "pending for long", ends: []int{201}, arrange: plays(sim.VerySlow), play: order},
	{name: "over the cap", ends: []int{500}, arrange: func(w *sim.World) { w.Do("lower the cap", w.Cap("9.99")) }, play: order},
	{name: "premium", ends: []int{500}, arrange: plays(sim.Premium), play: order},
	{name: "automatic renewal is switched off", ends: []int{201}, play: switchOff},
	{name: "runs out", ends: []int{201}, play: runsOut},
}

// switchOff has somebody switch automatic renewal off of a name that is ours.
func switchOff(w *sim.World) error {
	if err := ours(w); err != nil {
		return err
	}
	w.SwitchOff(alice)
	return alone(w, w.Renewed)
}

// runsOut is a year later, and nobody but the factory sees to it that the name goes on.
func runsOut(w *sim.World) error {
	if err := ours(w); err != nil {
		return err
	}
	w.RunsOut(alice, 10*24*time.Hour)
	return alone(w, w.Extended)
}

// alone goes on until the duty that buys has done something for the name, while nothing happens that concerns the others.
func alone(w *sim.World, done func(name string) error) error {
	w.Only(sim.DutyDomain)
	defer w.Only("")
	return w.Run(long, func() error { return errors.Join(w.Settled(), done(alice)) })
}

// ours is a name that was bought some time ago.
func ours(w *sim.World) error {
	if err := order(w); err != nil {
		return err
	}
	if err := w.Run(horizon(), w.Settled); err != nil {
		return err
	}
	w.Begin()
	return nil
}

// atProvider are the scenarios in which the provider makes a difference.
func atProvider(provider string, sell func(*sim.World)) []scenario {
	usual := []string{"all is well", "taken at the registration", "refused", "pending", "pending, then refused"}
	others := slices.DeleteFunc(slices.Clone(scenarios), func(s scenario) bool { return !slices.Contains(usual, s.name) })
	return playedAt(provider, sell, slices.Concat(others, onlyAtProviders))
}

// playedAt are scenarios at a provider.
func playedAt(provider string, sell func(*sim.World), scenarios []scenario) []scenario {
	var at []scenario
	for _, s := range scenarios {
		arrange := s.arrange
		s.name += " at " + provider
		s.arrange = func(w *sim.World) {
			unseen(sell)(w)
			if arrange != nil {
				arrange(w)
			}
		}
		at = append(at, s)
	}
	if !full && only == "" && os.Getenv("FAULTS") == "" {
		return someOf(at, provider)
	}
	return chosen(at)
}

// someOf has each scenario be played at one provider only, in the short form.
func someOf(at []scenario, provider string) []scenario {
	var some []scenario
	for i, s := range at {
		if providers[i%len(providers)].name == provider {
			some = append(some, s)
		}
	}
	return some
}

// The buying and the renewing are played at every provider, and every call of the duty that spends goes wrong there, too: the process dies, the call fails, or another
// leader does all that there is to do meanwhile.
func TestWhicheverProviderItIs(t *testing.T) {
	var jobs []job
	for _, p := range providers {
		for _, s := range rehearse(t, atProvider(p.name, p.sell)) {
			late := undisturbed(t, s).Late()
			for _, m := range disturbable(t, s) {
				if m.Call.Duty != sim.DutyDomain || !late && m.Call.N > 3 || m.Call.Read() && m.Call.Kind != "Account" {
					continue
				}
				for _, action := range actions {
					if !action.at(m, late) {
						continue
					}
					jobs = append(jobs, job{part: "provider", scenario: s, disturbance: disturbance{
						name: fmt.Sprintf("it %s %s %s", action.name, m.Moment, m.Call),
						arrange: func(*sim.World) sim.Script {
							return at(m.Call, m.Moment, action.verdict)
						},
					}})
				}
			}
		}
	}
	runAll(t, jobs, 11)
}

// actions are what becomes of a call.
var actions = []struct {
	name    string
	at      func(m sim.Moments, late bool) bool
	verdict func(w *sim.World, t *sim.Task) sim.Verdict
}{
	{"dies", always, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: sim.Crash} }},
	{"fails", always, func(*sim.World, *sim.Task) sim.Verdict { return sim.Verdict{Action: sim.Fail} }},
	{"stands still", beforeRenewals, func(w *sim.World, _ *sim.Task) sim.Verdict {
		return sim.Verdict{Action: sim.Pause, Until: untilIdle(w, w.NewManager())}
	}},
	{"stands still for three minutes", beforeRenewals, func(w *sim.World, _ *sim.Task) sim.Verdict {
		return sim.Verdict{Action: sim.Pause, Until: untilLater(w, w.NewManager())}
	}},
}

func always(sim.Moments, bool) bool { return true }

// beforeRenewals is for what is tried of purchases with the simulation's own registrar.
func beforeRenewals(m sim.Moments, late bool) bool {
	return late && m.Moment == sim.Before && !m.Call.Read()
}
