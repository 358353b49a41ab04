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
)

// RetryAfterSeconds is for how long a server that [Throttles] asks to be left alone.
const RetryAfterSeconds = 40

// String names the fault.
func (f Fault) String() string {
	return [...]string{
		"answers", "hangs before", "hangs after", "resets the connection before", "resets the connection after", "fails before", "fails after",
		"asks to come back later", "answers nonsense after", "is called twice",
	}[f]
}

// Early says whether nothing is carried out.
func (f Fault) Early() bool {
	return f == HangsBefore || f == ResetsBefore || f == FailsBefore || f == Throttles
}

// Faults are what a fake server is to do wrong next. It is safe for use by many goroutines.
type Faults struct {
	mu   sync.Mutex
	next map[Call][]Fault
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
	if len(f.next[c]) == 0 {
		return None
	}
	fault := f.next[c][0]
	f.next[c] = f.next[c][1:]
	return fault
}
