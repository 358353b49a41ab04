package dns

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	miekg "github.com/miekg/dns"
)

// Keys of a Secret that holds a TSIG key.
const (
	// SecretKeyName is the key's name, as in the name server's configuration.
	SecretKeyName = "name"
	// SecretKeyAlgorithm is hmac-sha256 or hmac-sha512.
	SecretKeyAlgorithm = "algorithm"
	// SecretKeySecret is the secret itself, in base64.
	SecretKeySecret = "secret"
)

// algorithms that are taken: RFC 8945 tells others to be avoided, or makes them optional.
var algorithms = map[string]string{"hmac-sha256": miekg.HmacSHA256, "hmac-sha512": miekg.HmacSHA512}

// minSecret is the fewest bytes of a secret: half of SHA-256's output is what RFC 2104 would put up with, and what key generators never go below.
const minSecret = 16

// Key is a TSIG key (RFC 8945). It never prints its secret.
type Key struct {
	name, algorithm string // canonical, with a trailing dot
	secret          string // base64
}

// ParseKey reads the content of a Secret. Errors name the key of the Secret, and never what stands in it.
func ParseKey(data map[string][]byte) (Key, error) {
	var errs []error
	text := func(key string) string {
		value := strings.TrimSpace(string(data[key]))
		if value == "" {
			errs = append(errs, fmt.Errorf("the key %s is missing or empty", key))
		}
		return value
	}
	name, algorithm, secret := text(SecretKeyName), text(SecretKeyAlgorithm), text(SecretKeySecret)
	if len(errs) > 0 {
		return Key{}, errors.Join(errs...)
	}
	if _, ok := miekg.IsDomainName(name); !ok || strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) || r == '\\' }) {
		errs = append(errs, fmt.Errorf("the key %s must be the name of a TSIG key, in the form of a domain name", SecretKeyName))
	}
	known, ok := algorithms[strings.ToLower(strings.TrimSuffix(algorithm, "."))]
	if !ok {
		errs = append(errs, fmt.Errorf("the key %s must be hmac-sha256 or hmac-sha512", SecretKeyAlgorithm))
	}
	if raw, err := base64.StdEncoding.DecodeString(secret); err != nil || len(raw) < minSecret {
		errs = append(errs, fmt.Errorf("the key %s must be base64 of at least %d bytes", SecretKeySecret, minSecret))
	}
	if len(errs) > 0 {
		return Key{}, errors.Join(errs...)
	}
	return Key{name: miekg.CanonicalName(name), algorithm: known, secret: secret}, nil
}

// String names the key and the algorithm.
func (k Key) String() string {
	return strings.TrimSuffix(k.name, ".") + " (" + strings.TrimSuffix(k.algorithm, ".") + ")"
}

// GoString is the same for %#v.
func (k Key) GoString() string { return k.String() }

// secrets is the form in which the library takes keys.
func (k Key) secrets() map[string]string { return map[string]string{k.name: k.secret} }
