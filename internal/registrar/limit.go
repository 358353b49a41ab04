package registrar

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	// defaultCallsPerMinute is what the API server fills in.
	defaultCallsPerMinute = 600
	// burstShare of a minute's calls may come at once.
	burstShare = 6
	// maxRetryAfter is for how long a registrar's word keeps an account closed. What asks for more is a mistake, or is asked again and says so again.
	maxRetryAfter = time.Hour
	// minRetryAfter keeps a registrar that says "now" from being asked in a circle.
	minRetryAfter = time.Second
	// rounding is more than two computations of when the bucket has its next token differ by.
	rounding = time.Microsecond
)

// Limit returns the accounts of a source, each behind one token bucket for all that call it: spec.limits.callsPerMinute. And where a
// registrar asks to be left alone, it is, by all of them.
//
// Nobody waits here. A look-up that has to is [Throttled], with a time of its own to come back at, so that those who were turned away together do not
// come back together. Everything else follows a look-up that was let through, and goes out on credit: a purchase that was fenced and
// reserved is not given up for want of a token. Only to an account that asked to be left alone nothing goes out.
//
// The random numbers are in [0,1); nil for math/rand's.
func Limit(inner Source, clk clock.PassiveClock, random func() float64, options ...LimitOption) Source {
	if random == nil {
		random = rand.Float64
	}
	s := &limitedSource{inner: inner, clock: clk, random: random, gates: map[types.UID]*gate{}}
	for _, option := range options {
		option(s)
	}
	return s
}

// LimitOption adds to what [Limit] does.
type LimitOption func(*limitedSource)

// NoteFailures has the calls that fail noted.
func NoteFailures(in *Failures) LimitOption { return func(s *limitedSource) { s.failures = in } }

type limitedSource struct {
	inner  Source
	clock  clock.PassiveClock
	random func() float64
	// failures that are noted; nil for none.
	failures *Failures

	mu sync.Mutex
	// gates by the Registrar's UID. Admins make Registrars, so they are few, and one that is gone costs a few bytes.
	gates map[types.UID]*gate
}

// For opens an account as the inner source does.
func (s *limitedSource) For(ctx context.Context, r *v1alpha1.Registrar) (Registrar, error) {
	account, err := s.inner.For(ctx, r)
	if err != nil {
		return nil, err
	}
	limited := &limitedAccount{inner: account, gate: s.gateOf(r), clock: s.clock, random: s.random, failures: s.failures.of(r)}
	return limited.withKeepers(), nil
}

func (s *limitedSource) gateOf(r *v1alpha1.Registrar) *gate {
	perMinute := int32(defaultCallsPerMinute)
	if r.Spec.Limits.CallsPerMinute != nil {
		perMinute = max(*r.Spec.Limits.CallsPerMinute, 1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gates[r.UID]
	if g == nil {
		g = &gate{}
		s.gates[r.UID] = g
	}
	g.set(perMinute, s.clock.Now())
	return g
}

// gate is what stands before one account.
type gate struct {
	mu        sync.Mutex
	bucket    *rate.Limiter
	perMinute int32
	// closed is until when the registrar asked to be left alone.
	closed time.Time
	// slots are the times that were given to names to come back at, and slot is the last of them. Who comes before its time, as something else woke it, keeps
	// its own: or else it would make everybody behind it wait longer.
	slots map[string]time.Time
	slot  time.Time
}

func (g *gate) set(perMinute int32, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.perMinute == perMinute {
		return
	}
	limit, burst := rate.Limit(float64(perMinute)/60), int(max(perMinute/burstShare, 1))
	if g.bucket == nil {
		g.bucket = rate.NewLimiter(limit, burst)
	} else {
		g.bucket.SetLimitAt(now, limit)
		g.bucket.SetBurstAt(now, burst)
	}
	g.perMinute, g.slots, g.slot = perMinute, map[string]time.Time{}, time.Time{}
}

// admit takes a token, or says how long a name is to stay away, and why.
func (g *gate) admit(name string, now time.Time, random float64) *Throttled {
	g.mu.Lock()
	defer g.mu.Unlock()
	free, why := g.closed, errClosed
	if !now.Before(free) {
		if g.bucket.AllowN(now, 1) {
			delete(g.slots, name)
			return nil
		}
		why = errBusy
		next := g.bucket.ReserveN(now, 1)
		free = now.Add(next.DelayFrom(now))
		next.CancelAt(now)
	}
	interval := time.Minute / time.Duration(g.perMinute)
	wait := g.slotOf(name, free, interval).Sub(now)
	return &Throttled{RetryAfter: wait + time.Duration(random*float64(interval+wait/10)), Err: why}
}

// slotOf gives a name a slot behind all others, none of them before free. One that it has already is good for as long as it is not before free.
func (g *gate) slotOf(name string, free time.Time, interval time.Duration) time.Time {
	if slot, ok := g.slots[name]; ok && free.Sub(slot) < rounding {
		if slot.Before(free) {
			return free
		}
		return slot
	}
	if g.slot = g.slot.Add(interval); g.slot.Before(free) {
		g.slot = free
		clear(g.slots) // they are all before it too
	}
	g.slots[name] = g.slot
	return g.slot
}

// credit takes a token that may not be there yet, or says how long the account is closed.
func (g *gate) credit(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := g.closed.Sub(now); wait > 0 {
		return wait
	}
	g.bucket.ReserveN(now, 1)
	return 0
}

func (g *gate) close(now time.Time, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := now.Add(min(max(wait, minRetryAfter), maxRetryAfter)); until.After(g.closed) {
		g.closed = until
	}
}

type limitedAccount struct {
	inner    Registrar
	gate     *gate
	clock    clock.PassiveClock
	random   func() float64
	failures accountFailures
}

var _ Registrar = (*limitedAccount)(nil)

var (
	errClosed = errors.New("the registrar asked to be left alone for a while")
	errBusy   = errors.New("the account has been called as often as it may be (limits.callsPerMinute)")
)

// Account is the inner one's.
func (a *limitedAccount) Account() string { return a.inner.Account() }

// Check asks on credit.
func (a *limitedAccount) Check(ctx context.Context) error {
	if wait := a.gate.credit(a.clock.Now()); wait > 0 {
		return &Throttled{RetryAfter: wait, Err: errClosed}
	}
	return a.heed("", a.noted(ctx, CallCheck, a.inner.Check(ctx)))
}

// LookUp is what everything begins with, and so where everybody has to queue.
func (a *limitedAccount) LookUp(ctx context.Context, query Query) (Sighting, error) {
	if no := a.gate.admit(query.Domain, a.clock.Now(), a.random()); no != nil {
		return Sighting{}, no
	}
	sighting, err := a.inner.LookUp(ctx, query)
	return sighting, a.heed(query.Domain, a.noted(ctx, CallLookUp, err))
}

// Buy goes out on credit.
func (a *limitedAccount) Buy(ctx context.Context, order Order) Result {
	if no, closed := a.closed(); closed {
		return no
	}
	return a.heedResult(a.notedResult(ctx, CallBuy, a.inner.Buy(ctx, order)))
}

// Renew goes out on credit.
func (a *limitedAccount) Renew(ctx context.Context, renewal Renewal) Result {
	if no, closed := a.closed(); closed {
		return no
	}
	return a.heedResult(a.notedResult(ctx, CallRenew, a.inner.Renew(ctx, renewal)))
}

func (a *limitedAccount) closed() (Rejected, bool) {
	wait := a.gate.credit(a.clock.Now())
	return Rejected{Reason: RejectedPostponed, Detail: "it asked to be left alone for a while", RetryAfter: wait}, wait > 0
}

// heed keeps everybody away where an error says so, and spreads when they come back.
func (a *limitedAccount) heed(name string, err error) error {
	throttled := a.close(err)
	if throttled == nil {
		return err
	}
	if later := a.gate.admit(name, a.clock.Now(), a.random()); later != nil {
		return &Throttled{RetryAfter: later.RetryAfter, Err: throttled.Err}
	}
	return err
}

// close keeps everybody away where an error says so; nil where it does not.
func (a *limitedAccount) close(err error) (throttled *Throttled) {
	if errors.As(err, &throttled) {
		a.gate.close(a.clock.Now(), throttled.RetryAfter)
	}
	return throttled
}

func (a *limitedAccount) heedResult(result Result) Result {
	switch r := result.(type) {
	case Rejected:
		if r.RetryAfter > 0 {
			a.gate.close(a.clock.Now(), r.RetryAfter)
		}
	case Unknown:
		a.close(r.Err) // who comes back for it looks it up first, and is given its time then
	}
	return result
}
