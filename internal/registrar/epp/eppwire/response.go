package eppwire

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// message is all that a server sends.
type message struct {
	XMLName   xml.Name   `xml:"urn:ietf:params:xml:ns:epp-1.0 epp"`
	Greetings []Greeting `xml:"urn:ietf:params:xml:ns:epp-1.0 greeting"`
	Responses []Response `xml:"urn:ietf:params:xml:ns:epp-1.0 response"`
}

// ParseGreeting reads a greeting. Anything else is a [MalformedError].
func ParseGreeting(payload []byte) (*Greeting, error) {
	var m message
	if err := decode(payload, &m); err != nil {
		return nil, err
	}
	if len(m.Greetings) != 1 || len(m.Responses) != 0 {
		return nil, malformed("no greeting, or more than one")
	}
	return &m.Greetings[0], nil
}

// ParseResponse reads the answer to a command. Anything else is a [MalformedError].
func ParseResponse(payload []byte) (*Response, error) {
	var m message
	if err := decode(payload, &m); err != nil {
		return nil, err
	}
	if len(m.Responses) != 1 || len(m.Greetings) != 0 {
		return nil, malformed("no response, or more than one")
	}
	r := &m.Responses[0]
	if len(r.Results) == 0 {
		return nil, malformed("a response without a result")
	}
	for _, result := range r.Results {
		if result.Code == 0 || result.Code.Success() && len(r.Results) > 1 {
			return nil, malformed("a result without a code, or a success that is not the only result")
		}
	}
	return r, nil
}

// Response is the answer to a command (RFC 5730, section 2.6).
type Response struct {
	// Results are one, or more where all are errors.
	Results []Result `xml:"urn:ietf:params:xml:ns:epp-1.0 result"`
	// Queue is about the messages that wait for the client.
	Queue     *Queue    `xml:"urn:ietf:params:xml:ns:epp-1.0 msgQ"`
	Data      Data      `xml:"urn:ietf:params:xml:ns:epp-1.0 resData"`
	Extension Extension `xml:"urn:ietf:params:xml:ns:epp-1.0 extension"`
	// ClientTransaction is what the command was named by, ServerTransaction what the server names it by.
	ClientTransaction Token `xml:"urn:ietf:params:xml:ns:epp-1.0 trID>clTRID"`
	ServerTransaction Token `xml:"urn:ietf:params:xml:ns:epp-1.0 trID>svTRID"`
}

// Code is that of the result: the highest where there are more, which says least about what was done.
func (r *Response) Code() Code {
	highest := r.Results[0].Code
	for _, result := range r.Results {
		highest = max(highest, result.Code)
	}
	return highest
}

// Result of a command. Its words are the server's: they may quote what was sent, passwords included.
type Result struct {
	Code     Code        `xml:"code,attr"`
	Message  Token       `xml:"urn:ietf:params:xml:ns:epp-1.0 msg"`
	Values   []anyValues `xml:"urn:ietf:params:xml:ns:epp-1.0 value"`
	Extended []anyValues `xml:"urn:ietf:params:xml:ns:epp-1.0 extValue>value"`
	Reasons  []Token     `xml:"urn:ietf:params:xml:ns:epp-1.0 extValue>reason"`
}

type anyValues struct {
	Elements []struct {
		XMLName xml.Name
		Text    Token `xml:",chardata"`
	} `xml:",any"`
}

// BlamesOnly says whether the result names the domain's name as what caused the error, and nothing else.
func (r Result) BlamesOnly(name string) bool {
	blamed := false
	for _, value := range slices.Concat(r.Values, r.Extended) {
		for _, element := range value.Elements {
			switch element.XMLName {
			case xml.Name{Space: NamespaceEPP, Local: "undef"}:
				continue
			case xml.Name{Space: NamespaceDomain, Local: "name"}:
				// Some servers name the element and leave its content out.
				if element.Text != "" && !SameName(element.Text, name) {
					return false
				}
			default:
				return false
			}
			blamed = true
		}
	}
	return blamed
}

// Says is what the server says of the result in words, its reasons included.
func (r Result) Says() string {
	words := []string{}
	for _, text := range append([]Token{r.Message}, r.Reasons...) {
		if text != "" && !slices.Contains(words, string(text)) {
			words = append(words, string(text))
		}
	}
	return strings.Join(words, "; ")
}

// UnmarshalText reads a code of four digits, from 1000 to 2999.
func (c *Code) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n < 1000 || n > 2999 {
		return malformed("a result code that is none")
	}
	*c = Code(n)
	return nil
}

// Data is what a command asked for.
type Data struct {
	Checked []Checked     `xml:"urn:ietf:params:xml:ns:domain-1.0 chkData>cd"`
	Created []Term        `xml:"urn:ietf:params:xml:ns:domain-1.0 creData"`
	Info    []Domain      `xml:"urn:ietf:params:xml:ns:domain-1.0 infData"`
	Renewed []Term        `xml:"urn:ietf:params:xml:ns:domain-1.0 renData"`
	Pending []PendingData `xml:"urn:ietf:params:xml:ns:domain-1.0 panData"`
	// Others are all that is not read: of messages, mostly.
	Others []Other `xml:",any"`
}

// Extension is what extensions add.
type Extension struct {
	Fees  []Fees `xml:"urn:ietf:params:xml:ns:epp:fee-1.0 chkData"`
	Grace []struct {
		Value Token `xml:"s,attr"`
	} `xml:"urn:ietf:params:xml:ns:rgp-1.0 infData>rgpStatus"`
	// Secured are the DS records and keys that the registry has for the name (RFC 5910).
	Secured []struct {
		Digests []struct{} `xml:"urn:ietf:params:xml:ns:secDNS-1.1 dsData"`
		Keys    []struct{} `xml:"urn:ietf:params:xml:ns:secDNS-1.1 keyData"`
	} `xml:"urn:ietf:params:xml:ns:secDNS-1.1 infData"`
}

// Signed says whether the registry has DS records or keys for the name.
func (e *Extension) Signed() bool {
	for _, s := range e.Secured {
		if len(s.Digests)+len(s.Keys) > 0 {
			return true
		}
	}
	return false
}
