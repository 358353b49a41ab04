// Package orderdigest says whether two orders are the same one, without anybody being able to tell from the answer what was ordered: a
// keyed digest (HMAC) over everything that makes an order.
//
// The digest stands in IndieSite.spec.requestDigest, where the sign-up code may not, and a volume belongs to it. Its keys are in a Secret
// that the manager makes and the front end has mounted.
package orderdigest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Order is everything that makes an order. Two orders are the same if all fields are.
type Order struct {
	// Onboarder is the name of the Onboarder that asked.
	Onboarder string
	// Domain in normal form.
	Domain string
	// Callback in normal form.
	Callback string
	// Dialect that the order came in.
	Dialect v1alpha1.Dialect
	// Code is the secret sign-up code.
	Code string
	// Epoch is empty, except where an order starts over on purpose and must not find the data of the one before.
	Epoch string
}

// ErrUnknownKey says that a digest was made with a key that is not at hand, so nobody can tell whether an order is the same.
var ErrUnknownKey = errors.New("the digest's key is not at hand")

// Sum is the order's digest with the newest key, as <key name>:<base64url of the HMAC-SHA256>.
func (k *Keys) Sum(o Order) string {
	return digestWith(k.newest, k.byName[k.newest], o)
}

// Matches says whether the digest is that of the order, by whichever key it was made with. It compares the texts, as volumes are told apart by
// them: base64 has other texts for the same bytes. The error is ErrUnknownKey.
func (k *Keys) Matches(digest string, o Order) (bool, error) {
	name, _, _ := strings.Cut(digest, ":")
	key, ok := k.byName[name]
	if !ok {
		return false, fmt.Errorf("compare with an order made with key %q: %w", name, ErrUnknownKey)
	}
	return hmac.Equal([]byte(digestWith(name, key, o)), []byte(digest)), nil
}

func digestWith(name string, key []byte, o Order) string {
	return name + ":" + base64.RawURLEncoding.EncodeToString(sum(key, o))
}

// sum puts the length before each field, or "ab"+"c" and "a"+"bc" would be one order.
func sum(key []byte, o Order) []byte {
	mac := hmac.New(sha256.New, key)
	for _, field := range []string{o.Onboarder, o.Domain, o.Callback, string(o.Dialect), o.Code, o.Epoch} {
		writeField(mac, field)
	}
	return mac.Sum(nil)
}

func writeField(mac hash.Hash, field string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(field)))
	mac.Write(length[:])
	mac.Write([]byte(field))
}
