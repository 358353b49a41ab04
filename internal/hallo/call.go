package hallo

import (
	"net/http"
	"net/url"
	"time"
)

// Redacted stands in a Call wherever a credential was.
const Redacted = "(redacted)"

// Authentication is how a call presented a credential, right or wrong.
type Authentication string

// The ways to present a credential.
const (
	NoCredential   Authentication = "none"
	BearerHeader   Authentication = "bearer"
	SecretInQuery  Authentication = "query-secret"
	TwoCredentials Authentication = "both"
)

// Call is one request that a Receiver got. Credentials are replaced by
// Redacted, so that a Call may be printed.
type Call struct {
	Time   time.Time
	From   string // host:port
	Method string
	// Path is as it was sent, percent-encoding and all.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is read, up to 64 KiB, of authenticated calls only.
	Body []byte

	// Authentication is what was presented; Authenticated, whether it was this
	// receiver's token in this receiver's dialect.
	Authentication Authentication
	Authenticated  bool

	// Domain and Outcome (201, 409 or 500) are what the call tells; empty and
	// zero for a call that was refused.
	Domain  string
	Outcome int
	// Answer is the status that the call was answered with, zero if it was cut
	// off; Reason says in words why a call was refused.
	Answer int
	Reason string
}

// Accepted reports whether the call was answered 200 and so is delivered.
func (c Call) Accepted() bool { return c.Answer == http.StatusOK }

func newCall(r *http.Request, now time.Time) Call {
	call := Call{
		Time:           now,
		From:           r.RemoteAddr,
		Method:         r.Method,
		Path:           r.URL.EscapedPath(),
		Query:          r.URL.Query(),
		Header:         r.Header.Clone(),
		Authentication: presented(r),
	}
	for i := range call.Query["secret"] {
		call.Query["secret"][i] = Redacted
	}
	for i := range call.Header["Authorization"] {
		call.Header["Authorization"][i] = Redacted
	}
	return call
}

// presented counts credentials: two of one kind are no more than two kinds what the contract has. An empty header is none.
func presented(r *http.Request) Authentication {
	headers := 0
	for _, value := range r.Header.Values("Authorization") {
		if value != "" {
			headers++
		}
	}
	secrets := len(r.URL.Query()["secret"])
	switch {
	case headers+secrets > 1:
		return TwoCredentials
	case headers == 1:
		return BearerHeader
	case secrets == 1:
		return SecretInQuery
	}
	return NoCredential
}
