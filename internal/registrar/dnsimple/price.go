package dnsimple

import (
	"context"
	"math"
	"strings"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"

	"magicwebsitefactory.gent/internal/registrar"
)

// prices asks what the name costs. Nothing has been ordered yet, so every failure is a clear no.
func (a *account) prices(ctx context.Context, name string) (*dnsimple.DomainPrice, *registrar.Rejected) {
	r, err := a.api.Registrar.GetDomainPrices(ctx, a.account, name)
	failed := fail("ask for the price", err)
	switch {
	case failed != nil && failed.kind == unsold:
		return nil, &registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "DNSimple does not sell this suffix"}
	case failed != nil:
		return nil, failed.beforeAnything("DNSimple does not tell the price now")
	case r.Data == nil || !strings.EqualFold(r.Data.Domain, name):
		return nil, &registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "DNSimple does not tell the price now"}
	}
	return r.Data, nil
}

// beforeAnything is a failure of a question that comes before an order: nothing was bought, and it is worth another try.
func (f *failure) beforeAnything(otherwise string) *registrar.Rejected {
	if r, ok := f.postponed(); ok {
		return &r
	}
	return &registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: otherwise}
}

// moneyOf turns a price, which the library holds in floating point, into cents, and what is between two cents into the higher: the cap is compared with it.
func moneyOf(dollars float64) (registrar.Money, bool) {
	cents := dollars * 100
	if math.IsNaN(cents) || cents <= 0 || cents > registrar.MaxAmount {
		return registrar.Money{}, false
	}
	whole := math.Round(cents)
	if math.Abs(cents-whole) > 1e-6*max(1, whole) {
		whole = math.Ceil(cents)
	}
	return registrar.Money{Minor: int64(whole), Currency: currency}, true
}
