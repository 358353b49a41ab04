package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// classify turns an error of the HTTP client into one of the fixed reasons. The error itself goes no further: *url.Error prints whole
// URLs, and others print addresses or what the receiver said.
func classify(err error) string {
	var dns *net.DNSError
	var network net.Error
	switch {
	case forbidden(err):
		return ReasonAddressForbidden
	case errors.Is(err, context.DeadlineExceeded):
		return ReasonTimeout
	case errors.As(err, &dns):
		return ReasonNameNotResolved
	case errors.Is(err, syscall.ECONNREFUSED):
		return ReasonConnectionRefused
	case certificateInvalid(err):
		return ReasonCertificateInvalid
	case tlsFailed(err):
		return ReasonTLSFailed
	case errors.As(err, &network) && network.Timeout():
		return ReasonTimeout
	default:
		return ReasonConnectionFailed
	}
}

func certificateInvalid(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// tlsFailed knows an alert by the operation that crypto/tls names, as its type is not exported.
func tlsFailed(err error) bool {
	var record tls.RecordHeaderError
	var op *net.OpError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &record) || errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}
