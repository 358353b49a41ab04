package epptest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// reply is an answer before it is sent; the last one of a session closes it.
type reply struct {
	document []byte
	last     bool
}

const (
	// Quoted stands in every message of the server but those about orders that it refuses, for tests to look for it where no remote words belong.
	Quoted = "what-the-other-side-says"
	// Explained is in what it says of an order that it refuses, beside the login and the password that was sent for the name.
	Explained = "by rule 7 of the registry"
)

const head = `<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n" + `<epp xmlns="urn:ietf:params:xml:ns:epp-1.0">`

func (s *Server) greeting() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	b.WriteString(head + "<greeting><svID>epptest</svID><svDate>" + stamp(s.clock.Now()) + "</svDate><svcMenu><version>1.0</version><lang>nl</lang><lang>en</lang>")
	for _, object := range s.objects() {
		b.WriteString("<objURI>" + object + "</objURI>")
	}
	b.WriteString("<svcExtension>")
	for _, extension := range s.extensions() {
		b.WriteString("<extURI>" + extension + "</extURI>")
	}
	b.WriteString("</svcExtension></svcMenu><dcp><access><all/></access><statement><purpose><admin/><prov/></purpose>" +
		"<recipient><ours/><public/></recipient><retention><stated/></retention></statement></dcp></greeting></epp>")
	return []byte(b.String())
}

func (s *Server) objects() []string {
	objects := []string{eppwire.NamespaceDomain, eppwire.NamespaceContact}
	if !s.HostAttributes {
		objects = append(objects, eppwire.NamespaceHost)
	}
	return objects
}

func (s *Server) extensions() []string {
	extensions := []string{eppwire.NamespaceSecDNS, eppwire.NamespaceRGP, "urn:example:params:xml:ns:of-its-own-1.0"}
	if !s.NoFees {
		extensions = append(extensions, eppwire.NamespaceFee)
	}
	return extensions
}

// parts of a response, as XML.
type parts struct {
	// blamed is what caused an error.
	blamed, queue, data, extension string
}

// blame is about one element of the namespace of names.
func blame(element, content string) parts {
	return parts{blamed: fmt.Sprintf(`<value><domain:%[1]s xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">%[2]s</domain:%[1]s></value>`, element, escape(content))}
}

// words are the server's about a result. What it says of a refused order is for people to read, and quotes what must not be repeated.
func (c *session) words(r *request, code int) string {
	if r.Command == nil || r.Command.Create == nil && r.Command.Renew == nil || !eppwire.Code(code).Refusal() {
		return Quoted
	}
	words := "Refused " + Explained + ", as " + c.server.user + " was told"
	if d := r.about(); d != nil && d.Password != nil {
		words += " when it sent " + *d.Password
	}
	return escape(words)
}

// respond makes the answer to a command.
func (c *session) respond(r *request, code int, p parts) reply {
	s := c.server
	var b bytes.Buffer
	fmt.Fprintf(&b, `%s<response><result code="%d"><msg lang="en">%s</msg>%s</result>`, head, code, c.words(r, code), p.blamed)
	b.WriteString(p.queue)
	if p.data != "" {
		b.WriteString("<resData>" + p.data + "</resData>")
	}
	if p.extension != "" {
		b.WriteString("<extension>" + p.extension + "</extension>")
	}
	b.WriteString("<trID>")
	if r.Command != nil && r.Command.Transaction != "" {
		b.WriteString("<clTRID>" + escape(r.Command.Transaction) + "</clTRID>")
	}
	fmt.Fprintf(&b, "<svTRID>%s</svTRID></trID></response></epp>", s.transaction())
	return reply{document: b.Bytes(), last: eppwire.Code(code).Closing()}
}

// fail is an answer without anything but its code.
func (c *session) fail(r *request, code int) reply {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.respond(r, code, parts{})
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0Z") }

// answer carries a command out.
func (c *session) answer(r *request) reply {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record(r)
	switch {
	case r.err != nil:
		return c.respond(r, 2001, parts{})
	case r.Hello != nil:
		s.mu.Unlock()
		defer s.mu.Lock()
		return reply{document: s.greeting()}
	case r.Command.Login != nil:
		return c.respond(r, c.login(r.Command.Login), parts{})
	case !c.loggedIn:
		return c.respond(r, 2002, parts{})
	case r.Command.Logout != nil:
		return c.respond(r, 1500, parts{})
	case r.Command.Poll != nil:
		return c.poll(r)
	case r.about() == nil:
		return c.respond(r, 2101, parts{})
	case !c.agreedOn(r):
		return c.respond(r, 2103, parts{})
	case r.Command.Check != nil:
		return c.check(r)
	case r.Command.Info != nil:
		return c.info(r)
	case r.Command.Create != nil:
		return c.create(r)
	case r.Command.Renew != nil:
		return c.renew(r)
	default:
		return c.update(r)
	}
}

func (s *Server) record(r *request) {
	entry := Command{Name: string(r.call())}
	if r.Command != nil {
		entry.Transaction = r.Command.Transaction
	}
	if d := r.about(); d != nil {
		entry.Domain = d.Name
	}
	s.commands = append(s.commands, entry)
}

// login says with which code a login ends.
func (c *session) login(l *login) int {
	s := c.server
	if c.loggedIn {
		return 2002
	}
	if l.NewPassword != nil || l.Version != "1.0" || l.Language != "en" {
		return 2102
	}
	if l.User != s.user || l.Password != s.password {
		return 2200
	}
	open := 0
	for each := range s.sessions {
		if each.loggedIn && (s.IdleTimeout == 0 || s.clock.Now().Sub(each.at) < s.IdleTimeout) {
			open++
		}
	}
	if s.MaxSessions > 0 && open >= s.MaxSessions {
		return 2502
	}
	c.services = map[string]bool{}
	for _, wanted := range []struct{ list, offered []string }{{l.Objects, s.objects()}, {l.Extensions, s.extensions()}} {
		for _, namespace := range wanted.list {
			c.services[namespace] = false
			for _, offered := range wanted.offered {
				if offered == namespace {
					c.services[namespace] = true
				}
			}
			if !c.services[namespace] {
				return 2307
			}
		}
	}
	if !c.services[eppwire.NamespaceDomain] {
		return 2307
	}
	c.loggedIn = true
	return 1000
}

// agreedOn says whether a command uses only what was chosen at login.
func (c *session) agreedOn(r *request) bool {
	e := r.Command.Extension
	fees, secDNS := e.Check != nil || e.Create != nil || e.Renew != nil, e.SecDNS != nil
	return (!fees || c.services[eppwire.NamespaceFee]) && (!secDNS || c.services[eppwire.NamespaceSecDNS])
}
