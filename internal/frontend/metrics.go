package frontend

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/frontend/orders"
)

// metrics count requests by route template, never by path, and tokens by use, never by value.
type metrics struct {
	requests        *prometheus.HistogramVec
	authentications *prometheus.CounterVec
	orders          *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "magicwebsitefactory_http_request_duration_seconds",
			Help:    "Time until a request was answered, by route, method and status code.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method", "code"}),
		authentications: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "magicwebsitefactory_authentications_total",
			Help: "Tokens that were shown, by dialect and by what they were found to be: Current, Previous, refused or wrong-dialect.",
		}, []string{"dialect", "result"}),
		orders: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "magicwebsitefactory_orders_total",
			Help: "Accepted orders, by what became of them: claimed, repeated, sent-again or new-attempt.",
		}, []string{"result"}),
	}
	registry.MustRegister(m.requests, m.authentications, m.orders)
	return m
}

func (m *metrics) request(route, method string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(code)).Observe(took.Seconds())
}

func (m *metrics) authenticated(dialect v1alpha1.Dialect, result string) {
	m.authentications.WithLabelValues(string(dialect), result).Inc()
}

func (m *metrics) order(result orders.Result) { m.orders.WithLabelValues(string(result)).Inc() }
