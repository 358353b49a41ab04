package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// Section is what a check is about; --only takes it for all of its checks.
type Section string

// The sections, in their order. Numbers of checks are never given to another check.
const (
	Transport      Section = "transport"
	Authentication Section = "authentication"
	Names          Section = "names"
	Requests       Section = "requests"
	Problems       Section = "problems"
	CallbackURLs   Section = "callback-urls"
	Orders         Section = "orders"
	Callbacks      Section = "callbacks"
	Additions      Section = "additions"
)

// Needs is what a check cannot be made without.
type Needs uint

// What a check may need.
const (
	// NeedsCallback: a callback URL that the factory allows, for bodies with nothing wrong in them.
	NeedsCallback Needs = 1 << iota
	// NeedsOrders: the leave to order sites.
	NeedsOrders
	// NeedsTestNames: the names of a test factory.
	NeedsTestNames
	// NeedsOther: the token of a second onboarder.
	NeedsOther
	// NeedsBothDialects: an onboarder that may speak the older dialect too.
	NeedsBothDialects
	// NeedsWebhookKey: the key that callbacks are signed with.
	NeedsWebhookKey
	// NeedsExhaust: the leave to fail to authenticate until the factory has had enough.
	NeedsExhaust
)

// Check is one sentence of the contract that can be seen from outside.
type Check struct {
	// Number is the check's for ever.
	Number  int
	Section Section
	// Sentence is the contract's own.
	Sentence string
	// Optional marks what a factory may lack: an addition to the contract.
	Optional bool
	Needs    Needs
	// Each says that the check is made in each dialect.
	Each bool
	// Waits is for how many callbacks, one after the other, the check waits at most.
	Waits int
	// strangers marks what is so in each dialect, also where the onboarder speaks only one: nobody's token is shown.
	strangers bool
	// Last checks are made when all others are through, one by one.
	Last bool

	run func(context.Context, *session) error
}

// Verdict is what came of a check.
type Verdict string

// The verdicts.
const (
	// Kept: what the sentence says is so, as far as it was tried.
	Kept Verdict = "kept"
	// Broken: it is not.
	Broken Verdict = "broken"
	// Absent: it is not, and need not be: the check is optional.
	Absent Verdict = "absent"
	// Skipped: it could not be tried. Reason says why.
	Skipped Verdict = "skipped"
)

// Result is what came of one check, in one dialect or in no matter which.
type Result struct {
	Check   Check
	Dialect hallo.Dialect
	Verdict Verdict
	// Failure is there where something was broken or absent.
	Failure *Failure
	// Reason is why a check was skipped.
	Reason string
	// Busy is true of a skipped check that came to no end in its time, as the factory put it off or was slow: whether the sentence is kept,
	// nobody knows.
	Busy bool
	Took time.Duration
}

// Failure says how a factory does not keep a sentence. It holds no token and no sign-up code.
type Failure struct {
	// Sent is the request, or what was done.
	Sent string
	// Came is the answer, or what happened.
	Came string
	// Want is what the contract has instead.
	Want string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("sent %s; came %s; want %s", f.Sent, f.Came, f.Want)
}

// skipped is the error of a check that could not be made.
type skipped struct {
	reason string
	// busy says that the time was over before it could be seen.
	busy bool
}

func (s *skipped) Error() string { return s.reason }

func isSkipped(err error) bool {
	_, is := errors.AsType[*skipped](err)
	return is
}

func skip(format string, values ...any) error {
	return &skipped{reason: fmt.Sprintf(format, values...)}
}

// Checks are all of them, by number.
func Checks() []Check {
	var all []Check
	for _, section := range [][]Check{transport, authentication, names, requests, problems, callbackURLs, orders, callbacks, additions} {
		all = append(all, section...)
	}
	return all
}
