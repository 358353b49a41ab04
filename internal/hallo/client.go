package hallo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	requestTimeout = 20 * time.Second
	dialTimeout    = 10 * time.Second
	maxAnswer      = 1 << 20 // bytes read of an answer
)

// TrustFile returns the certificates in a PEM file, as the only ones to trust;
// without a file, nil, which stands for the system's.
func TrustFile(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read CA certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	return pool, nil
}

// newClient returns a client that verifies certificates, follows no redirect
// (a token or a code would go along to wherever it points) and uses no proxy.
// With an address it connects there, whatever the URL's host resolves to; name
// and certificate stay those of the URL.
func newClient(trust *x509.CertPool, address string) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: dialTimeout,
			ForceAttemptHTTP2:   true,
			IdleConnTimeout:     time.Minute,
			DialContext: func(ctx context.Context, network, hostPort string) (net.Conn, error) {
				if address != "" {
					hostPort = address
				}
				return dialer.DialContext(ctx, network, hostPort)
			},
		},
	}
}

// answer is a response whose body has been read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send does one request; its errors are classified and carry no URL.
func send(client *http.Client, request *http.Request) (answer, error) {
	response, err := client.Do(request)
	if err != nil {
		return answer{}, connectionError(request.Context(), err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return answer{}, connectionError(request.Context(), err)
	}
	return answer{status: response.StatusCode, header: response.Header, body: body}, nil
}

// httpsURL parses an absolute https URL without user info, query or fragment.
func httpsURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("not a URL: %w", withoutURL(err))
	}
	if u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("must be an https URL without user, query and fragment, such as https://hallo.gent/mwf")
	}
	return u, nil
}
