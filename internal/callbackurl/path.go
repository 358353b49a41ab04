package callbackurl

import (
	"strings"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// normalisePath takes a path without its first slash and returns it with one, or nothing for the root.
func normalisePath(path string) (string, error) {
	if !utf8.ValidString(path) {
		return "", refuse("must be UTF-8")
	}
	path = strings.TrimRight(path, "/")
	if path == "" {
		return "", nil
	}
	var normal strings.Builder
	for segment := range strings.SplitSeq(path, "/") {
		if err := checkSegment(segment); err != nil {
			return "", err
		}
		normal.WriteByte('/')
		if err := writeSegment(&normal, segment); err != nil {
			return "", err
		}
	}
	return normal.String(), nil
}

// checkSegment looks at a segment without its parameters: some servers take "..;x" for "..".
func checkSegment(segment string) error {
	name, _, _ := strings.Cut(segment, ";")
	switch {
	case segment == "":
		return refuse("must not have empty path segments")
	case name == "." || name == "..":
		return refuse("must not have the path segments . and ..")
	}
	return nil
}

// writeSegment writes a segment with its percent-encoding in normal form.
func writeSegment(normal *strings.Builder, segment string) error {
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		encoded := c == '%'
		if encoded {
			var err error
			if c, err = decode(segment[i:]); err != nil {
				return err
			}
			i += 2
		}
		if isUnreserved(c) || !encoded && isSubDelimiter(c) {
			normal.WriteByte(c)
			continue
		}
		normal.WriteByte('%')
		normal.WriteByte(upperHex[c>>4])
		normal.WriteByte(upperHex[c&15])
	}
	return nil
}

// decode takes the three characters of a percent-encoding.
func decode(s string) (byte, error) {
	if len(s) < 3 {
		return 0, refuse("must have two hexadecimal digits after each percent sign")
	}
	high, low := strings.IndexByte(upperHex, upper(s[1])), strings.IndexByte(upperHex, upper(s[2]))
	if high < 0 || low < 0 {
		return 0, refuse("must have two hexadecimal digits after each percent sign")
	}
	c := byte(high<<4 | low)
	switch {
	case c == '.' || c == '/' || c == '\\':
		return 0, refuse("must not have encoded dots, slashes or backslashes")
	case c == '%':
		return 0, refuse("must not have encoded percent signs")
	case c < ' ' || c == 0x7f:
		return 0, refuse("must not have spaces or control characters")
	}
	return c, nil
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// isUnreserved: RFC 3986 section 2.3; these mean the same encoded and plain.
func isUnreserved(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~", c) >= 0
}

// isSubDelimiter: what else RFC 3986 section 3.3 lets stand plainly in a segment, but for the @ that the API refuses anywhere in a callback.
func isSubDelimiter(c byte) bool {
	return strings.IndexByte("!$&'()*+,;=:", c) >= 0
}
