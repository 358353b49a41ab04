//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// httpClient trusts the pool alone and, where an address is given, connects there whatever the host is.
func (w *world) httpClient(trust *x509.CertPool, address string) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, host string) (net.Conn, error) {
				if address != "" {
					host = address
				}
				return dialer.DialContext(ctx, network, host)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// page fetches a site's page over verified TLS by way of the ingress.
func (w *world) page(t *testing.T, domain string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain+"/", nil)
	if err != nil {
		return "", err
	}
	response, err := w.httpClient(w.siteTrust, w.route).Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("https://%s/ answers %d", domain, response.StatusCode)
	}
	return string(body), nil
}
