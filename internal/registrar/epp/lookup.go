package epp

import (
	"context"
	"errors"
	"strings"
	"time"

	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// LookUp asks the registry how the name stands and, where an order was accepted that shows nowhere, the message queue what became of it.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	var seen registrar.Sighting
	err := a.line.use(ctx, func(ctx context.Context, s *session) (err error) {
		seen, err = a.lookUp(ctx, s, q)
		return err
	})
	if err != nil {
		return registrar.Sighting{}, err
	}
	return seen, nil
}

func (a *account) lookUp(ctx context.Context, s *session, q registrar.Query) (registrar.Sighting, error) {
	where, d, _, err := a.info(ctx, s, q.Domain, q.OperationID)
	if err != nil {
		return registrar.Sighting{}, err
	}
	switch where {
	case standsOurs:
		return a.held(ctx, s, q, d)
	case standsOrdered:
		return registrar.Sighting{
			InAccount: registrar.No, Order: registrar.OrderOpen, Registered: registrar.Yes,
			OperationID: operationOf(string(d.AuthInfo), q.OperationID), Reference: q.Reference,
		}, nil
	case standsElsewhere, standsLeaving:
		if d == nil {
			// The server would not tell us (2201). That it has the name must show in the check too, or else it is we who may not ask.
			switch free, err := available(ctx, s, q.Domain); {
			case err != nil:
				return registrar.Sighting{}, err
			case free:
				return registrar.Sighting{}, nil
			}
		}
		seen := registrar.Sighting{InAccount: registrar.No, Registered: registrar.Yes}
		return a.withOrder(ctx, s, q, seen, registrar.RejectedTaken)
	default:
		seen := registrar.Sighting{InAccount: registrar.No, Registered: registrar.No}
		free, err := available(ctx, s, q.Domain)
		if err != nil {
			return registrar.Sighting{}, err
		}
		if !free {
			// Reserved, or known to others only, or just being bought: the registry contradicts itself, and so says nothing.
			seen.Registered = registrar.Unanswerable
		}
		return a.withOrder(ctx, s, q, seen, registrar.RejectedRefused)
	}
}

// held is a name in our account. An order with a reference is an extension that took its time.
func (a *account) held(ctx context.Context, s *session, q registrar.Query, d *eppwire.Domain) (registrar.Sighting, error) {
	seen := registrar.Sighting{
		InAccount: registrar.Yes, Order: registrar.OrderNone, Registered: registrar.Yes,
		OperationID: operationOf(string(d.AuthInfo), q.OperationID), Reference: q.Reference,
		Holding: holdingOf(d.Expires), ExtendsOnce: true,
	}
	seen.Created = beganAt(d.Created)
	switch {
	case d.Has(eppwire.StatusPendingRenew):
		seen.Order = registrar.OrderOpen
	case strings.HasPrefix(q.Reference, renewalPrefix):
		n, found, err := a.outcome(ctx, s, q)
		switch {
		case errors.Is(err, errBehind):
			seen.Order = registrar.OrderUnanswerable
		case err != nil:
			return registrar.Sighting{}, err
		case found && !n.done:
			seen.Order = registrar.OrderRejected
			seen.Rejection = registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the registry has turned the extension down after examining it"}
		}
	}
	return seen, nil
}

// beganAt is when a registration began. Of a time in nobody knows which zone only the day is told, as it might seem to be before the order that it came from, or after it.
func beganAt(created *eppwire.DateTime) time.Time {
	switch {
	case created == nil:
		return time.Time{}
	case !created.Exact:
		return created.UTC().Truncate(24 * time.Hour)
	default:
		return created.UTC()
	}
}

func holdingOf(expires *eppwire.DateTime) registrar.Holding {
	h := registrar.Holding{AutoRenew: ptr.To(false)}
	if expires != nil {
		h.Expiry = expires.UTC()
	}
	return h
}

// withOrder adds what became of the order, where one was accepted.
func (a *account) withOrder(
	ctx context.Context, s *session, q registrar.Query, seen registrar.Sighting, reason registrar.Rejection,
) (registrar.Sighting, error) {
	seen.Order = registrar.OrderNone
	if q.Reference == "" {
		return seen, nil
	}
	seen.Reference = q.Reference
	n, found, err := a.outcome(ctx, s, q)
	switch {
	case err != nil:
		return registrar.Sighting{}, err
	case !found:
		seen.Order = registrar.OrderUnanswerable
	case n.done:
		seen.Order = registrar.OrderFinished
	default:
		seen.Order = registrar.OrderRejected
		seen.Rejection = registrar.Rejected{Reason: reason, Detail: "the registry has turned the order down after examining it"}
	}
	return seen, nil
}
