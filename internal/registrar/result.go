package registrar

import "time"

// Result is how a call ended: [Done], [Pending], [Rejected] or [Unknown]. There is no error beside it, so that none can be mistaken for a no.
type Result interface {
	// Outcome names the kind of the result, for metrics.
	Outcome() string
}

// Done says that it is carried out.
type Done struct {
	// Holding is how the name stands now, as far as the answer said.
	Holding Holding
}

// Pending says that the order was accepted and is being worked on.
type Pending struct {
	// Reference is the registrar's own name for the order.
	Reference string
}

// Rejected is a clear no: nothing was done and nothing will be.
type Rejected struct {
	// Reason is one of the Rejection constants.
	Reason Rejection
	// Detail is a sentence for people, without secrets and without a changing part such as a time or a request ID.
	Detail string
	// RetryAfter is how long the registrar asks to be left alone, with RejectedPostponed; zero where it did not say.
	RetryAfter time.Duration
}

// Unknown says that it may or may not have been carried out: a time-out, a reset, a 5xx, an answer that makes no sense.
type Unknown struct {
	// Err says what happened.
	Err error
}

// Outcome is "done".
func (Done) Outcome() string { return "done" }

// Outcome is "pending".
func (Pending) Outcome() string { return "pending" }

// Outcome is "taken", "refused", "too_dear", "premium", or "postponed".
func (r Rejected) Outcome() string { return string(r.Reason) }

// Outcome is "unknown".
func (Unknown) Outcome() string { return "unknown" }

// Rejection says why an order was turned down.
type Rejection string

// The reasons for a rejection. All but RejectedExists and RejectedPostponed are final. A reason that is not in this list is taken for
// RejectedPostponed: what is not known to be final is not final.
const (
	// RejectedTaken: another holds the name. Only where that is certain.
	RejectedTaken Rejection = "taken"
	// RejectedExists: the registry has the name already, and the answer does not say whose it is. It is looked up.
	RejectedExists Rejection = "exists"
	// RejectedRefused: the registrar or the registry does not sell this name.
	RejectedRefused Rejection = "refused"
	// RejectedTooDear: it costs more than Order.MaxPrice.
	RejectedTooDear Rejection = "too_dear"
	// RejectedPremium: it is a premium name, which are never bought.
	RejectedPremium Rejection = "premium"
	// RejectedPostponed: not now, for a reason that is not in the name: no credit, a rate limit, credentials, maintenance.
	RejectedPostponed Rejection = "postponed"
)

// Final says whether no later try can end otherwise.
func (r Rejection) Final() bool {
	switch r {
	case RejectedTaken, RejectedRefused, RejectedTooDear, RejectedPremium:
		return true
	case RejectedExists, RejectedPostponed:
		return false
	default:
		return false
	}
}
