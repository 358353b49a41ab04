package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// Play is what the registry does with orders for names.
type Play int

// The plays.
const (
	// Sold at once.
	Sold Play = iota
	// Slow: accepted, and carried out later.
	Slow
	// SlowThenRefused: accepted, and turned down later.
	SlowThenRefused
	// TakenMeanwhile: somebody else has it by the time of the order.
	TakenMeanwhile
	// Refused: not given out.
	Refused
	// Postponed, twice: come back later.
	Postponed
	// NeverReady: accepted, and never carried out.
	NeverReady
	// VerySlow: accepted, and carried out long after nobody can be making the call any more.
	VerySlow
	// Premium: only for more than other names; at shops.
	Premium
)

const (
	// slowTime is how long a slow order takes, verySlowTime a very slow one.
	slowTime     = 40 * time.Second
	verySlowTime = 10 * time.Minute
)

func (p Play) takes() time.Duration {
	if p == VerySlow {
		return verySlowTime
	}
	return slowTime
}

// Registry sells names, and counts what was paid for. It is of one of two kinds: a registry, which refuses the second order for a name, or a careless reseller,
// who charges for it again.
type Registry struct {
	// Careless charges twice.
	Careless bool
	// NoOrders cannot say what became of an order, NoOperations not which purchase a name came from.
	NoOrders, NoOperations bool
	// Play by name; the zero value sells.
	Play map[string]Play
	// Entries by name.
	Entries map[string]*Entry

	shop *Shop
	// foreign is a name that the account holds for another installation.
	foreign string
}

// Entry is what the registry knows of a name.
type Entry struct {
	// Orders counts what arrived, Purchases what was charged.
	Orders, Purchases int
	// Held is that the name is in our account, HeldByOther in another's.
	Held, HeldByOther bool
	// Open is that an order is being carried out.
	Open      bool
	Operation string
	Reference string
	Rejection registrar.Rejection
	Renewals  int
	Expiry    time.Time
	AutoRenew bool
}

func newRegistry() *Registry { return &Registry{Play: map[string]Play{}, Entries: map[string]*Entry{}} }

func (r *Registry) entry(name string) *Entry {
	if r.Entries[name] == nil {
		r.Entries[name] = &Entry{}
	}
	if r.shop != nil {
		r.shop.read(name, r.Entries[name])
		if name == r.foreign {
			r.Entries[name].Held, r.Entries[name].HeldByOther = false, true
		}
	}
	return r.Entries[name]
}

// Bought says whether the name was paid for.
func (r *Registry) Bought(name string) bool { return r.entry(name).Purchases > 0 }

// accounts opens the one account.
type accounts struct{ world *World }

// For opens it.
func (a *accounts) For(ctx context.Context, _ *v1alpha1.Registrar) (registrar.Registrar, error) {
	if a.world.shop == nil {
		return &account{world: a.world}, nil
	}
	atShop, err := taskOf(ctx).Process.account(ctx)
	if err != nil {
		return nil, err
	}
	return &account{a.world, atShop}, nil
}

type account struct {
	world *World
	// atShop is the account at the shop, where there is one.
	atShop registrar.Registrar
}

var errRegistry = errors.New("the registry does not answer")

// Account is the simulation's one, whoever sells.
func (a *account) Account() string { return "simulation" }

// shopper is the account at the shop, which the task is going to call.
func (a *account) shopper(ctx context.Context) registrar.Registrar {
	a.world.shopping = taskOf(ctx)
	return a.atShop
}

// Check tries the account.
func (a *account) Check(ctx context.Context) error {
	return taskOf(ctx).enter(Call{Verb: verbCheck, Kind: "Account"}, func(Verdict) error {
		if a.world.shop == nil {
			return nil
		}
		return a.shopper(ctx).Check(ctx)
	})
}

// LookUp says what is known.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	var s registrar.Sighting
	err := taskOf(ctx).enter(Call{Verb: verbLookUp, Kind: "Account"}, func(Verdict) error {
		if a.world.shop == nil {
			s = a.world.Registry.sight(q)
			return nil
		}
		var err error
		s, err = a.shopper(ctx).LookUp(ctx, q)
		return err
	})
	if err != nil {
		return registrar.Sighting{}, err
	}
	return s, nil
}

func (r *Registry) sight(q registrar.Query) registrar.Sighting {
	e := r.entry(q.Domain)
	s := registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No}
	if e.HeldByOther || e.Held {
		s.Registered = registrar.Yes
	}
	switch {
	case e.Held:
		s.InAccount, s.Order, s.Reference, s.OperationID = registrar.Yes, registrar.OrderFinished, e.Reference, e.Operation
		s.Holding = e.holding()
	case e.Open:
		s.Order, s.Reference, s.OperationID = registrar.OrderOpen, e.Reference, e.Operation
	case e.Rejection != "" && e.Operation == q.OperationID:
		s.Order, s.Reference, s.OperationID, s.Rejection = registrar.OrderRejected, e.Reference, e.Operation, registrar.Rejected{Reason: e.Rejection}
	}
	if r.NoOrders && !e.Held {
		s.Order, s.Rejection, s.Reference = registrar.OrderUnanswerable, registrar.Rejected{}, ""
	}
	if r.NoOperations {
		s.OperationID = ""
	}
	return s
}

func (e *Entry) holding() registrar.Holding {
	on := e.AutoRenew
	return registrar.Holding{Expiry: e.Expiry, AutoRenew: &on}
}

// Buy carries an order out.
func (a *account) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	w, t := a.world, taskOf(ctx)
	var result registrar.Result
	w.askBuyable(t, o)
	brokenOff := w.deadline(ctx)
	err := t.enter(Call{Verb: verbBuy, Kind: "Account"}, func(v Verdict) error {
		if !w.Clock.Now().Before(brokenOff) {
			return context.DeadlineExceeded // the process stood still for so long that the call is broken off before it is sent
		}
		order := a.till(ctx, o)
		if v.Action == Delay {
			w.later(v.After, "the order arrives", func(ctx context.Context) { order(ctx) })
			return errRegistry
		}
		result = order(ctx)
		return nil
	})
	if err != nil {
		var rejected registrar.Rejected
		if rejection := new(rejectedError); errors.As(err, &rejection) {
			rejected.Reason = rejection.reason
			return rejected
		}
		return registrar.Unknown{Err: err}
	}
	return result
}

// till is where an order is handed in.
func (a *account) till(ctx context.Context, o registrar.Order) func(ctx context.Context) registrar.Result {
	w := a.world
	if w.shop == nil {
		return func(context.Context) registrar.Result { return w.order(o) }
	}
	shopper := a.shopper(ctx)
	return func(ctx context.Context) registrar.Result { return w.shop.order(ctx, w, shopper, o) }
}

// deadline is the context's, on the simulation's clock. A context goes by the real one.
func (w *World) deadline(ctx context.Context) time.Time {
	at, ok := ctx.Deadline()
	if !ok {
		return w.Clock.Now().AddDate(1, 0, 0)
	}
	return w.Clock.Now().Add(time.Until(at))
}

// rejectedError lets a Script have an order postponed.
type rejectedError struct{ reason registrar.Rejection }

func (e *rejectedError) Error() string { return "the registrar answers " + string(e.reason) }

// ErrPostponed is for Verdict.Err before a purchase, and has the registrar ask to come back later.
var ErrPostponed error = &rejectedError{registrar.RejectedPostponed}

// order is what becomes of an order that arrives.
func (w *World) order(o registrar.Order) registrar.Result {
	r, e := w.Registry, w.Registry.entry(o.Domain)
	e.Orders++
	w.tracef("the registry has order %d for %s", e.Orders, o.Domain)
	play := r.Play[o.Domain]
	switch {
	case (e.Held || e.Open) && !r.Careless:
		w.fail(fmt.Errorf("%w: %s would have been, by a careless reseller", ErrBoughtTwice, o.Domain))
		return registrar.Rejected{Reason: registrar.RejectedExists}
	case play == TakenMeanwhile:
		e.HeldByOther, e.Operation, e.Rejection = true, o.OperationID, registrar.RejectedTaken
		return registrar.Rejected{Reason: registrar.RejectedTaken}
	case play == Refused:
		e.Operation, e.Rejection = o.OperationID, registrar.RejectedRefused
		return registrar.Rejected{Reason: registrar.RejectedRefused}
	case play == Postponed && e.Orders < 3:
		return registrar.Rejected{Reason: registrar.RejectedPostponed}
	}
	e.Purchases++
	if e.Purchases > 1 {
		w.fail(fmt.Errorf("%w: %s", ErrBoughtTwice, o.Domain))
	}
	e.Operation, e.Rejection, e.Reference = o.OperationID, "", fmt.Sprintf("order-%d", e.Orders)
	switch play {
	case Slow, SlowThenRefused, VerySlow, NeverReady:
		e.Open = true
		if play != NeverReady {
			w.later(play.takes(), "the order is carried out", func(context.Context) { w.carryOut(o.Domain, play) })
		}
		return registrar.Pending{Reference: e.Reference}
	default:
		e.own(w.Clock.Now())
		return registrar.Done{Holding: e.holding()}
	}
}

// ErrBoughtTwice is the one thing that must never happen.
var ErrBoughtTwice = errors.New("a name was paid for twice")

func (w *World) carryOut(name string, play Play) {
	e := w.Registry.entry(name)
	if play == SlowThenRefused {
		// Nothing was charged in the end.
		e.Open, e.Rejection = false, registrar.RejectedRefused
		e.Purchases--
		return
	}
	e.own(w.Clock.Now())
}

func (e *Entry) own(now time.Time) {
	e.Open, e.Held, e.AutoRenew, e.Expiry = false, true, true, now.AddDate(1, 0, 0)
}

// Renew sets how a name goes on.
func (a *account) Renew(ctx context.Context, renewal registrar.Renewal) registrar.Result {
	var result registrar.Result
	err := taskOf(ctx).enter(Call{Verb: verbRenew, Kind: "Account"}, func(Verdict) error {
		if a.world.shop != nil {
			if currency := a.world.shop.Currency; currency != "" {
				renewal.MaxPrice.Currency = currency
			}
			result = a.shopper(ctx).Renew(ctx, renewal)
			return nil
		}
		e := a.world.Registry.entry(renewal.Domain)
		e.AutoRenew = renewal.AutoRenew
		if !renewal.ExtendFrom.IsZero() && (a.world.Registry.Careless || renewal.ExtendFrom.Equal(e.Expiry)) {
			e.Renewals++
			e.Expiry = e.Expiry.AddDate(1, 0, 0)
		}
		result = registrar.Done{Holding: e.holding()}
		return nil
	})
	if err != nil {
		return registrar.Unknown{Err: err}
	}
	return result
}
