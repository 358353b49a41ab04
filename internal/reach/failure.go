package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// Reason says why a site counts as not reachable.
type Reason string

// The reasons for which a site counts as not reachable.
const (
	// ReasonUnresolved: the address is a host name that does not resolve.
	ReasonUnresolved Reason = "Unresolved"
	// ReasonRefused: nothing listens there.
	ReasonRefused Reason = "ConnectionRefused"
	// ReasonUnreachable: no connection could be made.
	ReasonUnreachable Reason = "Unreachable"
	// ReasonTimeout: no answer in time.
	ReasonTimeout Reason = "Timeout"
	// ReasonUntrusted: the certificate is not signed by an authority that is trusted.
	ReasonUntrusted Reason = "CertificateUntrusted"
	// ReasonWrongName: the certificate is for another name.
	ReasonWrongName Reason = "CertificateWrongName"
	// ReasonExpired: the certificate is not valid now.
	ReasonExpired Reason = "CertificateExpired"
	// ReasonTLS: no TLS connection came about.
	ReasonTLS Reason = "TLSFailed"
	// ReasonStatus: the answer's status code is neither 2xx nor 3xx.
	ReasonStatus Reason = "StatusCode"
	// ReasonBroken: the connection broke, or what came is not HTTP.
	ReasonBroken Reason = "BrokenAnswer"
	// ReasonConfiguration: the address or the CA bundle cannot be used.
	ReasonConfiguration Reason = "Configuration"
)

var sentences = map[Reason]string{
	ReasonUnresolved:    "the address does not resolve",
	ReasonRefused:       "the connection was refused",
	ReasonUnreachable:   "no connection could be made",
	ReasonTimeout:       "there was no answer in time",
	ReasonUntrusted:     "the certificate is not signed by a trusted authority",
	ReasonWrongName:     "the certificate is for another name",
	ReasonExpired:       "the certificate has expired or is not valid yet",
	ReasonTLS:           "no TLS connection came about",
	ReasonBroken:        "the answer broke off or is not HTTP",
	ReasonConfiguration: "the address or the CA bundle cannot be used",
}

// Failure is why a site counts as not reachable. Its text is made of fixed sentences, the address and the status code, so that it is the same for
// the same state and carries nothing that a stranger's server said.
type Failure struct {
	Reason  Reason
	Address string
	// Code of the answer, with ReasonStatus.
	Code int
}

func (f *Failure) Error() string {
	if f.Reason == ReasonStatus {
		return fmt.Sprintf("%s: the answer was %d %s", f.Address, f.Code, http.StatusText(f.Code))
	}
	return fmt.Sprintf("%s: %s", f.Address, sentences[f.Reason])
}

// classify finds the reason in what net/http returned.
func classify(err error) Reason {
	var (
		dns       *net.DNSError
		untrusted x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		alert     tls.AlertError
		record    tls.RecordHeaderError
		asURL     *url.Error
		network   *net.OpError
	)
	switch {
	case errors.As(err, &dns):
		return ReasonUnresolved
	case errors.As(err, &hostname):
		return ReasonWrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return ReasonExpired
	case errors.As(err, &untrusted), errors.As(err, &invalid), errors.As(err, &verify):
		return ReasonUntrusted
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &asURL) && asURL.Timeout():
		return ReasonTimeout
	case errors.As(err, &alert), errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return ReasonTLS
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonRefused
	case errors.As(err, &network) && network.Op == "dial":
		return ReasonUnreachable
	case errors.As(err, &network) && network.Op == "remote error": // a TLS alert that the other side sent
		return ReasonTLS
	default:
		return ReasonBroken
	}
}
