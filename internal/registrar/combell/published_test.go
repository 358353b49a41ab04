package combell

import (
	"reflect"
	"testing"

	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
)

func TestOnlyFieldsThatArePublishedAreSentAndRead(t *testing.T) {
	for schema, ours := range map[string]any{
		"RegisterDomain": registerDomain{}, "RegistrantInput": registrantInput{}, "EditDomainWillRenewRequest": editRenew{}, "EditNameServers": editNameServers{},
		"DnsRecord": dnsRecord{}, "DomainDetail": domainDetail{}, "NameServer": nameServer{},
	} {
		for _, misfit := range combelltest.Published().MisfitsOf(schema, reflect.TypeOf(ours), false) {
			t.Error(misfit)
		}
	}
}
