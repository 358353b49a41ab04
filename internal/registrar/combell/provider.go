package combell

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	keyAPIKey    = "api-key"
	keyAPISecret = "api-secret"
)

// Option changes the provider.
type Option func(*provider)

// WithTransport makes the calls by other means than the network, or to another server. It must neither repeat requests nor follow redirects.
func WithTransport(transport http.RoundTripper) Option {
	return func(p *provider) { p.http.Transport = transport }
}

// WithRegistry asks the registry about names that the account does not hold. Only that a name is taken is believed: it is what
// a purchase that was turned down cannot say. Without one, whether the registry has a name is not answered.
func WithRegistry(registry availability.Checker) Option {
	return func(p *provider) { p.registry = registry }
}

// New returns the provider. The reader must not be a cache. It needs get on Secrets in the namespace of the Registrars.
func New(reader client.Reader, clk clock.PassiveClock, options ...Option) registrar.Provider {
	p := &provider{reader: reader, clock: clk, http: newHTTPClient(), gates: map[types.UID]*gate{}}
	for _, option := range options {
		option(p)
	}
	return registrar.Provider{
		Name:            "combell",
		Environments:    []v1alpha1.Environment{v1alpha1.EnvironmentLive},
		NeedsRegistrant: true,
		Describes:       func(member v1alpha1.RegistrarProvider) bool { return member.Combell != nil },
		New:             p.open,
	}
}

type provider struct {
	reader   client.Reader
	clock    clock.PassiveClock
	http     *http.Client
	registry availability.Checker

	mu sync.Mutex
	// gates by the Registrar's UID. Admins make Registrars, so they are few, and one that is gone costs a few bytes.
	gates map[types.UID]*gate
}

func (p *provider) open(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
	terms, err := termsOf(r)
	if err != nil {
		return nil, err
	}
	keys, err := p.credentials(ctx, r)
	if err != nil {
		return nil, err
	}
	return &account{
		caller:   &caller{http: p.http, keys: keys, clock: p.clock, gate: p.gateOf(r.UID)},
		terms:    terms,
		registry: p.registry,
	}, nil
}

func (p *provider) gateOf(uid types.UID) *gate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gates[uid] == nil {
		p.gates[uid] = &gate{}
	}
	return p.gates[uid]
}

// printable is what a header can carry. A colon would end the key.
var printable = regexp.MustCompile(`^[!-9;-~]+$`)

func (p *provider) credentials(ctx context.Context, r *v1alpha1.Registrar) (credentials, error) {
	ref := r.Spec.Provider.Combell.CredentialsSecretRef
	values, err := registrar.Credentials(ctx, p.reader, r, ref, keyAPIKey, keyAPISecret)
	if err != nil {
		return credentials{}, err
	}
	// A file that a Secret is made from ends in a line break more often than not.
	keys := credentials{key: strings.TrimSpace(values[keyAPIKey]), secret: strings.TrimSpace(values[keyAPISecret])}
	if !printable.MatchString(keys.key) {
		return credentials{}, &registrar.CredentialsError{Err: fmt.Errorf("the Secret %s: %s must be ASCII without spaces and colons", ref.Name, keyAPIKey)}
	}
	if keys.secret == "" {
		return credentials{}, &registrar.CredentialsError{Err: &registrar.MissingSecretError{Secret: ref.Name, Key: keyAPISecret}}
	}
	return keys, nil
}

// errNotAHostName is for names that no path may be made of.
var errNotAHostName = errors.New("not a host name in lower-case ASCII")

var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func checkName(domain string) error {
	if len(domain) > 253 || !hostName.MatchString(domain) {
		return fmt.Errorf("%q: %w", domain, errNotAHostName)
	}
	return nil
}
