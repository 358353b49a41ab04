package dnsimpletest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

const domainPath = "/v2/{account}/registrar/domains/{domain}"

// calls says what each route is, for faults.
var calls = map[string]registrartest.Call{
	"GET /v2/whoami":                                registrartest.CallCheck,
	"GET /v2/{account}/contacts/{contact}":          registrartest.CallCheck,
	"GET /v2/tlds/{tld}":                            registrartest.CallCheck,
	"GET /v2/{account}/domains/{domain}":            registrartest.CallLookUp,
	"GET " + domainPath + "/check":                  registrartest.CallLookUp,
	"GET " + domainPath + "/registrations/{number}": registrartest.CallLookUp,
	"GET " + domainPath + "/renewals/{number}":      registrartest.CallLookUp,
	"GET " + domainPath + "/prices":                 CallPrice,
	"POST " + domainPath + "/registrations":         registrartest.CallBuy,
	"POST " + domainPath + "/renewals":              registrartest.CallRenew,
	"PUT " + domainPath + "/auto_renewal":           registrartest.CallRenew,
	"DELETE " + domainPath + "/auto_renewal":        registrartest.CallRenew,
	"GET " + domainPath + "/delegation":             CallDelegation,
	"PUT " + domainPath + "/delegation":             CallDelegation,
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) answer{
		"GET /v2/whoami": func(*http.Request) answer {
			return data(http.StatusOK, map[string]any{"user": nil, "account": map[string]any{"id": AccountID, "email": "account@example.com", "plan_identifier": "teams-v1-monthly"}})
		},
		"GET /v2/{account}/contacts/{contact}":          s.contact,
		"GET /v2/tlds/{tld}":                            tld,
		"GET /v2/{account}/domains/{domain}":            s.domain,
		"GET " + domainPath + "/check":                  s.check,
		"GET " + domainPath + "/prices":                 s.prices,
		"GET " + domainPath + "/registrations/{number}": s.registration,
		"GET " + domainPath + "/renewals/{number}":      s.renewal,
		"POST " + domainPath + "/registrations":         s.register,
		"POST " + domainPath + "/renewals":              s.renew,
		"PUT " + domainPath + "/auto_renewal":           func(r *http.Request) answer { return s.autoRenew(r, true) },
		"DELETE " + domainPath + "/auto_renewal":        func(r *http.Request) answer { return s.autoRenew(r, false) },
		"GET " + domainPath + "/delegation":             s.delegation,
		"PUT " + domainPath + "/delegation":             s.delegate,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			given := r.PathValue("account")
			a := no(http.StatusNotFound, fmt.Sprintf("Account `%s` not found", given))
			if given == "" || given == strconv.FormatInt(AccountID, 10) {
				a = answer(r)
			}
			if err := write(w, a); err != nil {
				panic(err)
			}
		})
	}
	return mux
}

func (s *Server) contact(r *http.Request) answer {
	if r.PathValue("contact") != strconv.FormatInt(RegistrantID, 10) {
		return no(http.StatusNotFound, fmt.Sprintf("Contact `%s` not found", r.PathValue("contact")))
	}
	return data(http.StatusOK, map[string]any{"id": RegistrantID, "account_id": AccountID, "label": "Default", "first_name": "First", "last_name": "User", "country": "BE"})
}

func tld(r *http.Request) answer {
	return data(http.StatusOK, map[string]any{
		"tld": r.PathValue("tld"), "tld_type": 3, "minimum_registration": 1, "registration_enabled": true, "renewal_enabled": true, "auto_renew_only": false,
	})
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func (s *Server) domain(r *http.Request) answer {
	name := r.PathValue("domain")
	e := s.Book.Get(name)
	created, changed := s.times(name, e.Expiry)
	d := map[string]any{
		"id": 181984, "account_id": AccountID, "registrant_id": nil, "name": name, "unicode_name": name, "state": "hosted", "auto_renew": false, "private_whois": false,
		"trustee": false, "expires_at": nil, "created_at": stamp(created), "updated_at": stamp(changed),
	}
	switch e.State {
	case registrartest.Ours:
		d["registrant_id"], d["state"], d["auto_renew"], d["expires_at"] = RegistrantID, "registered", e.AutoRenew, stamp(e.Expiry)
		if !s.clock.Now().Before(e.Expiry) {
			d["state"] = "expired"
		}
	case registrartest.Open, registrartest.TurnedDown:
		// The published events of a registration that began, and of one that was cancelled, differ in nothing that is said of the name.
		d["registrant_id"] = RegistrantID
	case registrartest.Free, registrartest.Others:
		if !s.isHosted(name) {
			return no(http.StatusNotFound, fmt.Sprintf("Domain `%s` not found", name))
		}
	}
	return data(http.StatusOK, d)
}

func (s *Server) check(r *http.Request) answer {
	name := r.PathValue("domain")
	state := s.Book.Get(name).State
	return data(http.StatusOK, map[string]any{
		"domain": name, "available": state == registrartest.Free || state == registrartest.TurnedDown, "premium": s.Book.PlayOf(name) == registrartest.IsPremium,
	})
}

func (s *Server) prices(r *http.Request) answer {
	name := r.PathValue("domain")
	price, premium := Price, s.Book.PlayOf(name) == registrartest.IsPremium
	if premium {
		price *= 10
	}
	return data(http.StatusOK, map[string]any{
		"domain": name, "premium": premium, "registration_price": price, "renewal_price": price, "transfer_price": price, "restore_price": 5 * price,
	})
}

// input of a registration or a renewal.
type input struct {
	RegistrantID int64  `json:"registrant_id"`
	AutoRenew    bool   `json:"auto_renew"`
	Period       int    `json:"period"`
	PremiumPrice string `json:"premium_price"`
}

func inputOf(r *http.Request) (input, error) {
	var in input
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&in)
	return in, err
}

func (s *Server) register(r *http.Request) answer {
	name := r.PathValue("domain")
	in, err := inputOf(r)
	if err != nil || in.RegistrantID != RegistrantID {
		return answer{http.StatusBadRequest, map[string]any{"message": "Validation failed", "errors": map[string][]string{"registrant_id": {"can't be blank"}}}}
	}
	sold, e := s.Book.Order(name, "")
	body := map[string]any{
		"id": e.Order, "domain_id": 181984, "registrant_id": RegistrantID, "period": 1, "state": "registering", "auto_renew": in.AutoRenew, "whois_privacy": false, "trustee": false,
		"created_at": stamp(s.clock.Now()), "updated_at": stamp(s.clock.Now()),
	}
	switch sold {
	case registrartest.Exists:
		return no(http.StatusBadRequest, fmt.Sprintf("The domain %s cannot be registered", name))
	case registrartest.Premium:
		return no(http.StatusBadRequest, "The premium price must be confirmed")
	case registrartest.Broke:
		return no(http.StatusPaymentRequired, "This action cannot be completed because you have purchase invoices that need to be paid for: 12345-1010.")
	case registrartest.Refused, registrartest.Accepted, registrartest.Sold:
	}
	s.Book.Change(name, func(e *registrartest.Entry) { e.AutoRenew = in.AutoRenew })
	s.touch(name)
	if sold == registrartest.Sold {
		body["state"] = "registered"
		return data(http.StatusCreated, body)
	}
	return data(http.StatusAccepted, body)
}

func (s *Server) registration(r *http.Request) answer {
	name, number := r.PathValue("domain"), r.PathValue("number")
	e := s.Book.Get(name)
	if strconv.Itoa(e.Order) != number {
		return no(http.StatusNotFound, fmt.Sprintf("Domain registration `%s` not found", number))
	}
	state := map[registrartest.State]string{
		registrartest.Ours: "registered", registrartest.Open: "registering", registrartest.TurnedDown: "failed", registrartest.Others: "failed", registrartest.Free: "cancelled",
	}[e.State]
	return data(http.StatusOK, map[string]any{"id": e.Order, "domain_id": 181984, "registrant_id": RegistrantID, "period": 1, "state": state, "auto_renew": e.AutoRenew})
}

func (s *Server) renew(r *http.Request) answer {
	name := r.PathValue("domain")
	in, err := inputOf(r)
	switch {
	case err != nil || in.Period != 1:
		return answer{http.StatusBadRequest, map[string]any{"message": "Validation failed", "errors": map[string][]string{"period": {"is not included in the list"}}}}
	case s.Book.Get(name).State != registrartest.Ours:
		return no(http.StatusNotFound, fmt.Sprintf("Domain `%s` not found", name))
	case s.Book.PlayOf(name) == registrartest.Refuses:
		return no(http.StatusBadRequest, name+" may not be renewed at this time")
	}
	s.Book.Extend(name)
	s.touch(name)
	return data(http.StatusCreated, map[string]any{"id": s.nextRenewal(), "domain_id": 181984, "period": 1, "state": "renewed"})
}

func (s *Server) renewal(r *http.Request) answer {
	number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		return no(http.StatusNotFound, "Not Found")
	}
	return data(http.StatusOK, map[string]any{"id": number, "domain_id": 181984, "period": 1, "state": "renewed"})
}

func (s *Server) autoRenew(r *http.Request, on bool) answer {
	name := r.PathValue("domain")
	if s.Book.Get(name).State != registrartest.Ours {
		return no(http.StatusNotFound, fmt.Sprintf("Domain `%s` not found", name))
	}
	s.Book.Change(name, func(e *registrartest.Entry) { e.AutoRenew = on })
	s.touch(name)
	return answer{status: http.StatusNoContent}
}
