package registrar

import (
	"context"
	"net/netip"
	"time"
)

// withKeepers is the limited account with what else the inner one can do.
func (a *limitedAccount) withKeepers() Registrar {
	records, keepsRecords := a.inner.(RecordKeeper)
	servers, keepsServers := a.inner.(NameServerKeeper)
	switch {
	case keepsRecords && keepsServers:
		return &struct {
			*limitedAccount
			limitedRecords
			limitedNameServers
		}{a, limitedRecords{a, records}, limitedNameServers{a, servers}}
	case keepsRecords:
		return &struct {
			*limitedAccount
			limitedRecords
		}{a, limitedRecords{a, records}}
	case keepsServers:
		return &struct {
			*limitedAccount
			limitedNameServers
		}{a, limitedNameServers{a, servers}}
	default:
		return a
	}
}

// limitedRecords are the records of a limited account. Nothing was fenced or reserved for these, so they queue as look-ups do.
type limitedRecords struct {
	account *limitedAccount
	keeper  RecordKeeper
}

var _ RecordKeeper = limitedRecords{}

// PutAddresses queues, and then does what the account does.
func (k limitedRecords) PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error {
	return k.queued(domain, func() error {
		return k.account.noted(ctx, CallPutAddresses, k.keeper.PutAddresses(ctx, domain, addresses, ttl))
	})
}

// RemoveAddresses queues, and then does what the account does.
func (k limitedRecords) RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error {
	return k.queued(domain, func() error {
		return k.account.noted(ctx, CallRemoveAddresses, k.keeper.RemoveAddresses(ctx, domain, addresses))
	})
}

func (k limitedRecords) queued(domain string, call func() error) error {
	place := "records of " + domain // the name itself may be waiting for a look-up
	if no := k.account.gate.admit(place, k.account.clock.Now(), k.account.random()); no != nil {
		return no
	}
	return k.account.heed(place, call())
}

// limitedNameServers are the name servers of the names of a limited account. Setting them follows a look-up, so it goes out on credit.
type limitedNameServers struct {
	account *limitedAccount
	keeper  NameServerKeeper
}

var _ NameServerKeeper = limitedNameServers{}

// PutNameServers does what the account does, unless it asked to be left alone.
func (k limitedNameServers) PutNameServers(ctx context.Context, domain string, nameServers []string) error {
	if wait := k.account.gate.credit(k.account.clock.Now()); wait > 0 {
		return &Throttled{RetryAfter: wait, Err: errClosed}
	}
	err := k.account.noted(ctx, CallPutNameServers, k.keeper.PutNameServers(ctx, domain, nameServers))
	return k.account.heed("name servers of "+domain, err)
}
