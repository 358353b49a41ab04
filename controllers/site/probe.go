package site

import (
	"cmp"
	"context"
	"net"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/reach"
)

const (
	// slowVisit is how often a site that answers is asked again.
	slowVisit = 10 * time.Minute
	// graceVisits is how many times in a row a site that answered may fail to before it counts as not reachable; graceAfter lies between them.
	graceVisits = 3
	graceAfter  = 2 * time.Second
	// firstPause and lastPause bound the pauses between questions to a site that does not answer yet.
	firstPause = time.Second
	lastPause  = 30 * time.Second
	// defaultProbes is how many sites are asked at once where Reconciler.Probes says nothing, and busyAfter when to look again for a free place.
	defaultProbes = 8
	busyAfter     = 2 * time.Second
)

// pause is how long to wait before something is looked at again that has not come about for so long: a tenth of it, within bounds.
func pause(since time.Duration) time.Duration { return pauseWithin(since, lastPause) }

func pauseWithin(since, longest time.Duration) time.Duration {
	return min(max(since/10, firstPause), longest)
}

// places are for the sites that are asked at once. A site that hangs holds its worker for seconds; without a bound, some that hang would hold up the
// orders of all others.
func (r *Reconciler) places() *semaphore.Weighted {
	r.probingOnce.Do(func() { r.probing = semaphore.NewWeighted(int64(cmp.Or(r.Probes, defaultProbes))) })
	return r.probing
}

// visit is what a site said when it was asked last. It is kept in memory: after a restart every site is asked once.
type visit struct {
	uid      types.UID
	attempt  int32
	children string // resourceVersions of what the answer depends on
	at       time.Time
	answered bool
	failures int // in a row, since it answered
	message  string
}

// probe asks https://<domain>/ once everything else stands: soon and often at first, seldom once it has answered, and again when a child changed.
func (r *Reconciler) probe(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.registered() || !s.available() || !s.issued() {
		return duty.Continue(), nil
	}
	addresses := s.addresses()
	if len(addresses) == 0 {
		s.noAddress = true
		return duty.Continue(), nil
	}
	key := client.ObjectKeyFromObject(s.site)
	next := visit{uid: s.site.UID, attempt: s.site.Spec.SetupAttempt, children: s.children(), at: s.now}
	last, ok := r.visits.get(key)
	known := ok && last.uid == next.uid && last.attempt == next.attempt
	if known && last.children == next.children {
		if rest := last.at.Add(s.pauseAfter(last)).Sub(s.now); rest > 0 {
			s.visit = &last
			return duty.ContinueAfter(rest), nil
		}
	}
	if !r.places().TryAcquire(1) {
		s.unasked = true
		if s.visit = s.remembered(); known {
			s.visit = &last
		}
		return duty.ContinueAfter(busyAfter), nil
	}
	defer r.places().Release(1)
	err := r.Prober.Probe(ctx, reach.Target{Domain: s.site.Spec.Domain, Addresses: addresses, CABundle: s.class.TLS.CABundle})
	if ctx.Err() != nil {
		return duty.Stop(), ctx.Err() // the manager stops: that says nothing about the site
	}
	switch {
	case err == nil:
		next.answered = true
	case known && last.answered && last.failures+1 < graceVisits:
		next.answered, next.failures = true, last.failures+1
	default:
		next.message = err.Error()
	}
	r.visits.put(key, next)
	s.visit = &next
	return duty.ContinueAfter(s.pauseAfter(next)), nil
}

// remembered is what the status still says of the last visit to this attempt's site, where a restart forgot it: no place to ask from says nothing about a
// site.
func (s *scope) remembered() *visit {
	c := find(s.site.Status.Conditions, v1alpha1.ConditionReachable)
	switch {
	case isTrue(c):
		return &visit{answered: true}
	case c != nil && c.Reason == v1alpha1.ReasonNotReachable:
		return &visit{message: c.Message}
	}
	return nil
}

// pauseAfter is how long after a visit the next one is due. While a site does not answer, the pauses grow from when it first could have. Once its outcome
// is frozen nobody waits for it any more: they grow from when it stopped to answer, and longer.
func (s *scope) pauseAfter(v visit) time.Duration {
	switch {
	case v.answered && v.failures == 0:
		return slowVisit
	case v.answered:
		return graceAfter
	}
	since := time.Time{}
	for _, condition := range []string{v1alpha1.ConditionDomainRegistered, v1alpha1.ConditionSiteAvailable, v1alpha1.ConditionCertificateIssued} {
		if t := trueSince(s.site, condition, s.now); t.After(since) {
			since = t
		}
	}
	if s.outcome() == nil {
		return pause(s.now.Sub(since))
	}
	stopped := s.now
	if c := find(s.site.Status.Conditions, v1alpha1.ConditionReachable); c != nil && c.Reason == v1alpha1.ReasonNotReachable {
		stopped = c.LastTransitionTime.Time
	}
	if stopped.After(since) {
		since = stopped
	}
	return pauseWithin(s.now.Sub(since), slowVisit)
}

// addresses of the route: those that the SiteClass names, or those that the Ingress publishes.
func (s *scope) addresses() []string {
	if len(s.class.Route.Addresses) > 0 {
		return s.class.Route.Addresses
	}
	if s.ingress == nil {
		return nil
	}
	var addresses []string
	for _, at := range s.ingress.Status.LoadBalancer.Ingress {
		switch {
		case at.IP != "":
			addresses = append(addresses, net.JoinHostPort(at.IP, "443"))
		case at.Hostname != "":
			addresses = append(addresses, at.Hostname)
		}
	}
	return addresses
}

// children sums up what the answer depends on.
func (s *scope) children() string {
	versions := []string{s.policy.GetResourceVersion(), s.service.GetResourceVersion(), s.statefulSet.GetResourceVersion(), s.ingress.GetResourceVersion()}
	if s.certificate != nil {
		versions = append(versions, s.certificate.GetResourceVersion())
	}
	return strings.Join(versions, " ")
}
