package eppwire

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	// maxDepth of elements. The deepest that the RFCs have is about ten.
	maxDepth = 32
	// maxAttributes of one element.
	maxAttributes = 64
)

// MalformedError says that a message is not what the protocol has in its place. It does not quote it.
type MalformedError struct {
	// Problem in our own words.
	Problem string
}

func (e *MalformedError) Error() string { return "not an EPP message: " + e.Problem }

func malformed(format string, args ...any) error {
	return &MalformedError{Problem: fmt.Sprintf(format, args...)}
}

// decode reads one document into a value, and nothing else may follow.
func decode(document []byte, into any) error {
	raw := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, []byte("\uFEFF"))))
	d := xml.NewTokenDecoder(&guard{raw: raw})
	if err := d.Decode(into); err != nil {
		return discreet(err)
	}
	for {
		switch token, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return discreet(err)
		default:
			if _, another := token.(xml.StartElement); another {
				return malformed("more than one element at the top")
			}
		}
	}
}

// discreet keeps the place of an error and drops what it quotes.
func discreet(err error) error {
	var known *MalformedError
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &syntax):
		return malformed("wrong XML in line %d", syntax.Line)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("it ends too early")
	default:
		return malformed("elements or values that the protocol does not have")
	}
}

// guard hands tokens on that a message may have. Namespaces are resolved, and ends matched with beginnings, by the decoder behind it.
type guard struct {
	raw   *xml.Decoder
	depth int
	begun bool
}

// Token returns the next token, or why there can be none.
func (g *guard) Token() (xml.Token, error) {
	token, err := g.raw.RawToken()
	if err != nil {
		return nil, err
	}
	first := !g.begun
	g.begun = true
	switch t := token.(type) {
	case xml.Directive:
		return nil, malformed("a document type")
	case xml.ProcInst:
		if t.Target != "xml" || !first {
			return nil, malformed("a processing instruction")
		}
	case xml.CharData:
		if g.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return nil, malformed("text outside of its elements")
		}
	case xml.StartElement:
		if g.depth++; g.depth > maxDepth {
			return nil, malformed("elements more than %d deep", maxDepth)
		}
		if len(t.Attr) > maxAttributes {
			return nil, malformed("an element with more than %d attributes", maxAttributes)
		}
	case xml.EndElement:
		g.depth--
	}
	return token, nil
}

// Token is text as XML Schema's token is: white space at its ends does not count, and inside it is one space.
type Token string

// UnmarshalText reads it.
func (t *Token) UnmarshalText(text []byte) error {
	*t = Token(strings.Join(strings.Fields(string(text)), " "))
	return nil
}

// Bool is XML Schema's boolean.
type Bool bool

// UnmarshalText reads it.
func (b *Bool) UnmarshalText(text []byte) error {
	switch strings.TrimSpace(string(text)) {
	case "1", "true":
		*b = true
	case "0", "false":
		*b = false
	default:
		return malformed("a truth value that is neither 0 nor 1, true or false")
	}
	return nil
}

// is says whether a value is there and true.
func (b *Bool) is(otherwise bool) bool {
	if b == nil {
		return otherwise
	}
	return bool(*b)
}
