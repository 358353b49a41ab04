package indiesite

import (
	"fmt"
	"regexp"
)

// OwnerKeys are what makes a person the owner of a site: the public half of
// their signing key, and the private half encrypted with a key derived from a
// password that never leaves their browser. All four are public by contract,
// and written in lower-case hexadecimal.
type OwnerKeys struct {
	// DerivedKeySalt is Argon2id's salt, 16 bytes.
	DerivedKeySalt string `json:"derivedKeySalt"`
	// EncryptedPrivateSigningKeyNonce is the nonce of the secretbox, 24 bytes.
	EncryptedPrivateSigningKeyNonce string `json:"encryptedPrivateSigningKeyNonce"`
	// EncryptedPrivateSigningKey is the secretbox of libsodium's 64-byte private
	// key, 80 bytes.
	EncryptedPrivateSigningKey string `json:"encryptedPrivateSigningKey"`
	// PublicSigningKey is the Ed25519 public key, 32 bytes.
	PublicSigningKey string `json:"publicSigningKey"`
}

// Sizes of the keys, in bytes.
const (
	saltSize             = 16
	nonceSize            = 24
	encryptedPrivateSize = 80
)

// InvalidKeyError says which key was refused and what is allowed. It never
// repeats the value.
type InvalidKeyError struct {
	// Field is the key's name as in the JSON document.
	Field string
	// Size is how many bytes it must have.
	Size int
}

// Error says in one sentence what is allowed.
func (e *InvalidKeyError) Error() string {
	return fmt.Sprintf("%s must be %d bytes as %d lower-case hexadecimal digits", e.Field, e.Size, 2*e.Size)
}

var hexPattern = regexp.MustCompile(`\A[0-9a-f]*\z`)

func isHex(value string, size int) bool { return len(value) == 2*size && hexPattern.MatchString(value) }

// Check returns an *InvalidKeyError for the first key that is none.
func (k OwnerKeys) Check() error {
	for _, key := range []struct {
		field, value string
		size         int
	}{
		{"derivedKeySalt", k.DerivedKeySalt, saltSize},
		{"encryptedPrivateSigningKeyNonce", k.EncryptedPrivateSigningKeyNonce, nonceSize},
		{"encryptedPrivateSigningKey", k.EncryptedPrivateSigningKey, encryptedPrivateSize},
		{"publicSigningKey", k.PublicSigningKey, publicKeySize},
	} {
		if !isHex(key.value, key.size) {
			return &InvalidKeyError{key.field, key.size}
		}
	}
	return nil
}

// claimRequest is the body of POST /owner: the keys, and the sign-up code where
// the site has one. Unknown members are ignored.
type claimRequest struct {
	codeFields
	OwnerKeys
}

// parseClaim returns the code, "" without one, and the keys, not yet checked.
// Its errors name the field and what is allowed, and never quote a value.
func parseClaim(body []byte) (secret string, keys OwnerKeys, err error) {
	var request claimRequest
	if err := parseStrict(body, &request); err != nil {
		return "", OwnerKeys{}, err
	}
	secret, err = request.value()
	if err != nil {
		return "", OwnerKeys{}, err
	}
	return secret, request.OwnerKeys, nil
}

const (
	ownerFile = "owner.json"
	ownerName = "the owner's keys"
)

// ownerState is the document with the owner's keys.
type ownerState struct {
	head
	OwnerKeys
}

func readOwner(path string) (*ownerState, error) {
	return readDocument(path, ownerName, func(o *ownerState) error { return o.Check() })
}

// Claim keeps the owner's keys, for good: it is ErrOwned ever after.
func (s *Store) Claim(keys OwnerKeys) error {
	if err := keys.Check(); err != nil {
		return fmt.Errorf("claim the site: %w", err)
	}
	s.saving.Lock()
	defer s.saving.Unlock()
	if s.Owned() {
		return ErrOwned
	}
	next := &ownerState{head: s.head(), OwnerKeys: keys}
	if err := writeDocument(s.path(ownerFile), ownerName, next); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owner = next
	return nil
}

// Owner returns the owner's keys, and false until somebody claimed the site.
func (s *Store) Owner() (OwnerKeys, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.owner == nil {
		return OwnerKeys{}, false
	}
	return s.owner.OwnerKeys, true
}

// Owned reports whether somebody claimed the site.
func (s *Store) Owned() bool {
	_, owned := s.Owner()
	return owned
}
