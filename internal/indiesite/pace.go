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
	maxHold         = 2 * time.Second        // the longest that any answer is held back
	maxHeldAttempts = 64                     // answers held back at once
)

// pace slows down the guessing of sign-up codes, and locks nobody out.
//
// Everybody reaches a site through the same router, so that guesses cannot be
// told from the owner's onboarder by address. A lock would let any passer-by
// keep the owner out, and refusing only wrong codes quickly would slow nobody
// down: the refusal is the answer a guesser wants. So once a handful of wrong
// codes has been seen, every answer, right or wrong, is held back for a moment
// (at most maxHold), and only so many can be held at once: however many
// connections a guesser opens, fewer than maxHeldAttempts/maxHold = 32 codes a
// second are looked at. A right code is taken, at most maxHold later. Only while
// all places are taken is an attempt turned away unseen, to be sent again.
//
// Wrong codes leak away with time, as water from a bucket.
type pace struct {
	clock clock.Clock

	mu     sync.Mutex
	level  float64 // wrong codes not yet forgotten
	asOf   time.Time
	places chan struct{}
}

func newPace(clk clock.Clock) *pace {
	return &pace{clock: clk, asOf: clk.Now(), places: make(chan struct{}, maxHeldAttempts)}
}

// enter takes a place; false means that all are taken and the attempt must not
// be looked at. Whoever entered must leave.
func (p *pace) enter() bool {
	select {
	case p.places <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p *pace) leave() { <-p.places }

// wrong counts one wrong code, before its answer is held back, so that
// guesses sent all at once are slowed as much as those sent one by one.
func (p *pace) wrong() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.level = math.Min(p.leaked()+1, maxWrongCodes)
	p.asOf = p.clock.Now()
}

// slowed returns how long to hold back an answer and how long until wrong
// codes go unpunished again; both are zero in calm times.
func (p *pace) slowed() (hold, calm time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
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

// wait holds an answer back, unless nobody waits for it any more.
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
