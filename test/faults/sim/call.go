package sim

import (
	"fmt"
	"time"
)

// Call names one call of a duty to the outside world.
type Call struct {
	// Duty that makes it.
	Duty string
	// Verb is get or list for reads past the cache, cache-get or cache-list for those through it, or what is done.
	Verb string
	// Kind of the object, or Account, Receiver, Site.
	Kind string
	// Sub is the subresource, or empty.
	Sub string
	// N is the how manieth call of this name it is, from 1.
	N int
}

// String is the name, such as "domain patch Domain/status #3".
func (c Call) String() string {
	kind := c.Kind
	if c.Sub != "" {
		kind += "/" + c.Sub
	}
	return fmt.Sprintf("%s %s %s #%d", c.Duty, c.Verb, kind, c.N)
}

// Cached says whether it is a read that may be older than what the API server would say.
func (c Call) Cached() bool { return c.Verb == verbCacheGet || c.Verb == verbCacheList }

// Read says whether it changes nothing.
func (c Call) Read() bool {
	switch c.Verb {
	case verbCacheGet, verbCacheList, verbGet, verbList, verbLookUp, verbCheck, verbProbe:
		return true
	}
	return false
}

const (
	verbCacheGet  = "cache-get"
	verbCacheList = "cache-list"
	verbGet       = "get"
	verbList      = "list"
	verbLookUp    = "look-up"
	verbCheck     = "check"
	verbProbe     = "probe"
	verbBuy       = "buy"
	verbRenew     = "renew"
	verbSend      = "send"
)

// Moment is a side of a call.
type Moment int

// The two sides of a call.
const (
	// Before it is made.
	Before Moment = iota
	// After it was carried out, before its answer arrives.
	After
)

// String is "before" or "after".
func (m Moment) String() string {
	if m == Before {
		return "before"
	}
	return "after"
}

// Action is what happens at a moment.
type Action int

// The actions.
const (
	// Proceed: nothing special.
	Proceed Action = iota
	// Fail: the call is not made (before), or its answer is lost (after). The duty gets Verdict.Err, or what the callee's kind says by itself.
	Fail
	// Crash: the process ends. Whatever it had in memory is lost.
	Crash
	// Pause: the task stands still until Verdict.Until.
	Pause
	// Delay, before a purchase: the caller gets no answer, and the order arrives after Verdict.After.
	Delay
)

// Verdict is what a Script says about a moment of a call.
type Verdict struct {
	Action Action
	// Err for Fail.
	Err error
	// Until, for Pause, is asked whether the task may go on. Nil is until nothing else is left to do now.
	Until func(*World) bool
	// Alone, for Pause, stops the task only; otherwise its whole process stands still.
	Alone bool
	// After, for Delay.
	After time.Duration
	// Older, before a read through the cache, is how many versions older than the newest it is served.
	Older int
}

// Script decides what happens. Decide is asked at each moment of each call, and must depend on nothing but what it was asked before.
type Script interface {
	Decide(w *World, t *Task, c Call, m Moment) Verdict
}

// ScriptFunc is a function as a Script.
type ScriptFunc func(w *World, t *Task, c Call, m Moment) Verdict

// Decide calls the function.
func (f ScriptFunc) Decide(w *World, t *Task, c Call, m Moment) Verdict { return f(w, t, c, m) }

// Undisturbed is the Script in which nothing goes wrong.
var Undisturbed = ScriptFunc(func(*World, *Task, Call, Moment) Verdict { return Verdict{} })
