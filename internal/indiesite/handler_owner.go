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
	body, ok := readBody(w, r, keysBody)
	if !ok {
		return
	}
	secret, keys, err := parseClaim(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	if s.Code.IsSet() && !s.admitClaim(w, r, secret) {
		return
	}
	if err := keys.Check(); err != nil {
		problemKey.because(err.Error()).write(w)
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

// admitClaim counts only a code that was given as a guess.
func (s *site) admitClaim(w http.ResponseWriter, r *http.Request, secret string) bool {
	if secret == "" {
		problemWrongCode.because("secretSignUpCode is missing: give the sign-up code of this site as a string").write(w)
		return false
	}
	return s.admit(w, r, secret)
}

// admit answers the request itself unless the code is the right one.
func (s *site) admit(w http.ResponseWriter, r *http.Request, secret string) bool {
	if !s.codes.enter() {
		busy(w)
		return false
	}
	defer s.codes.leave()

	right := s.Code.Matches(secret)
	if !right {
		s.codes.wrong()
	}
	hold, calm := s.codes.slowed()
	s.codes.wait(r.Context(), hold)
	switch {
	case right:
		return true
	case hold > 0:
		s.Logger.Warn("a wrong sign-up code; there were many", "held", hold.String())
		w.Header().Set("Retry-After", seconds(calm))
		problemTooManyWrong.write(w)
	default:
		s.Logger.Warn("a wrong sign-up code")
		problemWrongCode.write(w)
	}
	return false
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
