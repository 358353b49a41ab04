package orders

import (
	"errors"
	"fmt"
	"time"

	"magicwebsitefactory.gent/internal/availability"
)

// NotAvailable is the error for a name that this onboarder cannot order, as far as anybody can tell, whenever it asks.
type NotAvailable struct {
	// Why the name is not available, as a sentence that may be shown to anybody.
	Why string
}

func (e *NotAvailable) Error() string { return e.Why }

// The ways in which a name is not available.
var (
	ErrClaimed = &NotAvailable{Why: "The name is claimed."}
	ErrEnded   = &NotAvailable{Why: "The name went to somebody else while it was being registered."}
	ErrNotSold = &NotAvailable{Why: "Names of this sort are not sold here."}
	ErrTooDear = &NotAvailable{Why: "The name costs more than this factory pays."}
	ErrTaken   = &NotAvailable{Why: "The name is taken."}
)

// CannotTake is the error for an order, or a question, that may well succeed later.
type CannotTake struct {
	// Why it is so, as a sentence that may be shown to anybody.
	Why string
	// Quota says that it is the onboarder's own limit.
	Quota bool
	// RetryAfter is when to ask again.
	RetryAfter time.Duration
	// Err is the cause, for the log only.
	Err error
}

func (e *CannotTake) Error() string {
	if e.Err == nil {
		return e.Why
	}
	return fmt.Sprintf("%s (%v)", e.Why, e.Err)
}

// Unwrap gives the cause.
func (e *CannotTake) Unwrap() error { return e.Err }

// Pauses until it is worth while to ask again.
const (
	soon   = 2 * time.Second
	later  = 10 * time.Second
	minute = time.Minute
)

func clusterFailed(err error) error {
	return &CannotTake{Why: "The factory cannot be reached.", RetryAfter: later, Err: err}
}

func checkFailed(err error) error {
	pause := availability.RetryAfter(err)
	if pause <= 0 {
		pause = later
	}
	return &CannotTake{Why: "Whether the name is available could not be found out.", RetryAfter: pause, Err: err}
}

// ErrNoSite is the error for a site that there is not, or that another onboarder asked for.
var ErrNoSite = errors.New("no such site")

// errLost says that somebody else changed the claim between reading and writing, so that everything has to be decided anew.
var errLost = errors.New("another order was faster")
