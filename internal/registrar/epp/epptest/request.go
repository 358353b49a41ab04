package epptest

import (
	"encoding/xml"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// request is a command, or hello.
type request struct {
	XMLName xml.Name  `xml:"urn:ietf:params:xml:ns:epp-1.0 epp"`
	Hello   *struct{} `xml:"urn:ietf:params:xml:ns:epp-1.0 hello"`
	Command *struct {
		Login  *login    `xml:"urn:ietf:params:xml:ns:epp-1.0 login"`
		Logout *struct{} `xml:"urn:ietf:params:xml:ns:epp-1.0 logout"`
		Poll   *struct {
			Operation string `xml:"op,attr"`
			ID        string `xml:"msgID,attr"`
		} `xml:"urn:ietf:params:xml:ns:epp-1.0 poll"`
		Check       *object   `xml:"urn:ietf:params:xml:ns:epp-1.0 check"`
		Info        *object   `xml:"urn:ietf:params:xml:ns:epp-1.0 info"`
		Create      *object   `xml:"urn:ietf:params:xml:ns:epp-1.0 create"`
		Renew       *object   `xml:"urn:ietf:params:xml:ns:epp-1.0 renew"`
		Update      *object   `xml:"urn:ietf:params:xml:ns:epp-1.0 update"`
		Extension   extension `xml:"urn:ietf:params:xml:ns:epp-1.0 extension"`
		Transaction string    `xml:"urn:ietf:params:xml:ns:epp-1.0 clTRID"`
	} `xml:"urn:ietf:params:xml:ns:epp-1.0 command"`
	err error
}

type login struct {
	User        string   `xml:"urn:ietf:params:xml:ns:epp-1.0 clID"`
	Password    string   `xml:"urn:ietf:params:xml:ns:epp-1.0 pw"`
	NewPassword *string  `xml:"urn:ietf:params:xml:ns:epp-1.0 newPW"`
	Version     string   `xml:"urn:ietf:params:xml:ns:epp-1.0 options>version"`
	Language    string   `xml:"urn:ietf:params:xml:ns:epp-1.0 options>lang"`
	Objects     []string `xml:"urn:ietf:params:xml:ns:epp-1.0 svcs>objURI"`
	Extensions  []string `xml:"urn:ietf:params:xml:ns:epp-1.0 svcs>svcExtension>extURI"`
}

// object is a command about a domain name.
type object struct {
	Check  *domain `xml:"urn:ietf:params:xml:ns:domain-1.0 check"`
	Info   *domain `xml:"urn:ietf:params:xml:ns:domain-1.0 info"`
	Create *domain `xml:"urn:ietf:params:xml:ns:domain-1.0 create"`
	Renew  *domain `xml:"urn:ietf:params:xml:ns:domain-1.0 renew"`
	Update *domain `xml:"urn:ietf:params:xml:ns:domain-1.0 update"`
}

type domain struct {
	Name    string `xml:"urn:ietf:params:xml:ns:domain-1.0 name"`
	Expires string `xml:"urn:ietf:params:xml:ns:domain-1.0 curExpDate"`
	Period  struct {
		Value string `xml:",chardata"`
		Unit  string `xml:"unit,attr"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 period"`
	hosts
	Registrant string `xml:"urn:ietf:params:xml:ns:domain-1.0 registrant"`
	Contacts   []struct {
		Type   string `xml:"type,attr"`
		Handle string `xml:",chardata"`
	} `xml:"urn:ietf:params:xml:ns:domain-1.0 contact"`
	Password *string `xml:"urn:ietf:params:xml:ns:domain-1.0 authInfo>pw"`
	Add      hosts   `xml:"urn:ietf:params:xml:ns:domain-1.0 add"`
	Remove   hosts   `xml:"urn:ietf:params:xml:ns:domain-1.0 rem"`
}

type hosts struct {
	Objects    []string `xml:"urn:ietf:params:xml:ns:domain-1.0 ns>hostObj"`
	Attributes []string `xml:"urn:ietf:params:xml:ns:domain-1.0 ns>hostAttr>hostName"`
}

type extension struct {
	Check *struct {
		Currency string `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 currency"`
		Commands []struct {
			Name string `xml:"name,attr"`
		} `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 command"`
	} `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 check"`
	Create *agreed `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 create"`
	Renew  *agreed `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 renew"`
	SecDNS *struct {
		All bool `xml:"urn:ietf:params:xml:ns:secDNS-1.1 rem>all"`
	} `xml:"urn:ietf:params:xml:ns:secDNS-1.1 update"`
}

type agreed struct {
	Currency string `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 currency"`
	Fee      string `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 fee"`
}

func parse(payload []byte) *request {
	r := &request{}
	if err := xml.Unmarshal(payload, r); err != nil {
		return &request{err: err}
	}
	if r.Hello == nil && r.Command == nil {
		r.err = errSyntax
	}
	return r
}

// about is the command's domain name, and what else it says of it.
func (r *request) about() *domain {
	if r.Command == nil {
		return nil
	}
	for _, o := range []*object{r.Command.Check, r.Command.Info, r.Command.Create, r.Command.Renew, r.Command.Update} {
		if o == nil {
			continue
		}
		for _, d := range []*domain{o.Check, o.Info, o.Create, o.Renew, o.Update} {
			if d != nil {
				return d
			}
		}
	}
	return nil
}

// call is what the faults know it as.
func (r *request) call() registrartest.Call {
	switch {
	case r.Hello != nil:
		return CallHello
	case r.Command == nil:
		return ""
	case r.Command.Login != nil:
		return CallLogin
	case r.Command.Poll != nil:
		return CallPoll
	case r.Command.Check != nil:
		return registrartest.CallCheck
	case r.Command.Info != nil:
		return registrartest.CallLookUp
	case r.Command.Create != nil:
		return registrartest.CallBuy
	case r.Command.Renew != nil:
		return registrartest.CallRenew
	case r.Command.Update != nil:
		return CallUpdate
	default:
		return "logout"
	}
}
