package serve

import (
	"time"
)

// For how long conversations are kept after their last change: those without an
// order, and those with one, for which a factory may call back for a month.
const (
	keepWithout = 24 * time.Hour
	keepWith    = 40 * 24 * time.Hour
)

// makeRoom forgets old conversations, and if that does not suffice, the one
// without an order that rests longest. The mutex is held.
func (o *Office) makeRoom() error {
	now := o.Clock.Now()
	var resting *talk
	for _, t := range o.talks {
		ordered, age := len(t.conversation.Ordered) > 0, now.Sub(t.conversation.Changed)
		switch {
		case ordered && age > keepWith, !ordered && age > keepWithout:
			if err := o.forget(t); err != nil {
				return err
			}
		case !ordered && (resting == nil || t.conversation.Changed.Before(resting.conversation.Changed)):
			resting = t
		}
	}
	switch {
	case len(o.talks) < o.Conversations:
		return nil
	case resting == nil:
		o.Logger.Warn("no room for another conversation", "conversations", len(o.talks))
		return ErrBusy
	}
	return o.forget(resting)
}

func (o *Office) forget(t *talk) error {
	if err := o.store.remove(t.key); err != nil {
		return err
	}
	if t.interrupt != nil {
		t.interrupt()
	}
	delete(o.talks, t.key)
	return nil
}

// mayOrder bounds the orders of an hour. It counts what is kept in files, so a
// restart forgets nothing. The mutex is held.
func (o *Office) mayOrder() error {
	since, placed := o.Clock.Now().Add(-time.Hour), 0
	for _, t := range o.talks {
		for _, at := range t.conversation.Ordered {
			if at.After(since) {
				placed++
			}
		}
	}
	if placed >= o.OrdersPerHour {
		o.Logger.Warn("no more orders this hour", "orders", placed)
		return ErrBusy
	}
	return nil
}
