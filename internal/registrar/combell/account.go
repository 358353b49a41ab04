package combell

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/registrar"
)

// account is the account that one Registrar describes, for one pass.
type account struct {
	*caller
	terms    terms
	registry availability.Checker
}

var (
	_ registrar.Registrar        = (*account)(nil)
	_ registrar.RecordKeeper     = (*account)(nil)
	_ registrar.NameServerKeeper = (*account)(nil)
)

// Account is told by its API key, as Combell has no other word for it; by its digest, so that none of the key is shown. Where the key is made anew it is another account
// to the factory, which a call that is under way at that moment has a person asked for.
func (a *account) Account() string {
	sum := sha256.Sum256([]byte(a.keys.key))
	return "combell:" + hex.EncodeToString(sum[:8])
}

// Check reads one name of the account's list.
func (a *account) Check(ctx context.Context) error {
	got, err := a.call(ctx, http.MethodGet, "/domains?skip=0&take=1", nil)
	if err != nil {
		return fmt.Errorf("list the account's names: %w", err)
	}
	if _, err := decodeDomains(got.body); err != nil {
		return fmt.Errorf("list the account's names: %w", err)
	}
	return nil
}

// LookUp asks for the name first, and then for the order, which alone cannot make a name ours.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	s, err := a.sight(ctx, q.Domain)
	if err != nil {
		return s, err
	}
	if s.InAccount == registrar.Yes {
		return a.claim(ctx, q, s)
	}
	if q.Reference != "" {
		if _, err := a.follow(ctx, q, &s); err != nil {
			return registrar.Sighting{}, err
		}
		if s.Order == registrar.OrderFinished {
			// It may have finished after the account was asked.
			again, err := a.sight(ctx, q.Domain)
			if err != nil || again.InAccount == registrar.Yes {
				return again, err
			}
		}
	}
	if s.Order != registrar.OrderOpen && a.registered(ctx, q.Domain) {
		s.Registered = registrar.Yes
	}
	return s, nil
}

// claim says whether a name that the account holds can be by our order, where its number is known. Two factories with one account may both have had an order
// accepted, of which Combell carries out one: the name says nothing of whose, and our order does.
func (a *account) claim(ctx context.Context, q registrar.Query, s registrar.Sighting) (registrar.Sighting, error) {
	if q.Reference == "" {
		return s, nil
	}
	order := registrar.Sighting{Registered: registrar.Yes}
	state, err := a.follow(ctx, q, &order)
	switch {
	case err != nil:
		return registrar.Sighting{}, err
	case state == jobOngoing:
		return order, nil
	case state == jobCancelled, state == jobFailed:
		// By another order, or by Combell's people: only a person can tell.
		return registrar.Sighting{Registered: registrar.Yes, Reference: q.Reference}, nil
	default:
		return s, nil
	}
}

// sight says whether the account holds the name.
func (a *account) sight(ctx context.Context, domain string) (registrar.Sighting, error) {
	detail, holding, err := a.detail(ctx, domain)
	if missing(err) {
		return registrar.Sighting{InAccount: registrar.No}, nil
	}
	if err != nil {
		return registrar.Sighting{}, err
	}
	return registrar.Sighting{InAccount: registrar.Yes, Registered: registrar.Yes, Holding: holding, NoExtension: detail.extension()}, nil
}

func (a *account) detail(ctx context.Context, domain string) (domainDetail, registrar.Holding, error) {
	if err := checkName(domain); err != nil {
		return domainDetail{}, registrar.Holding{}, err
	}
	got, err := a.call(ctx, http.MethodGet, "/domains/"+domain, nil)
	if err == nil && got.status != http.StatusOK {
		err = &statusError{status: got.status}
	}
	if err != nil {
		return domainDetail{}, registrar.Holding{}, fmt.Errorf("look the name up: %w", err)
	}
	detail, holding, err := decodeDomain(got.body, domain)
	if err != nil {
		return domainDetail{}, registrar.Holding{}, fmt.Errorf("look the name up: %w", err)
	}
	return detail, holding, nil
}

// follow says what became of an order whose number is known; nothing where Combell does not know it any more.
func (a *account) follow(ctx context.Context, q registrar.Query, s *registrar.Sighting) (jobState, error) {
	if !reference.MatchString(q.Reference) {
		return "", errors.New("follow the order: its reference is none of Combell's")
	}
	s.Reference = q.Reference
	got, err := a.call(ctx, http.MethodGet, jobs+q.Reference, nil)
	if missing(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("follow the order: %w", err)
	}
	state, err := decodeJob(got.status, got.body, q.Reference)
	if err != nil {
		return "", fmt.Errorf("follow the order: %w", err)
	}
	switch state {
	case jobOngoing:
		s.Order = registrar.OrderOpen
	case jobFinished:
		s.Order = registrar.OrderFinished
	case jobCancelled:
		s.Order = registrar.OrderRejected
		s.Rejection = registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "Combell has cancelled the order"}
	case jobFailed:
		// A matter for Combell's support, who may carry it out all the same: nobody can tell until they have. See the package documentation.
	}
	return state, nil
}

// registered says whether the registry is known to have the name. Whoever asks in vain knows nothing.
func (a *account) registered(ctx context.Context, domain string) bool {
	if a.registry == nil {
		return false
	}
	name, err := names.Normalise(domain)
	if err != nil {
		return false
	}
	got, err := a.registry.Check(ctx, name)
	return err == nil && got.Verdict == availability.Taken
}

// missing says whether Combell itself says that there is no such thing: in its own words, or without any, as it only says with most of its errors what is wrong. A page that
// something on the way makes of a wrong address does not.
func missing(err error) bool {
	var status *statusError
	return errors.As(err, &status) && (status.own && status.status == http.StatusGone || (status.own || status.bare) && status.status == http.StatusNotFound)
}
