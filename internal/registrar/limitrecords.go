package registrar

import (
	"context"
	"net/netip"
	"time"
)

// limitedKeeper is a limited account whose registrar also keeps records. Nothing was fenced or reserved for these, so they queue as look-ups do.
type limitedKeeper struct {
	*limitedAccount
	keeper RecordKeeper
}

var (
	_ Registrar    = (*limitedKeeper)(nil)
	_ RecordKeeper = (*limitedKeeper)(nil)
)

// PutAddresses queues, and then does what the account does.
func (k *limitedKeeper) PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error {
	return k.queued(domain, func() error { return k.keeper.PutAddresses(ctx, domain, addresses, ttl) })
}

// RemoveAddresses queues, and then does what the account does.
func (k *limitedKeeper) RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error {
	return k.queued(domain, func() error { return k.keeper.RemoveAddresses(ctx, domain, addresses) })
}

func (k *limitedKeeper) queued(domain string, call func() error) error {
	place := "records of " + domain // the name itself may be waiting for a look-up
	if no := k.gate.admit(place, k.clock.Now(), k.random()); no != nil {
		return no
	}
	return k.heed(place, call())
}
