package epp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// account is a Registrar's line to its server, for one pass of a duty.
type account struct {
	line  *line
	terms terms
}

var _ registrar.Registrar = (*account)(nil)

// Account is told by the server and the registrar's identifier there, which is the login where the spec does not say. It is a digest, as a login is kept in a Secret.
func (a *account) Account() string {
	sum := sha256.Sum256([]byte(a.line.access.server + "\n" + cmp.Or(a.terms.clientID, a.line.access.user)))
	return "epp:" + hex.EncodeToString(sum[:8])
}

// Check logs in, and asks for a name under the first suffix, and for prices where the server tells them: what an order begins with.
func (a *account) Check(ctx context.Context) error {
	return a.line.use(ctx, func(ctx context.Context, s *session) error {
		r, err := s.do(ctx, a.check(s, a.terms.probe, a.terms.currency, eppwire.PriceOfCreate), "")
		if err != nil {
			return fmt.Errorf("check the account: %w", err)
		}
		switch code := r.Code(); {
		case code == eppwire.CodeAuthorization:
			return &registrar.CredentialsError{Err: fmt.Errorf("the account may not ask for names: %w", &codeError{code: code})}
		case !code.Success():
			return fmt.Errorf("check the account with %s in %s: %w", a.terms.probe, a.terms.currency, errorOf(code))
		case !tellsPrices(s) && a.terms.price == nil:
			return &registrar.SpecError{Field: "spec.provider.epp.price", Problem: "must be set, as the server tells no prices (RFC 8748)"}
		}
		return nil
	})
}

func tellsPrices(s *session) bool { return s.greeting.Offers(eppwire.NamespaceFee) }

// check asks for a name, and for prices where the server tells them.
func (a *account) check(s *session, name, currency string, prices ...string) eppwire.Check {
	c := eppwire.Check{Name: name}
	if tellsPrices(s) {
		c.Prices, c.Currency = prices, currency
	}
	return c
}

// quote is what a command costs for a year, by the answer to check.
func (a *account) quote(s *session, r *eppwire.Response, name, command string) (eppwire.Quote, error) {
	switch {
	case tellsPrices(s):
		return r.Quote(name, command)
	case a.terms.price != nil:
		return eppwire.Quote{Minor: a.terms.price.Minor, Currency: a.terms.price.Currency}, nil
	default:
		return eppwire.Quote{}, errNoPrice
	}
}

// agreed is what goes out with an order, so that it fails where the price has changed meanwhile.
func agreed(s *session, q eppwire.Quote) *eppwire.Agreed {
	if !tellsPrices(s) {
		return nil
	}
	return &eppwire.Agreed{Minor: q.Minor, Currency: q.Currency}
}

func moneyOf(q eppwire.Quote) registrar.Money {
	return registrar.Money{Minor: q.Minor, Currency: q.Currency}
}

// standing is how a name stands at the registry.
type standing int

const (
	// standsAbsent: the registry does not have it.
	standsAbsent standing = iota
	// standsOurs: our account holds it.
	standsOurs
	// standsOrdered: our account has ordered it.
	standsOrdered
	// standsElsewhere: the registry has it, and not for our account.
	standsElsewhere
	// standsLeaving: it was our account's and is deleted.
	standsLeaving
)

// info asks how a name stands. The domain is nil where nothing is said of it.
func (a *account) info(ctx context.Context, s *session, name, operationID string) (standing, *eppwire.Domain, *eppwire.Response, error) {
	r, err := s.do(ctx, eppwire.Info{Name: name}, "")
	if err != nil {
		return 0, nil, nil, fmt.Errorf("ask for %s: %w", name, err)
	}
	switch code := r.Code(); code {
	case eppwire.CodeOK:
	case eppwire.CodeAbsent:
		return standsAbsent, nil, r, nil
	case eppwire.CodeAuthorization:
		return standsElsewhere, nil, r, nil
	default:
		return 0, nil, nil, fmt.Errorf("ask for %s: %w", name, errorOf(code))
	}
	d, err := r.Domain(name)
	if err != nil {
		s.broken = true
		return 0, nil, nil, fmt.Errorf("ask for %s: %w", name, err)
	}
	switch ours := a.sponsors(d, operationID); {
	case !ours && d.Sponsor == "":
		return 0, nil, nil, fmt.Errorf("ask for %s: the server does not say whose it is (clID)", name)
	case !ours:
		return standsElsewhere, d, r, nil
	case d.Has(eppwire.StatusPendingCreate):
		return standsOrdered, d, r, nil
	case r.Leaving():
		return standsLeaving, d, r, nil
	default:
		return standsOurs, d, r, nil
	}
}

// sponsors says whether a name is in our account: its sponsor is our identifier or login, which some servers write with # before a short one, or it shows the mark of our own
// operation, as it would to nobody else. Where the spec says the identifier, the login is not one: it might be another registrar's.
func (a *account) sponsors(d *eppwire.Domain, operationID string) bool {
	user := cmp.Or(a.terms.clientID, a.line.access.user)
	return strings.EqualFold(string(d.Sponsor), user) || d.Sponsor != "" && strings.EqualFold("#"+string(d.Sponsor), user) ||
		operationID != "" && operationOf(string(d.AuthInfo), operationID) == operationID
}

// available asks whether a name can be registered.
func available(ctx context.Context, s *session, name string) (bool, error) {
	r, err := s.do(ctx, eppwire.Check{Name: name}, "")
	if err != nil {
		return false, fmt.Errorf("check %s: %w", name, err)
	}
	if code := r.Code(); !code.Success() {
		return false, fmt.Errorf("check %s: %w", name, errorOf(code))
	}
	free, err := r.Available(name)
	if err != nil {
		s.broken = true
		return false, fmt.Errorf("check %s: %w", name, err)
	}
	return free, nil
}

// errNotOurs says that something was asked of a name that the account does not hold.
var errNotOurs = errors.New("the account does not hold the name")
