package frontend

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/frontend/orders"
)

// Config is what a Server is made of. All fields are needed, but for TrustedProxies.
type Config struct {
	// Desk takes the orders.
	Desk *orders.Desk
	// Onboarders are read here for each request, so it should be a cache.
	Onboarders client.Reader
	// FactoryNamespace is where the Onboarders are.
	FactoryNamespace string
	// Environment of the factory.
	Environment v1alpha1.Environment
	// TrustedProxies are the CIDRs of proxies whose X-Forwarded-For is believed. Without any, a client's address is that of its connection.
	TrustedProxies []string

	Log     *slog.Logger
	Clock   clock.PassiveClock
	Metrics prometheus.Registerer
}

// Server answers the HTTP contract.
type Server struct {
	desk    *orders.Desk
	door    doorkeeper
	limits  limits
	log     *slog.Logger
	clock   clock.PassiveClock
	metrics *metrics
	router  *chi.Mux
}

// New makes a Server. It panics if a trusted proxy is no CIDR.
func New(c Config) *Server {
	s := &Server{
		desk:    c.Desk,
		door:    doorkeeper{onboarders: c.Onboarders, namespace: c.FactoryNamespace, environment: c.Environment},
		limits:  newLimits(),
		log:     c.Log,
		clock:   c.Clock,
		metrics: newMetrics(c.Metrics),
	}
	s.router = s.routes(c.TrustedProxies)
	return s
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

func (s *Server) routes(trustedProxies []string) *chi.Mux {
	clientIP := middleware.ClientIPFromRemoteAddr
	if len(trustedProxies) > 0 {
		clientIP = middleware.ClientIPFromXFF(trustedProxies...)
	}
	router := chi.NewRouter()
	router.Use(clientIP, s.observe, s.recoverPanic, middleware.GetHead)
	router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, &problem{kind: kindNotFound, detail: "The paths are /v1/domain/<domain>, /v1/site and /v1/site/<domain>."})
	})
	router.MethodNotAllowed(s.methodNotAllowed)

	// The rest of the path is the domain as somebody typed it, slashes and all.
	router.Get("/v1/domain/*", s.question(s.limits.checks, checksPerMinute, s.getDomain))
	order := s.order(s.limits.orders, ordersPerMinute, s.postSite)
	router.Post("/v1/site", order)
	router.Post("/v1/site/", order)
	router.Get("/v1/site/*", s.question(s.limits.progress, checksPerMinute, s.getSite))
	return router
}

// methodNotAllowed names the methods that there are (RFC 9110, section 15.5.6), which chi tells its own handler only.
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RawPath
	if path == "" {
		path = r.URL.Path
	}
	allowed := slices.DeleteFunc([]string{http.MethodGet, http.MethodPost}, func(method string) bool {
		return !s.router.Match(chi.NewRouteContext(), method, path)
	})
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.refuse(w, r, &problem{kind: kindMethod, detail: "The Allow header names those that are."})
}
