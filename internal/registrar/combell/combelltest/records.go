package combelltest

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// Record is DnsRecord of the API's description.
type Record struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	RecordName string `json:"record_name"`
	TTL        int    `json:"ttl"`
	Content    string `json:"content"`
	Priority   int    `json:"priority"`
	Service    string `json:"service,omitempty"`
	Weight     int    `json:"weight"`
	Target     string `json:"target,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
	Port       int    `json:"port"`
}

// Records are those of a name, in the order in which they were made.
func (s *Server) Records(domain string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.zones[domain])
}

// AddRecord puts a record into a zone by other means, such as the control panel, and returns its ID.
func (s *Server) AddRecord(domain string, r Record) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	r.ID = fmt.Sprintf("1-%d", s.last)
	s.zones[domain] = append(s.zones[domain], r)
	return r.ID
}

func (s *Server) records(r *http.Request, domain string, id []string, body []byte) reply {
	if s.Book.Get(domain).State != registrartest.Ours {
		return problem(http.StatusNotFound, "domain_not_found")
	}
	var answer reply
	switch {
	case len(id) == 0 && r.Method == http.MethodGet:
		return paged(r.URL.Query(), s.Records(domain), func(r Record) any { return r })
	case len(id) == 0 && r.Method == http.MethodPost:
		answer = s.create(domain, body)
	case len(id) == 1 && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
		answer = s.edit(r.Method, domain, id[0], body)
	default:
		return reply{status: http.StatusMethodNotAllowed}
	}
	s.Book.Change(domain, func(e *registrartest.Entry) {
		e.Records = map[string]string{}
		for _, r := range s.Records(domain) {
			e.Records[r.ID] = fmt.Sprintf("%s %s %d %s", r.RecordName, r.Type, r.TTL, r.Content)
		}
	})
	return answer
}

func (s *Server) create(domain string, body []byte) reply {
	record, ok := valid(body)
	if !ok {
		return invalid("record_content_invalid")
	}
	return reply{status: http.StatusCreated}.with("Location", "https://api.combell.com/v2/dns/"+domain+"/records/"+s.AddRecord(domain, record))
}

func (s *Server) edit(method, domain, id string, body []byte) reply {
	record, ok := valid(body)
	if method == http.MethodPut && (!ok || record.ID != id) {
		return invalid("record_content_invalid")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.zones[domain], func(r Record) bool { return r.ID == id })
	switch {
	case at < 0:
		return problem(http.StatusNotFound, "record_not_found")
	case method == http.MethodDelete:
		s.zones[domain] = slices.Delete(s.zones[domain], at, at+1)
	default:
		s.zones[domain][at] = record
		return reply{status: http.StatusOK}
	}
	return reply{status: http.StatusNoContent}
}

func valid(body []byte) (Record, bool) {
	record := Record{TTL: 3600, Priority: 10}
	if decode(body, &record) != nil || record.TTL < 60 || record.TTL > 86400 {
		return Record{}, false
	}
	switch address, err := netip.ParseAddr(record.Content); record.Type {
	case "A":
		return record, err == nil && address.Is4()
	case "AAAA":
		return record, err == nil && address.Is6()
	case "CAA", "CNAME", "MX", "TXT", "SRV", "ALIAS", "TLSA":
		return record, true
	default:
		return Record{}, false
	}
}
