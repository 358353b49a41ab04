package indiesite

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// claim makes whoever has the sign-up code the owner of the site, once. Without
// a sign-up code that is whoever comes first. That the site has an owner is said
// before anything else is looked at.
func (s *site) claim(w http.ResponseWriter, r *http.Request) {
	if s.Store.Owned() {
		problemOwned.write(w)
		return
	}
	body, ok := readBody(w, r, claimBody)
	if !ok {
		return
	}
	secret, keys, err := parseClaim(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	invalid := keys.Check()
	if invalid != nil {
		keys = OwnerKeys{} // which may be long, and wait long for their turn
	}
	claim := func(w http.ResponseWriter) { s.keepOwner(w, keys, invalid) }
	switch {
	case !s.Code.IsSet():
		claim(w)
	case secret == "": // which is no guess
		problemWrongCode.because("secretSignUpCode is missing: give the sign-up code of this site as a string").write(w)
	default:
		s.admit(w, r, secret, claim)
	}
}

// keepOwner answers the request of whoever may own the site, once.
func (s *site) keepOwner(w http.ResponseWriter, keys OwnerKeys, invalid error) {
	if invalid != nil {
		problemKey.because(invalid.Error()).write(w)
		return
	}
	if err := s.Store.Claim(keys); err != nil {
		s.stored(w, err, ownerName)
		return
	}
	s.Logger.Info("the site has an owner")
	w.Header().Set("Location", "/owner")
	writeJSON(w, http.StatusCreated, keys)
}

// seconds is a duration as Retry-After has it: whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

func (s *site) ownerKeys(w http.ResponseWriter, _ *http.Request) {
	s.tell(w, func(keys OwnerKeys) any { return keys })
}

// encryptedPrivateSigningKey is what a browser opens with the password.
func (s *site) encryptedPrivateSigningKey(w http.ResponseWriter, _ *http.Request) {
	s.tell(w, func(keys OwnerKeys) any {
		return map[string]string{
			"derivedKeySalt":                  keys.DerivedKeySalt,
			"encryptedPrivateSigningKeyNonce": keys.EncryptedPrivateSigningKeyNonce,
			"encryptedPrivateSigningKey":      keys.EncryptedPrivateSigningKey,
		}
	})
}

// publicSigningKey is also how it shows from outside whether a site is claimed.
func (s *site) publicSigningKey(w http.ResponseWriter, _ *http.Request) {
	s.tell(w, func(keys OwnerKeys) any { return map[string]string{"publicSigningKey": keys.PublicSigningKey} })
}

func (s *site) tell(w http.ResponseWriter, part func(OwnerKeys) any) {
	keys, owned := s.Store.Owner()
	if !owned {
		problemNotClaimed.write(w)
		return
	}
	writeJSON(w, http.StatusOK, part(keys))
}
