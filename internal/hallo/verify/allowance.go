package verify

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// putOff is how many times its own time a check may be put off by the factory in all.
const putOff = 5

// allowance is the time that something may take. How long the factory has it wait does not count, as an onboarder's quota may be small.
type allowance struct {
	mu   sync.Mutex
	end  time.Time
	more time.Duration // by which the end may still move
	over *time.Timer
}

type allowanceKey struct{}

// within gives something its time, in the place of its parent's allowance.
func within(parent context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	a := &allowance{end: time.Now().Add(limit), more: putOff * limit}
	a.over = time.AfterFunc(limit, func() {
		cancel(fmt.Errorf("it took longer than %s, so nobody knows: --timeout ran out, for a slow factory or a busy machine", limit))
	})
	return context.WithValue(ctx, allowanceKey{}, a), func() {
		a.over.Stop()
		cancel(nil)
	}
}

// extend moves the end of what is under way, as far as it may be moved.
func extend(ctx context.Context, by time.Duration) {
	a, _ := ctx.Value(allowanceKey{}).(*allowance)
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	by = min(by, a.more)
	a.more -= by
	if a.end = a.end.Add(by); by > 0 && a.over.Stop() {
		a.over.Reset(time.Until(a.end))
	}
}

// hold stops the time of what waits for something that has an allowance of its own; the result lets it go on.
func hold(ctx context.Context) (release func()) {
	a, _ := ctx.Value(allowanceKey{}).(*allowance)
	if a == nil || !a.over.Stop() {
		return func() {}
	}
	held := time.Now()
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.end = a.end.Add(time.Since(held))
		a.over.Reset(time.Until(a.end))
	}
}
