package eppwire

import "slices"

// Greeting is what a server says first, and in answer to hello (RFC 5730, section 2.4).
type Greeting struct {
	// Server's name.
	Server Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svID"`
	// Versions, Languages, Objects and Extensions that it offers; the last two are namespaces.
	Versions   []Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svcMenu>version"`
	Languages  []Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svcMenu>lang"`
	Objects    []Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svcMenu>objURI"`
	Extensions []Token `xml:"urn:ietf:params:xml:ns:epp-1.0 svcMenu>svcExtension>extURI"`
}

// Version of the protocol that is spoken here.
const Version = "1.0"

const language = "en"

// Offers says whether a server has an object or an extension.
func (g *Greeting) Offers(namespace string) bool {
	return slices.Contains(g.Objects, Token(namespace)) || slices.Contains(g.Extensions, Token(namespace))
}

// Login chooses from what is offered: everything that is spoken here, and English where there is a choice. Without domain names in our version of the protocol there
// is nothing to choose.
func (g *Greeting) Login(user, password string) (Login, error) {
	if !slices.Contains(g.Versions, Version) {
		return Login{}, malformed("the server does not speak version %s", Version)
	}
	if !g.Offers(NamespaceDomain) {
		return Login{}, malformed("the server has no domain names (%s)", NamespaceDomain)
	}
	l := Login{User: user, Password: password, Language: language}
	if len(g.Languages) > 0 && !slices.Contains(g.Languages, language) {
		l.Language = string(g.Languages[0])
	}
	for _, object := range []string{NamespaceDomain, NamespaceContact, NamespaceHost} {
		if slices.Contains(g.Objects, Token(object)) {
			l.Objects = append(l.Objects, object)
		}
	}
	for _, extension := range []string{NamespaceSecDNS, NamespaceRGP, NamespaceFee} {
		if slices.Contains(g.Extensions, Token(extension)) {
			l.Extensions = append(l.Extensions, extension)
		}
	}
	return l, nil
}
