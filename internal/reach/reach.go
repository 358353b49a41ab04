// Package reach asks a site, as a visitor would, whether it is there: https://<domain>/ at given addresses, with a certificate that verifies.
package reach

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// Bounds of one question. A site that is slower than this is of no use to a visitor either.
const (
	connectTimeout = 2 * time.Second
	answerTimeout  = 5 * time.Second
	maxBody        = 64 << 10
	maxHeader      = 64 << 10
)

// userAgent says in a site's log who asked.
const userAgent = "magic-website-factory"

// Target is what is asked.
type Target struct {
	// Domain of the site: the server name of TLS and the host of HTTP.
	Domain string
	// Addresses at which the route is reached, as ParseAddress takes them. Each must answer, as a visitor may come to any.
	Addresses []string
	// CABundle holds PEM certificates of the authorities to trust in place of the system's; empty for the system's.
	CABundle []byte
}

// Prober asks a site whether it is there. It returns nil when it is, and a *Failure when not; nothing else.
type Prober interface {
	Probe(ctx context.Context, target Target) error
}

// HTTPS asks by HTTPS, without a proxy and without following redirects: an answer of 2xx or 3xx counts, as a site may send its visitors on; 4xx and 5xx do
// not, since that is what a route answers that does not know the site yet.
type HTTPS struct{}

var _ Prober = HTTPS{}

// Probe asks at all addresses at once and reports the first failure in the order of the addresses.
func (HTTPS) Probe(ctx context.Context, target Target) error {
	roots, err := roots(target.CABundle)
	if err != nil {
		return &Failure{Reason: ReasonConfiguration, Address: target.Domain}
	}
	if len(target.Addresses) == 0 {
		return &Failure{Reason: ReasonConfiguration, Address: target.Domain}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	failures := make([]*Failure, len(target.Addresses))
	var all errgroup.Group
	for i, address := range target.Addresses {
		all.Go(func() error {
			failures[i] = ask(ctx, target.Domain, address, roots)
			return nil
		})
	}
	_ = all.Wait() // each has put its failure in its place
	for _, f := range failures {
		if f != nil {
			return f
		}
	}
	return nil
}

func ask(ctx context.Context, domain, address string, roots *x509.CertPool) *Failure {
	at, err := ParseAddress(address)
	if err != nil {
		return &Failure{Reason: ReasonConfiguration, Address: address}
	}
	transport := transport(at, roots)
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+domain+"/", http.NoBody)
	if err != nil {
		return &Failure{Reason: ReasonConfiguration, Address: at}
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := client.Do(request)
	if err != nil {
		return &Failure{Reason: classify(err), Address: at}
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 399 {
		return &Failure{Reason: ReasonStatus, Address: at, Code: response.StatusCode}
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, maxBody)); err != nil {
		return &Failure{Reason: classify(err), Address: at}
	}
	return nil
}

// transport connects to one address whatever the URL says, and has no proxy: the question is whether that address answers. The server name of TLS is the
// URL's host.
func transport(address string, roots *x509.CertPool) *http.Transport {
	dialer := &net.Dialer{Timeout: connectTimeout}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
	}
}
