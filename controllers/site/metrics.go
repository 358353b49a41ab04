package site

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// readySeconds is how long attempts took until their site was Ready for the first time. The aim is half a minute.
var readySeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
	Name:    "magicwebsitefactory_site_ready_seconds",
	Help:    "Seconds from the start of an attempt until its site was Ready for the first time.",
	Buckets: []float64{5, 10, 15, 20, 30, 45, 60, 120, 300, 900, 3600, 14400, 86400},
})

func init() { metrics.Registry.MustRegister(readySeconds) }

// measure observes a site that became Ready for the first time in its attempt.
func measure(before, after *v1alpha1.IndieSite) {
	ready := find(after.Status.Conditions, v1alpha1.ConditionReady)
	attempt, outcome := after.Status.Attempt, after.Status.Outcome
	if !isTrue(ready) || isTrue(find(before.Status.Conditions, v1alpha1.ConditionReady)) || attempt == nil || (outcome != nil && outcome.Attempt == attempt.Number) {
		return
	}
	readySeconds.Observe(ready.LastTransitionTime.Sub(attempt.StartTime.Time).Seconds())
}

// The states that sites are counted in.
const (
	stateReady     = "ready"
	stateSuspended = "suspended"
	stateStalled   = "stalled"
	stateWaiting   = "progressing"
)

// census counts the sites by state when it is asked, from the cache: a gauge that is kept up to date by hand would drift.
type census struct {
	client.Reader
	namespace string
	sites     *prometheus.Desc
}

func newCensus(r client.Reader, namespace string) *census {
	return &census{r, namespace, prometheus.NewDesc("magicwebsitefactory_sites", "IndieSites by state.", []string{"state"}, nil)}
}

// Describe implements prometheus.Collector.
func (c *census) Describe(ch chan<- *prometheus.Desc) { ch <- c.sites }

// Collect implements prometheus.Collector.
func (c *census) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var list v1alpha1.IndieSiteList
	if err := c.List(ctx, &list, client.InNamespace(c.namespace), client.UnsafeDisableDeepCopy); err != nil {
		return // the cache is not there yet; no figure is better than a wrong one
	}
	counts := map[string]int{stateReady: 0, stateSuspended: 0, stateStalled: 0, stateWaiting: 0}
	for i := range list.Items {
		counts[stateOf(&list.Items[i])]++
	}
	for state, n := range counts {
		ch <- prometheus.MustNewConstMetric(c.sites, prometheus.GaugeValue, float64(n), state)
	}
}

func stateOf(site *v1alpha1.IndieSite) string {
	switch {
	case isTrue(find(site.Status.Conditions, v1alpha1.ConditionStalled)):
		return stateStalled
	case site.Spec.Suspend:
		return stateSuspended
	case isTrue(find(site.Status.Conditions, v1alpha1.ConditionReady)):
		return stateReady
	default:
		return stateWaiting
	}
}

// register adds the census to the manager's metrics; a second manager in the same process, as in tests, leaves the first's.
func (c *census) register() error {
	var already prometheus.AlreadyRegisteredError
	if err := metrics.Registry.Register(c); err != nil && !errors.As(err, &already) {
		return err
	}
	return nil
}
