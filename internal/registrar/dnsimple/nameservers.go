package dnsimple

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"
	"k8s.io/apimachinery/pkg/util/validation"
)

var errTooFew = errors.New("there must be at least two")

// PutNameServers asks where the name leads, and delegates it anew where that is elsewhere. DNSimple replaces all name servers at once.
func (a *account) PutNameServers(ctx context.Context, domain string, nameServers []string) error {
	wanted := hosts(nameServers)
	if len(wanted) < 2 {
		return fmt.Errorf("set the name servers of %s: %w", domain, errTooFew)
	}
	for _, host := range wanted {
		if problems := validation.IsDNS1123Subdomain(host); len(problems) > 0 {
			return fmt.Errorf("set the name servers of %s: %q: must be a host name", domain, host)
		}
	}
	const asking, setting = "ask where the name leads", "set the name servers"
	now, err := a.api.Registrar.GetDomainDelegation(ctx, a.account, domain)
	switch failed := fail(asking, err); {
	case failed != nil:
		return failed
	case now.Data == nil:
		return fmt.Errorf("%s: %w", asking, errNonsense)
	case slices.Equal(hosts(*now.Data), wanted):
		return nil
	}
	set, err := a.api.Registrar.ChangeDomainDelegation(ctx, a.account, domain, (*dnsimple.Delegation)(&wanted))
	switch failed := fail(setting, err); {
	case failed != nil:
		return failed
	case set.Data == nil || !slices.Equal(hosts(*set.Data), wanted):
		return fmt.Errorf("%s: %w", setting, errNonsense)
	default:
		return nil
	}
}

// hosts are the names in the form that they are compared in, each once, in order.
func hosts(names []string) []string {
	all := make([]string, 0, len(names))
	for _, name := range names {
		all = append(all, strings.ToLower(strings.TrimSuffix(name, ".")))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
