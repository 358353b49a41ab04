package combell

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/registrar"
)

const (
	origin = "https://api.combell.com"
	// version begins every path, also in the signature.
	version = "/v2"
	// maxAnswer is far more than a page of records.
	maxAnswer = 1 << 20
	// maxCall bounds a call whose context has no deadline.
	maxCall = 2 * time.Minute
)

// newHTTPClient follows no redirect: the signature is for one path, and an order is for one server. See the package documentation for why each call has a connection
// of its own; HTTP/1.1 has no other retries than those on used connections.
func newHTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	transport.ForceAttemptHTTP2 = false
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	transport.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{
		Transport:     transport,
		Timeout:       maxCall,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// caller makes the calls of one account.
type caller struct {
	http  *http.Client
	keys  credentials
	clock clock.PassiveClock
	gate  *gate
}

// answer to a call that was carried out.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends one signed request, once. Only an answer with a 2xx status is none of these errors: [registrar.Throttled], [registrar.CredentialsError],
// [unsentError], [statusError], and others where nobody knows what became of it.
func (c *caller) call(ctx context.Context, method, target string, body any) (answer, error) {
	if wait := c.gate.wait(c.clock.Now()); wait > 0 {
		return answer{}, &unsentError{&registrar.Throttled{RetryAfter: wait, Err: errUsedUp}}
	}
	request, err := c.request(ctx, method, version+target, body)
	if err != nil {
		return answer{}, &unsentError{err}
	}
	var noTLS atomic.Bool
	response, err := c.http.Do(request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { noTLS.Store(err != nil) },
	})))
	if err != nil {
		return answer{}, broken(ctx, err, noTLS.Load())
	}
	defer func() { _ = response.Body.Close() }()
	now := c.clock.Now()
	c.gate.heed(response.Header, now)
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		return answer{}, &registrar.Throttled{RetryAfter: retryAfter(response.Header, now), Err: errTooMany}
	case err != nil:
		return answer{}, broken(ctx, err, false)
	case len(content) > maxAnswer:
		return answer{}, errTooLong
	case response.StatusCode < 200 || response.StatusCode > 299:
		return answer{}, refusal(response.StatusCode, content)
	}
	return answer{status: response.StatusCode, header: response.Header, body: content}, nil
}

func (c *caller) request(ctx context.Context, method, target string, body any) (*http.Request, error) {
	var content string
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode the body: %w", err)
		}
		content = string(encoded)
		// A reader that net/http does not know gets no GetBody, without which it cannot send the request a second time.
		reader = struct{ io.Reader }{strings.NewReader(content)}
	}
	request, err := http.NewRequestWithContext(ctx, method, origin+target, reader)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "magic-website-factory")
	if body != nil {
		request.ContentLength = int64(len(content))
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Authorization", c.keys.authorization(method, target, content, rand.Text(), c.clock.Now().Unix()))
	return request, nil
}
