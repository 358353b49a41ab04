package orders

import (
	"strconv"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// Order is one request for a site, as it was understood.
type Order struct {
	// Domain in normal form.
	Domain names.Name
	// DomainAsSent is how the onboarder wrote it, and how the callback names it.
	DomainAsSent string
	// Callback in normal form, within the Onboarder's prefixes.
	Callback string
	// Dialect that the order came in.
	Dialect v1alpha1.Dialect
	// Code is the secret sign-up code.
	Code string
}

// Result says what became of an order that was accepted.
type Result string

// What may become of an accepted order.
const (
	// Claimed: the name was free and is now this onboarder's.
	Claimed Result = "claimed"
	// Repeated: the same order had been accepted before.
	Repeated Result = "repeated"
	// SentAgain: the same order had been accepted and had ended well; its outcome is sent once more.
	SentAgain Result = "sent-again"
	// NewAttempt: an order before it had ended, and a new attempt begins.
	NewAttempt Result = "new-attempt"
)

// digestOf gives what the order's digest is made of.
func (o Order) digestOf(onboarder, epoch string) orderdigest.Order {
	return orderdigest.Order{
		Onboarder: onboarder, Domain: o.Domain.String(), Callback: o.Callback, Dialect: o.Dialect, Code: o.Code, Epoch: epoch,
	}
}

// epochOf parts an attempt that starts over from all attempts before, also those of an earlier site of that name.
func epochOf(claim *v1alpha1.IndieSite, attempt int32) string {
	return string(claim.UID) + "/" + strconv.Itoa(int(attempt))
}

func (o Order) callback() *v1alpha1.SiteCallback {
	return &v1alpha1.SiteCallback{URL: o.Callback, Domain: o.DomainAsSent, Dialect: o.Dialect}
}
