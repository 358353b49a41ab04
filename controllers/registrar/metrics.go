package registrar

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// readiness is by Registrar: an admin makes them, so there are few.
var readiness = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "magicwebsitefactory_registrar_ready",
	Help: "1 where a Registrar works, 0 where its Ready condition says why not.",
}, []string{"registrar"})

func init() { metrics.Registry.MustRegister(readiness) }

func (s *scope) count() {
	works := 0.0
	if s.problem == nil {
		works = 1
	}
	readiness.WithLabelValues(s.key.Name).Set(works)
}

func forget(registrarName string) {
	readiness.Delete(prometheus.Labels{"registrar": registrarName})
}
