package delivery

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// MaxToken is how many characters a token may have; it has to fit into a header, and into a URL in the older dialect.
const MaxToken = 4096

// hidden is what is printed for anything secret.
const hidden = "[hidden]"

// Secret is a token on its way into a request. It prints as nothing, however it is printed.
type Secret string

// String hides the token from what knows no formatting.
func (Secret) String() string { return hidden }

// Format hides the token. A String method would not do: fmt prints the value itself for a verb that strings do not have.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// MarshalText hides the token.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// CheckToken says what is wrong with a token that has to travel in a header: it must consist of visible ASCII characters. The error is a
// clause that goes on from the token's name, and never repeats any part of it.
func CheckToken(token string) error {
	if token == "" {
		return errors.New("is empty")
	}
	if len(token) > MaxToken {
		return fmt.Errorf("has more than %d characters", MaxToken)
	}
	for i := range len(token) {
		switch c := token[i]; {
		case (c == '\n' || c == '\r') && i >= len(token)-2:
			return errors.New("ends in a line break")
		case c <= ' ' || c >= 0x7f:
			return errors.New("has characters other than visible ASCII ones")
		}
	}
	return nil
}

// TokenDigest is a token as an Onboarder's status knows it: its SHA-256 in lower-case hex.
func TokenDigest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
