package site

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/resources"
)

// end takes the workload and the records of a site away that is being deleted, or whose attempt came to nothing. Volume, certificate Secret and Domain stay. The claim to
// the name is released in the end, where the name was not bought.
func (r *Reconciler) end(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.deleting() && !s.ended() {
		return duty.Continue(), nil
	}
	outcome, err := duty.Run(ctx, s,
		r.observeCertificate, r.observeEndpoint,
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.endpoint) },
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.ingress) },
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.certificate) },
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.statefulSet) },
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.service) },
		func(ctx context.Context, s *scope) (duty.Outcome, error) { return remove(ctx, r, s, s.policy) },
		r.withdraw, r.release)
	return duty.StopFor(outcome.After()), err
}

// release deletes a site that ended without its name being bought, once the onboarder knows and the SiteClass's time is over: the name is free to be
// claimed again. Its Domain follows, see forget.
func (r *Reconciler) release(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.deleting() || !s.told() || (s.domain != nil && !endedUnbought(s.domain)) {
		return duty.Continue(), nil
	}
	ttl := resources.FailedSiteTTL(s.class)
	if s.unclaimed() {
		ttl = 0
	}
	if rest := s.outcome().Time.Add(ttl).Sub(s.now); rest > 0 {
		return duty.ContinueAfter(rest), nil
	}
	live, err := fetch(ctx, r.Reader, r.domainKey(s.site.Spec.Domain), &v1alpha1.Domain{})
	if err != nil {
		return duty.Stop(), err
	}
	if live != nil && !endedUnbought(live) {
		return duty.ContinueAfter(createdAfter), nil
	}
	return duty.Stop(), r.letGo(ctx, s)
}

// told says whether nothing is owed to an onboarder any more.
func (s *scope) told() bool {
	if s.site.Spec.OnboarderName == nil {
		return true
	}
	delivery := s.site.Status.Delivery
	c := find(s.site.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	return c != nil && delivery != nil && delivery.Attempt == s.outcome().Attempt &&
		(c.Status == metav1.ConditionTrue || c.Reason == v1alpha1.ReasonExhausted)
}

// abandon ends the steps for an attempt that has failed, until its outcome is frozen. A claim whose Secret never came, and for which nothing was
// ordered, was never accepted: it is removed, so that the name is free.
func (r *Reconciler) abandon(ctx context.Context, s *scope) (duty.Outcome, error) {
	switch {
	case s.stall == nil && s.class == nil:
		return duty.Stop(), nil // nothing can be built, so nothing is bought
	case s.stall == nil && !s.secret && s.outcome() == nil:
		return duty.Stop(), nil
	case s.stall == nil:
		return duty.Continue(), nil
	case !s.unclaimed():
		return duty.Stop(), nil
	}
	if err := r.write(ctx, s); err != nil { // the callback duty lets a claim go by this reason
		return duty.Stop(), err
	}
	// Looked at after the write: a front end that makes the Secret from now on reads the reason afterwards, and does not accept the order. One that
	// made it before is seen here; then the claim stays, and its onboarder is told 500.
	accepted, err := r.accepted(ctx, s.site)
	if err != nil || accepted {
		return duty.Stop(), err
	}
	return duty.Stop(), r.letGo(ctx, s)
}

// unclaimed says whether this is a claim whose Secret never came. A site that was restored without its Secret is none: its volume was made only after
// the Secret was seen, and its name is ours.
func (s *scope) unclaimed() bool {
	return s.stall.is(v1alpha1.ReasonInstallerSecretMissing) && s.site.Spec.SetupAttempt == firstAttempt &&
		s.volume == nil && !s.registered()
}

// accepted looks past the cache for anything that shows that the order was accepted, or may have been: Secret, volume or Domain.
func (r *Reconciler) accepted(ctx context.Context, site *v1alpha1.IndieSite) (bool, error) {
	there, err := installerThere(ctx, r.Reader, site)
	if err != nil || there {
		return there, err
	}
	volume, err := fetch(ctx, r.Reader, claimKey(site), &corev1.PersistentVolumeClaim{})
	if err != nil || volume != nil {
		return volume != nil, err
	}
	domain, err := fetch(ctx, r.Reader, r.domainKey(site.Spec.Domain), &v1alpha1.Domain{})
	if err != nil || domain == nil {
		return false, err
	}
	return domain.Annotations[v1alpha1.AnnotationAttempt] == attemptID(site) || isTrue(find(domain.Status.Conditions, v1alpha1.ConditionRegistered)), nil
}

// letGo deletes the site, if it is still as it was seen.
func (r *Reconciler) letGo(ctx context.Context, s *scope) error {
	if err := r.delete(ctx, s.site, true); err != nil {
		return err
	}
	r.publishReleased(s.site)
	s.gone = true
	return nil
}

// forget cleans up after a site that is gone: a Domain that was made for it and never bought is taken off the books. Children go by garbage collection.
func (r *Reconciler) forget(ctx context.Context, key client.ObjectKey) error {
	r.visits.forget(key)
	r.lookups.forget(key)
	domain, err := fetch(ctx, r, r.domainKey(key.Name), &v1alpha1.Domain{})
	if err != nil || domain == nil || !domain.DeletionTimestamp.IsZero() || !endedUnbought(domain) {
		return err
	}
	if _, ours := domain.Annotations[v1alpha1.AnnotationAttempt]; !ours {
		return nil
	}
	live, err := fetch(ctx, r.Reader, key, &v1alpha1.IndieSite{})
	if err != nil || live != nil {
		return err
	}
	return r.delete(ctx, domain, true)
}

func metaNow(now time.Time) metav1.Time { return metav1.NewTime(now).Rfc3339Copy() }
