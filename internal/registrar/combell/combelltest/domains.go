package combelltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// The schemas of the API's description that the provider sends, which a test holds against published.json. A field that is not in them is an error.
type (
	registerDomain struct {
		DomainName  string          `json:"domain_name"`
		NameServers []string        `json:"name_servers"`
		Registrant  registrantInput `json:"registrant"`
	}
	registrantInput struct {
		FirstName        string       `json:"first_name"`
		LastName         string       `json:"last_name"`
		Address          string       `json:"address"`
		PostalCode       string       `json:"postal_code"`
		City             string       `json:"city"`
		CountryCode      string       `json:"country_code"`
		Email            string       `json:"email"`
		Fax              string       `json:"fax"`
		Phone            string       `json:"phone"`
		LanguageCode     string       `json:"language_code"`
		CompanyName      string       `json:"company_name"`
		EnterpriseNumber string       `json:"enterprise_number"`
		ExtraFields      []extraField `json:"extra_fields"`
	}
	extraField struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	editRenew struct {
		WillRenew *bool `json:"will_renew"`
	}
	editNameServers struct {
		DomainName  string   `json:"domain_name"`
		NameServers []string `json:"name_servers"`
	}
)

// decode reads a body by its schema.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// job is a provisioning job.
type job struct {
	domain string
	// order is the number of the order in the books; 0 for one that never got there.
	order int
	// ended is whether it has ended otherwise than well.
	ended bool
}

func (s *Server) register(body []byte) reply {
	var order registerDomain
	if decode(body, &order) != nil {
		return invalid("malformed_json")
	}
	if r := order.Registrant; order.DomainName == "" || r.FirstName == "" || r.LastName == "" || r.Address == "" || r.PostalCode == "" || r.City == "" ||
		r.CountryCode == "" || r.Email == "" || r.Phone == "" {
		return invalid("registrant_field_required")
	}
	answer, entry := s.Book.Order(order.DomainName, "")
	switch answer {
	case registrartest.Sold, registrartest.Accepted:
		s.Book.Change(order.DomainName, func(e *registrartest.Entry) { e.NameServers = order.NameServers })
		return s.accept(job{domain: order.DomainName, order: entry.Order})
	case registrartest.Broke:
		return invalid("insufficient_credit")
	case registrartest.Exists, registrartest.Premium:
		if s.Refusals == AtOnce {
			return invalid("domain_name_not_available")
		}
		return s.accept(job{domain: order.DomainName, ended: true})
	default:
		if s.Refusals == AtOnce {
			return invalid("domain_name_invalid")
		}
		return s.accept(job{domain: order.DomainName, order: entry.Order, ended: true})
	}
}

func (s *Server) accept(j job) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	id := fmt.Sprintf("5f0c0de0-0000-4000-8000-%012x", s.last)
	s.jobs[id] = &j
	return reply{status: http.StatusAccepted}.with("Location", "https://api.combell.com/v2/provisioningjobs/"+id)
}

func (s *Server) provisioning(id string) reply {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j == nil {
		return problem(http.StatusNotFound, "not_found")
	}
	entry := s.Book.Get(j.domain)
	info := map[string]any{"id": id, "completion": map[string]any{"estimate": s.clock.Now().UTC().Add(time.Minute).Format(time.RFC3339)}}
	switch {
	case j.ended, entry.Order == j.order && entry.State == registrartest.TurnedDown:
		info["status"] = "cancelled"
		if s.Refusals == Failed {
			info["status"] = "failed"
		}
	case entry.Order == j.order && entry.State == registrartest.Open:
		info["status"] = "ongoing"
	default:
		return reply{status: http.StatusCreated, body: map[string]any{"id": id, "resource_links": []string{"/v2/domains/" + j.domain}}}
	}
	return reply{status: http.StatusOK, body: info}
}

func (s *Server) domain(name string) reply {
	e := s.Book.Get(name)
	if e.State != registrartest.Ours {
		return problem(http.StatusNotFound, "domain_not_found")
	}
	shown := summary(name, e)
	shown["name_servers"], shown["registrant"], shown["can_toggle_renew"] = []map[string]string{}, map[string]string{}, !s.isFrozen(name)
	servers := make([]map[string]string, 0, len(e.NameServers))
	for _, server := range e.NameServers {
		servers = append(servers, map[string]string{"name": server, "ip": "192.0.2.53"})
	}
	shown["name_servers"] = servers
	return reply{status: http.StatusOK, body: shown}
}

func summary(name string, e registrartest.Entry) map[string]any {
	return map[string]any{"domain_name": name, "expiration_date": e.Expiry.Format("2006-01-02T15:04:05"), "will_renew": e.AutoRenew}
}

func (s *Server) listDomains(r *http.Request) reply {
	all := s.Book.Names()
	var names []string
	for name, e := range all {
		if e.State == registrartest.Ours {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return paged(r.URL.Query(), names, func(name string) any { return summary(name, all[name]) })
}

// paged is one page of a collection. Combell may return fewer than are asked for, and so does this one: 25 at most.
func paged[T any](query url.Values, all []T, show func(T) any) reply {
	skip, take := 0, 25
	if n, err := strconv.Atoi(query.Get("skip")); err == nil {
		skip = min(max(n, 0), len(all))
	}
	if n, err := strconv.Atoi(query.Get("take")); err == nil {
		take = min(max(n, 0), take)
	}
	page := all[skip:min(skip+take, len(all))]
	shown := make([]any, 0, len(page))
	for _, one := range page {
		shown = append(shown, show(one))
	}
	return reply{status: http.StatusOK, body: shown}.
		with("X-Paging-Skipped", fmt.Sprint(skip)).with("X-Paging-Take", fmt.Sprint(len(page))).with("X-Paging-TotalResults", fmt.Sprint(len(all)))
}

func (s *Server) isFrozen(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.frozen[name]
}

func (s *Server) renew(name string, body []byte) reply {
	var edit editRenew
	switch {
	case s.Book.Get(name).State != registrartest.Ours:
		return problem(http.StatusNotFound, "domain_not_found")
	case decode(body, &edit) != nil || edit.WillRenew == nil:
		return invalid("will_renew_required")
	case s.isFrozen(name):
		return problem(http.StatusBadRequest, "renew_not_allowed")
	}
	s.Book.Change(name, func(e *registrartest.Entry) { e.AutoRenew = *edit.WillRenew })
	return reply{status: http.StatusNoContent}
}

func (s *Server) editNameServers(name string, body []byte) reply {
	var edit editNameServers
	switch {
	case s.Book.Get(name).State != registrartest.Ours:
		return problem(http.StatusNotFound, "domain_not_found")
	case decode(body, &edit) != nil || edit.DomainName != name || len(edit.NameServers) == 0:
		return invalid("nameservers_required")
	}
	s.Book.Change(name, func(e *registrartest.Entry) { e.NameServers = edit.NameServers })
	return reply{status: http.StatusNoContent}
}
