package domain

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var (
	purchases = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "magicwebsitefactory_domain_purchases_total",
		Help: "Calls to buy a name, by what came of them: done, pending, unknown, or the kind of refusal.",
	}, []string{"outcome"})
	renewals = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "magicwebsitefactory_domain_renewals_total",
		Help: "Calls to set how a name is renewed, by what came of them.",
	}, []string{"outcome"})
	extensions = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "magicwebsitefactory_domain_extensions_total",
		Help: "Calls to buy one more year of a name that is not renewed by itself, by what came of them: done, pending, unknown, or the kind of refusal.",
	}, []string{"outcome"})
	census = &collector{}
)

func init() {
	metrics.Registry.MustRegister(purchases, renewals, extensions, census)
}

var (
	domainsDesc = prometheus.NewDesc("magicwebsitefactory_domains",
		"Domains by the status and reason of their Registered condition.", []string{"registered", "reason"}, nil)
	attentionDesc = prometheus.NewDesc("magicwebsitefactory_domains_needing_attention",
		"Domains of which only a person can tell whether they were bought.", nil, nil)
	expiringDesc = prometheus.NewDesc("magicwebsitefactory_domains_expiring",
		"Domains of ours that run out within so many days and are not renewed as desired.", []string{"days"}, nil)
)

// collector counts the Domains in the cache when it is asked, which costs no call and keeps no count that could go wrong.
type collector struct {
	source atomic.Pointer[censusSource]
}

type censusSource struct {
	reader    client.Reader
	namespace string
	now       func() time.Time
}

// Describe names what is counted.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- domainsDesc
	ch <- attentionDesc
	ch <- expiringDesc
}

// Collect counts.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	source := c.source.Load()
	if source == nil {
		return
	}
	// The cache answers from memory. The time-out is for one that is not filled yet.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	var list v1alpha1.DomainList
	if err := source.reader.List(ctx, &list, client.InNamespace(source.namespace), client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	states, attention, expiring := count(list.Items, source.now())
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(domainsDesc, prometheus.GaugeValue, float64(n), state.status, state.reason)
	}
	ch <- prometheus.MustNewConstMetric(attentionDesc, prometheus.GaugeValue, float64(attention))
	for _, alarm := range expiryAlarms {
		ch <- prometheus.MustNewConstMetric(expiringDesc, prometheus.GaugeValue, float64(expiring[alarm.label]), alarm.label)
	}
}

type domainState struct{ status, reason string }

func count(domains []v1alpha1.Domain, now time.Time) (map[domainState]int, int, map[string]int) {
	states, attention, expiring := map[domainState]int{}, 0, map[string]int{}
	for i := range domains {
		d := &domains[i]
		state := domainState{status: "Unknown", reason: "New"}
		if c := registeredOf(d); c != nil {
			state = domainState{status: string(c.Status), reason: c.Reason}
		}
		states[state]++
		if apimeta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionNeedsAttention) {
			attention++
		}
		if phaseOf(d) != phaseOurs || d.Status.ExpiryTime == nil || apimeta.IsStatusConditionTrue(d.Status.Conditions, v1alpha1.ConditionRenewing) {
			continue
		}
		for _, alarm := range expiryAlarms {
			if d.Status.ExpiryTime.Sub(now) <= alarm.within {
				expiring[alarm.label]++
			}
		}
	}
	return states, attention, expiring
}
