package epp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

var _ registrar.NameServerKeeper = (*account)(nil)

// PutNameServers asks where the name leads, and changes the difference. DS records and keys at the registry go with the name servers that were, as no answer of
// the new ones would agree with them.
func (a *account) PutNameServers(ctx context.Context, domain string, nameServers []string) error {
	return a.line.use(ctx, func(ctx context.Context, s *session) error {
		where, d, r, err := a.info(ctx, s, domain, "")
		if err != nil {
			return err
		}
		if where != standsOurs {
			return fmt.Errorf("change the name servers of %s: %w", domain, errNotOurs)
		}
		u := difference(domain, d.NameServers(), nameServers)
		if len(u.Add)+len(u.Remove) == 0 {
			return nil
		}
		u.HostAttributes = !s.greeting.Offers(eppwire.NamespaceHost)
		u.Unsign = r.Extension.Signed()
		answer, err := s.do(ctx, u, "")
		if err != nil {
			return fmt.Errorf("change the name servers of %s: %w", domain, err)
		}
		if code := answer.Code(); !code.Success() {
			return fmt.Errorf("change the name servers of %s: %w", domain, errorOf(code))
		}
		return nil
	})
}

func difference(domain string, have, want []string) eppwire.UpdateNameServers {
	u := eppwire.UpdateNameServers{Name: domain}
	wanted := make([]string, 0, len(want))
	for _, name := range want {
		wanted = append(wanted, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	for _, name := range wanted {
		if !slices.Contains(have, name) && !slices.Contains(u.Add, name) {
			u.Add = append(u.Add, name)
		}
	}
	for _, name := range have {
		if !slices.Contains(wanted, name) {
			u.Remove = append(u.Remove, name)
		}
	}
	return u
}
