package dnsimple

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dnsimple/dnsimple-go/v9/dnsimple"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
)

// The states of a name of the account.
const (
	domainHosted     = "hosted"
	domainRegistered = "registered"
	domainExpired    = "expired"
)

// The states of a registration and of a renewal.
const (
	orderNew         = "new"
	orderRegistering = "registering"
	orderRegistered  = "registered"
	orderRenewing    = "renewing"
	orderRenewed     = "renewed"
	orderFailed      = "failed"
	orderCancelled   = "cancelled"
)

// References say what they are of, as registrations and renewals are numbered each by themselves.
const (
	registrationPrefix = "registration/"
	renewalPrefix      = "renewal/"
)

// freshness is for how long a name that may be on its way is taken to be. Where its registration takes longer than that, and its number is not known, nobody can
// tell it from one that came to nothing: it is [registrar.OrderUnclear].
const freshness = time.Hour

// LookUp asks for the name in the account, for the order where its number is known, and for the registry's word where the account has neither.
func (a *account) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	d, failed := a.domain(ctx, q.Domain)
	if failed != nil {
		return registrar.Sighting{}, failed
	}
	s := registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone}
	if held(d) {
		s.InAccount, s.Order, s.Registered = registrar.Yes, registrar.OrderFinished, registrar.Yes
		s.Holding, s.Created = holdingOf(d), begun(d)
	}
	switch number, isRenewal := strings.CutPrefix(q.Reference, renewalPrefix); {
	case isRenewal:
		err := a.seeRenewal(ctx, &s, q, number)
		return s, err
	case held(d) && q.Reference == "":
		return s, nil
	case q.Reference != "":
		if err := a.seeRegistration(ctx, &s, q); err != nil {
			return registrar.Sighting{}, err
		}
		if held(d) && s.Order != registrar.OrderFinished {
			return notByOurs(s), nil
		}
		return s, nil
	}
	s.Order = a.orderOf(d)
	if s.Order == registrar.OrderOpen {
		return s, nil
	}
	// Not that it could be bought is what is asked, but whether the registry has it: what cannot be bought is somebody's, if only the registry's own.
	available, failed := a.available(ctx, q.Domain)
	if failed != nil {
		return registrar.Sighting{}, failed
	}
	s.Registered = registrar.Yes
	if available {
		s.Registered = registrar.No
	}
	return s, nil
}

// notByOurs is a name that the account holds while our own registration of it is not done, or came to nothing: another factory with the same account may have bought it.
// What is not done is waited for, and whatever else is for a person.
func notByOurs(s registrar.Sighting) registrar.Sighting {
	s.InAccount, s.Holding, s.Created, s.Rejection = registrar.Unanswerable, registrar.Holding{}, time.Time{}, registrar.Rejected{}
	if s.Order != registrar.OrderOpen {
		s.Order = registrar.OrderUnanswerable
	}
	return s
}

// domain is the name as the account has it, nil where it has not.
func (a *account) domain(ctx context.Context, name string) (*dnsimple.Domain, *failure) {
	const doing = "read the name in the account"
	r, err := a.api.Domains.GetDomain(ctx, a.account, name)
	switch failed := fail(doing, err); {
	case failed != nil && failed.kind == absent && failed.subject == "domain":
		return nil, nil
	case failed != nil:
		return nil, failed
	case r.Data == nil || !strings.EqualFold(r.Data.Name, name) || r.Data.AccountID != a.id:
		return nil, &failure{doing: doing, what: errNonsense.Error(), cause: errNonsense}
	}
	switch r.Data.State {
	case domainHosted, domainRegistered, domainExpired:
		return r.Data, nil
	default:
		return nil, &failure{doing: doing, what: "its state is none that is known", cause: errNonsense}
	}
}

// held says whether the account holds the registration, and not a mere zone.
func held(d *dnsimple.Domain) bool { return d != nil && d.State != domainHosted }

// orderOf says what can be told of an order without its number.
func (a *account) orderOf(d *dnsimple.Domain) registrar.OrderState {
	if d == nil || d.RegistrantID == 0 {
		// A registration has a name of the account with a registrant from its beginning on.
		return registrar.OrderNone
	}
	if changed, err := time.Parse(time.RFC3339, d.UpdatedAt); err == nil && a.clock.Now().Sub(changed) < freshness {
		return registrar.OrderOpen
	}
	return registrar.OrderUnclear
}

func holdingOf(d *dnsimple.Domain) registrar.Holding {
	h := registrar.Holding{AutoRenew: ptr.To(d.AutoRenew)}
	if expiry, err := time.Parse(time.RFC3339, d.ExpiresAt); err == nil {
		h.Expiry = expiry.UTC()
	}
	return h
}

// sameDay is by how much an expiry may be off from a year after the order: registries have their own day, and some let a registration run out at its end.
const sameDay = 36 * time.Hour

// begun is when the registration of a name of the account began: when the account's entry was made, where the two came together. Zero where they need not have. The entry is
// older than the registration if it was a zone first, but then it changed once more, later, when it was registered; and it is younger if the name came from elsewhere, but
// then it does not run out a year after it came.
func begun(d *dnsimple.Domain) time.Time {
	made, err := time.Parse(time.RFC3339, d.CreatedAt)
	if err != nil {
		return time.Time{}
	}
	changed, err := time.Parse(time.RFC3339, d.UpdatedAt)
	if err != nil || changed.Sub(made) >= freshness || holdingOf(d).Expiry.Sub(made.AddDate(1, 0, 0)).Abs() > sameDay {
		return time.Time{}
	}
	return made.UTC()
}

// seeRegistration says how far the registration of that number is, and when it was asked for, where it made the name the account's.
func (a *account) seeRegistration(ctx context.Context, s *registrar.Sighting, q registrar.Query) error {
	number, ok := strings.CutPrefix(q.Reference, registrationPrefix)
	if !ok {
		s.Order = registrar.OrderUnanswerable
		return nil
	}
	const doing = "read the registration"
	r, err := a.api.Registrar.GetDomainRegistration(ctx, a.account, q.Domain, number)
	if failed := fail(doing, err); failed != nil {
		return failed
	}
	order := ptr.Deref(r.Data, dnsimple.DomainRegistration{})
	if failed := see(s, doing, q.Reference, registrationPrefix, order.ID, order.State); failed != nil {
		return failed
	}
	if s.Order == registrar.OrderRejected {
		s.Rejection = notCarriedOut(order.State)
	}
	if created, err := time.Parse(time.RFC3339, order.CreatedAt); err == nil && s.InAccount == registrar.Yes && s.Order == registrar.OrderFinished {
		s.Created = created.UTC()
	}
	return nil
}

// notCarriedOut is what becomes of a registration that DNSimple itself has given up: only people can find out why.
func notCarriedOut(state string) registrar.Rejected {
	return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: fmt.Sprintf("DNSimple began to register it and ended with %q; its support knows why", state)}
}

// seeRenewal says how far the extension of that number is.
func (a *account) seeRenewal(ctx context.Context, s *registrar.Sighting, q registrar.Query, number string) error {
	const doing = "read the renewal"
	r, err := a.api.Registrar.GetDomainRenewal(ctx, a.account, q.Domain, number)
	if failed := fail(doing, err); failed != nil {
		return failed
	}
	order := ptr.Deref(r.Data, dnsimple.DomainRenewal{})
	if failed := see(s, doing, q.Reference, renewalPrefix, order.ID, order.State); failed != nil {
		return failed
	}
	if s.Order == registrar.OrderRejected {
		s.Rejection = givenUp(order.State)
	}
	return nil
}

// givenUp is what becomes of a renewal that DNSimple itself has given up.
func givenUp(state string) registrar.Rejected {
	return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: fmt.Sprintf("DNSimple began to renew it and ended with %q", state)}
}

// see reads how far a registration or a renewal is, which is the one that was asked for.
func see(s *registrar.Sighting, doing, reference, prefix string, number int64, state string) *failure {
	if reference != prefix+strconv.FormatInt(number, 10) {
		return &failure{doing: doing, what: errNonsense.Error(), cause: errNonsense}
	}
	switch state {
	case orderNew, orderRegistering, orderRenewing:
		s.Order = registrar.OrderOpen
	case orderRegistered, orderRenewed:
		s.Order = registrar.OrderFinished
	case orderFailed, orderCancelled:
		s.Order = registrar.OrderRejected
	default:
		return &failure{doing: doing, what: "its state is none that is known", cause: errNonsense}
	}
	s.Reference = reference
	return nil
}

// available says whether the registry would give the name to anybody. DNSimple allows few of these questions, so it is asked only of names that the account
// does not hold.
func (a *account) available(ctx context.Context, name string) (bool, *failure) {
	const doing = "ask whether the registry has the name"
	r, err := a.api.Registrar.CheckDomain(ctx, a.account, name)
	if failed := fail(doing, err); failed != nil {
		return false, failed
	}
	if r.Data == nil || !strings.EqualFold(r.Data.Domain, name) {
		return false, &failure{doing: doing, what: errNonsense.Error(), cause: errNonsense}
	}
	return r.Data.Available, nil
}
