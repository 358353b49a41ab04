package delivery

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The fixed reasons that stand in status.delivery.lastResponse: after a status code, or alone where there was none. They are
// all that is kept of an answer; the receiver's words are not.
const (
	ReasonOK                = "OK"                // 200: delivered
	ReasonUnexpectedSuccess = "UnexpectedSuccess" // another 2xx
	ReasonRedirect          = "Redirect"          // 3xx; never followed
	ReasonClientError       = "ClientError"       // 4xx
	ReasonServerError       = "ServerError"       // 5xx
	ReasonUnknownStatus     = "UnknownStatus"     // any other code

	ReasonTimeout            = "Timeout"            // no whole answer within the time
	ReasonNameNotResolved    = "NameNotResolved"    // DNS does not know the receiver, or does not answer
	ReasonAddressForbidden   = "AddressForbidden"   // the receiver's address is none that the factory may call
	ReasonConnectionRefused  = "ConnectionRefused"  // nobody listens there
	ReasonCertificateInvalid = "CertificateInvalid" // the receiver's certificate does not verify
	ReasonTLSFailed          = "TLSFailed"          // no TLS connection, for another reason
	ReasonConnectionFailed   = "ConnectionFailed"   // anything else between here and the answer
	ReasonRequestInvalid     = "RequestInvalid"     // the request could not be made: a token that no header can carry, a CA bundle that cannot be read
)

// Answer is what came of one attempt: a status code with a fixed reason, or a fixed reason alone.
type Answer struct {
	// StatusCode of the answer; 0 when there was none.
	StatusCode int
	// Reason is one of the fixed reasons.
	Reason string
	// RetryAfter is how long the receiver wants to be left alone; 0 when it did not say.
	RetryAfter time.Duration
}

// Answered returns the Answer for a status code.
func Answered(code int, retryAfter time.Duration) Answer {
	return Answer{StatusCode: code, Reason: statusReason(code), RetryAfter: retryAfter}
}

// Success says whether the outcome is delivered: 200 and nothing else.
func (a Answer) Success() bool { return a.StatusCode == http.StatusOK }

// String is what status.delivery.lastResponse says: "503 ServerError", "Timeout".
func (a Answer) String() string {
	if a.StatusCode == 0 {
		return a.Reason
	}
	return strconv.Itoa(a.StatusCode) + " " + a.Reason
}

func statusReason(code int) string {
	switch {
	case code == http.StatusOK:
		return ReasonOK
	case code > 200 && code < 300:
		return ReasonUnexpectedSuccess
	case code >= 300 && code < 400:
		return ReasonRedirect
	case code >= 400 && code < 500:
		return ReasonClientError
	case code >= 500 && code < 600:
		return ReasonServerError
	default:
		return ReasonUnknownStatus
	}
}

// parseRetryAfter takes both forms of RFC 9110 section 10.2.3, seconds and a date; anything else, and the past, is no wish.
func parseRetryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(MaxRetryAfter/time.Second) {
			return MaxRetryAfter // too many digits are a very long wish
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), MaxRetryAfter)
}
