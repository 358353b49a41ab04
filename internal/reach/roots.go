package reach

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
)

// blank are the blank lines, and the white space at the end, that may stand before a block and after it.
var blank = regexp.MustCompile(`^[ \t\r\n]+$|^([ \t\r]*\n)+`)

// begin starts each block of PEM, at the beginning of a line (RFC 7468).
var begin = []byte("-----BEGIN ")

// ParseCABundle reads PEM certificates, and takes nothing else. What reads PEM skips whatever it does not understand, so that a certificate that was damaged on its
// way, or that has headers, would be missing without a word.
func ParseCABundle(bundle []byte) ([]*x509.Certificate, error) {
	var certificates []*x509.Certificate
	for rest := blank.ReplaceAll(bundle, nil); len(rest) > 0; {
		number := len(certificates) + 1
		if !bytes.HasPrefix(rest, begin) {
			return nil, errors.New("there is something that is not PEM")
		}
		block, after := pem.Decode(rest)
		if block == nil || bytes.Count(rest[:len(rest)-len(after)], begin) > 1 {
			return nil, fmt.Errorf("PEM block %d is damaged", number)
		}
		if block.Type != "CERTIFICATE" || len(block.Headers) > 0 {
			return nil, fmt.Errorf("PEM block %d is not a CERTIFICATE without headers", number)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d cannot be read: %w", number, err)
		}
		certificates, rest = append(certificates, certificate), blank.ReplaceAll(after, nil)
	}
	if len(certificates) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return certificates, nil
}

// roots returns nil, which means the system's, for an empty bundle.
func roots(bundle []byte) (*x509.CertPool, error) {
	if len(bundle) == 0 {
		return nil, nil // which is what tls.Config.RootCAs takes for the system's
	}
	certificates, err := ParseCABundle(bundle)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool, nil
}
