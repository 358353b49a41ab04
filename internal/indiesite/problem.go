package indiesite

import (
	"encoding/json"
	"net/http"
)

// problemBase is what every problem type starts with; types are stable.
const problemBase = "https://magicwebsitefactory.gent/problems/indie-site/"

// Problem is an error answer, a problem document of RFC 9457.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// The problems that this site answers with.
var (
	problemNotFound   = newProblem("not-found", "There is nothing here", http.StatusNotFound)
	problemMethod     = newProblem("method-not-allowed", "This address does not take that method", http.StatusMethodNotAllowed)
	problemTooLarge   = newProblem("too-large", "The request body is too large", http.StatusRequestEntityTooLarge)
	problemAddress    = newProblem("address-too-long", "The address is too long", http.StatusRequestURITooLong)
	problemFields     = newProblem("header-too-large", "The request header is too large", http.StatusRequestHeaderFieldsTooLarge)
	problemUnreadable = newProblem("unreadable", "The request body did not arrive whole", http.StatusBadRequest)
	problemMalformed  = newProblem("malformed", "The request is not as it should be", http.StatusBadRequest)
	problemBusy       = newProblem("busy", "Too much is going on at once; this request was not looked at", http.StatusServiceUnavailable)
	problemStorage    = newProblem("storage", "It could not be kept", http.StatusInternalServerError)
	problemOrigin     = newProblem("cross-origin", "A page of another site asked for this", http.StatusForbidden)

	problemSetting = newProblem("invalid-setting", "A setting is not as it should be", http.StatusBadRequest)
	problemKey     = newProblem("invalid-key", "A key is not as it should be", http.StatusBadRequest)
	problemPicture = newProblem("invalid-picture", "The picture cannot be taken", http.StatusBadRequest)

	problemNoCode       = newProblem("no-sign-up-code", "This site has no sign-up code and takes no owner settings", http.StatusForbidden)
	problemWrongCode    = newProblem("wrong-sign-up-code", "The sign-up code is not the right one", http.StatusForbidden)
	problemTooManyWrong = newProblem("too-many-wrong-codes", "The sign-up code is not the right one, and there were many wrong ones", http.StatusTooManyRequests)

	problemNotClaimed = newProblem("not-claimed", "The owner has not claimed this site yet", http.StatusNotFound)
	problemOwned      = newProblem("already-owned", "This site has an owner, who alone can change it", http.StatusForbidden)

	problemNotSignedIn       = newProblem("not-signed-in", "Only the owner may do this, signed in", http.StatusUnauthorized)
	problemWrongChallenge    = newProblem("wrong-challenge", "The challenge has ended, was answered, or is none of this site; ask for a new one", http.StatusForbidden)
	problemWrongSignature    = newProblem("wrong-signature", "The signature is not the owner's over this challenge and this host", http.StatusForbidden)
	problemTooManySignatures = newProblem("too-many-wrong-signatures", "The signature is not the owner's, and there were many wrong ones", http.StatusTooManyRequests)

	problemNoPicture = newProblem("no-picture", "The owner has no picture here", http.StatusNotFound)
	problemMediaType = newProblem("unsupported-media-type", "A picture is image/jpeg, image/png or image/webp", http.StatusUnsupportedMediaType)
)

func newProblem(name, title string, status int) Problem {
	return Problem{Type: problemBase + name, Title: title, Status: status}
}

// because returns the problem with a detail that says what is allowed.
func (p Problem) because(detail string) Problem {
	p.Detail = detail
	return p
}

func (p Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the caller has gone if this fails
}
