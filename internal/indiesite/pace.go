package indiesite

import (
	"context"
	"math"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// How wrong sign-up codes are slowed down.
const (
	freeWrongCodes  = 5                      // this many go unpunished
	wrongCodeLeak   = 6 * time.Second        // one is forgotten per this long
	maxWrongCodes   = 20                     // no more are remembered, so that calm returns within two minutes
	firstHold       = 250 * time.Millisecond // doubled with each further wrong code
	maxHold         = 2 * time.Second        // the longest that an attempt is held in its place
	maxHeldAttempts = 64                     // places
)

// pace slows down the guessing of sign-up codes, and locks nobody out.
//
// Everybody reaches a site through the same router, so that guesses cannot be
// told from the owner's onboarder by address. A lock would let any passer-by
// keep the owner out, and refusing only wrong codes quickly would slow nobody
// down: the refusal is the answer a guesser wants. So once a handful of wrong
// codes has been seen, every attempt, right or wrong, waits for its turn before
// its code is compared: in a line, first come first served, for one of
// maxHeldAttempts places, and there for a moment, at most maxHold. Whoever hangs
// up while waiting is not looked at. So whatever a guesser does, fewer than
// maxHeldAttempts/maxHold = 32 codes a second are looked at; and a right
// one is taken as soon as those before it were.
//
// An attempt counts as a wrong one from when it takes its place, so that guesses
// sent all at once are slowed as much as those sent one by one. Wrong codes leak
// away with time, as water from a bucket.
type pace struct {
	clock clock.Clock

	mu     sync.Mutex
	level  float64 // wrong codes not yet forgotten
	asOf   time.Time
	places chan struct{} // whoever wants to send waits in line: channels serve the first who came
}

func newPace(clk clock.Clock) *pace {
	return &pace{clock: clk, asOf: clk.Now(), places: make(chan struct{}, maxHeldAttempts)}
}

// place waits in line for a place. The error is the context's: nobody waits any
// more. Without one, whoever has a place must leave.
func (p *pace) place(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold waits in a place, and returns for how long it did, and for how long attempts
// will be held if this one is wrong. With an error, which is the context's, nobody
// waits any more, and the attempt must not be looked at; it counts as wrong all the
// same.
func (p *pace) hold(ctx context.Context) (hold, calm time.Duration, err error) {
	hold, calm = p.wrong()
	p.wait(ctx, hold)
	return hold, calm, ctx.Err()
}

// enter takes a place without waiting for one; false means that all are taken.
// Whoever entered must leave.
func (p *pace) enter() bool {
	select {
	case p.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *pace) leave() { <-p.places }

// wrong counts one wrong code and returns what slowed returns from then on.
func (p *pace) wrong() (hold, calm time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(1)
	return p.slow()
}

// right gives back what an attempt counted as until it proved right.
func (p *pace) right() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(-1)
}

// slowed returns how long to hold an attempt and how long until wrong codes go
// unpunished again; both are zero in calm times.
func (p *pace) slowed() (hold, calm time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow()
}

// add changes the level; the caller holds mu.
func (p *pace) add(codes float64) {
	p.level = min(max(p.leaked()+codes, 0), maxWrongCodes)
	p.asOf = p.clock.Now()
}

// slow is slowed; the caller holds mu.
func (p *pace) slow() (hold, calm time.Duration) {
	over := p.leaked() - freeWrongCodes
	if over <= 0 {
		return 0, 0
	}
	hold = time.Duration(float64(firstHold) * math.Pow(2, math.Ceil(over)-1))
	return min(hold, maxHold), time.Duration(over * float64(wrongCodeLeak))
}

// leaked is the level now; the caller holds mu.
func (p *pace) leaked() float64 {
	gone := p.clock.Now().Sub(p.asOf).Seconds() / wrongCodeLeak.Seconds()
	return math.Max(0, p.level-gone)
}

// wait takes as long as it is told to, or until nobody waits for the answer.
func (p *pace) wait(ctx context.Context, hold time.Duration) {
	if hold <= 0 {
		return
	}
	timer := p.clock.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-ctx.Done():
	}
}
