package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	callbackLife  = 365 * 24 * time.Hour
	callbackSpare = 7 * 24 * time.Hour // renewed when less than this is left
)

// callbackFiles are where the listener's certificate, its key and the authority for both are kept.
type callbackFiles struct {
	authority, certificate, key string
}

func callbackFilesIn(dir string) callbackFiles {
	return callbackFiles{
		authority:   filepath.Join(dir, "callback-ca.pem"),
		certificate: filepath.Join(dir, "callback.pem"),
		key:         filepath.Join(dir, "callback.key"),
	}
}

// ensureCallbackCertificate makes the certificate of the listener that takes callbacks at the host, unless a good one is there.
func ensureCallbackCertificate(files callbackFiles, host string, now time.Time) error {
	if files.good(host, now) {
		return nil
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the callback authority's key: %w", err)
	}
	authority := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "Magic Website Factory demo: callbacks"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(callbackLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	authorityDER, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	if err != nil {
		return fmt.Errorf("make the callback authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the callback listener's key: %w", err)
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1),
		Subject:      pkix.Name{CommonName: "hallo"},
		NotBefore:    authority.NotBefore,
		NotAfter:     authority.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil {
		leaf.IPAddresses = append(leaf.IPAddresses, ip)
	} else {
		leaf.DNSNames = append(leaf.DNSNames, host)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return fmt.Errorf("make the callback listener's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write down the callback listener's key: %w", err)
	}
	for _, file := range []struct {
		path, kind string
		content    []byte
	}{
		{files.authority, "CERTIFICATE", authorityDER},
		{files.certificate, "CERTIFICATE", leafDER},
		{files.key, "PRIVATE KEY", keyDER},
	} {
		content := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.content})
		if err := writeFile(file.path, content); err != nil {
			return fmt.Errorf("keep the callback listener's certificate: %w", err)
		}
	}
	return nil
}

// good tells whether the three files belong together, name the host and last for a while yet.
func (f callbackFiles) good(host string, now time.Time) bool {
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return false
	}
	authority, err := os.ReadFile(f.authority)
	if err != nil {
		return false
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	_, err = pair.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now.Add(callbackSpare)})
	return err == nil
}

// writeFile writes a file that only its owner reads, whole or not at all.
func writeFile(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o600); err != nil {
		return err
	}
	if err := os.Chmod(temporary, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
