package combell

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// editNameServers is EditNameServers of the API's description.
type editNameServers struct {
	DomainName  string   `json:"domain_name"`
	NameServers []string `json:"name_servers"`
}

// PutNameServers delegates a name that the account holds to these hosts, and to no others. It is safe to repeat, and changes nothing where it is so already.
func (a *account) PutNameServers(ctx context.Context, domain string, hosts []string) error {
	if len(hosts) < 2 {
		return fmt.Errorf("set the name servers of %s: there must be at least two", domain)
	}
	for _, host := range hosts {
		if err := checkName(host); err != nil {
			return fmt.Errorf("set the name servers of %s: %w", domain, err)
		}
	}
	detail, _, err := a.detail(ctx, domain)
	if err != nil {
		return err
	}
	var now []string
	for _, server := range detail.NameServers {
		now = append(now, strings.ToLower(strings.TrimSuffix(server.Name, ".")))
	}
	wanted := slices.Clone(hosts)
	slices.Sort(now)
	slices.Sort(wanted)
	if slices.Equal(now, wanted) {
		return nil
	}
	got, err := a.call(ctx, http.MethodPut, "/domains/"+domain+"/nameservers", editNameServers{DomainName: domain, NameServers: hosts})
	if err == nil && got.status != http.StatusNoContent && got.status != http.StatusOK {
		err = &statusError{status: got.status}
	}
	if err != nil {
		return fmt.Errorf("set the name servers of %s: %w", domain, err)
	}
	return nil
}
