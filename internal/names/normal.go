package names

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Lengths that RFC 1035, section 2.3.4, sets, without the root's trailing dot.
const (
	maxNameLength  = 253
	maxLabelLength = 63
)

// Name is a domain name in normal form: lower-case ASCII, two labels or more, no trailing dot. The zero value is no name.
type Name string

// String returns the name.
func (n Name) String() string { return string(n) }

// Label is the first label: alice of alice.gent.
func (n Name) Label() string {
	label, _, _ := strings.Cut(string(n), ".")
	return label
}

// Suffix is what follows the first label: gent of alice.gent.
func (n Name) Suffix() string {
	_, suffix, _ := strings.Cut(string(n), ".")
	return suffix
}

// ErrInvalid is the kind of error for what cannot be a domain name at all.
var ErrInvalid = errors.New("not a domain name")

// ErrNotSold is the kind of error for what may be a domain name, but of a sort that is sold nowhere yet: names in other letters than
// ASCII's, and names whose form is reserved for their encodings.
var ErrNotSold = errors.New("domain names of this sort are not sold")

// Error says why a text is no name that could be ordered.
type Error struct {
	// Kind is ErrInvalid or ErrNotSold.
	Kind error
	// Reason goes on after "the name": "has an empty label". It does not repeat the text.
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%v: it %s", e.Kind, e.Reason) }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.Kind }

func invalid(format string, args ...any) error {
	return &Error{Kind: ErrInvalid, Reason: fmt.Sprintf(format, args...)}
}

func notSold(reason string) error { return &Error{Kind: ErrNotSold, Reason: reason} }

// Normalise gives the normal form of a domain name as a person or program wrote it: in any case, with or without the root's trailing dot.
// It takes host names (RFC 1123, section 2.1) with two labels or more. Errors are *Error.
func Normalise(raw string) (Name, error) {
	if err := checkCharacters(raw); err != nil {
		return "", err
	}
	name := strings.ToLower(strings.TrimSuffix(raw, "."))
	if len(name) > maxNameLength {
		return "", invalid("has more than %d characters", maxNameLength)
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if err := checkLabel(label); err != nil {
			return "", err
		}
	}
	if len(labels) < 2 {
		return "", invalid("has a single label, where it needs a suffix too")
	}
	if last := labels[len(labels)-1]; isNumber(last) {
		return "", invalid("ends in a number, as an IP address does")
	}
	for _, label := range labels {
		if err := checkReserved(label); err != nil {
			return "", err
		}
	}
	return Name(name), nil
}

// checkCharacters looks for what can stand in no name first, so that a text is called foreign only if it could be a name in other letters.
func checkCharacters(raw string) error {
	foreign := false
	for _, r := range raw {
		switch {
		case r == '.' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
		case r == '_':
			return invalid("has an underscore; letters, digits, hyphens and dots are allowed")
		case r <= unicode.MaxASCII || !mayBeInternational(r):
			return invalid("has other characters than letters, digits, hyphens and dots")
		default:
			foreign = true
		}
	}
	if foreign {
		return notSold("has letters outside ASCII")
	}
	return nil
}

// mayBeInternational says whether a character may stand in an internationalised name as people type it (RFC 5894, section 3): a letter,
// mark or digit, the joiners and middle dot that some scripts need, and the dots of East Asian keyboards.
func mayBeInternational(r rune) bool {
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number) || strings.ContainsRune("\u00b7\u200c\u200d\u3002\uff0e\uff61", r)
}

func checkLabel(label string) error {
	switch {
	case label == "":
		return invalid("has an empty label")
	case len(label) > maxLabelLength:
		return invalid("has a label of more than %d characters", maxLabelLength)
	case label[0] == '-' || label[len(label)-1] == '-':
		return invalid("has a label that begins or ends with a hyphen")
	}
	return nil
}

// checkReserved refuses labels with hyphens in the third and fourth place, which are kept for encodings such as xn-- (RFC 5890, section
// 2.3.1).
func checkReserved(label string) error {
	switch {
	case strings.HasPrefix(label, "xn--"):
		return notSold("has a label that begins with xn--")
	case len(label) >= 4 && label[2:4] == "--":
		return notSold("has a label with hyphens in the third and fourth place")
	}
	return nil
}

// isNumber says whether a last label makes resolvers take the whole for an IPv4 address, in decimal, octal or hexadecimal (URL Standard,
// "ends in a number").
func isNumber(label string) bool {
	digits, allowed := label, "0123456789"
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		digits, allowed = hex, "0123456789abcdef"
	}
	return strings.Trim(digits, allowed) == ""
}
