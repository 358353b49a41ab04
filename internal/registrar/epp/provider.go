package epp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// Dialer opens a connection to a server, host:port, on which the server has been authenticated by the configuration.
type Dialer func(ctx context.Context, address string, config *tls.Config) (net.Conn, error)

// Option changes how the provider works.
type Option func(*pool)

// WithDialer has connections opened by other means than TLS over TCP. It is for tests.
func WithDialer(dial Dialer) Option { return func(p *pool) { p.dial = dial } }

// WithRandom has the secret parts of transfer passwords come from elsewhere than crypto/rand. It is for tests.
func WithRandom(random io.Reader) Option { return func(p *pool) { p.random = random } }

// WithKeepAlive has idle sessions say hello, and log out after a while without calls. The timers run by that clock. Without it a session that the server has closed is
// found out when it is used next.
func WithKeepAlive(timers clock.WithDelayedExecution) Option {
	return func(p *pool) { p.timers = timers }
}

// New returns the provider. The reader reads Secrets, and must not be a cache. Sessions belong to what it returns, and are shared by all accounts of one Registrar.
func New(reader client.Reader, clk clock.PassiveClock, options ...Option) registrar.Provider {
	p := newPool(clk)
	for _, option := range options {
		option(p)
	}
	return registrar.Provider{
		Name:         "epp",
		Environments: []v1alpha1.Environment{v1alpha1.EnvironmentLive},
		Describes:    func(p v1alpha1.RegistrarProvider) bool { return p.EPP != nil },
		New: func(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
			t, err := termsOf(r)
			if err != nil {
				return nil, err
			}
			access, err := accessOf(ctx, reader, r)
			if err != nil {
				return nil, err
			}
			return &account{line: p.lineOf(r.UID, access), terms: t}, nil
		},
	}
}

// dialTLS is the Dialer of everything but tests.
func dialTLS(ctx context.Context, address string, config *tls.Config) (net.Conn, error) {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAliveProbe}, Config: config}
	return d.DialContext(ctx, "tcp", address)
}

const (
	// dialTimeout bounds connecting, within the caller's own deadline.
	dialTimeout = 10 * time.Second
	// keepAliveProbe has TCP find out peers that are gone.
	keepAliveProbe = 30 * time.Second
)

func newPool(clk clock.PassiveClock) *pool {
	return &pool{clock: clk, dial: dialTLS, random: rand.Reader, lines: map[lineKey]*line{}, started: clk.Now().UnixNano()}
}
