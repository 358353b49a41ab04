package epp

import (
	"context"
	"fmt"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// sameDay is by how much two times of expiry may differ and still be one: a registry may show another time of day after an update.
const sameDay = 24 * time.Hour

// Renew extends a registration. There is nothing to switch automatic renewal on with.
func (a *account) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	if r.ExtendFrom.IsZero() {
		if r.AutoRenew {
			return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "EPP has no automatic renewal that could be switched on"}
		}
		return registrar.Done{Holding: holdingOf(nil)}
	}
	var result registrar.Result
	err := a.line.use(ctx, func(ctx context.Context, s *session) error {
		result = a.extend(ctx, s, r)
		return nil
	})
	if err != nil {
		return postponed(err)
	}
	return result
}

func (a *account) extend(ctx context.Context, s *session, renewal registrar.Renewal) registrar.Result {
	where, d, _, err := a.info(ctx, s, renewal.Domain, renewal.OperationID)
	switch {
	case err != nil:
		return postponed(err)
	case where == standsLeaving:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the name is deleted, and has to be restored at the registry"}
	case where != standsOurs:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: errNotOurs.Error()}
	case d.Expires == nil:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the registry does not say when the registration runs out"}
	case d.Expires.Sub(renewal.ExtendFrom).Abs() >= sameDay:
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the registration runs out on another day than the one that is to be extended"}
	case d.Has(eppwire.StatusPendingRenew):
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the registry works on an extension already"}
	}
	quote, no := a.extensionQuote(ctx, s, renewal)
	if no != nil {
		return *no
	}
	r, err := s.do(ctx, eppwire.Renew{Name: renewal.Domain, Expires: d.Expires.Date, Agreed: agreed(s, quote)},
		renewID(renewal.OperationID, renewal.ExtendFrom, renewal.Try))
	if err != nil {
		return registrar.Unknown{Err: fmt.Errorf("extend %s: %w", renewal.Domain, err)}
	}
	return carriedOut(s, r, renewal.Domain, renewalPrefix, a.extensionRefusal)
}

// extensionQuote says for how much a year is sold, or why none is to be bought.
func (a *account) extensionQuote(ctx context.Context, s *session, renewal registrar.Renewal) (eppwire.Quote, *registrar.Rejected) {
	no := func(r registrar.Rejected) (eppwire.Quote, *registrar.Rejected) { return eppwire.Quote{}, &r }
	var r *eppwire.Response
	if tellsPrices(s) {
		var err error
		if r, err = s.do(ctx, a.check(s, renewal.Domain, renewal.MaxPrice.Currency, eppwire.PriceOfRenew), ""); err != nil {
			return no(postponed(err))
		}
		if code := r.Code(); !code.Success() {
			return no(postponed(errorOf(code)))
		}
	}
	quote, err := a.quote(s, r, renewal.Domain, eppwire.PriceOfRenew)
	if err != nil {
		return no(postponed(err))
	}
	if rejected, ok := renewal.Affordable(moneyOf(quote), quote.Premium); !ok {
		return no(rejected)
	}
	return quote, nil
}

// extensionRefusal is what a result says of an extension that was not carried out; false where it may have been.
func (a *account) extensionRefusal(result eppwire.Result) (registrar.Rejected, bool) {
	detail := a.refusal("the registry refuses the extension", result)
	switch code := result.Code; {
	case code == eppwire.CodeLimitClosing, code == eppwire.CodeAuthClosing:
		return postponed(errorOf(code)), true
	case !code.Refusal():
		return registrar.Rejected{}, false
	case code == eppwire.CodeNotRenewable:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: detail}, true
	default:
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: detail}, true
	}
}
