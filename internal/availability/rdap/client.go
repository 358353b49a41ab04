package rdap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/outside"
	"magicwebsitefactory.gent/internal/names"
)

const (
	// DefaultBootstrap is where IANA publishes the bootstrap file for domain names.
	DefaultBootstrap = "https://data.iana.org/rdap/dns.json"
	// MaxAnswer is how many bytes of a server's answer are read. Registries' answers have some 20 KiB at most.
	MaxAnswer = 1 << 20

	// requestTimeout bounds one request with its redirects.
	requestTimeout = 6 * time.Second
	maxRedirects   = 3
	maxHeader      = 64 << 10
	// connectionsPerServer bounds what one slow registry can hold up.
	connectionsPerServer = 16
	// silence after which a connection is tried, or questions would go on over one that is dead until the kernel gives it up.
	silence = 10 * time.Second

	userAgent = "magic-website-factory"
	// accept is what RFC 7480, section 4.2, has clients ask for.
	accept = "application/rdap+json, application/json;q=0.9"
)

// Config says whom to ask. The zero value asks the servers in IANA's bootstrap file.
type Config struct {
	// Bootstrap is the https URL of the bootstrap file; DefaultBootstrap if nil.
	Bootstrap *url.URL
	// Servers go before the bootstrap file: base URLs by suffix.
	Servers map[string]*url.URL
	// Log is told when the bootstrap file cannot be renewed; nobody if nil.
	Log *slog.Logger
	// Clock by which copies expire and pauses end; the real one if nil.
	Clock clock.PassiveClock
	// Exceptions are networks that may be called although they are private, and Roots the authorities to trust in place of the system's. For tests.
	Exceptions []netip.Prefix
	Roots      *x509.CertPool
}

// Client is the Checker that asks RDAP servers. It keeps the bootstrap file, which base URLs have shown what they are, and which servers want to be left alone.
type Client struct {
	own       registry
	directory *directory
	proofs    *proofs
	transport transport
}

var _ availability.Checker = (*Client)(nil)

// New checks the configuration. It asks nobody yet.
func New(config Config) (*Client, error) {
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Bootstrap == nil {
		config.Bootstrap, _ = url.Parse(DefaultBootstrap)
	}
	if config.Bootstrap.Scheme != "https" || config.Bootstrap.Host == "" || config.Bootstrap.User != nil {
		return nil, errors.New("RDAP bootstrap file: an https URL without user info is needed")
	}
	own, err := overrides(config.Servers)
	if err != nil {
		return nil, err
	}
	t := transport{clock: config.Clock, pauses: newPauses(config.Clock)}
	t.http = &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: t.checkRedirect,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would do the look-up, and the guard see only the proxy
			DialContext:            outside.Dialer(config.Exceptions...).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: config.Roots},
			TLSHandshakeTimeout:    4 * time.Second,
			ForceAttemptHTTP2:      true,
			HTTP2:                  &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: 3 * time.Second},
			MaxConnsPerHost:        connectionsPerServer,
			MaxIdleConns:           100,
			IdleConnTimeout:        time.Minute,
			DisableCompression:     true, // what is read is bounded as it is sent
			MaxResponseHeaderBytes: maxHeader,
		},
	}
	return &Client{
		own:       own,
		directory: &directory{url: config.Bootstrap, transport: t, clock: config.Clock, log: config.Log},
		proofs:    &proofs{transport: t, clock: config.Clock, bases: map[string]proof{}},
		transport: t,
	}, nil
}

// Check asks the server that knows the name's suffix. Errors are *availability.UnknownError.
func (c *Client) Check(ctx context.Context, name names.Name) (availability.Answer, error) {
	servers, err := c.servers(ctx, name)
	if err != nil {
		return availability.Answer{}, err
	}
	for _, server := range servers {
		var verdict availability.Verdict
		if verdict, err = c.ask(ctx, server, name); err == nil {
			return availability.Answer{Verdict: verdict}, nil
		}
	}
	return availability.Answer{}, err
}

// servers are those to ask about the name, at least one.
func (c *Client) servers(ctx context.Context, name names.Name) ([]*url.URL, error) {
	servers, known := c.own.servers(name.String())
	if !known {
		services, err := c.directory.services(ctx)
		if err != nil {
			return nil, err
		}
		servers, known = services.servers(name.String())
	}
	switch {
	case !known:
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: "names no server for names such as " + name.Suffix()}
	case len(servers) == 0:
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: "names no server with https for names such as " + name.Suffix()}
	}
	return servers, nil
}

// ask makes one look-up (RFC 9082, section 3.1.3).
func (c *Client) ask(ctx context.Context, server *url.URL, name names.Name) (availability.Verdict, error) {
	source := sourceOf(server)
	got, unknown := c.transport.get(ctx, source, server.JoinPath("domain", name.String()), http.Header{"Accept": {accept}})
	if unknown != nil {
		return availability.Unknown, unknown
	}
	if got.code == http.StatusNotFound && !got.about(name) {
		return availability.Unknown, &availability.UnknownError{Source: source, Reason: "redirects to what is not about the name, and answered 404 there"}
	}
	verdict, reason := judge(answerOf(got), name)
	switch verdict {
	case availability.Taken:
		c.proofs.add(server.String(), name)
	case availability.Available:
		if unknown := c.proofs.check(ctx, server, name); unknown != nil {
			return availability.Unknown, unknown
		}
	default:
		return verdict, &availability.UnknownError{Source: source, Reason: reason}
	}
	return verdict, nil
}

// transport makes requests, and leaves servers alone that want to be.
type transport struct {
	http   *http.Client
	clock  clock.PassiveClock
	pauses *pauses
}

// reply is a server's answer, with the whole of its body.
type reply struct {
	// path is what answered in the end, after redirects.
	path   string
	code   int
	header http.Header
	body   []byte
}

// about says whether the answer is one to a look-up of the name. A record says so itself; of a 404 nothing else tells, and a redirect that forgets the
// name, or the whole path, would make every name available.
func (r reply) about(name names.Name) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(r.path, "/")), "/domain/"+name.String())
}

// get gives a server's answer. Answers that it wants to be left alone come as errors, without a call where that is known already.
func (t transport) get(ctx context.Context, source string, target *url.URL, header http.Header) (reply, *availability.UnknownError) {
	unknown := func(reason string, after time.Duration) *availability.UnknownError {
		return &availability.UnknownError{Source: source, Reason: reason, RetryAfter: after}
	}
	if left := t.pauses.left(target.Host); left > 0 {
		return reply{}, unknown("wants to be left alone", left)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return reply{}, unknown("has a URL that cannot be asked", 0)
	}
	req.Header = header
	req.Header.Set("User-Agent", userAgent)
	res, err := t.http.Do(req)
	if err != nil {
		return reply{}, unknown(whyNot(err), 0)
	}
	defer res.Body.Close()
	if pause, busy := pauseOf(res, t.clock.Now()); busy {
		t.pauses.begin(res.Request.URL.Host, pause)
		return reply{}, unknown("answered "+strconv.Itoa(res.StatusCode), pause)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer+1))
	switch {
	case err != nil:
		return reply{}, unknown(whyNot(err), 0)
	case len(body) > MaxAnswer:
		return reply{}, unknown(fmt.Sprintf("answered with more than %d bytes", MaxAnswer), 0)
	}
	return reply{path: res.Request.URL.Path, code: res.StatusCode, header: res.Header, body: body}, nil
}

// The ways in which a redirect is not followed.
var (
	errTooFar    = errors.New("redirects more than " + strconv.Itoa(maxRedirects) + " times")
	errPlain     = errors.New("redirects to what is no https URL")
	errLeftAlone = errors.New("redirects to a server that wants to be left alone")
)

// checkRedirect lets redirects through that RFC 7480, section 5.2, has servers answer with where another one knows more. The dialer looks at their addresses.
func (t transport) checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errTooFar
	case req.URL.Scheme != "https" || req.URL.User != nil:
		return errPlain
	case t.pauses.left(req.URL.Host) > 0:
		return errLeftAlone
	}
	req.Header.Del("Referer") // tells nobody anything
	return nil
}

// whyNot says in fixed words why there is no answer.
func whyNot(err error) string {
	for _, own := range []error{errTooFar, errPlain, errLeftAlone} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	return outside.Why(err)
}
