package combell

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"magicwebsitefactory.gent/internal/registrar"
)

// registerDomain is RegisterDomain of the API's description.
type registerDomain struct {
	DomainName  string          `json:"domain_name"`
	NameServers []string        `json:"name_servers,omitempty"`
	Registrant  registrantInput `json:"registrant"`
}

// Buy orders the name.
func (a *account) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	if err := checkName(o.Domain); err != nil {
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: err.Error()}
	}
	if no, ok := o.Affordable(a.terms.price, false); !ok {
		return no
	}
	got, err := a.call(ctx, http.MethodPost, "/domains/registrations", registerDomain{
		DomainName: o.Domain, NameServers: a.terms.nameServers, Registrant: a.terms.registrant,
	})
	if err != nil {
		return turnedDown("order the name", err)
	}
	if got.status != http.StatusAccepted {
		return registrar.Unknown{Err: fmt.Errorf("order the name: %w", &statusError{status: got.status})}
	}
	id, err := decodeLocation(got.header.Get("Location"))
	if err != nil {
		return registrar.Unknown{Err: fmt.Errorf("order the name: %w", err)}
	}
	return registrar.Pending{Reference: id}
}

// Renew switches automatic renewal. Combell has no other.
func (a *account) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	if !r.ExtendFrom.IsZero() {
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: noExtension}
	}
	if err := checkName(r.Domain); err != nil {
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: err.Error()}
	}
	got, err := a.call(ctx, http.MethodPut, "/domains/"+r.Domain+"/renew", editRenew{WillRenew: r.AutoRenew})
	var status *statusError
	answered := errors.As(err, &status)
	var credentials *registrar.CredentialsError
	switch {
	case missing(err):
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the account does not hold the name"}
	case answered && status.own && status.status == http.StatusBadRequest:
		return registrar.Rejected{
			Reason: registrar.RejectedPostponed,
			Detail: "Combell does not let automatic renewal be changed now: there are unpaid invoices for the name, or it is due within a month",
		}
	case answered && status.bare && errors.As(err, &credentials):
		// Whatever became of it, it is safe to repeat, and a look-up shows it.
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: credentials.Error()}
	case err != nil:
		return turnedDown("set automatic renewal", err)
	case got.status != http.StatusNoContent && got.status != http.StatusOK:
		return registrar.Unknown{Err: fmt.Errorf("set automatic renewal: %w", &statusError{status: got.status})}
	}
	return registrar.Done{Holding: registrar.Holding{AutoRenew: &r.AutoRenew}}
}

// editRenew is EditDomainWillRenewRequest of the API's description.
type editRenew struct {
	WillRenew bool `json:"will_renew"`
}

// turnedDown tells a clear no from what nobody knows, as the API's description has it: 202 is for what "has been validated and accepted", and 4xx "indicate that there was
// an issue with the request". So what Combell calls wrong in its own words was not accepted, and that goes for 401 and 403 too, which are about the request's own
// Authorization header and the keys' user. In other words, or without any, it may come from a guard before Combell, some of which look at answers: after the order.
// That is looked up. It is no way for wrong keys to make every name a matter for people: before each order the account was asked for the name with the same ones.
//
// None of it is final: what exactly is wrong is in codes that are not documented, and may be mended by an admin as well as lie in the name.
func turnedDown(doing string, err error) registrar.Result {
	var throttled *registrar.Throttled
	var credentials *registrar.CredentialsError
	var unsent *unsentError
	var status *statusError
	no := registrar.Rejected{Reason: registrar.RejectedPostponed}
	switch {
	case errors.As(err, &throttled):
		no.RetryAfter, no.Detail = throttled.RetryAfter, throttled.Err.Error()
	case errors.As(err, &unsent):
		no.Detail = "nothing was sent: " + unsent.Error()
	case !errors.As(err, &status) || !status.own || status.status < 400 || status.status >= 500 || status.status == http.StatusRequestTimeout:
		return registrar.Unknown{Err: fmt.Errorf("%s: %w", doing, err)}
	case errors.As(err, &credentials):
		no.Detail = credentials.Error()
	default:
		no.Detail = status.Error()
	}
	return no
}
