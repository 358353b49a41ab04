package sim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
)

// repeatAfter is how long the onboarder waits before it asks again after no answer or a 503, and patience how often it does.
const (
	repeatAfter = 10 * time.Second
	patience    = 2000
)

// Acceptance is an order that was answered 201.
type Acceptance struct {
	// UID and Attempt are what was accepted.
	UID     types.UID
	Attempt int32
	Domain  string
	At      time.Time
}

// Citizen orders sites through the front end, as an onboarder does for him, and repeats an order whose answer was lost.
type Citizen struct {
	// Accepted are the orders that were answered 201, Refused those that were answered 409, by name.
	Accepted []Acceptance
	Refused  []string

	world *World
	open  int
}

// Open says whether an order has no answer yet.
func (c *Citizen) Open() bool { return c.open > 0 }

// Order orders a site.
func (c *Citizen) Order(name, code string) {
	c.open++
	c.try(orders.Order{Domain: names.Name(name), DomainAsSent: name, Callback: CallbackURL, Dialect: v1alpha1.DialectBearer, Code: code}, patience)
}

func (c *Citizen) try(o orders.Order, left int) {
	w := c.world
	w.later(0, "order "+o.DomainAsSent, func(context.Context) {
		again := func() {
			if left == 0 && w.Registry.entry(o.DomainAsSent).Open && w.Registry.Play[o.DomainAsSent] == NeverReady {
				c.open-- // 503 is the answer, for as long as the registrar works on an earlier order
				return
			}
			if left == 0 {
				w.fail(fmt.Errorf("%w: the order for %s never got an answer", ErrUntold, o.DomainAsSent))
				return
			}
			w.later(repeatAfter, "order again", func(context.Context) { c.try(o, left-1) })
		}
		front := w.frontEnd()
		if front == nil {
			again()
			return
		}
		t := &Task{
			Process: front, Duty: DutyFrontEnd, Key: types.NamespacedName{Name: o.DomainAsSent}, world: w,
			baton: make(chan struct{}), back: make(chan event),
		}
		front.answers = append(front.answers, again)
		w.after(t, t.start(func(ctx context.Context) (ctrl.Result, error) {
			err := c.place(ctx, t, o, again)
			return ctrl.Result{}, err
		}))
	})
}

// place is one request. It ends in an answer, or in none.
func (c *Citizen) place(ctx context.Context, t *Task, o orders.Order, again func()) error {
	w := c.world
	result, err := t.Process.desk.Place(ctx, w.Onboarder(), o)
	t.Process.answers = nil
	var not *orders.NotAvailable
	switch {
	case errors.As(err, &not):
		w.tracef("the order for %s is answered 409", o.DomainAsSent)
		if e := w.Registry.entry(o.DomainAsSent); !e.HeldByOther && !e.Held && !e.Open && w.Website(o.DomainAsSent) == nil {
			w.fail(fmt.Errorf("%w: 409 to an order for %s, which nobody has", ErrUntrue, o.DomainAsSent))
		}
		c.Refused = append(c.Refused, o.DomainAsSent)
		c.open--
	case err != nil:
		w.tracef("the order for %s is answered 503: %v", o.DomainAsSent, err)
		again()
	default:
		site := w.lastWebsite(o.DomainAsSent)
		w.tracef("the order for %s is answered 201 (%s)", o.DomainAsSent, result)
		c.open--
		if site != nil {
			c.Accepted = append(c.Accepted, Acceptance{UID: site.UID, Attempt: site.Spec.SetupAttempt, Domain: o.DomainAsSent, At: w.Clock.Now()})
		}
	}
	return nil
}

func (w *World) frontEnd() *Process {
	for _, p := range w.alive {
		if p.desk != nil && !p.standing {
			return p
		}
	}
	return nil
}

// Manager is the manager that was started last; nil where none is alive.
func (w *World) Manager() *Process {
	for i := len(w.alive) - 1; i >= 0; i-- {
		if w.alive[i].duties != nil {
			return w.alive[i]
		}
	}
	return nil
}
