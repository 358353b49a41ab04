package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const factoryWait = time.Minute

// trusting returns a client that trusts the certificates in the file only. With an address it connects there, whatever name it
// is asked for.
func trusting(caFile, address string) (*http.Client, error) {
	roots, err := readPool(caFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{}
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, named string) (net.Conn, error) {
				if address != "" {
					named = address
				}
				return dialer.DialContext(ctx, network, named)
			},
		},
	}, nil
}

func readPool(path string) (*x509.CertPool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, errors.New(path + " holds no PEM certificate")
	}
	return pool, nil
}

// waitForFactory asks the factory as an onboarder would, until it knows the token and answers.
func (d *demo) waitForFactory(ctx context.Context) error {
	client, err := trusting(d.cluster.issuerCA, "")
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	return until(ctx, factoryWait, "the factory at "+d.factoryURL(), func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.factoryURL()+"/v1/domain/"+d.config.domain, http.NoBody)
		if err != nil {
			return "", err
		}
		request.Header.Set("Authorization", "Bearer "+d.token)
		response, err := client.Do(request)
		if err != nil {
			return err.Error(), nil // such as a connection refused: it is only just starting
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode == http.StatusOK {
			return "", nil
		}
		said, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		return fmt.Sprintf("it answers %s: %s", response.Status, strings.TrimSpace(string(said))), nil
	})
}
