package testprovider

import (
	"fmt"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

type state string

const (
	statePending    state = "pending"
	stateRegistered state = "registered"
	stateRejected   state = "rejected"
)

// check refuses a state that is none: a name that is not known to be sold must not pass for one that can be.
func (s state) check() error {
	switch s {
	case statePending, stateRegistered, stateRejected:
		return nil
	}
	return fmt.Errorf("the state %q is not pending, registered or rejected", s)
}

// Entry is what the ledger says of one name, as JSON under the name as key.
type Entry struct {
	// OperationID and Try of the order that decided about the name.
	OperationID string `json:"operationID"`
	Try         int32  `json:"try"`
	// State is pending, registered or rejected. A pending order is carried out at ReadyTime, without anybody writing so here.
	State state `json:"state"`
	// Rejection and Detail of a rejected order.
	Rejection registrar.Rejection `json:"rejection,omitempty"`
	Detail    string              `json:"detail,omitempty"`
	// OrderedTime is when the order came, ReadyTime when it is carried out.
	OrderedTime time.Time `json:"orderedTime"`
	ReadyTime   time.Time `json:"readyTime,omitzero"`
	// ExpiryTime is when the registration runs out, unless it is renewed before.
	ExpiryTime time.Time `json:"expiryTime,omitzero"`
	AutoRenew  bool      `json:"autoRenew,omitempty"`
	// Orders counts the orders that arrived, Purchases those that were carried out or are being so. A second purchase of a name is
	// refused, so Orders above one after a purchase shows that somebody tried.
	Orders    int `json:"orders"`
	Purchases int `json:"purchases"`
	// Extensions counts the years that were bought since, beside automatic renewals.
	Extensions int `json:"extensions,omitempty"`
}

// ours says whether the account holds the name, or is about to.
func (e *Entry) ours() bool {
	return e != nil && (e.State == stateRegistered || e.State == statePending)
}

func (e *Entry) registered(now time.Time) bool {
	return e.ours() && (e.State == stateRegistered || !now.Before(e.ReadyTime))
}

func (e *Entry) reference() string { return fmt.Sprintf("%s-%d", e.OperationID, e.Try) }

// holding is how the name stands now: automatic renewals come to pass without anybody writing them down.
func (e *Entry) holding(now time.Time) registrar.Holding {
	on := e.AutoRenew
	expiry := e.ExpiryTime
	for on && !expiry.After(now) {
		expiry = expiry.AddDate(1, 0, 0)
	}
	return registrar.Holding{Expiry: expiry, AutoRenew: &on}
}

// terms is what a Registrar asks of a name.
type terms struct {
	price   registrar.Money
	slowFor time.Duration
}

// order is what the registry makes of an order: a pure function of what it knew before. The entry that it returns is to be kept.
func (e *Entry) order(o registrar.Order, t terms, now time.Time) (*Entry, registrar.Result) {
	if e.ours() {
		again := *e
		again.Orders++
		return &again, registrar.Rejected{Reason: registrar.RejectedExists, Detail: "the registry has the name already"}
	}
	next := Entry{OperationID: o.OperationID, Try: o.Try, OrderedTime: now, Orders: 1}
	if e != nil {
		next.Orders = e.Orders + 1
	}
	reject := func(r registrar.Rejected) (*Entry, registrar.Result) {
		next.State, next.Rejection, next.Detail = stateRejected, r.Reason, r.Detail
		return &next, r
	}
	price, p := t.price, playOf(o.Domain)
	switch p {
	case takenMeanwhile, takenForever:
		return reject(registrar.Rejected{Reason: registrar.RejectedTaken, Detail: "somebody else was faster"})
	case refused:
		return reject(registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the registry does not give out this name"})
	case soldAsPremium:
		price = price.Times(premiumFactor)
	case sold, soldSlowly:
	}
	if no, ok := o.Affordable(price, p == soldAsPremium); !ok {
		return reject(no)
	}
	next.Purchases, next.State, next.ReadyTime, next.AutoRenew = 1, stateRegistered, now, true
	if p == soldSlowly && t.slowFor > 0 {
		next.State, next.ReadyTime = statePending, now.Add(t.slowFor)
	}
	next.ExpiryTime = next.ReadyTime.AddDate(1, 0, 0)
	if next.State == statePending {
		return &next, registrar.Pending{Reference: next.reference()}
	}
	return &next, registrar.Done{Holding: next.holding(now)}
}

// sight is what a look-up finds.
func (e *Entry) sight(q registrar.Query, now time.Time) registrar.Sighting {
	s := registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No, ExtendsOnce: true}
	if playOf(q.Domain) == takenForever {
		s.Registered = registrar.Yes
	}
	switch {
	case e == nil:
	case e.registered(now):
		s.InAccount, s.Order, s.Registered = registrar.Yes, registrar.OrderFinished, registrar.Yes
		s.OperationID, s.Reference, s.Holding = e.OperationID, e.reference(), e.holding(now)
	case e.ours():
		s.Order, s.OperationID, s.Reference = registrar.OrderOpen, e.OperationID, e.reference()
	case e.State == stateRejected:
		if e.Rejection == registrar.RejectedTaken {
			s.Registered = registrar.Yes
		}
		if e.OperationID == q.OperationID {
			s.Order, s.OperationID, s.Reference = registrar.OrderRejected, e.OperationID, e.reference()
			s.Rejection = registrar.Rejected{Reason: e.Rejection, Detail: e.Detail}
		}
	}
	return s
}

// renew is what becomes of a name that is ours. No entry is to be kept where it returns none.
func (e *Entry) renew(r registrar.Renewal, t terms, now time.Time) (*Entry, registrar.Result) {
	if !e.registered(now) {
		return nil, registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the account does not hold the name"}
	}
	next := *e
	next.State, next.ExpiryTime, next.AutoRenew = stateRegistered, e.holding(now).Expiry, r.AutoRenew
	if !r.ExtendFrom.IsZero() {
		if !r.ExtendFrom.Equal(next.ExpiryTime) {
			return nil, registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the registration does not run out at the time that was to be extended"}
		}
		if no, ok := r.Affordable(t.price, false); !ok {
			return nil, no
		}
		next.ExpiryTime = next.ExpiryTime.AddDate(1, 0, 0)
		next.Extensions++
	}
	return &next, registrar.Done{Holding: next.holding(now)}
}
