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
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "Combell sells no year beforehand over its API: switch its automatic renewal on"}
	}
	if err := checkName(r.Domain); err != nil {
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: err.Error()}
	}
	got, err := a.call(ctx, http.MethodPut, "/domains/"+r.Domain+"/renew", editRenew{WillRenew: r.AutoRenew})
	switch {
	case missing(err):
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the account does not hold the name"}
	case err != nil:
		if status := new(statusError); errors.As(err, &status) && status.own && status.status == http.StatusBadRequest {
			return registrar.Rejected{
				Reason: registrar.RejectedPostponed,
				Detail: "Combell does not let automatic renewal be changed now: there are unpaid invoices for the name, or it is due within a month",
			}
		}
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

// turnedDown tells a clear no from what nobody knows. Combell accepts (202) what it has validated, so what it calls wrong itself (4xx) was not accepted. None
// of it is final: what exactly is wrong is in codes that are not documented, and may be mended by an admin as well as lie in the name.
func turnedDown(doing string, err error) registrar.Result {
	var throttled *registrar.Throttled
	var credentials *registrar.CredentialsError
	var unsent *unsentError
	var status *statusError
	no := registrar.Rejected{Reason: registrar.RejectedPostponed}
	switch {
	case errors.As(err, &throttled):
		no.RetryAfter, no.Detail = throttled.RetryAfter, throttled.Err.Error()
	case errors.As(err, &credentials) && errors.As(err, &status) && status.own:
		// In other words than Combell's own it may be a guard before it, some of which look at answers, too: after the order.
		no.Detail = credentials.Error()
	case errors.As(err, &unsent):
		no.Detail = "nothing was sent: " + unsent.Error()
	case errors.As(err, &status) && status.own && status.status >= 400 && status.status < 500 && status.status != http.StatusRequestTimeout:
		no.Detail = status.Error()
	default:
		return registrar.Unknown{Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return no
}
