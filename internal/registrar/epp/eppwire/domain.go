package eppwire

import (
	"slices"
	"strings"
)

// Checked is what a check says of a name (RFC 5731, section 3.1.1).
type Checked struct {
	Name struct {
		Value     Token `xml:",chardata"`
		Available *Bool `xml:"avail,attr"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 name"`
	Reason Token `xml:"urn:ietf:params:xml:ns:domain-1.0 reason"`
}

// Available says whether a name can be registered. A server that does not say of this name has not answered.
func (r *Response) Available(name string) (bool, error) {
	for _, c := range r.Data.Checked {
		if SameName(c.Name.Value, name) && c.Name.Available != nil {
			return bool(*c.Name.Available), nil
		}
	}
	return false, malformed("no answer to the check of the name")
}

// SaysPremium says whether a server mentions in words that a name is a premium one. Some that have no extension for fees do.
func (r *Response) SaysPremium(name string) bool {
	for _, c := range r.Data.Checked {
		if SameName(c.Name.Value, name) && strings.Contains(strings.ToLower(string(c.Reason)), "premium") {
			return true
		}
	}
	return false
}

// SameName compares names as DNS does.
func SameName(a Token, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(string(a), "."), strings.TrimSuffix(b, "."))
}

// Term is a registration that began or was extended.
type Term struct {
	Name    Token     `xml:"urn:ietf:params:xml:ns:domain-1.0 name"`
	Expires *DateTime `xml:"urn:ietf:params:xml:ns:domain-1.0 exDate"`
}

// Domain is what info says of a name (RFC 5731, section 3.1.2). To others than its sponsor a server may say less.
type Domain struct {
	Name     Token `xml:"urn:ietf:params:xml:ns:domain-1.0 name"`
	Object   Token `xml:"urn:ietf:params:xml:ns:domain-1.0 roid"`
	Statuses []struct {
		Value Token `xml:"s,attr"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 status"`
	HostObjects    []Token `xml:"urn:ietf:params:xml:ns:domain-1.0 ns>hostObj"`
	HostAttributes []Token `xml:"urn:ietf:params:xml:ns:domain-1.0 ns>hostAttr>hostName"`
	// Sponsor is the login of the account that holds the name. RFC 5731 has it always, some resellers leave it out.
	Sponsor Token     `xml:"urn:ietf:params:xml:ns:domain-1.0 clID"`
	Created *DateTime `xml:"urn:ietf:params:xml:ns:domain-1.0 crDate"`
	Expires *DateTime `xml:"urn:ietf:params:xml:ns:domain-1.0 exDate"`
	// AuthInfo is a secret. Servers show it to the sponsor, if to anybody.
	AuthInfo Token `xml:"urn:ietf:params:xml:ns:domain-1.0 authInfo>pw"`
}

// Domain is what the answer to info says of a name.
func (r *Response) Domain(name string) (*Domain, error) {
	if len(r.Data.Info) != 1 || !SameName(r.Data.Info[0].Name, name) {
		return nil, malformed("no answer about the name")
	}
	return &r.Data.Info[0], nil
}

// Statuses of RFC 5731, section 2.3, and of RFC 3915, section 3.1.
const (
	StatusPendingCreate = "pendingCreate"
	StatusPendingDelete = "pendingDelete"
	StatusPendingRenew  = "pendingRenew"
	GraceRedemption     = "redemptionPeriod"
	GraceDelete         = "pendingDelete"
	GraceRestore        = "pendingRestore"
)

// Has says whether a name has a status.
func (d *Domain) Has(status string) bool {
	for _, s := range d.Statuses {
		if s.Value == Token(status) {
			return true
		}
	}
	return false
}

// NameServers in lower case and in order.
func (d *Domain) NameServers() []string {
	all := []string{}
	for _, host := range slices.Concat(d.HostObjects, d.HostAttributes) {
		all = append(all, strings.ToLower(strings.TrimSuffix(string(host), ".")))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Leaving says whether a name is on its way out of the registry: deleted, and at most to be restored.
func (r *Response) Leaving() bool {
	for _, g := range r.Extension.Grace {
		if g.Value == GraceRedemption || g.Value == GraceDelete || g.Value == GraceRestore {
			return true
		}
	}
	return len(r.Data.Info) == 1 && r.Data.Info[0].Has(StatusPendingDelete)
}

// Term is what the answer to create or renew says; nil where it says nothing. That of another name is malformed.
func (r *Response) Term(name string) (*Term, error) {
	all := slices.Concat(r.Data.Created, r.Data.Renewed)
	if len(all) == 0 {
		return nil, nil // RFC 5731 has the data, and some servers leave it out
	}
	if len(all) > 1 || !SameName(all[0].Name, name) {
		return nil, malformed("an answer about another name")
	}
	return &all[0], nil
}

// PendingData is what became of a command that took its time (RFC 5731, section 3.3).
type PendingData struct {
	Name struct {
		Value Token `xml:",chardata"`
		// Result is whether it was carried out.
		Result *Bool `xml:"paResult,attr"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 name"`
	// Transaction is what the command was named by, by either side.
	Transaction struct {
		Client Token `xml:"urn:ietf:params:xml:ns:epp-1.0 clTRID"`
		Server Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svTRID"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 paTRID"`
	Date *DateTime `xml:"urn:ietf:params:xml:ns:domain-1.0 paDate"`
}
