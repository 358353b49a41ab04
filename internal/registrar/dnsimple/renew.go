package dnsimple

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
)

// sameTerm is by how much two times of expiry may differ and still be the same one. No registration is extended by less than a year.
const sameTerm = 30 * 24 * time.Hour

// Renew sets automatic renewal by the calls made for it, or buys one more year. An extension leaves automatic renewal as it is: DNSimple may renew at once where
// it is switched on late, and the year would be paid twice.
func (a *account) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	if !r.ExtendFrom.IsZero() {
		return a.extend(ctx, r)
	}
	set := a.api.Registrar.DisableDomainAutoRenewal
	if r.AutoRenew {
		set = a.api.Registrar.EnableDomainAutoRenewal
	}
	_, err := set(ctx, a.account, r.Domain)
	failed := fail("set automatic renewal", err)
	switch {
	case failed == nil:
		return registrar.Done{Holding: registrar.Holding{AutoRenew: ptr.To(r.AutoRenew)}}
	case failed.kind == refused:
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple does not change automatic renewal of it now"}
	default:
		return failed.unlessPostponed()
	}
}

func (f *failure) unlessPostponed() registrar.Result {
	if no, ok := f.postponed(); ok {
		return no
	}
	return registrar.Unknown{Err: f}
}

// extend buys one more year. DNSimple takes no expiry as a condition, so it is compared here, which guards against what was extended before but not against two
// at once: that is why no Sighting says ExtendsOnce.
func (a *account) extend(ctx context.Context, r registrar.Renewal) registrar.Result {
	prices, no := a.prices(ctx, r.Domain)
	if no != nil {
		return *no
	}
	price, ok := moneyOf(prices.RenewalPrice)
	if !ok {
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple tells no price for another year of it"}
	}
	if no, ok := r.Affordable(price, prices.Premium); !ok {
		return no
	}
	if no := a.runsOutOtherwise(ctx, r); no != nil {
		return *no
	}
	answer, err := a.api.Registrar.RenewDomain(ctx, a.account, r.Domain, &dnsimple.RenewDomainInput{Period: 1})
	if failed := fail("renew the name", err); failed != nil {
		return a.notRenewed(ctx, r, failed)
	}
	if answer.Data == nil || answer.Data.ID <= 0 || answer.HTTPResponse.StatusCode != http.StatusCreated && answer.HTTPResponse.StatusCode != http.StatusAccepted {
		return registrar.Unknown{Err: fmt.Errorf("renew the name: %w", errNonsense)}
	}
	switch answer.Data.State {
	case orderRenewed:
		return registrar.Done{}
	case orderNew, orderRenewing:
		return registrar.Pending{Reference: renewalPrefix + strconv.FormatInt(answer.Data.ID, 10)}
	case orderFailed, orderCancelled:
		return givenUp(answer.Data.State)
	default:
		return registrar.Unknown{Err: fmt.Errorf("renew the name: %w", errNonsense)}
	}
}

// runsOutOtherwise keeps an extension from going out that extends from another time than the registration runs out at.
func (a *account) runsOutOtherwise(ctx context.Context, r registrar.Renewal) *registrar.Rejected {
	d, failed := a.domain(ctx, r.Domain)
	switch {
	case failed != nil:
		return failed.beforeAnything("DNSimple does not say when it runs out")
	case !held(d):
		return &registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the account does not hold it"}
	case !runsOutAt(d, r.ExtendFrom):
		return &registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the registration does not run out at the time that was to be extended"}
	default:
		return nil
	}
}

// runsOutAt says whether that is when a name's registration ends.
func runsOutAt(d *dnsimple.Domain, t time.Time) bool {
	expiry := holdingOf(d).Expiry
	return !expiry.IsZero() && expiry.Sub(t).Abs() < sameTerm
}

// notRenewed is what becomes of an extension that was not taken: a no without a known reason is believed once the account shows the same expiry still.
func (a *account) notRenewed(ctx context.Context, r registrar.Renewal, failed *failure) registrar.Result {
	if failed.kind != refused {
		return failed.unlessPostponed()
	}
	switch d, unread := a.domain(ctx, r.Domain); {
	case unread != nil:
		return registrar.Unknown{Err: errors.Join(failed, unread)} // which may have asked to be left alone
	case !held(d), !runsOutAt(d, r.ExtendFrom):
		return registrar.Unknown{Err: failed}
	default:
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple does not renew it now"}
	}
}
