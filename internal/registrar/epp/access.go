package epp

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"net"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// The keys of the Secret. The last two are for servers that ask for a client certificate.
const (
	keyUser        = "username"
	keyPassword    = "password"
	keyCertificate = "tls.crt"
	keyPrivate     = "tls.key"
)

// access is how a server is reached, and by whom.
type access struct {
	server, user, password string
	config                 *tls.Config
	// fingerprint is of all that a session depends on.
	fingerprint [sha256.Size]byte
}

func accessOf(ctx context.Context, reader client.Reader, r *v1alpha1.Registrar) (access, error) {
	spec := r.Spec.Provider.EPP
	host, _, err := net.SplitHostPort(spec.Server)
	if err != nil || host == "" {
		return access{}, &registrar.SpecError{Field: "spec.provider.epp.server", Problem: "must be host:port, such as epp.example:700"}
	}
	values, err := registrar.Credentials(ctx, reader, r, spec.CredentialsSecretRef, keyUser, keyPassword)
	if err != nil {
		return access{}, err
	}
	certificate, private, err := clientCertificate(ctx, reader, r)
	if err != nil {
		return access{}, err
	}
	a := access{
		server: spec.Server, user: oneLine(values[keyUser]), password: oneLine(values[keyPassword]),
		config: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host},
	}
	if certificate != "" {
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(private))
		if err != nil {
			return access{}, &registrar.CredentialsError{Err: errors.New("tls.crt and tls.key are not a certificate and its private key, in PEM")}
		}
		a.config.Certificates = []tls.Certificate{pair}
	}
	if len(spec.CABundle) > 0 {
		a.config.RootCAs = x509.NewCertPool()
		if !a.config.RootCAs.AppendCertsFromPEM(spec.CABundle) {
			return access{}, &registrar.SpecError{Field: "spec.provider.epp.caBundle", Problem: "must hold certificates in PEM"}
		}
	}
	a.fingerprint = fingerprint(spec.Server, a.user, a.password, certificate, private, string(spec.CABundle))
	return a, nil
}

// oneLine is a value without the end of line that editors add.
func oneLine(value string) string { return strings.TrimRight(value, "\r\n") }

// clientCertificate reads what need not be there. One without the other is a mistake.
func clientCertificate(ctx context.Context, reader client.Reader, r *v1alpha1.Registrar) (certificate, private string, err error) {
	ref := r.Spec.Provider.EPP.CredentialsSecretRef
	values, err := registrar.Credentials(ctx, reader, r, ref, keyCertificate, keyPrivate)
	if err == nil {
		return values[keyCertificate], values[keyPrivate], nil
	}
	missing := new(registrar.MissingSecretError)
	if !errors.As(err, &missing) {
		return "", "", err
	}
	for _, key := range []string{keyCertificate, keyPrivate} {
		if key == missing.Key {
			continue
		}
		if _, also := registrar.Credentials(ctx, reader, r, ref, key); also == nil {
			return "", "", err
		}
	}
	return "", "", nil
}

// fingerprint is the same for the same values, whatever is in them.
func fingerprint(values ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, value := range values {
		_ = binary.Write(h, binary.BigEndian, uint64(len(value)))
		h.Write([]byte(value))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
