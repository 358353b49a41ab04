// Package live is the Checker of a live factory: it knows whom to ask about which names, asks about a name once however many want to know at the same
// time, and remembers for a short while what it heard.
package live

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// How long answers are remembered. A name that was free may be gone in a moment, and then the registrar refuses the order; one that is taken seldom
// becomes free. What nobody knew is remembered just long enough that impatience does not make it worse.
const (
	rememberTaken     = 5 * time.Minute
	rememberAvailable = 30 * time.Second
	rememberUnknown   = 5 * time.Second
	// maxRemembered bounds of how many names.
	maxRemembered = 10_000

	// checkTimeout bounds one question to a registry. It ends before those who wait for it give up, so that they can be told why.
	checkTimeout = 8 * time.Second
)

// Config says who is asked.
type Config struct {
	// Others is asked about all names but those that BySuffix has a Checker for: by suffix, in lower case, such as be.
	Others   availability.Checker
	BySuffix map[string]availability.Checker
	// Metrics counts answers; nobody does if nil.
	Metrics prometheus.Registerer
	// Clock by which answers are forgotten; the real one if nil.
	Clock clock.PassiveClock
}

// Checker asks others, and remembers.
type Checker struct {
	others   availability.Checker
	bySuffix map[string]availability.Checker
	flights  singleflight.Group
	answers  *cache.LRUExpireCache
	counts   *prometheus.CounterVec
}

var _ availability.Checker = (*Checker)(nil)

// New makes a Checker.
func New(config Config) *Checker {
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	counts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "magicwebsitefactory_availability_answers_total",
		Help: "Answers about names that are not ours, by suffix, verdict (available, taken or unknown) and whether they were remembered or asked for.",
	}, []string{"suffix", "verdict", "from"})
	if config.Metrics != nil {
		config.Metrics.MustRegister(counts)
	}
	return &Checker{
		others: config.Others, bySuffix: config.BySuffix, answers: cache.NewLRUExpireCacheWithClock(maxRemembered, config.Clock), counts: counts,
	}
}

// result is what came of a question.
type result struct {
	answer availability.Answer
	err    error
}

// Check gives what is remembered of a name, or asks. A question goes on for the others who wait for it when this one's context ends.
func (c *Checker) Check(ctx context.Context, name names.Name) (availability.Answer, error) {
	if r, ok := c.remembered(name); ok {
		return r.answer, r.err
	}
	flight := c.flights.DoChan(name.String(), func() (any, error) {
		if r, ok := c.remembered(name); ok {
			return r, nil // since the question before this one has just ended
		}
		asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		var r result
		r.answer, r.err = c.checkerOf(name).Check(asking, name)
		c.remember(name, r)
		c.count(name, r, "registry")
		return r, nil
	})
	select {
	case done := <-flight:
		r := done.Val.(result)
		return r.answer, r.err
	case <-ctx.Done():
		return availability.Answer{}, &availability.UnknownError{Source: "the registry", Reason: "did not answer in time"}
	}
}

// count counts an answer. Only names that are sold get here, so there are few suffixes.
func (c *Checker) count(name names.Name, r result, from string) {
	c.counts.WithLabelValues(name.Suffix(), r.answer.Verdict.String(), from).Inc()
}

func (c *Checker) remembered(name names.Name) (result, bool) {
	known, ok := c.answers.Get(name)
	if !ok {
		return result{}, false
	}
	r := known.(result)
	c.count(name, r, "memory")
	return r, true
}

func (c *Checker) remember(name names.Name, r result) {
	ttl := rememberUnknown
	switch {
	case r.err != nil:
	case r.answer.Verdict == availability.Taken:
		ttl = rememberTaken
	case r.answer.Verdict == availability.Available:
		ttl = rememberAvailable
	}
	c.answers.Add(name, r, ttl)
}

// checkerOf is that of the longest suffix of the name, in whole labels.
func (c *Checker) checkerOf(name names.Name) availability.Checker {
	for suffix := name.Suffix(); suffix != ""; _, suffix, _ = strings.Cut(suffix, ".") {
		if checker, ok := c.bySuffix[suffix]; ok {
			return checker
		}
	}
	return c.others
}
