package eppwire

import (
	"cmp"
	"encoding/xml"
	"strings"
)

// Queue is what the server says of the messages that wait (RFC 5730, section 2.9.2.3).
type Queue struct {
	// Count of messages, and ID of the first.
	Count int   `xml:"count,attr"`
	ID    Token `xml:"id,attr"`
	// Queued is when the first came to be there.
	Queued *DateTime `xml:"urn:ietf:params:xml:ns:epp-1.0 qDate"`
	// Text of the first.
	Text Mixed `xml:"urn:ietf:params:xml:ns:epp-1.0 msg"`
}

// Mixed is text that may have elements in it, as a message of the queue may (RFC 5730, section 2.9.2.3, and mixedMsgType). They are read as their names and what is in them.
type Mixed string

// UnmarshalXML reads it.
func (m *Mixed) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	var b strings.Builder
	for depth := 0; depth >= 0; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			b.WriteString(" " + t.Name.Local + ": ")
			depth++
		case xml.EndElement:
			b.WriteByte(' ')
			depth--
		}
	}
	*m = Mixed(strings.Join(strings.Fields(b.String()), " "))
	return nil
}

// Other is data of which nothing is known but what it is called, and what it is about where it says so as the RFCs do.
type Other struct {
	XMLName xml.Name
	Name    Token `xml:"name"`
	ID      Token `xml:"id"`
	// State of a transfer.
	State Token `xml:"trStatus"`
}

// Subject is what a message of the queue is about: the kind of its data, such as "domain-1.0 trnData clientApproved", and the name; empty where it has none.
func (r *Response) Subject() (kind, name string) {
	domain := func(local string, name Token) (string, string) { return "domain-1.0 " + local, string(name) }
	switch d := r.Data; {
	case len(d.Pending) > 0:
		return domain("panData", d.Pending[0].Name.Value)
	case len(d.Info) > 0:
		return domain("infData", d.Info[0].Name)
	case len(d.Created) > 0:
		return domain("creData", d.Created[0].Name)
	case len(d.Renewed) > 0:
		return domain("renData", d.Renewed[0].Name)
	case len(d.Checked) > 0:
		return domain("chkData", d.Checked[0].Name.Value)
	case len(d.Others) > 0:
		other := d.Others[0]
		space := other.XMLName.Space[strings.LastIndexAny(other.XMLName.Space, ":/")+1:]
		return strings.TrimSpace(space + " " + other.XMLName.Local + " " + string(other.State)), string(cmp.Or(other.Name, other.ID))
	default:
		return "", ""
	}
}
