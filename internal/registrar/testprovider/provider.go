package testprovider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

const defaultSlowFor = 20 * time.Second

var defaultPrice = v1alpha1.Price{Amount: "10.00", Currency: "EUR"}

// New returns the provider. The reader must not be a cache: the ledger is the only truth about what was bought. It needs get, create and
// update on ConfigMaps in the namespace of the Registrars.
func New(c client.Client, reader client.Reader, clk clock.PassiveClock) registrar.Provider {
	busy := &sync.Mutex{}
	return registrar.Provider{
		Name:         "test",
		Environments: []v1alpha1.Environment{v1alpha1.EnvironmentTest},
		Describes:    func(p v1alpha1.RegistrarProvider) bool { return p.Test != nil },
		New: func(_ context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
			t, err := termsOf(r)
			if err != nil {
				return nil, err
			}
			return &account{
				ledger: &ledger{client: c, reader: reader, busy: busy, key: client.ObjectKey{Namespace: r.Namespace, Name: LedgerName(r.Name)}},
				terms:  t, clock: clk,
			}, nil
		},
	}
}

func termsOf(r *v1alpha1.Registrar) (terms, error) {
	spec := r.Spec.Provider.Test
	price, err := registrar.MoneyOf(ptr.Deref(spec.Price, defaultPrice))
	if err != nil {
		return terms{}, &registrar.SpecError{Field: "spec.provider.test.price", Problem: err.Error()}
	}
	if price.Currency != r.Spec.Limits.MaxPrice.Currency {
		return terms{}, &registrar.SpecError{
			Field:   "spec.provider.test.price.currency",
			Problem: "must be that of spec.limits.maxPrice, as amounts of different currencies cannot be compared",
		}
	}
	t := terms{price: price, slowFor: defaultSlowFor}
	if spec.SlowFor != nil {
		t.slowFor = spec.SlowFor.Duration
	}
	return t, nil
}

type account struct {
	ledger *ledger
	terms  terms
	clock  clock.PassiveClock
}

var _ registrar.Registrar = (*account)(nil)

// Account is the ledger, or a digest of its name where a Registrar has one that is too long.
func (a *account) Account() string {
	name := a.ledger.key.Name
	if len(name) > maxLedgerName {
		sum := sha256.Sum256([]byte(name))
		name = hex.EncodeToString(sum[:])
	}
	return "test:" + name
}

// maxLedgerName is what of it fits into the name of an account; see [registrar.Registrar].
const maxLedgerName = 100

// Check reads the ledger.
func (a *account) Check(ctx context.Context) error {
	_, _, err := a.ledger.read(ctx, "")
	return err
}

// LookUp reads the ledger's entry.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	e, _, err := a.ledger.read(ctx, q.Domain)
	if err != nil {
		return registrar.Sighting{}, err
	}
	return e.sight(q, a.clock.Now()), nil
}

// Buy writes the ledger's entry.
func (a *account) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	now := a.clock.Now().UTC().Truncate(time.Second)
	return a.change(ctx, o.Domain, func(e *Entry) (*Entry, registrar.Result) { return e.order(o, a.terms, now) })
}

// Renew changes the ledger's entry.
func (a *account) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	now := a.clock.Now()
	return a.change(ctx, r.Domain, func(e *Entry) (*Entry, registrar.Result) { return e.renew(r, a.terms, now) })
}

func (a *account) change(ctx context.Context, domain string, f func(*Entry) (*Entry, registrar.Result)) registrar.Result {
	var result registrar.Result
	err := a.ledger.change(ctx, domain, func(e *Entry) *Entry {
		var next *Entry
		next, result = f(e)
		return next
	})
	switch {
	case err == nil:
		return result
	case certainlyUnwritten(err):
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "the ledger cannot be written now"}
	default:
		return registrar.Unknown{Err: err}
	}
}
