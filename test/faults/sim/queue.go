package sim

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// item is work to be done at a time: a pass of a duty, or something that an actor does.
type item struct {
	due time.Time
	seq int
	// process, duty and key of a pass.
	process *Process
	duty    string
	key     types.NamespacedName
	// act of an actor, under its name as duty.
	act func(context.Context)
}

// queue holds the work. A pass that is asked for twice is done once, at the earlier of the two times.
type queue struct {
	items []*item
	seq   int
	// tries counts the failures in a row.
	tries map[passKey]int
}

type passKey struct {
	process *Process
	duty    string
	key     types.NamespacedName
}

func (q *queue) add(next item) {
	q.seq++
	next.seq = q.seq
	for _, old := range q.items {
		if old.process == next.process && old.duty == next.duty && old.key == next.key && (old.act == nil) == (next.act == nil) && next.duty != "" {
			if next.due.Before(old.due) {
				old.due, old.seq = next.due, next.seq
			}
			return
		}
	}
	q.items = append(q.items, &next)
}

func (q *queue) forget(p *Process) {
	q.items = slices.DeleteFunc(q.items, func(i *item) bool { return i.process == p })
}

func (q *queue) take(i *item) {
	q.items = slices.DeleteFunc(q.items, func(other *item) bool { return other == i })
}

// due lists what is due, in order, and when the next is, if nothing is.
func (q *queue) due(now time.Time, free func(*item) bool) (ready []*item, next time.Time) {
	for _, i := range q.items {
		switch {
		case !free(i):
		case !i.due.After(now):
			ready = append(ready, i)
		case next.IsZero() || i.due.Before(next):
			next = i.due
		}
	}
	slices.SortFunc(ready, func(a, b *item) int {
		if c := a.due.Compare(b.due); c != 0 {
			return c
		}
		return a.seq - b.seq
	})
	return ready, next
}

// backOff is how long to wait after so many failures in a row: as a controller's queue does, within bounds that keep a simulation short.
func backOff(tries int) time.Duration {
	return min(10*time.Millisecond<<min(tries, 20), time.Minute)
}
