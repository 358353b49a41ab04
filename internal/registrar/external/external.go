// Package external is for names that are held elsewhere. It buys nothing and renews nothing: a name is taken for ours for as long as it leads here, by the
// word of its authoritative name servers, and of those of what its CNAME leads to.
package external

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/registrar"
)

// Asker asks the authoritative servers of a name, past every cache, as [dns.Resolver] does: a name server's cached word that there is no such name would keep
// it away from whoever has just made it.
type Asker interface {
	// Ask fails where the servers cannot be found; one that does not answer is part of the answers.
	Ask(ctx context.Context, domain string) (dns.Answers, error)
}

var _ Asker = (*dns.Resolver)(nil)

// New returns the provider.
func New(asker Asker) registrar.Provider {
	return registrar.Provider{
		Name:         "external",
		Environments: []v1alpha1.Environment{v1alpha1.EnvironmentLive},
		Describes:    func(p v1alpha1.RegistrarProvider) bool { return p.External != nil },
		New: func(_ context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
			return open(r, asker)
		},
	}
}

func open(r *v1alpha1.Registrar, asker Asker) (registrar.Registrar, error) {
	a := &account{asker: asker}
	for i, text := range r.Spec.Provider.External.Addresses {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return nil, &registrar.SpecError{
				Field: fmt.Sprintf("spec.provider.external.addresses[%d]", i), Problem: "must be an IPv4 or IPv6 address, such as 203.0.113.1 or 2001:db8::1",
			}
		}
		a.addresses = append(a.addresses, address.Unmap())
	}
	if len(a.addresses) == 0 {
		return nil, &registrar.SpecError{Field: "spec.provider.external.addresses", Problem: "must have at least one address"}
	}
	return a, nil
}

type account struct {
	asker     Asker
	addresses []netip.Addr
}

var _ registrar.Registrar = (*account)(nil)

// Account is the same for all, as there is none.
func (a *account) Account() string { return "external" }

// Check has nobody to ask: there is no account.
func (a *account) Check(context.Context) error { return nil }

// LookUp says that a name is ours where all of its addresses are. Whether anybody else holds it is nobody's business here.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	here, err := a.leadsHere(ctx, q.Domain)
	if err != nil {
		return registrar.Sighting{}, fmt.Errorf("ask where it leads: %w", err)
	}
	if !here {
		return registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderImpossible}, nil
	}
	// There is no purchase that it came by; to lead here is what the Domain's operation waits for.
	return registrar.Sighting{InAccount: registrar.Yes, Order: registrar.OrderImpossible, Registered: registrar.Yes, OperationID: q.OperationID}, nil
}

func (a *account) foreign(address netip.Addr) bool {
	return !slices.Contains(a.addresses, address.Unmap())
}

// Buy buys nothing. Nothing leads to it: no look-up says that the name could be had.
func (a *account) Buy(context.Context, registrar.Order) registrar.Result {
	return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "this Registrar buys nothing: have the name lead to the addresses in spec.provider.external.addresses"}
}

// Renew renews nothing.
func (a *account) Renew(context.Context, registrar.Renewal) registrar.Result {
	return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the name is held elsewhere, and has to be renewed there"}
}
