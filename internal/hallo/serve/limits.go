package serve

import (
	"cmp"
	"time"
)

// For how long conversations are kept after their last change: those without an
// order, and those with one, for which a factory may call back for a month.
const (
	keepWithout = 24 * time.Hour
	keepWith    = 40 * 24 * time.Hour
)

// After how long at rest a conversation may be forgotten for another, where there
// is no room for both: one without an order, and one that is at its end.
const (
	idle  = 2 * time.Hour
	atEnd = 24 * time.Hour
)

// turn says how soon a conversation is forgotten for another; the least goes first.
type turn int

const (
	goesFirst turn = iota // nobody has come back to it, and it has no order
	goesNext              // it is at its end
	goesLast              // somebody may be about to order in it
	stays                 // an order is open, or a site waits for its owner
)

func (c *Conversation) turn(now time.Time) turn {
	rest := now.Sub(c.Changed)
	switch {
	case len(c.Ordered) == 0 && rest >= idle:
		return goesFirst
	case len(c.Ordered) == 0:
		return goesLast
	case (c.mayEnd() || c.Phase == Choosing) && rest >= atEnd:
		return goesNext
	}
	return stays
}

// makeRoom forgets old conversations, and if that does not suffice, the one that
// can best be missed. The mutex is held.
func (o *Office) makeRoom() error {
	now, kept := o.Clock.Now(), 0
	var next *talk
	for _, t := range o.talks {
		c := &t.conversation
		ordered, age := len(c.Ordered) > 0, now.Sub(c.Changed)
		switch {
		case ordered && age > keepWith, !ordered && age > keepWithout:
			if err := o.forget(t); err != nil {
				return err
			}
			continue
		case c.Phase == Gone:
			continue
		}
		kept++
		if c.turn(now) != stays && (next == nil || before(c, &next.conversation, now)) {
			next = t
		}
	}
	switch {
	case kept < o.Conversations:
		return nil
	case next == nil:
		o.Logger.Warn("no room for another conversation", "conversations", kept)
		return ErrFull
	case len(next.conversation.Ordered) > 0:
		return o.commit(next, next.conversation.remains())
	}
	return o.forget(next)
}

// before reports whether a is forgotten rather than b.
func before(a, b *Conversation, now time.Time) bool {
	return cmp.Or(cmp.Compare(a.turn(now), b.turn(now)), a.Changed.Compare(b.Changed)) < 0
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
