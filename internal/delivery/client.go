package delivery

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	// Timeout bounds one attempt as a whole: name, connection, request and answer.
	Timeout = 15 * time.Second
	// MaxAnswer is how many bytes of an answer's header, and of its body, are read.
	MaxAnswer = 64 << 10

	defaultUserAgent = "magic-website-factory"
)

// Request is one callback.
type Request struct {
	// Target is the contract's URL, without any secret.
	Target *url.URL
	// Dialect says where the token goes.
	Dialect v1alpha1.Dialect
	// Token authenticates the factory to the onboarder.
	Token Secret
	// CABundle holds the PEM certificates to trust; the system's when it is empty.
	CABundle []byte
	// Webhook, if given, is sent as the body, and signed. Without it the body is empty.
	Webhook *Webhook
}

// Sender makes one attempt. It returns the answer and never an error: whatever happened is one of the fixed reasons.
type Sender interface {
	Send(ctx context.Context, request Request) Answer
}

// Config says where a Client may go.
type Config struct {
	// Environment of the factory. On live, AllowedNetworks must be empty.
	Environment v1alpha1.Environment
	// AllowedNetworks may be called although they are private, for receivers in a test set-up.
	AllowedNetworks []netip.Prefix
	// DeniedNetworks are never called, whatever is allowed: the cluster's pods and Services.
	DeniedNetworks []netip.Prefix
	// Timeout of one attempt; Timeout, the constant, if zero. No more than that: others count on the attempt's end (see Hold).
	Timeout time.Duration
	// UserAgent that receivers see; the project's name if empty.
	UserAgent string
	// Clock to which a Retry-After date is compared, and that dates what is signed; the real one if nil.
	Clock clock.PassiveClock
	// Resolver looks names up; Go's own if nil.
	Resolver *net.Resolver
}

// Client is the Sender that goes out into the world. It follows no redirect, uses no proxy, keeps no connection (receivers with different trust
// must not share any), and calls no address that its guard does not let through.
type Client struct {
	config Config
	dialer *net.Dialer
}

var _ Sender = (*Client)(nil)

// NewClient checks the configuration: a live factory takes no AllowedNetworks.
func NewClient(config Config) (*Client, error) {
	if config.Environment == v1alpha1.EnvironmentLive && len(config.AllowedNetworks) > 0 {
		return nil, errors.New("networks allowed for callbacks: a live factory calls no private addresses")
	}
	guard, err := newGuard(config.AllowedNetworks, config.DeniedNetworks)
	if err != nil {
		return nil, err
	}
	if config.Timeout > Timeout {
		return nil, fmt.Errorf("time-out of callbacks: at most %s", Timeout)
	}
	if config.Timeout <= 0 {
		config.Timeout = Timeout
	}
	if config.UserAgent == "" {
		config.UserAgent = defaultUserAgent
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	return &Client{config: config, dialer: &net.Dialer{Control: guard.control, Resolver: config.Resolver}}, nil
}

// Send makes one attempt: a PATCH of the target, with an empty body unless a webhook is asked for.
func (c *Client) Send(ctx context.Context, request Request) Answer {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	roots, ok := trust(request.CABundle)
	if !ok {
		return Answer{Reason: ReasonRequestInvalid}
	}
	r, err := c.request(ctx, request)
	if err != nil {
		return Answer{Reason: ReasonRequestInvalid}
	}
	transport := c.transport(roots)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		return Answer{Reason: classify(err)}
	}
	defer response.Body.Close()
	// The status is the answer. The body is only read so that the receiver can finish writing it.
	_, _ = io.CopyN(io.Discard, response.Body, MaxAnswer)
	return Answered(response.StatusCode, parseRetryAfter(response.Header.Get("Retry-After"), c.config.Clock.Now()))
}

// request builds the contract's PATCH. net/http sends Content-Length: 0 with an empty body.
func (c *Client) request(ctx context.Context, request Request) (*http.Request, error) {
	if request.Target == nil || request.Target.Scheme != "https" || request.Target.Host == "" || request.Target.User != nil || CheckToken(string(request.Token)) != nil {
		return nil, errors.New("not a callback over https with a token")
	}
	var body io.Reader = http.NoBody
	if request.Webhook != nil {
		if len(request.Webhook.Keys) == 0 {
			return nil, errors.New("a webhook that nobody signs")
		}
		body = bytes.NewReader(request.Webhook.Body)
	}
	target := *request.Target
	if request.Dialect == v1alpha1.DialectQuerySecret {
		target.RawQuery += "&secret=" + url.QueryEscape(string(request.Token))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPatch, target.String(), body)
	if err != nil {
		return nil, errors.New("the request cannot be built") // the cause would repeat the URL
	}
	if request.Webhook != nil {
		request.Webhook.sign(r.Header, c.config.Clock.Now())
	}
	r.Header.Set("User-Agent", c.config.UserAgent)
	if request.Dialect != v1alpha1.DialectQuerySecret {
		r.Header.Set("Authorization", "Bearer "+string(request.Token))
	}
	return r, nil
}

func (c *Client) transport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		Proxy:                  nil, // a proxy would do the look-up, and the guard see only the proxy
		DialContext:            c.dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: MaxAnswer,
	}
}

// trust returns the pool for a CA bundle; nil stands for the system's.
func trust(bundle []byte) (*x509.CertPool, bool) {
	if len(bundle) == 0 {
		return nil, true
	}
	pool := x509.NewCertPool()
	return pool, pool.AppendCertsFromPEM(bundle)
}
