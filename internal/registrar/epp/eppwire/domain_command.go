package eppwire

import "fmt"

type domainXML struct {
	Namespace  string       `xml:"xmlns:domain,attr"`
	Name       nameXML      `xml:"domain:name"`
	Expires    string       `xml:"domain:curExpDate,omitempty"`
	Period     *periodXML   `xml:"domain:period"`
	Hosts      *hostsXML    `xml:"domain:ns"`
	Registrant string       `xml:"domain:registrant,omitempty"`
	Contacts   []contactXML `xml:"domain:contact"`
	Password   *string      `xml:"domain:authInfo>domain:pw"`
}

type nameXML struct {
	Hosts string `xml:"hosts,attr,omitempty"`
	Value string `xml:",chardata"`
}

type periodXML struct {
	Unit  string `xml:"unit,attr"`
	Value int    `xml:",chardata"`
}

type hostsXML struct {
	Objects    []string           `xml:"domain:hostObj"`
	Attributes []hostAttributeXML `xml:"domain:hostAttr"`
}

type hostAttributeXML struct {
	Name string `xml:"domain:hostName"`
}

type contactXML struct {
	Type   string `xml:"type,attr"`
	Handle string `xml:",chardata"`
}

func domainOf(name string) *domainXML {
	return &domainXML{Namespace: NamespaceDomain, Name: nameXML{Value: name}}
}

var oneYear = &periodXML{Unit: "y", Value: 1}

// Check asks whether a name can be registered (RFC 5731, section 3.1.1).
type Check struct {
	Name string
	// Prices asks for what these commands cost for a year, in Currency; with the extension for fees only.
	Prices   []string
	Currency string
}

func (k Check) fill(c *commandXML) {
	c.Check = domainOf(k.Name)
	if len(k.Prices) == 0 {
		return
	}
	f := &feeCheckXML{Namespace: NamespaceFee, Currency: k.Currency}
	for _, command := range k.Prices {
		f.Commands = append(f.Commands, feeCommandXML{Name: command, Period: oneYear})
	}
	c.Extension = &extensionXML{FeeCheck: f}
}

// The commands that have prices.
const (
	PriceOfCreate = "create"
	PriceOfRenew  = "renew"
)

// Info asks how a name stands (RFC 5731, section 3.1.2).
type Info struct{ Name string }

func (i Info) fill(c *commandXML) {
	c.Info = domainOf(i.Name)
	c.Info.Name.Hosts = "all"
}

// Agreed is a price that a command is sent at: one that costs more is refused by the server (RFC 8748, section 3.4).
type Agreed struct {
	// Minor is in hundredths.
	Minor    int64
	Currency string
}

func (a *Agreed) extension() *feeAgreedXML {
	return &feeAgreedXML{Namespace: NamespaceFee, Currency: a.Currency, Fee: fmt.Sprintf("%d.%02d", a.Minor/100, a.Minor%100)}
}

// Contact of a name, by the handle that the server gave it.
type Contact struct {
	// Type is admin, tech or billing.
	Type, Handle string
}

// Create registers a name for a year (RFC 5731, section 3.2.1).
type Create struct {
	Name        string
	NameServers []string
	// HostAttributes says that the server has no hosts of their own, and takes name servers as attributes of the name.
	HostAttributes bool
	Registrant     string
	Contacts       []Contact
	// Password with which the name could be transferred away.
	Password string
	// Agreed price; nil without the extension for fees.
	Agreed *Agreed
}

func (r Create) fill(c *commandXML) {
	d := domainOf(r.Name)
	d.Period, d.Registrant, d.Password = oneYear, r.Registrant, &r.Password
	d.Hosts = hosts(r.NameServers, r.HostAttributes)
	for _, contact := range r.Contacts {
		d.Contacts = append(d.Contacts, contactXML(contact))
	}
	c.Create = d
	if r.Agreed != nil {
		c.Extension = &extensionXML{FeeCreate: r.Agreed.extension()}
	}
}

func hosts(names []string, attributes bool) *hostsXML {
	if len(names) == 0 {
		return nil
	}
	if !attributes {
		return &hostsXML{Objects: names}
	}
	h := &hostsXML{}
	for _, name := range names {
		h.Attributes = append(h.Attributes, hostAttributeXML{Name: name})
	}
	return h
}

// Renew extends a registration by a year, if it runs out on a date (RFC 5731, section 3.2.3).
type Renew struct {
	Name string
	// Expires is the date, as in 2006-01-02.
	Expires string
	// Agreed price; nil without the extension for fees.
	Agreed *Agreed
}

func (r Renew) fill(c *commandXML) {
	d := domainOf(r.Name)
	d.Expires, d.Period = r.Expires, oneYear
	c.Renew = d
	if r.Agreed != nil {
		c.Extension = &extensionXML{FeeRenew: r.Agreed.extension()}
	}
}

type updateXML struct {
	Namespace string     `xml:"xmlns:domain,attr"`
	Name      string     `xml:"domain:name"`
	Add       *changeXML `xml:"domain:add"`
	Remove    *changeXML `xml:"domain:rem"`
}

type changeXML struct {
	Hosts *hostsXML `xml:"domain:ns"`
}

type secDNSXML struct {
	Namespace string `xml:"xmlns:secDNS,attr"`
	RemoveAll bool   `xml:"secDNS:rem>secDNS:all"`
}

// UpdateNameServers changes where a name leads (RFC 5731, section 3.2.5).
type UpdateNameServers struct {
	Name           string
	Add, Remove    []string
	HostAttributes bool
	// Unsign takes the DS records and keys away (RFC 5910, section 5.2.5), which belong to the name servers that were.
	Unsign bool
}

func (u UpdateNameServers) fill(c *commandXML) {
	c.Update = &updateXML{Namespace: NamespaceDomain, Name: u.Name}
	if h := hosts(u.Add, u.HostAttributes); h != nil {
		c.Update.Add = &changeXML{Hosts: h}
	}
	if h := hosts(u.Remove, u.HostAttributes); h != nil {
		c.Update.Remove = &changeXML{Hosts: h}
	}
	if u.Unsign {
		c.Extension = &extensionXML{SecDNS: &secDNSXML{Namespace: NamespaceSecDNS, RemoveAll: true}}
	}
}

type feeCheckXML struct {
	Namespace string          `xml:"xmlns:fee,attr"`
	Currency  string          `xml:"fee:currency"`
	Commands  []feeCommandXML `xml:"fee:command"`
}

type feeCommandXML struct {
	Name   string     `xml:"name,attr"`
	Period *periodXML `xml:"fee:period"`
}

type feeAgreedXML struct {
	Namespace string `xml:"xmlns:fee,attr"`
	Currency  string `xml:"fee:currency"`
	Fee       string `xml:"fee:fee"`
}
