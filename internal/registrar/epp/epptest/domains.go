package epptest

import (
	"fmt"
	"slices"
	"strings"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// others is who holds the names that the account does not.
const others = "SOMEBODYELSE"

const domainData = `<domain:%[1]s xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">%[2]s</domain:%[1]s>`

func inDomain(element, content string) string { return fmt.Sprintf(domainData, element, content) }

// price of a name, and its class.
func (s *Server) price(name string) (minor int64, class string) {
	if s.Book.PlayOf(name) == registrartest.IsPremium {
		return s.Minor + s.Minor/2, "premium"
	}
	return s.Minor, "standard"
}

func amount(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

func (c *session) check(r *request) reply {
	s, d := c.server, r.about()
	free := 1
	if state := s.Book.Get(d.Name).State; s.reserved[d.Name] || state != registrartest.Free && state != registrartest.TurnedDown {
		free = 0
	}
	p := parts{data: inDomain("chkData", fmt.Sprintf(`<domain:cd><domain:name avail="%d">%s</domain:name></domain:cd>`, free, escape(d.Name)))}
	f := r.Command.Extension.Check
	if f == nil {
		return c.respond(r, 1000, p)
	}
	if f.Currency != s.Currency {
		return c.respond(r, 2004, parts{})
	}
	minor, class := s.price(d.Name)
	var b strings.Builder
	fmt.Fprintf(&b, `<fee:chkData xmlns:fee="urn:ietf:params:xml:ns:epp:fee-1.0"><fee:currency>%s</fee:currency><fee:cd avail="1"><fee:objID>%s</fee:objID><fee:class>%s</fee:class>`,
		s.Currency, escape(d.Name), class)
	for _, command := range f.Commands {
		fmt.Fprintf(&b, `<fee:command name="%s"><fee:period unit="y">1</fee:period><fee:fee refundable="1" grace-period="P5D">%s</fee:fee></fee:command>`,
			escape(command.Name), amount(minor))
	}
	b.WriteString(`</fee:cd></fee:chkData>`)
	p.extension = b.String()
	return c.respond(r, 1000, p)
}

// paid says whether a command is sent at the right price, or at none where it costs what everything does.
func (c *session) paid(a *agreed, name string) bool {
	minor, class := c.server.price(name)
	if a == nil {
		return class == "standard"
	}
	return a.Currency == c.server.Currency && a.Fee == amount(minor)
}

func (c *session) create(r *request) reply {
	s, d := c.server, r.about()
	switch {
	case d.Name == "" || d.Password == nil || len(*d.Password) < 8 || len(*d.Password) > 32:
		return c.respond(r, 2003, parts{})
	case d.Period.Value != "1" || d.Period.Unit != "y":
		return c.respond(r, 2004, parts{})
	case s.HostAttributes && len(d.Objects) > 0 || !s.HostAttributes && len(d.Attributes) > 0:
		return c.respond(r, 2102, parts{})
	case s.reserved[d.Name]:
		return c.respond(r, 2306, blame("name", d.Name))
	case !c.paid(r.Command.Extension.Create, d.Name):
		return c.respond(r, 2004, parts{})
	}
	answer, entry := s.Book.Order(d.Name, r.Command.Transaction)
	if answer == registrartest.Sold || answer == registrartest.Accepted {
		s.passwords[d.Name], s.created[d.Name] = *d.Password, s.clock.Now()
		s.Book.Change(d.Name, func(e *registrartest.Entry) { e.NameServers = slices.Concat(d.Objects, d.Attributes) })
	}
	data := "<domain:name>" + escape(d.Name) + "</domain:name><domain:crDate>" + stamp(s.clock.Now()) + "</domain:crDate>"
	switch answer {
	case registrartest.Sold:
		return c.respond(r, 1000, parts{data: inDomain("creData", data+"<domain:exDate>"+stamp(entry.Expiry)+"</domain:exDate>")})
	case registrartest.Accepted:
		done := c.respond(r, 1001, parts{data: inDomain("creData", data)})
		s.mail.orders[d.Name] = transaction{client: r.Command.Transaction, server: fmt.Sprintf("epptest-%d", s.last)}
		return done
	case registrartest.Exists:
		return c.respond(r, 2302, parts{})
	case registrartest.Refused:
		return c.respond(r, 2308, blame("name", d.Name))
	case registrartest.Broke:
		return c.respond(r, 2104, parts{})
	default:
		return c.respond(r, 2306, parts{})
	}
}

func (c *session) info(r *request) reply {
	s, d := c.server, r.about()
	e := s.Book.Get(d.Name)
	sponsor, mine := s.user, e.State == registrartest.Ours || e.State == registrartest.Open
	switch {
	case e.State == registrartest.Free, e.State == registrartest.TurnedDown:
		return c.respond(r, 2303, parts{})
	case !mine && s.HidesOthers:
		return c.respond(r, 2201, parts{})
	case !mine:
		sponsor = others
	case s.sponsors[d.Name] != "":
		sponsor = s.sponsors[d.Name]
	}
	var b strings.Builder
	b.WriteString("<domain:name>" + escape(strings.ToUpper(d.Name)) + "</domain:name><domain:roid>" + fmt.Sprintf("D%d", e.Order) + "-GENT</domain:roid>")
	b.WriteString(`<domain:status s="` + s.status(d.Name, e) + `"/>`)
	if len(e.NameServers) > 0 {
		b.WriteString("<domain:ns>")
		for _, name := range e.NameServers {
			if s.HostAttributes {
				b.WriteString("<domain:hostAttr><domain:hostName>" + escape(name) + "</domain:hostName></domain:hostAttr>")
			} else {
				b.WriteString("<domain:hostObj>" + escape(name) + "</domain:hostObj>")
			}
		}
		b.WriteString("</domain:ns>")
	}
	b.WriteString("<domain:clID>" + escape(sponsor) + "</domain:clID>")
	if created, known := s.created[d.Name]; known {
		b.WriteString("<domain:crDate>" + stamp(created) + "</domain:crDate>")
	}
	if e.State != registrartest.Open && !e.Expiry.IsZero() {
		b.WriteString("<domain:exDate>" + stamp(e.Expiry) + "</domain:exDate>")
	}
	if password := s.passwords[d.Name]; mine && password != "" && !s.HidesPasswords {
		b.WriteString("<domain:authInfo><domain:pw>" + escape(password) + "</domain:pw></domain:authInfo>")
	}
	return c.respond(r, 1000, parts{data: inDomain("infData", b.String()), extension: s.states(d.Name)})
}

func (s *Server) status(name string, e registrartest.Entry) string {
	_, renewing := s.mail.renewals[name]
	switch {
	case e.State == registrartest.Open:
		return "pendingCreate"
	case s.leaving[name]:
		return "pendingDelete"
	case renewing:
		return "pendingRenew"
	default:
		return "ok"
	}
}

// states are what extensions say of a name.
func (s *Server) states(name string) string {
	extension := ""
	if s.leaving[name] {
		extension += `<rgp:infData xmlns:rgp="urn:ietf:params:xml:ns:rgp-1.0"><rgp:rgpStatus s="redemptionPeriod"/></rgp:infData>`
	}
	if s.signed[name] {
		extension += `<secDNS:infData xmlns:secDNS="urn:ietf:params:xml:ns:secDNS-1.1"><secDNS:dsData><secDNS:keyTag>12345</secDNS:keyTag>` +
			`<secDNS:alg>13</secDNS:alg><secDNS:digestType>2</secDNS:digestType><secDNS:digest>49FD</secDNS:digest></secDNS:dsData></secDNS:infData>`
	}
	return extension
}

func (c *session) renew(r *request) reply {
	s, d := c.server, r.about()
	e := s.Book.Get(d.Name)
	_, renewing := s.mail.renewals[d.Name]
	switch {
	case e.State == registrartest.Others:
		return c.respond(r, 2201, parts{})
	case e.State != registrartest.Ours:
		return c.respond(r, 2303, parts{})
	case s.leaving[d.Name] || renewing:
		return c.respond(r, 2304, parts{})
	case d.Expires != e.Expiry.UTC().Format("2006-01-02"):
		return c.respond(r, 2306, parts{})
	case d.Period.Value != "1" || d.Period.Unit != "y" || !c.paid(r.Command.Extension.Renew, d.Name):
		return c.respond(r, 2004, parts{})
	case s.Book.PlayOf(d.Name) == registrartest.NoCredit:
		return c.respond(r, 2104, parts{})
	case s.SlowRenewals:
		done := c.respond(r, 1001, parts{})
		s.mail.renewals[d.Name] = transaction{client: r.Command.Transaction, server: fmt.Sprintf("epptest-%d", s.last)}
		return done
	}
	e = s.Book.Extend(d.Name)
	return c.respond(r, 1000, parts{data: inDomain("renData",
		"<domain:name>"+escape(d.Name)+"</domain:name><domain:exDate>"+stamp(e.Expiry)+"</domain:exDate>")})
}

func (c *session) update(r *request) reply {
	s, d := c.server, r.about()
	e := s.Book.Get(d.Name)
	if e.State != registrartest.Ours {
		return c.respond(r, 2201, parts{})
	}
	add, remove := slices.Concat(d.Add.Objects, d.Add.Attributes), slices.Concat(d.Remove.Objects, d.Remove.Attributes)
	for _, name := range add {
		if slices.Contains(e.NameServers, name) {
			return c.respond(r, 2305, parts{})
		}
	}
	for _, name := range remove {
		if !slices.Contains(e.NameServers, name) {
			return c.respond(r, 2305, parts{})
		}
	}
	left := slices.DeleteFunc(slices.Clone(e.NameServers), func(name string) bool { return slices.Contains(remove, name) })
	s.Book.Change(d.Name, func(e *registrartest.Entry) { e.NameServers = append(left, add...) })
	if secDNS := r.Command.Extension.SecDNS; secDNS != nil && secDNS.All {
		delete(s.signed, d.Name)
	}
	return c.respond(r, 1000, parts{})
}
