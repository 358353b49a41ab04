package site

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/resources"
)

// secretDeadline is how long a claim may be without its installer Secret. The front end makes it right after the claim, or when the order is repeated.
const secretDeadline = 10 * time.Minute

// lookUpTime is how long a purchase whose result is not known may be looked up after a restart, even past the registration deadline.
const lookUpTime = 5 * time.Minute

// judge says whether this attempt has failed for good, before anything more is done for it. A verdict is for good, so a stale cache must not give it.
func (r *Reconciler) judge(ctx context.Context, s *scope) (duty.Outcome, error) {
	s.noteDomain()
	s.stall = s.judged()
	if isTrue(find(s.site.Status.Conditions, v1alpha1.ConditionStalled)) {
		return duty.Continue(), nil
	}
	if s.stall.is(v1alpha1.ReasonInstallerSecretMissing) {
		there, err := installerThere(ctx, r.Reader, s.site)
		if err != nil {
			return duty.Stop(), err
		}
		s.secret = there
		s.stall = s.judged()
	}
	if s.stall.is(v1alpha1.ReasonRegistrationDeadlineExceeded) {
		domain, err := fetch(ctx, r.Reader, r.domainKey(s.site.Spec.Domain), &v1alpha1.Domain{})
		if err != nil {
			return duty.Stop(), err
		}
		s.domain = domain
		s.noteDomain()
		s.stall = s.judged()
	}
	return duty.Continue(), nil
}

// noteDomain keeps the time at which the name was first seen to be ours, from which the set-up time is counted. It is counted anew when a site that
// was suspended goes on.
func (s *scope) noteDomain() {
	attempt := s.site.Status.Attempt
	if !s.begun() || (attempt.DomainTime == nil && !s.registered()) || (attempt.DomainTime != nil && !s.resumed()) {
		return
	}
	now := metaNow(s.now)
	attempt.DomainTime = &now
}

// resumed says whether the site was suspended when its status was written last, and is no longer.
func (s *scope) resumed() bool {
	c := find(s.before.Status.Conditions, v1alpha1.ConditionReady)
	return c != nil && c.Reason == v1alpha1.ReasonSuspended && !s.site.Spec.Suspend && s.outcome() == nil
}

// judged is the verdict on this attempt, or nil. It does not change any more once it was given, and none is given once an outcome is frozen.
func (s *scope) judged() *verdict {
	if !s.begun() {
		return nil
	}
	if c := find(s.site.Status.Conditions, v1alpha1.ConditionStalled); isTrue(c) {
		return &verdict{c.Reason, c.Message}
	}
	if s.outcome() != nil || s.deleting() {
		return nil
	}
	start := s.site.Status.Attempt.StartTime.Time
	switch {
	case s.verdictOf(v1alpha1.ReasonTaken):
		return &verdict{v1alpha1.ReasonDomainTaken, "The name went to somebody else."}
	case s.verdictOf(v1alpha1.ReasonRefused):
		return &verdict{v1alpha1.ReasonRegistrationRefused, find(s.domain.Status.Conditions, v1alpha1.ConditionRegistered).Message}
	case !s.secret && !s.now.Before(start.Add(secretDeadline)):
		return &verdict{v1alpha1.ReasonInstallerSecretMissing, fmt.Sprintf("Secret %s was not there within %s.", s.site.Spec.InstallerSecretRef.Name, secretDeadline)}
	case !s.registered() && !s.now.Before(s.registrationDeadline()):
		return &verdict{v1alpha1.ReasonRegistrationDeadlineExceeded, fmt.Sprintf("The name was not ours within %s.", resources.RegistrationDeadline(s.class))}
	}
	return nil
}

// verdictOf says whether the Domain ended so, and for this attempt.
func (s *scope) verdictOf(reason string) bool {
	return s.domain != nil && endedUnbought(s.domain) && s.orderedNow() &&
		find(s.domain.Status.Conditions, v1alpha1.ConditionRegistered).Reason == reason
}

// registrationDeadline is when the name must be ours. Where a call may have bought it, and this process has only begun to look, it waits for the
// answer: a factory that was down past the deadline does not know yet what its last call did.
func (s *scope) registrationDeadline() time.Time {
	at := s.site.Status.Attempt.StartTime.Add(resources.RegistrationDeadline(s.class))
	if s.undecided() && at.Before(s.lookedUp) {
		return s.lookedUp
	}
	return at
}

// undecided says whether it is not known yet whether the Domain was bought.
func (s *scope) undecided() bool {
	if s.domain == nil {
		return false
	}
	c := find(s.domain.Status.Conditions, v1alpha1.ConditionRegistered)
	return c == nil || c.Status == metav1.ConditionUnknown
}

// overdue is the verdict on a site whose name is ours and that is still not Ready. It is given after the site was asked, so that a factory that was
// down past the deadline, or has no place to ask from just now, does not fail a site that stands.
func (s *scope) overdue() *verdict {
	at, ok := s.setupDeadline()
	if !ok || s.now.Before(at) || s.unasked {
		return nil
	}
	return &verdict{v1alpha1.ReasonSetupDeadlineExceeded, fmt.Sprintf("The site was not reachable within %s of the name being ours.", resources.SetupDeadline(s.class))}
}

// setupDeadline is when the site must answer. There is none while it is suspended, and cannot.
func (s *scope) setupDeadline() (time.Time, bool) {
	if !s.begun() || s.site.Spec.Suspend || s.outcome() != nil || s.deleting() || s.site.Status.Attempt.DomainTime == nil {
		return time.Time{}, false
	}
	return s.site.Status.Attempt.DomainTime.Add(resources.SetupDeadline(s.class)), true
}

// nextDeadline is when this attempt has to be judged again, whatever happens until then.
func (s *scope) nextDeadline() (time.Time, bool) {
	if !s.begun() || s.outcome() != nil || s.deleting() || s.stall != nil {
		return time.Time{}, false
	}
	start := s.site.Status.Attempt.StartTime
	if !s.secret {
		return start.Add(secretDeadline), true
	}
	if at, ok := s.setupDeadline(); ok {
		return at, !s.ready() || s.now.Before(at)
	}
	return s.registrationDeadline(), !s.registered()
}
