package faults

import (
	"errors"
	"time"

	"magicwebsitefactory.gent/test/faults/sim"
)

const alice = "alice.gent"

// scenario is what people do, and how the registry, the cluster and the receiver take it.
type scenario struct {
	name string
	// ends are the outcomes that the order that was placed last may have, where what goes wrong is over before any deadline.
	ends []int
	// rebuilds is whether a workload comes and goes in a way of its own.
	rebuilds bool
	arrange  func(w *sim.World)
	// play does what people do. The run then goes on until everything is settled.
	play func(w *sim.World) error
}

func order(w *sim.World) error {
	w.Citizen.Order(alice, "code")
	return nil
}

func plays(play sim.Play) func(*sim.World) {
	return func(w *sim.World) { w.Registry.Play[alice] = play }
}

// scenarios are the happy path and the unhappy ones.
var scenarios = []scenario{
	{name: "all is well", ends: []int{201}, play: order},
	{name: "taken at the registration", ends: []int{409}, arrange: plays(sim.TakenMeanwhile), play: order},
	{name: "refused", ends: []int{500}, arrange: plays(sim.Refused), play: order},
	{name: "pending", ends: []int{201}, arrange: plays(sim.Slow), play: order},
	{name: "pending, then refused", ends: []int{500}, arrange: plays(sim.SlowThenRefused), play: order},
	{name: "postponed twice", ends: []int{201}, arrange: plays(sim.Postponed), play: order},
	{name: "registration deadline", ends: []int{500}, arrange: plays(sim.NeverReady), play: order},
	{name: "setup deadline", rebuilds: true, ends: []int{500}, arrange: func(w *sim.World) { w.Cluster.NoCertificates = true }, play: order},
	{name: "setup deadline, ordered again", rebuilds: true, ends: []int{201}, arrange: func(w *sim.World) { w.Cluster.NoCertificates = true }, play: orderAgainAfterSetup},
	{name: "refused, ordered again", ends: []int{201}, arrange: plays(sim.Refused), play: orderAgainAfterRefusal},
	{name: "the receiver fails at first", ends: []int{201}, arrange: failsAtFirst(3), play: order},
	{name: "token rotation", ends: []int{201}, arrange: failsAtFirst(2), play: rotate},
	{name: "deleted half-way", rebuilds: true, ends: []int{500, 201}, play: deleteHalfWay},
	{name: "deleted when it stands, ordered again", rebuilds: true, ends: []int{201}, play: deleteAndOrderAgain},
	{name: "a careless reseller", ends: []int{201}, arrange: func(w *sim.World) { w.Registry.Careless = true }, play: order},
	{name: "a careless reseller that is slow", ends: []int{201}, arrange: func(w *sim.World) {
		w.Registry.Careless = true
		w.Registry.Play[alice] = sim.Slow
	}, play: order},
}

func failsAtFirst(times int) func(*sim.World) {
	return func(w *sim.World) {
		left := times
		w.Receiver.Answers = func(sim.Told) int {
			if left--; left >= 0 {
				return 503
			}
			return 200
		}
	}
}

// toldCode waits until the receiver has answered 200 to an outcome, or the site that it is the outcome of is gone.
func toldCode(w *sim.World, code int) error {
	return w.Run(horizon(), func() error {
		if !w.Citizen.Open() && w.Website(alice) == nil {
			return nil
		}
		for _, told := range w.Receiver.Ledger {
			if told.Code == code && told.Answer == 200 && !w.Citizen.Open() && w.Ended(alice) {
				return nil
			}
		}
		return errors.New("the outcome is not told")
	})
}

func orderAgainAfterRefusal(w *sim.World) error {
	w.Citizen.Order(alice, "code")
	if err := toldCode(w, 500); err != nil {
		return err
	}
	w.Registry.Play[alice] = sim.Sold
	w.Citizen.Order(alice, "another code")
	return nil
}

func orderAgainAfterSetup(w *sim.World) error {
	w.Citizen.Order(alice, "code")
	if err := toldCode(w, 500); err != nil {
		return err
	}
	w.Cluster.NoCertificates = false
	w.Citizen.Order(alice, "code")
	return nil
}

func rotate(w *sim.World) error {
	w.Later(4*time.Second, "the token is changed", func() error { return w.Rotate("mwf_another-token-of-the-simulation-just-as-long") })
	return order(w)
}

func deleteHalfWay(w *sim.World) error {
	w.Later(2*time.Second, "an admin deletes the site", func() error { return deleteOnceThere(w) })
	return order(w)
}

func deleteAndOrderAgain(w *sim.World) error {
	if err := order(w); err != nil {
		return err
	}
	if err := w.Run(horizon(), w.Settled); err != nil {
		return err
	}
	if err := w.DeleteSite(alice); err != nil {
		return err
	}
	w.Citizen.Order(alice, "another code")
	return nil
}

// deleteOnceThere waits for a site that some fault keeps from being made, and not for one that something else has taken away.
func deleteOnceThere(w *sim.World) error {
	switch {
	case w.Website(alice) != nil:
		return w.DeleteSite(alice)
	case len(w.Citizen.Accepted) > 0:
		return nil
	default:
		w.Later(time.Second, "an admin looks for the site", func() error { return deleteOnceThere(w) })
		return nil
	}
}
