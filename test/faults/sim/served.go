package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// ErrImpatient is that a registrar was called although it had asked to be left alone.
var ErrImpatient = errors.New("a registrar was called before the time that it had asked for was over")

// ErrExtendedTwice is that another year was paid for twice.
var ErrExtendedTwice = errors.New("a year was paid for twice")

// ShopCall names one request that reaches the shop's server.
type ShopCall struct {
	Call registrartest.Call
	// N is the how manieth of its kind it is, from 1.
	N int
}

// String is the name, such as "look up #2".
func (c ShopCall) String() string { return fmt.Sprintf("%s #%d", c.Call, c.N) }

// ShopCalls are the requests that reached the server, from [World.Begin] on, until everything was settled.
func (w *World) ShopCalls() []ShopCall { return w.requests[w.begun.requests:w.marked.requests] }

// rounding is what a time loses that is told in whole seconds.
const rounding = time.Second

// at is a point in a run.
type at struct{ calls, requests int }

func (w *World) now() at { return at{len(w.log), len(w.requests)} }

// Begin says that what comes from now on is what the scenario is about.
func (w *World) Begin() { w.begun, w.late = w.now(), true }

// served is asked by the shop's server what is to go wrong with a request.
func (w *World) served(kind registrartest.Call) registrartest.Fault {
	n := 1
	for _, before := range w.requests {
		if before.Call == kind {
			n++
		}
	}
	call := ShopCall{kind, n}
	w.requests = append(w.requests, call)
	now, until := w.Clock.Now(), w.closed[w.shopping.Process]
	if now.Add(rounding).Before(until) {
		w.fail(fmt.Errorf("%w: %s, %s too early", ErrImpatient, call, until.Sub(now)))
	}
	fault := registrartest.None
	if w.Fault != nil {
		fault = w.Fault(call)
	}
	w.doubles = fault == registrartest.Doubles && kind == registrartest.CallBuy
	switch fault {
	case registrartest.None:
		return fault
	case registrartest.Throttles:
		w.closed[w.shopping.Process] = now.Add(w.shop.LeftAlone(kind))
	case registrartest.Doubles:
		if kind == registrartest.CallRenew && !w.shop.ExtendsOnce {
			w.doubled++
		}
	case registrartest.Lingers:
		go w.linger(w.shopping)
	}
	w.Disturbed++
	w.tracef("the shop's server %s: %s", fault, call)
	return fault
}

// lingering is how long an answer takes that is late: not as long as a purchase may take.
const lingering = 50 * time.Second

// linger keeps an answer back while the others go on. The task waits for it, so this stands still in its place.
func (w *World) linger(t *Task) {
	letGo := <-w.shop.Faults.Lingering()
	end := w.Clock.Now().Add(lingering)
	w.Later(lingering, "a late answer arrives", func() error { return nil })
	t.stand(Verdict{Action: Pause, Alone: !w.shop.OneAtATime, Until: func(w *World) bool { return !w.Clock.Now().Before(end) }})
	letGo()
}

// RunsOut has the registration of a name end soon, as after most of a year. The registrar cannot be brought to renew it by itself, unless that is the one way that it has.
func (w *World) RunsOut(name string, in time.Duration) {
	s, expiry := w.shop, w.Clock.Now().Add(in).Truncate(time.Second)
	s.Book.Change(name, func(e *registrartest.Entry) { e.Expiry, e.AutoRenew = expiry, false })
	w.tracef("%s runs out on %s", name, expiry.Format(time.DateOnly))
	if !s.RenewsByItself {
		s.KeepsAutoRenew = true
		if s.RefuseAutoRenewal != nil {
			s.RefuseAutoRenewal()
		}
		return
	}
	w.later(in, "the registrar renews", func(context.Context) {
		if e := s.Book.Get(name); e.AutoRenew && e.Expiry.Equal(expiry) {
			s.Book.Extend(name)
		}
	})
}

// SwitchOff has somebody switch automatic renewal off, on the shop's own pages.
func (w *World) SwitchOff(name string) {
	w.shop.Book.Change(name, func(e *registrartest.Entry) { e.AutoRenew = false })
}

// Renewed says whether the shop renews a name by itself, as far as it has a way to.
func (w *World) Renewed(name string) error {
	if !w.shop.KeepsAutoRenew && !w.Registry.entry(name).AutoRenew {
		return errors.New("it would not be renewed")
	}
	return nil
}

// Extended says whether a name has got another year, and the factory knows.
func (w *World) Extended(name string) error {
	e, domain := w.Registry.entry(name), w.Domain(name)
	switch {
	case e.Renewals == 0:
		return errors.New("it is not extended")
	case domain == nil || domain.Status.ExpiryTime == nil || domain.Status.ExpiryTime.Sub(e.Expiry).Abs() > 48*time.Hour:
		return errors.New("its Domain does not say so")
	}
	return nil
}

// verifyPaid judges what the shop has charged.
func (w *World) verifyPaid() error {
	for name := range w.Registry.Entries {
		e := w.Registry.entry(name)
		switch {
		case e.Purchases > 1:
			return fmt.Errorf("%w: %s", ErrBoughtTwice, name)
		case e.Renewals > 1+w.doubled:
			return fmt.Errorf("%w: %s", ErrExtendedTwice, name)
		}
	}
	return nil
}

// renewForPeople plays the admin who is told that an extension cannot be sent again, and renews the name on the registrar's own pages if that has to be done.
func (w *World) renewForPeople(domain *v1alpha1.Domain) {
	renewal := domain.Status.Renewal
	if w.shop == nil || renewal == nil || renewal.Outcome != "" || renewal.Detail == "" {
		return
	}
	if e := w.Registry.entry(domain.Name); e.Expiry.Sub(renewal.ExpiryTime.Time).Abs() < 48*time.Hour {
		w.tracef("an admin renews %s", domain.Name)
		w.shop.Book.Extend(domain.Name)
	}
}
