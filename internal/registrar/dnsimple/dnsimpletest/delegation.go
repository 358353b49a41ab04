package dnsimpletest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// NameServers are those that a name of the account leads to, in the order in which they were given.
func (s *Server) NameServers(name string) []string {
	e := s.Book.Get(name)
	switch {
	case e.State != registrartest.Ours:
		return []string{}
	case len(e.NameServers) == 0:
		return slices.Clone(NameServers)
	default:
		return slices.Clone(e.NameServers)
	}
}

func (s *Server) delegation(r *http.Request) answer {
	name := r.PathValue("domain")
	if s.Book.Get(name).State != registrartest.Ours && !s.isHosted(name) {
		return no(http.StatusNotFound, fmt.Sprintf("Domain `%s` not found", name))
	}
	return data(http.StatusOK, s.NameServers(name))
}

func (s *Server) delegate(r *http.Request) answer {
	name := r.PathValue("domain")
	var servers []string
	switch err := json.NewDecoder(r.Body).Decode(&servers); {
	case s.Book.Get(name).State != registrartest.Ours && !s.isHosted(name):
		return no(http.StatusNotFound, fmt.Sprintf("Domain `%s` not found", name))
	case s.Book.Get(name).State != registrartest.Ours:
		return no(http.StatusBadRequest, fmt.Sprintf("The domain %s is not registered", name))
	case err != nil || len(servers) == 0:
		return no(http.StatusBadRequest, "The name servers cannot be changed")
	}
	s.Book.Change(name, func(e *registrartest.Entry) { e.NameServers = servers })
	s.touch(name)
	return data(http.StatusOK, s.NameServers(name))
}
