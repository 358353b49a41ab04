package registrartest

import "sync"

// Call is what a fake server is asked for, whatever its protocol calls it.
type Call string

// The calls.
const (
	CallCheck  Call = "check"
	CallLookUp Call = "look up"
	CallBuy    Call = "buy"
	CallRenew  Call = "renew"
)

// Fault is what a fake server does wrong.
type Fault int

// The faults. Those after the call carry it out before.
const (
	// None: it answers as it should.
	None Fault = iota
	// HangsBefore it does anything, and never answers.
	HangsBefore
	// HangsAfter the call.
	HangsAfter
	// ResetsBefore: the connection breaks.
	ResetsBefore
	// ResetsAfter the call.
	ResetsAfter
	// FailsBefore: it answers that something in it is broken, such as 500.
	FailsBefore
	// FailsAfter the call.
	FailsAfter
	// Throttles: it does nothing, and asks to come back after [RetryAfterSeconds], where its protocol has a way to.
	Throttles
	// Garbles its answer after the call.
	Garbles
	// Doubles the call, as a proxy may that repeats a request, and answers the second.
	Doubles
	// Lingers after the call, with the answer, until it is let go; see [Faults.Lingering].
	Lingers
)

// RetryAfterSeconds is for how long a server that [Throttles] asks to be left alone.
const RetryAfterSeconds = 40

// String names the fault.
func (f Fault) String() string {
	return [...]string{
		"answers", "hangs before", "hangs after", "resets the connection before", "resets the connection after", "fails before", "fails after",
		"asks to come back later", "answers nonsense after", "is called twice", "answers late",
	}[f]
}

// Early says whether nothing is carried out.
func (f Fault) Early() bool {
	return f == HangsBefore || f == ResetsBefore || f == FailsBefore || f == Throttles
}

// Faults are what a fake server is to do wrong next. It is safe for use by many goroutines.
type Faults struct {
	mu     sync.Mutex
	next   map[Call][]Fault
	decide func(c Call) Fault
	// lingering has each answer that is kept back.
	lingering chan func()
}

// Decide has a function say what goes wrong with every call from now on, in place of [Faults.Next]. It is called one call at a time, as the calls arrive.
func (f *Faults) Decide(decide func(c Call) Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decide = decide
}

// Next adds faults for the next calls of a kind, one each.
func (f *Faults) Next(c Call, faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.next == nil {
		f.next = map[Call][]Fault{}
	}
	f.next[c] = append(f.next[c], faults...)
}

// Take is what is to go wrong with this call.
func (f *Faults) Take(c Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.decide != nil {
		return f.decide(c)
	}
	if len(f.next[c]) == 0 {
		return None
	}
	fault := f.next[c][0]
	f.next[c] = f.next[c][1:]
	return fault
}

// Lingering are the answers that a server is late with, as they are ready: each is a function that lets it go, which may be called often. So it is the test that says
// whether an answer is in time, and not a clock.
func (f *Faults) Lingering() <-chan func() { return f.line() }

// Linger is for the server that [Lingers]: it keeps the answer back until it is let go, or nobody waits for it any more, where the server can tell. It says whether
// it was let go.
func (f *Faults) Linger(gone <-chan struct{}) bool {
	letGo := make(chan struct{})
	select {
	case f.line() <- sync.OnceFunc(func() { close(letGo) }):
	case <-gone:
		return false
	}
	select {
	case <-letGo:
		return true
	case <-gone:
		return false
	}
}

func (f *Faults) line() chan func() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lingering == nil {
		f.lingering = make(chan func())
	}
	return f.lingering
}
