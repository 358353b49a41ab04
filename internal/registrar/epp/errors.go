package epp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// sessionPause is how long a server is left alone that has no session left for us (2502). It does not say for how long.
const sessionPause = 30 * time.Second

// codeError is a result that is no answer to what was asked.
type codeError struct{ code eppwire.Code }

func (e *codeError) Error() string { return "the server answers " + e.code.String() }

// errorOf is what a result means that is none of those that the caller expects.
func errorOf(code eppwire.Code) error {
	err := &codeError{code: code}
	switch code {
	case eppwire.CodeLimitClosing:
		return &registrar.Throttled{RetryAfter: sessionPause, Err: err}
	case eppwire.CodeAuthentication, eppwire.CodeAuthClosing:
		return &registrar.CredentialsError{Err: err}
	default:
		return err
	}
}

// certificateAlerts are the alerts of TLS by which a server says that it wants a client certificate, or another one (RFC 8446, section 6.2), in the words of crypto/tls.
var certificateAlerts = []string{
	"tls: bad certificate", "tls: unsupported certificate", "tls: revoked certificate", "tls: expired certificate", "tls: unknown certificate",
	"tls: unknown certificate authority", "tls: access denied", "tls: certificate required",
}

// alertOf is the alert with which the other side of a TLS connection ended it. crypto/tls has no type for it.
func alertOf(err error) (string, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return "", false
	}
	return op.Err.Error(), true
}

// connectionError says what became of a connection. It keeps addresses and the other side's words out, and credentials that the server refused apart.
func connectionError(doing string, err error) error {
	var verify *tls.CertificateVerificationError
	var frame *eppwire.FrameError
	var malformed *eppwire.MalformedError
	var timeout net.Error
	alert, alerted := alertOf(err)
	switch {
	case alerted && slices.Contains(certificateAlerts, alert):
		return &registrar.CredentialsError{Err: fmt.Errorf("%s: the server does not take the client certificate, or wants one: %s", doing, alert)}
	case alerted:
		return fmt.Errorf("%s: the server ended the connection: %s", doing, alert)
	case errors.As(err, &verify):
		return fmt.Errorf("%s: the server's certificate is not to be trusted (spec.provider.epp.caBundle): %s", doing, verdictOn(verify))
	case errors.As(err, &frame), errors.As(err, &malformed):
		return fmt.Errorf("%s: %w", doing, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: no answer in time: %w", doing, context.DeadlineExceeded)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the server closed the connection", doing)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: no answer in time", doing)
	default:
		return fmt.Errorf("%s: the connection failed", doing)
	}
}

// verdictOn keeps what is wrong with a certificate and leaves out what stands in it.
func verdictOn(err *tls.CertificateVerificationError) string {
	switch text := fmt.Sprintf("%T", err.Err); text {
	case "x509.UnknownAuthorityError":
		return "unknown authority"
	case "x509.HostnameError":
		return "it is for another host"
	case "x509.CertificateInvalidError":
		return "it is not valid, or not any more"
	default:
		return "it cannot be verified"
	}
}

// postponed is what becomes of an order that was certainly not sent, or certainly refused for a reason that is not in the name.
func postponed(err error) registrar.Rejected {
	r := registrar.Rejected{Reason: registrar.RejectedPostponed}
	var throttled *registrar.Throttled
	var credentials *registrar.CredentialsError
	var code *codeError
	var quote *eppwire.NoQuoteError
	var busy *registrar.Busy
	switch {
	case errors.As(err, &busy):
		r.Detail = busy.Error()
	case errors.As(err, &throttled):
		r.Detail, r.RetryAfter = "the server has no session left", throttled.RetryAfter
	case errors.As(err, &credentials):
		r.Detail = "the server does not take the credentials"
	case errors.As(err, &code):
		r.Detail = code.Error()
	case errors.As(err, &quote):
		r.Detail = quote.Error()
	case errors.Is(err, errNoPrice):
		r.Detail = errNoPrice.Error()
	default:
		r.Detail = "there is no working session with the server"
	}
	return r
}

// errNoPrice says that nobody tells what a name costs.
var errNoPrice = errors.New("the server tells no prices (RFC 8748), and spec.provider.epp.price says none")
