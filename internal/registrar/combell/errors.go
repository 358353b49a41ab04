package combell

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"magicwebsitefactory.gent/internal/registrar"
)

var (
	errUsedUp   = errors.New("the limit of requests is used up until Combell counts anew")
	errTooMany  = errors.New("there were too many requests (429)")
	errTooLong  = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	errNonsense = errors.New("the answer makes no sense")
	errSilent   = errors.New("no answer in time")
	errBroken   = errors.New("the connection to Combell broke")
)

// unsentError says that nothing was sent.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// statusError is an answer that says no.
type statusError struct {
	status int
	// own is whether it is in Combell's own words, and not in those of something before it. bare is that there are no words at all, which may be either.
	own, bare bool
	// codes that Combell gave, as far as they are made of known words.
	codes []string
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("Combell answers %d", e.status)
	if len(e.codes) > 0 {
		text += " (" + strings.Join(e.codes, ", ") + ")"
	}
	return text
}

// broken says in our own words why there is no answer: an error of net/http has the whole URL in it, and one of a TLS library what the other side
// says of itself. noTLS is that the handshake failed, before which nothing is sent.
func broken(ctx context.Context, err error, noTLS bool) error {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var errno syscall.Errno
	switch {
	case errors.As(err, &dns):
		return &unsentError{errors.New("cannot find Combell's API by its name")}
	case errors.As(err, &certificate):
		return &unsentError{errors.New("the certificate of Combell's API is not valid")}
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") && errors.As(err, &errno):
		return &unsentError{fmt.Errorf("cannot connect to Combell's API: %w", errno)}
	case errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect"):
		return &unsentError{errors.New("cannot connect to Combell's API")}
	case noTLS:
		return &unsentError{errors.New("cannot make a secure connection to Combell's API")}
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", errSilent, ctx.Err())
	}
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return errSilent
	}
	return errBroken
}

// refusal makes an error of an answer that is no 2xx.
func refusal(status int, body []byte) error {
	codes, own := errorCodes(body)
	err := &statusError{status: status, own: own, bare: len(bytes.TrimSpace(body)) == 0, codes: codes}
	switch status {
	case http.StatusUnauthorized:
		return &registrar.CredentialsError{Err: fmt.Errorf("%w: the keys are wrong, this machine's clock is, or it calls from an address that Combell's control panel does not list", err)}
	case http.StatusForbidden:
		return &registrar.CredentialsError{Err: fmt.Errorf("%w: the keys' user may not do this", err)}
	}
	return err
}

// errorCodes reads both shapes of error that Combell documents: {error_code, error_text} and {validation_errors: [{error_code, error_text}]}. It says whether it is one
// of them. An empty body is nobody's in particular.
func errorCodes(body []byte) (codes []string, own bool) {
	var shape struct {
		Code   *string `json:"error_code"`
		Text   *string `json:"error_text"`
		Errors []struct {
			Code string `json:"error_code"`
		} `json:"validation_errors"`
	}
	if unmarshal(body, &shape) != nil {
		return nil, false
	}
	all := make([]string, 0, 1+len(shape.Errors))
	if shape.Code != nil {
		all = append(all, *shape.Code)
	}
	for _, e := range shape.Errors {
		all = append(all, e.Code)
	}
	for _, code := range all {
		if code = strings.ToLower(code); known(code) && !slices.Contains(codes, code) && len(codes) < maxCodes {
			codes = append(codes, code)
		}
	}
	return codes, shape.Code != nil || shape.Text != nil || len(shape.Errors) > 0
}

const maxCodes = 4

// vocabulary is all that a code may be made of to be shown to people. Combell's list of codes is not part of its API's description, and what is
// not known must not get into a status: it could be anything.
var vocabulary = strings.Fields("account address allowed api authorization available bad balance body city code company content country credit date " +
	"denied dns domain email enterprise error exceeded exists expired extension extra failed fax field first forbidden format found funds header hmac in " +
	"incorrect insufficient internal invalid ip is json language last length limit locked long malformed maximum min minimum missing name names nameserver nameservers " +
	"nonce not number of or parameter payment permission phone postal premium provisioning queue rate record registered registrant registration renew request required reserved " +
	"role server servers service short signature status street supported taken time timestamp tld to too ttl type unauthorized unavailable unexpected unknown unpaid " +
	"unsupported use user validation value wrong")

func known(code string) bool {
	words := strings.FieldsFunc(code, func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	for _, word := range words {
		if !slices.Contains(vocabulary, word) {
			return false
		}
	}
	return len(words) > 0 && len(words) <= 8 && utf8.ValidString(code)
}

// unmarshal reads one JSON value and nothing after it.
func unmarshal(body []byte, into any) error {
	if err := json.Unmarshal(bytes.TrimSpace(body), into); err != nil {
		// What json says of it may quote it.
		return errNonsense
	}
	return nil
}
