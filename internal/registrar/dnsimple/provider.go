package dnsimple

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	liveURL    = "https://api.dnsimple.com"
	sandboxURL = "https://api.sandbox.dnsimple.com"

	// keyToken of the credentials Secret.
	keyToken = "token"
	// currency of all prices.
	currency = "USD"
)

// Option changes how a provider reaches DNSimple. There is none for users.
type Option func(*options)

type options struct {
	transport http.RoundTripper
	baseURL   string
	userAgent string
}

// WithTransport has requests sent by another transport than one over TLS to DNSimple. It must not repeat any.
func WithTransport(t http.RoundTripper) Option { return func(o *options) { o.transport = t } }

// WithBaseURL has another server asked, without a path, whatever a Registrar says of the sandbox.
func WithBaseURL(url string) Option { return func(o *options) { o.baseURL = url } }

// WithUserAgent names the program that asks.
func WithUserAgent(name string) Option { return func(o *options) { o.userAgent = name } }

// New returns the provider. The reader must not be a cache: it reads the credentials, each time an account is opened.
func New(reader client.Reader, clk clock.PassiveClock, opts ...Option) registrar.Provider {
	o := options{transport: newTransport(), userAgent: "magic-website-factory"}
	for _, opt := range opts {
		opt(&o)
	}
	return registrar.Provider{
		Name: "dnsimple",
		// The sandbox too is for live factories only: a test factory plays the known names of the HTTP contract, which a sandbox cannot.
		Environments: []v1alpha1.Environment{v1alpha1.EnvironmentLive},
		Describes:    func(p v1alpha1.RegistrarProvider) bool { return p.DNSimple != nil },
		New: func(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
			return open(ctx, r, reader, clk, o)
		},
	}
}

func open(ctx context.Context, r *v1alpha1.Registrar, reader client.Reader, clk clock.PassiveClock, o options) (*account, error) {
	if r.Spec.Limits.MaxPrice.Currency != currency {
		return nil, &registrar.SpecError{
			Field: "spec.limits.maxPrice.currency", Problem: "must be " + currency + ", which DNSimple's prices are in: amounts of different currencies cannot be compared",
		}
	}
	spec := r.Spec.Provider.DNSimple
	credentials, err := registrar.Credentials(ctx, reader, r, spec.CredentialsSecretRef, keyToken)
	if err != nil {
		return nil, err
	}
	c := dnsimple.NewClient(newHTTPClient(o.transport, strings.TrimSpace(credentials[keyToken]), clk))
	c.SetUserAgent(o.userAgent)
	switch {
	case o.baseURL != "":
		c.BaseURL = o.baseURL
	case spec.Sandbox:
		c.BaseURL = sandboxURL
	default:
		c.BaseURL = liveURL
	}
	return &account{
		api: c, id: spec.AccountID, account: strconv.FormatInt(spec.AccountID, 10), registrant: spec.RegistrantID, suffixes: r.Spec.Suffixes, clock: clk,
	}, nil
}

// account is one account at DNSimple.
type account struct {
	api *dnsimple.Client
	// id of the account, as a number and as it stands in paths.
	id      int64
	account string
	// registrant is the number of the contact in whose name names are registered.
	registrant int64
	suffixes   []string
	clock      clock.PassiveClock
}

var (
	_ registrar.Registrar        = (*account)(nil)
	_ registrar.NameServerKeeper = (*account)(nil)
)

// Account is the server's host and the account's number there.
func (a *account) Account() string {
	return "dnsimple:" + strings.TrimPrefix(a.api.BaseURL, "https://") + ":" + a.account
}
