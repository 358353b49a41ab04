package indiesite

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
)

// sessionCookie has a prefix by which browsers take it over HTTPS only, and only
// from this very host.
const sessionCookie = "__Host-session"

// sessionRequest is the body of POST /session. Unknown members are ignored.
type sessionRequest struct {
	Challenge string `json:"challenge"`
	Signature string `json:"signature"`
}

func parseSession(body []byte) (sessionRequest, error) {
	var request sessionRequest
	if err := parseStrict(body, &request); err != nil {
		return sessionRequest{}, err
	}
	switch {
	case !isHex(request.Challenge, challengeSize):
		return sessionRequest{}, errors.New("challenge must be one that POST /session/challenge gave, 64 lower-case hexadecimal digits")
	case !isHex(request.Signature, signatureSize):
		return sessionRequest{}, errors.New("signature must be 64 bytes as 128 lower-case hexadecimal digits")
	}
	return request, nil
}

// challenge is the first half of signing in.
func (s *site) challenge(w http.ResponseWriter, _ *http.Request) {
	if !s.Store.Owned() {
		problemNotClaimed.write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"challenge": s.challenges.issue()})
}

// signIn is the second half: the signature shows that whoever asks could open
// the owner's private key, without the password ever leaving their browser.
//
// A right signature is never slowed down. Unlike a code it cannot be guessed, so
// that a quick answer helps no guesser; wrong ones are held back all the same, as
// each costs the site a verification.
func (s *site) signIn(w http.ResponseWriter, r *http.Request) {
	keys, owned := s.Store.Owner()
	if !owned {
		problemNotClaimed.write(w)
		return
	}
	body, ok := readBody(w, r, keysBody)
	if !ok {
		return
	}
	request, err := parseSession(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	if !s.challenges.open(request.Challenge) {
		problemWrongChallenge.write(w)
		return
	}
	if !signedBy(keys.PublicSigningKey, request.Signature, signInText(signInHost(r), request.Challenge)) {
		s.refuseSignature(w, r)
		return
	}
	if !s.challenges.answer(request.Challenge) {
		problemWrongChallenge.write(w)
		return
	}
	token, err := s.Store.NewSession(keys)
	if err == nil {
		setSession(w, token, int(SessionLength.Seconds()))
	}
	s.stored(w, err, "a session")
}

// refuseSignature holds its answer back once there were many wrong signatures.
func (s *site) refuseSignature(w http.ResponseWriter, r *http.Request) {
	if !s.signatures.enter() {
		busy(w)
		return
	}
	defer s.signatures.leave()
	s.signatures.wrong()
	hold, calm := s.signatures.slowed()
	s.signatures.wait(r.Context(), hold)
	// A proxy in front that changes the host makes every signature wrong.
	s.Logger.Warn("a wrong signature", "held", hold.String(), "host", signInHost(r))
	if hold > 0 {
		w.Header().Set("Retry-After", seconds(calm))
		problemTooManySignatures.write(w)
		return
	}
	problemWrongSignature.write(w)
}

// signInHost is the host as browsers know it: in lower case, without a port. It is the one of the Host header, which whatever stands before the site must
// therefore pass on as it came: what a proxy says of it elsewhere, anybody could say.
func signInHost(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
		if strings.Contains(name, ":") {
			host = "[" + name + "]"
		}
	}
	return strings.ToLower(host)
}

// signOut ends the session on the server too. Without one there is nothing to do.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) {
	for _, cookie := range r.CookiesNamed(sessionCookie) {
		if err := s.Store.EndSession(cookie.Value); err != nil {
			s.stored(w, err, "the end of a session")
			return
		}
	}
	setSession(w, "", -1)
	noContent(w)
}

func setSession(w http.ResponseWriter, token string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", MaxAge: maxAge,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// signedIn reports whether the request is the owner's.
func (s *site) signedIn(r *http.Request) bool {
	return slices.ContainsFunc(r.CookiesNamed(sessionCookie), func(cookie *http.Cookie) bool {
		return s.Store.HasSession(cookie.Value)
	})
}

// owners lets the owner in, and nobody else.
func (s *site) owners(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.signedIn(r) {
			// The scheme is none that makes a browser ask for a password.
			w.Header().Set("WWW-Authenticate", `Session realm="owner"`)
			problemNotSignedIn.write(w)
			return
		}
		next(w, r)
	}
}

// settingsOrSignIn shows the owner the settings, and others the way in.
func (s *site) settingsOrSignIn(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if !s.signedIn(r) {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	s.settingsPage(w, r)
}
