package epp

import (
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// terms are what a Registrar's spec says of every order.
type terms struct {
	// clientID is the registrar's identifier, as info shows it; empty where it is the login.
	clientID    string
	registrant  string
	contacts    []eppwire.Contact
	nameServers []string
	// price where the server tells none; nil where the spec does not say.
	price *registrar.Money
	// currency of what may be spent, in which prices are asked for.
	currency string
	// probe is a name that the account may ask for, to see whether it can.
	probe string
}

func termsOf(r *v1alpha1.Registrar) (terms, error) {
	spec := r.Spec.Provider.EPP
	t := terms{clientID: spec.ClientID, registrant: spec.Contacts.Registrant, nameServers: spec.NameServers, currency: r.Spec.Limits.MaxPrice.Currency, probe: "nic.example"}
	for _, c := range []eppwire.Contact{
		{Type: "admin", Handle: spec.Contacts.Admin}, {Type: "tech", Handle: spec.Contacts.Tech}, {Type: "billing", Handle: spec.Contacts.Billing},
	} {
		if c.Handle != "" {
			t.contacts = append(t.contacts, c)
		}
	}
	if len(r.Spec.Suffixes) > 0 {
		t.probe = "nic." + r.Spec.Suffixes[0]
	}
	if spec.Price == nil {
		return t, nil
	}
	price, err := registrar.MoneyOf(*spec.Price)
	if err != nil {
		return terms{}, &registrar.SpecError{Field: "spec.provider.epp.price", Problem: err.Error()}
	}
	if price.Currency != t.currency {
		return terms{}, &registrar.SpecError{
			Field:   "spec.provider.epp.price.currency",
			Problem: "must be that of spec.limits.maxPrice, as amounts of different currencies cannot be compared",
		}
	}
	t.price = ptr.To(price)
	return t, nil
}
