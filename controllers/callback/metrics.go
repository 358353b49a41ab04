package callback

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"magicwebsitefactory.gent/internal/delivery"
)

var (
	attempts = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "magicwebsitefactory_callback_attempts_total",
		Help: "Attempts to tell an onboarder of an outcome, by result: delivered, the class of another answer, or the reason that there was none.",
	}, []string{"result"})

	inFlight = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "magicwebsitefactory_callback_attempts_in_flight",
		Help: "Attempts that run now.",
	})

	exhaustedTotal = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "magicwebsitefactory_callback_exhausted_total",
		Help: "Outcomes that were given up after the last attempt.",
	})
)

func init() {
	metrics.Registry.MustRegister(attempts, inFlight, exhaustedTotal)
}

// resultLabel has few values: a receiver must not be able to make up new ones.
func resultLabel(answer delivery.Answer) string {
	switch {
	case answer.Success():
		return "delivered"
	case answer.StatusCode >= 200 && answer.StatusCode < 600:
		return strconv.Itoa(answer.StatusCode/100) + "xx"
	default:
		return answer.Reason
	}
}
