package frontend

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// wellFormed says what is wrong with a body as JSON (RFC 8259), or nothing: it must be one object in UTF-8 and nothing after it, with no key twice at
// any depth and no half of a surrogate pair, which two texts could have in common once it is read. What numbers there are is not looked at:
// they stand in fields that are ignored.
func wellFormed(body []byte) error {
	switch {
	case !utf8.Valid(body):
		return malformed("It is not UTF-8.")
	case !json.Valid(body):
		return malformed("It is not valid JSON, or something follows it.")
	case bytes.TrimLeft(body, " \t\r\n")[0] != '{':
		return malformed("It is not a JSON object.")
	case halfSurrogate(body):
		return malformed("It has half of a surrogate pair.")
	case keyTwice(body):
		return malformed("It has a key twice.")
	}
	return nil
}

// keyTwice walks through valid JSON.
func keyTwice(body []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var open []map[string]bool // the keys of each object that is open; nil for an array
	var isKey bool             // whether the next token of the innermost object is a key
	for {
		token, err := decoder.Token()
		if err != nil {
			return false // its end
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		switch key, isString := token.(string); {
		case token == json.Delim('{'):
			open, isKey = append(open, map[string]bool{}), true
			continue
		case token == json.Delim('['):
			open = append(open, nil)
			continue
		case token == json.Delim('}'), token == json.Delim(']'):
			open = open[:len(open)-1]
			isKey = true // should an object have become the innermost one, a value of it has ended
		case inObject && isKey && isString:
			if open[len(open)-1][key] {
				return true
			}
			open[len(open)-1][key], isKey = true, false
		default:
			isKey = true
		}
	}
}

// halfSurrogate looks at the escapes of valid JSON, in which a backslash only stands in strings.
func halfSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		r, ok := escaped(body[i:])
		switch {
		case !ok:
			i++ // an escape of another kind, such as \\
		case !utf16.IsSurrogate(r):
			i += escapeLength - 1
		default:
			next, ok := escaped(body[i+escapeLength:])
			if !ok || utf16.DecodeRune(r, next) == utf8.RuneError {
				return true
			}
			i += 2*escapeLength - 1
		}
	}
	return false
}

const escapeLength = len(`\u0000`)

// escaped reads an escape of the form \u0000 at the beginning of text.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeLength || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLength]), 16, 16)
	return rune(unit), err == nil
}
