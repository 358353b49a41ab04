package dnsimple

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
)

// Buy asks for the price, looks at the account once more, and sends one order. As nothing on a name tells by which purchase it came, the look is as late as can
// be: what the account has by then was ordered by somebody else, or by a call of ours that was given up for lost.
func (a *account) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	prices, no := a.prices(ctx, o.Domain)
	if no != nil {
		return *no
	}
	price, ok := moneyOf(prices.RegistrationPrice)
	if !ok {
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple tells no price for it"}
	}
	if no, ok := o.Affordable(price, prices.Premium); !ok {
		return no
	}
	if no := a.heldAlready(ctx, o); no != nil {
		return *no
	}
	r, err := a.api.Registrar.RegisterDomain(ctx, a.account, o.Domain, &dnsimple.RegisterDomainInput{
		RegistrantID: int(a.registrant), EnableAutoRenewal: true,
	})
	if failed := fail("order the name", err); failed != nil {
		return a.notRegistered(ctx, o.Domain, failed)
	}
	return registered(r)
}

// heldAlready keeps an order from going out for a name that the account holds or has ordered, or may have. It is not called taken: a look-up without a call under way
// says whose it is, or that a person has to.
func (a *account) heldAlready(ctx context.Context, o registrar.Order) *registrar.Rejected {
	d, failed := a.domain(ctx, o.Domain)
	switch order := a.orderOf(d); {
	case failed != nil:
		return failed.beforeAnything("DNSimple does not say whether the account has it")
	case held(d), order == registrar.OrderOpen, order == registrar.OrderUnclear && !o.Cleared:
		return &registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the account has it already, or an order for it"}
	default:
		return nil
	}
}

// registered is what an order was answered with that was taken.
func registered(r *dnsimple.DomainRegistrationResponse) registrar.Result {
	if r.Data == nil || r.Data.ID <= 0 || r.HTTPResponse.StatusCode != http.StatusCreated && r.HTTPResponse.StatusCode != http.StatusAccepted {
		return registrar.Unknown{Err: fmt.Errorf("order the name: %w", errNonsense)}
	}
	switch r.Data.State {
	case orderRegistered:
		return registrar.Done{Holding: registrar.Holding{AutoRenew: ptr.To(r.Data.AutoRenew)}}
	case orderNew, orderRegistering:
		return registrar.Pending{Reference: registrationPrefix + strconv.FormatInt(r.Data.ID, 10)}
	case orderFailed, orderCancelled:
		return notCarriedOut(r.Data.State)
	default:
		return registrar.Unknown{Err: fmt.Errorf("order the name: %w", errNonsense)}
	}
}

// notRegistered is what becomes of an order that was not taken. A no that gives no reason which is known here may be anything, even a yes whose answer the
// registry sent into the void, so the account is looked at before it is believed.
func (a *account) notRegistered(ctx context.Context, name string, failed *failure) registrar.Result {
	switch failed.kind {
	case unsold:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "DNSimple does not sell this suffix"}
	case refused:
	case unclear, absent, disconnected, throttled, denied, unpaid, unplanned, invalid:
		if no, ok := failed.postponed(); ok {
			return no
		}
		return registrar.Unknown{Err: failed}
	}
	exists := registrar.Rejected{Reason: registrar.RejectedExists, Detail: "DNSimple does not register it, and does not say whose it is"}
	d, unread := a.domain(ctx, name)
	switch {
	case unread != nil:
		return registrar.Unknown{Err: errors.Join(failed, unread)} // which may have asked to be left alone
	case a.orderOf(d) == registrar.OrderUnclear && !held(d):
		return exists
	case held(d), a.orderOf(d) == registrar.OrderOpen:
		// It was not there when this order went out. It may be by the order all the same, or by that of another factory with this account. A look-up could not tell
		// them apart, and with a call under way would take it for ours.
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the account has it now, or an order for it, and DNSimple does not say by which purchase"}
	}
	available, notSaid := a.available(ctx, name)
	switch {
	case notSaid != nil:
		return registrar.Unknown{Err: errors.Join(failed, notSaid)}
	case !available:
		return exists
	default:
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple does not register it, although nobody has it: try it on its own pages, which say why"}
	}
}
