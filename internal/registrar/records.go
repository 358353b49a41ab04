package registrar

import (
	"context"
	"net/netip"
	"time"
)

// RecordKeeper is an account whose registrar also has the name servers of the names that it holds. A [Registrar] may be one.
type RecordKeeper interface {
	// PutAddresses makes the A and AAAA records at the name itself lead to these addresses, and nowhere else. It is safe to repeat, and changes nothing where
	// they do already. Other records are left alone.
	PutAddresses(ctx context.Context, domain string, addresses []netip.Addr, ttl time.Duration) error

	// RemoveAddresses takes away the A and AAAA records at the name itself that lead to one of these addresses. Where they lead elsewhere somebody has changed
	// them, and they stay. It is no error that there are none.
	RemoveAddresses(ctx context.Context, domain string, addresses []netip.Addr) error
}

// NameServerKeeper is an account that can have its names lead to other name servers. A [Registrar] may be one.
type NameServerKeeper interface {
	// PutNameServers makes a name that the account holds lead to these name servers, two at least, and to no others. It is safe to repeat, and changes nothing where
	// it does already.
	PutNameServers(ctx context.Context, domain string, nameServers []string) error
}
