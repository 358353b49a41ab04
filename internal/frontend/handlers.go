package frontend

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
)

// workTimeout bounds the work on one request, so that its answer goes out before the server's write time-out.
const workTimeout = 25 * time.Second

// getDomain answers GET /v1/domain/<domain>.
func (s *Server) getDomain(w http.ResponseWriter, r *http.Request, who caller, _ []byte) error {
	ctx, cancel := context.WithTimeout(r.Context(), workTimeout)
	defer cancel()
	name, err := names.Normalise(domainParam(r))
	if err != nil {
		// People type: what is no name, or of a sort that nobody sells, is simply not available.
		writeAvailable(w, false)
		return nil
	}
	available, err := s.desk.Available(ctx, who.onboarder, name)
	if err != nil {
		return err
	}
	writeAvailable(w, available)
	return nil
}

func writeAvailable(w http.ResponseWriter, available bool) {
	writeJSON(w, http.StatusOK, "application/json", struct {
		Available bool `json:"available"`
	}{available})
}

// postSite answers POST /v1/site.
func (s *Server) postSite(w http.ResponseWriter, r *http.Request, who caller, body []byte) error {
	order, err := orderIn(body, who)
	if err != nil {
		return err
	}
	// An order that was begun is seen through, even if who sent it does not wait: a claim without its Secret would help nobody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), workTimeout)
	defer cancel()
	result, err := s.desk.Place(ctx, who.onboarder, order)
	if err != nil {
		return err
	}
	recordOf(r.Context()).result = string(result)
	s.metrics.order(result)
	w.Header().Set("Location", "/v1/site/"+order.Domain.String())
	w.WriteHeader(http.StatusCreated)
	return nil
}

// getSite answers GET /v1/site/<domain>.
func (s *Server) getSite(w http.ResponseWriter, r *http.Request, who caller, _ []byte) error {
	ctx, cancel := context.WithTimeout(r.Context(), workTimeout)
	defer cancel()
	name, err := names.Normalise(domainParam(r))
	if err != nil {
		return orders.ErrNoSite
	}
	claim, err := s.desk.Progress(ctx, who.onboarder, name)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, "application/json", progressOf(claim))
	return nil
}

// domainParam is the rest of the path, decoded, but for a slash at its end. It may hold anything: slashes too, as in an address that
// somebody pasted.
func domainParam(r *http.Request) string {
	param := strings.TrimSuffix(chi.URLParam(r, "*"), "/")
	if r.URL.RawPath == "" {
		return param
	}
	decoded, err := url.PathUnescape(param) // chi routes by the encoded path where there is one
	if err != nil {
		return ""
	}
	return decoded
}
