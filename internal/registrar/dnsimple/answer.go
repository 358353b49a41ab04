package dnsimple

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"

	"magicwebsitefactory.gent/internal/registrar"
)

// noKind is how far an answer says no.
type noKind int

const (
	// unclear: no answer, or one that says nothing: it may have been carried out.
	unclear noKind = iota
	// absent: what was asked for is not there.
	absent
	// throttled: come back later.
	throttled
	// denied: the token is not taken, or may not do this.
	denied
	// unpaid: the account owes money, or a payment was not authorized.
	unpaid
	// unplanned: the account's plan does not have it.
	unplanned
	// invalid: attributes of the request were found wrong, above all of the registrant.
	invalid
	// unsold: the suffix is not sold here.
	unsold
	// disconnected: the server lost its own connection to the registry, and calls that 400 too.
	disconnected
	// refused: 400 without a reason that is known here.
	refused
)

// failure is why a call brought no success. It holds no words of the server.
type failure struct {
	doing string
	kind  noKind
	what  string
	// subject is what was absent, such as domain.
	subject string
	cause   error
}

func (f *failure) Error() string { return f.doing + ": " + f.what }

// Unwrap gives the cause: that of the context, [registrar.Throttled] or [registrar.CredentialsError].
func (f *failure) Unwrap() error { return f.cause }

var errNonsense = errors.New("the answer makes no sense")

// fail makes something of an error of the library, nil of none. It never wraps one, as they hold whole URLs and the server's words.
func fail(doing string, err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{doing: doing, kind: unclear, what: "the connection broke"}
	if response := new(dnsimple.ErrorResponse); errors.As(err, &response) && response.HTTPResponse != nil {
		f.kind = kindOf(response)
		f.what = fmt.Sprintf("status %d", response.HTTPResponse.StatusCode)
		f.subject, _, _ = strings.Cut(strings.ToLower(response.Message), " ")
		if f.kind == denied {
			f.cause = &registrar.CredentialsError{Err: errors.New(f.what)}
		}
		return f
	}
	var late *throttledError
	var status *statusError
	var dial *net.OpError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &late):
		f.kind, f.what = throttled, late.Error()
		f.cause = &registrar.Throttled{RetryAfter: late.after, Err: late}
	case errors.As(err, &status):
		f.what = status.Error()
	case errors.Is(err, context.DeadlineExceeded):
		f.what, f.cause = "no answer in time", context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		f.what, f.cause = "broken off", context.Canceled
	case errors.As(err, &large):
		f.what = "the answer is too large"
	case errors.As(err, &dial) && dial.Op == "dial":
		f.what = "no connection"
	case !isNetwork(err):
		f.what = errNonsense.Error()
	}
	return f
}

// isNetwork says whether an error came before there was an answer: the library returns those in a *url.Error, and others are of decoding.
func isNetwork(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout)
}

// kindOf reads an error of the API. Its messages are the only thing that tells the meanings of 400 apart; those that are matched are in its description, in its
// fixtures or in its official clients. One that is worded otherwise counts as what says less.
func kindOf(r *dnsimple.ErrorResponse) noKind {
	message := strings.ToLower(r.Message)
	switch r.HTTPResponse.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return denied
	case http.StatusPaymentRequired:
		return unpaid
	case http.StatusPreconditionFailed:
		return unplanned
	case http.StatusNotFound:
		if strings.HasSuffix(message, " not found") {
			return absent
		}
	case http.StatusBadRequest:
		switch {
		case strings.Contains(message, "connection failed"), strings.Contains(message, "try again later"):
			return disconnected
		case strings.HasPrefix(message, "we were unable to authorize the payment"):
			return unpaid
		case strings.HasPrefix(message, "tld ") && strings.HasSuffix(message, " is not supported"):
			return unsold
		case len(r.AttributeErrors) > 0:
			return invalid
		case message != "":
			return refused
		}
	}
	return unclear
}

// postponed is a clear no that is not in the name, and whether the failure is one.
func (f *failure) postponed() (registrar.Rejected, bool) {
	r := registrar.Rejected{Reason: registrar.RejectedPostponed}
	switch f.kind {
	case throttled:
		var late *registrar.Throttled
		if errors.As(f, &late) {
			r.RetryAfter = late.RetryAfter
		}
		r.Detail = "DNSimple asks to be left alone for a while"
	case denied:
		r.Detail = "DNSimple does not take the token, or the token may not do this"
	case unpaid:
		r.Detail = "DNSimple was not paid: see the account's invoices and its card"
	case unplanned:
		r.Detail = "the account's plan at DNSimple does not allow it"
	case invalid:
		r.Detail = "DNSimple finds the registrant's data incomplete or wrong for this suffix"
	case unclear, absent, unsold, disconnected, refused:
		return registrar.Rejected{}, false
	}
	return r, true
}
