package dnsimple

import (
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"time"

	"k8s.io/utils/clock"
)

const (
	// callTimeout bounds every request, whatever the context allows. A registration has been seen to take 12 s.
	callTimeout = 60 * time.Second
	// maxAnswer is more than any answer that is asked for here can have.
	maxAnswer = 1 << 20

	// defaultRetryAfter is for a server that asks to be left alone and does not say for how long.
	defaultRetryAfter = time.Minute
	minRetryAfter     = time.Second
)

// newTransport makes a connection of its own for every request: on one that was used before, net/http would send a request again that got no answer.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: callTimeout,
		DisableKeepAlives:     true,
		DisableCompression:    true,
	}
}

func newHTTPClient(transport http.RoundTripper, token string, clk clock.PassiveClock) *http.Client {
	return &http.Client{
		Transport:     &guard{next: transport, token: token, clock: clk},
		Timeout:       callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// guard signs requests in, and lets only those answers through that the library can make something of: success, and what the API says no with.
type guard struct {
	next  http.RoundTripper
	token string
	clock clock.PassiveClock
}

// RoundTrip sends one request, once.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	once := request.Clone(request.Context())
	once.Header.Set("Authorization", "Bearer "+g.token)
	once.GetBody = nil // so that nobody can send it again
	response, err := g.next.RoundTrip(once)
	if err != nil {
		return nil, err
	}
	code := response.StatusCode
	if code == http.StatusTooManyRequests {
		_ = response.Body.Close()
		return nil, &throttledError{after: retryAfter(response.Header, g.clock.Now())}
	}
	if code < 200 || code >= 300 && code < 400 || code >= 500 {
		_ = response.Body.Close()
		return nil, &statusError{code: code}
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer)
	return response, nil
}

// throttledError says that the server asks to be left alone.
type throttledError struct{ after time.Duration }

func (e *throttledError) Error() string { return "too many requests" }

// statusError is an answer that says nothing.
type statusError struct{ code int }

func (e *statusError) Error() string { return "status " + strconv.Itoa(e.code) }

// retryAfter is for how long a server asks to be left alone: Retry-After, which a proxy may set, or the end of the hour's window.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32); err == nil {
		return max(time.Duration(seconds)*time.Second, minRetryAfter)
	}
	for _, read := range []func() (time.Time, error){
		func() (time.Time, error) { return http.ParseTime(h.Get("Retry-After")) },
		func() (time.Time, error) {
			reset, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
			return time.Unix(reset, 0), err
		},
	} {
		if at, err := read(); err == nil {
			return min(max(at.Sub(now), minRetryAfter), time.Hour)
		}
	}
	return defaultRetryAfter
}
