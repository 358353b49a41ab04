package eppwire

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// Command is one of the commands of this package.
type Command interface {
	fill(c *commandXML)
}

// MaxTransaction and minTransaction bound a client's transaction identifier (RFC 5730, section 2.5 and trIDStringType).
const (
	MaxTransaction = 64
	minTransaction = 3
)

// Hello asks for the greeting (RFC 5730, section 2.3).
func Hello() []byte {
	return document(&eppXML{Hello: &struct{}{}})
}

// Marshal writes a command that is named by a transaction identifier of 3 to 64 characters.
func Marshal(command Command, transaction string) ([]byte, error) {
	if n := len(transaction); n < minTransaction || n > MaxTransaction {
		return nil, fmt.Errorf("a transaction identifier of %d characters: must be %d to %d", n, minTransaction, MaxTransaction)
	}
	c := &commandXML{Transaction: transaction}
	command.fill(c)
	return document(&eppXML{Command: c}), nil
}

func document(e *eppXML) []byte {
	e.Namespace = NamespaceEPP
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>` + "\n")
	if err := xml.NewEncoder(&b).Encode(e); err != nil {
		panic(fmt.Sprintf("encode a command: %v", err)) // of structs and strings only, into memory
	}
	return b.Bytes()
}

// The elements carry the prefixes of the RFCs' examples: there are servers that know no others.
type eppXML struct {
	XMLName   xml.Name    `xml:"epp"`
	Namespace string      `xml:"xmlns,attr"`
	Hello     *struct{}   `xml:"hello"`
	Command   *commandXML `xml:"command"`
}

type commandXML struct {
	Login       *loginXML     `xml:"login"`
	Logout      *struct{}     `xml:"logout"`
	Poll        *pollXML      `xml:"poll"`
	Check       *domainXML    `xml:"check>domain:check"`
	Info        *domainXML    `xml:"info>domain:info"`
	Create      *domainXML    `xml:"create>domain:create"`
	Renew       *domainXML    `xml:"renew>domain:renew"`
	Update      *updateXML    `xml:"update>domain:update"`
	Extension   *extensionXML `xml:"extension"`
	Transaction string        `xml:"clTRID"`
}

type extensionXML struct {
	FeeCheck  *feeCheckXML  `xml:"fee:check"`
	FeeCreate *feeAgreedXML `xml:"fee:create"`
	FeeRenew  *feeAgreedXML `xml:"fee:renew"`
	SecDNS    *secDNSXML    `xml:"secDNS:update"`
}

type loginXML struct {
	User     string      `xml:"clID"`
	Password string      `xml:"pw"`
	Version  string      `xml:"options>version"`
	Language string      `xml:"options>lang"`
	Services servicesXML `xml:"svcs"`
}

type servicesXML struct {
	Objects    []string       `xml:"objURI"`
	Extensions *extensionsXML `xml:"svcExtension"`
}

type extensionsXML struct {
	Namespaces []string `xml:"extURI"`
}

// Login begins a session (RFC 5730, section 2.9.1.1). Get it from [Greeting.Login]. The password is never changed by it.
type Login struct {
	User, Password, Language string
	// Objects and Extensions of the session, by their namespaces.
	Objects, Extensions []string
}

func (l Login) fill(c *commandXML) {
	c.Login = &loginXML{User: l.User, Password: l.Password, Version: Version, Language: l.Language, Services: servicesXML{Objects: l.Objects}}
	if len(l.Extensions) > 0 {
		c.Login.Services.Extensions = &extensionsXML{Namespaces: l.Extensions}
	}
}

// Logout ends a session (RFC 5730, section 2.9.1.2).
type Logout struct{}

func (Logout) fill(c *commandXML) { c.Logout = &struct{}{} }

type pollXML struct {
	Operation string `xml:"op,attr"`
	ID        string `xml:"msgID,attr,omitempty"`
}

// Poll asks for the first message that waits (RFC 5730, section 2.9.2.3).
type Poll struct{}

func (Poll) fill(c *commandXML) { c.Poll = &pollXML{Operation: "req"} }

// Acknowledge takes a message off the queue.
type Acknowledge struct{ ID string }

func (a Acknowledge) fill(c *commandXML) { c.Poll = &pollXML{Operation: "ack", ID: a.ID} }
