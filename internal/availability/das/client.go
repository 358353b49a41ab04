package das

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/outside"
	"magicwebsitefactory.gent/internal/names"
)

const (
	// Suffix is what DNS Belgium's service knows names under.
	Suffix = "be"
	// Address is the service's name and port.
	Address = "das.dns.be:4343"
	// MaxQueries is how often a minute an address may ask.
	MaxQueries = 50

	// queryTimeout bounds one query.
	queryTimeout = 6 * time.Second
)

// Config says whom to ask, and how often.
type Config struct {
	// Address is the server's name and port.
	Address string
	// Queries is how often this process may ask in any minute, from 1 to MaxQueries.
	Queries int
	// Clock by which queries are counted; the real one if nil.
	Clock clock.PassiveClock
	// Exceptions are networks that may be called although they are private. For tests.
	Exceptions []netip.Prefix
}

// Client is the Checker that asks a DAS server.
type Client struct {
	address string
	source  string
	dialer  *net.Dialer
	clock   clock.PassiveClock

	mu     sync.Mutex
	recent window
	// paused is until when the server is left alone, as it said itself.
	paused time.Time
}

var _ availability.Checker = (*Client)(nil)

// New checks the configuration. It asks nobody yet.
func New(config Config) (*Client, error) {
	host, port, err := net.SplitHostPort(config.Address)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || host == "" || bad != nil || n == 0 {
		return nil, fmt.Errorf("DAS server %q: a host and a port are needed, such as %s", config.Address, Address)
	}
	if config.Queries < 1 || config.Queries > MaxQueries {
		return nil, fmt.Errorf("DAS queries a minute: %d are not from 1 to %d", config.Queries, MaxQueries)
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	return &Client{
		address: config.Address, source: "DAS server " + config.Address, dialer: outside.Dialer(config.Exceptions...), clock: config.Clock,
		recent: window{times: make([]time.Time, config.Queries)},
	}, nil
}

// Check asks about one name. Errors are *availability.UnknownError.
func (c *Client) Check(ctx context.Context, name names.Name) (availability.Answer, error) {
	if pause := c.admit(); pause > 0 {
		return availability.Answer{}, c.unknown("is asked no more for now", pause)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	verdict, unknown := c.ask(ctx, name)
	if unknown != nil {
		return availability.Answer{}, unknown
	}
	return availability.Answer{Verdict: verdict}, nil
}

func (c *Client) unknown(reason string, after time.Duration) *availability.UnknownError {
	return &availability.UnknownError{Source: c.source, Reason: reason, RetryAfter: after}
}

// admit counts a query, or says how long it is until there may be one.
func (c *Client) admit() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	if left := c.paused.Sub(now); left > 0 {
		return left
	}
	return c.recent.admit(now)
}

// pause leaves the server alone for a while. The answer to a query that was under way already does not cut short a longer one.
func (c *Client) pause(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until := c.clock.Now().Add(d); until.After(c.paused) {
		c.paused = until
	}
}

func (c *Client) ask(ctx context.Context, name names.Name) (availability.Verdict, *availability.UnknownError) {
	conn, err := c.dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return availability.Unknown, c.unknown(outside.Why(err), 0)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, _ = fmt.Fprintf(conn, "%s\r\n", name) // what cannot be asked is not answered
	verdict, reason, pause := read(conn, name)
	if verdict != availability.Unknown {
		return verdict, nil
	}
	if pause > 0 {
		c.pause(pause)
	}
	if ctx.Err() != nil {
		reason = outside.Why(ctx.Err())
	}
	return availability.Unknown, c.unknown(reason, pause)
}

// window is when the last queries were, oldest next. It lets through as many as it has places for in any minute; a token bucket would let twice as many
// through in the minute after a quiet one.
type window struct {
	times []time.Time
	next  int
}

// admit counts a query, or says how long it is until there may be one.
func (w *window) admit(now time.Time) time.Duration {
	oldest := w.times[w.next]
	if left := oldest.Add(time.Minute).Sub(now); !oldest.IsZero() && left > 0 {
		return left
	}
	w.times[w.next] = now
	w.next = (w.next + 1) % len(w.times)
	return 0
}
