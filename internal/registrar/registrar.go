package registrar

import (
	"context"
	"time"
)

// Registrar is one account at a place where names are bought. It is safe for use by many goroutines.
type Registrar interface {
	// Account names the account for as long as it is the same one, whatever its credentials or the Registrar that describes it: a purchase is told to have come to
	// nothing only by the account that it was made with. It is public, in at most 128 printable ASCII characters; what is in a Secret only goes in as a digest.
	Account() string

	// Check tries whether the account can be used, and changes nothing. An error that is a [CredentialsError] says that it will not get
	// better by itself.
	Check(ctx context.Context) error

	// LookUp says what is known of a name: in our account, being ordered, registered at all.
	LookUp(ctx context.Context, query Query) (Sighting, error)

	// Buy orders a name for one year, once. The context's deadline is when it is broken off.
	Buy(ctx context.Context, order Order) Result

	// Renew sets how a name that is ours goes on. It is safe to repeat.
	Renew(ctx context.Context, renewal Renewal) Result
}

// Query asks for a name.
type Query struct {
	// Domain in lower-case ASCII, without a trailing dot.
	Domain string
	// OperationID of the purchase that may have been made.
	OperationID string
	// Reference is the registrar's own name for an order that it accepted, or empty.
	Reference string
}

// Order is one purchase.
type Order struct {
	// Domain in lower-case ASCII, without a trailing dot.
	Domain string
	// OperationID names the purchase; the same in every try.
	OperationID string
	// Try counts the calls for this purchase, from 1.
	Try int32
	// MaxPrice is the most that one year may cost.
	MaxPrice Money
	// Cleared is that a person has just said that earlier orders for the name came to nothing. Without it nothing is sent beside the trace of an order: [OrderUnclear].
	Cleared bool
}

// Renewal sets how a name that is ours goes on.
type Renewal struct {
	// Domain in lower-case ASCII, without a trailing dot.
	Domain string
	// AutoRenew is what automatic renewal shall be.
	AutoRenew bool
	// ExtendFrom also buys one more year, on the condition that the registration now runs out at that time: an extension that is sent
	// twice is refused the second time; see Sighting.ExtendsOnce. The result then speaks of the extension. Zero for none.
	ExtendFrom time.Time
	// OperationID of the purchase, and Try, which counts the calls for this ExtendFrom from 1: together with it they name the extension to a
	// registrar that has idempotency keys or transaction IDs. Only with ExtendFrom.
	OperationID string
	Try         int32
	// MaxPrice is the most that the year may cost. Only with ExtendFrom.
	MaxPrice Money
}

// Answer to a question about a name.
type Answer string

// The answers. The zero value is Unanswerable, so that what a provider forgets to answer is never taken for a no.
const (
	// Unanswerable says that this registrar has no means to tell.
	Unanswerable Answer = ""
	// Yes it is so.
	Yes Answer = "Yes"
	// No it is not so.
	No Answer = "No"
)

// OrderState is what the registrar says of an order for a name.
type OrderState string

// The states of an order. The zero value is OrderUnanswerable.
const (
	// OrderUnanswerable says that this registrar has no means to tell of orders, open or not.
	OrderUnanswerable OrderState = ""
	// OrderUnclear says that there is a trace of an order, and that nobody can tell what becomes of it: by whichever purchase it is, the name is neither bought beside it
	// nor another's, until a person says so.
	OrderUnclear OrderState = "Unclear"
	// OrderNone says that it knows of none.
	OrderNone OrderState = "None"
	// OrderOpen says that it works on one.
	OrderOpen OrderState = "Open"
	// OrderFinished says that one was carried out; the account may show it a little later.
	OrderFinished OrderState = "Finished"
	// OrderRejected says that the query's own operation was turned down; see Sighting.Rejection.
	OrderRejected OrderState = "Rejected"
	// OrderImpossible says that nothing can be ordered at this registrar: the name becomes ours by other means, or not at all.
	OrderImpossible OrderState = "Impossible"
)

// Sighting is what a look-up found.
type Sighting struct {
	// InAccount is whether our account holds the name.
	InAccount Answer
	// Order is what became of an order for it.
	Order OrderState
	// Registered is whether the registry has the name, whoever holds it.
	Registered Answer

	// OperationID is the purchase that the account's name or open order came from, where the registrar keeps it; empty where it does not.
	OperationID string
	// Created is when the registration of the account's name began, where the registrar says; zero where it does not.
	Created time.Time
	// Reference is the registrar's own name for the order.
	Reference string
	// Rejection of an order that was turned down.
	Rejection Rejected
	// Holding is how the name stands in our account.
	Holding Holding
	// ExtendsOnce is whether the registrar refuses a Renewal whose ExtendFrom is not when the registration runs out. Where it is not certain to, an
	// extension whose answer was lost is never sent again, as the year might be paid twice.
	ExtendsOnce bool
	// NoExtension says, for people, why no Renewal with ExtendFrom can ever be carried out here; empty where one can. Then none is reserved or sent.
	NoExtension string
}

// Holding is how a name stands in our account.
type Holding struct {
	// Expiry is when the registration runs out; zero while not known.
	Expiry time.Time
	// AutoRenew is whether the registrar renews it by itself; nil while not known. A registrar that cannot says false.
	AutoRenew *bool
}
