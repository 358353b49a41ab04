package site

import (
	"fmt"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// state is what one condition says. Messages are sentences without times, counts and IDs: a message that changed by itself would wake the duty.
type state struct {
	status          metav1.ConditionStatus
	reason, message string
}

func yes(reason, format string, args ...any) state {
	return state{metav1.ConditionTrue, reason, fmt.Sprintf(format, args...)}
}

func no(reason, format string, args ...any) state {
	return state{metav1.ConditionFalse, reason, fmt.Sprintf(format, args...)}
}

// parts are the conditions that Ready sums up, in the order in which they come about, so that Ready tells the first that is missing.
var parts = []string{
	v1alpha1.ConditionDomainRegistered,
	v1alpha1.ConditionSiteAvailable,
	v1alpha1.ConditionDNSPublished,
	v1alpha1.ConditionCertificateIssued,
	v1alpha1.ConditionReachable,
}

// summarize computes all conditions of the duty from the scope and puts them into the site's status.
func (s *scope) summarize() {
	s.site.Status.ObservedGeneration = s.site.Generation
	states := s.states()
	for _, conditionType := range parts {
		if state, ok := states[conditionType]; ok {
			s.set(conditionType, state)
		}
	}
	if s.stall == nil {
		if late := s.overdue(); late != nil && s.missing() != nil {
			s.stall = late
		}
	}
	if s.stall != nil {
		s.set(v1alpha1.ConditionStalled, yes(s.stall.reason, "%s", s.stall.message))
	} else {
		apimeta.RemoveStatusCondition(&s.site.Status.Conditions, v1alpha1.ConditionStalled)
	}
	s.set(v1alpha1.ConditionReady, s.readiness())
}

func (s *scope) set(conditionType string, c state) {
	duty.SetCondition(&s.site.Status.Conditions, s.site.Generation, metav1.NewTime(s.now), metav1.Condition{
		Type: conditionType, Status: c.status, Reason: c.reason, Message: c.message,
	})
}

// states are the parts as the scope shows them. Between the verdict on an attempt and its outcome nothing is done, so they stay as they were.
func (s *scope) states() map[string]state {
	states := map[string]state{v1alpha1.ConditionDomainRegistered: s.domainRegistered()}
	if s.stall != nil && !s.ended() && !s.deleting() {
		for _, conditionType := range parts[1:] {
			if c := find(s.site.Status.Conditions, conditionType); c != nil {
				states[conditionType] = state{c.Status, c.Reason, c.Message}
			}
		}
		return states
	}
	states[v1alpha1.ConditionSiteAvailable] = s.siteAvailable()
	states[v1alpha1.ConditionDNSPublished] = s.dnsPublished()
	states[v1alpha1.ConditionCertificateIssued] = s.certificateIssued()
	states[v1alpha1.ConditionReachable] = s.reachable()
	return states
}

func (s *scope) domainRegistered() state {
	if s.domain != nil {
		c := find(s.domain.Status.Conditions, v1alpha1.ConditionRegistered)
		switch {
		case c == nil:
			return no(v1alpha1.ReasonProgressing, "The name is ordered.")
		case c.Status == metav1.ConditionTrue:
			return yes(v1alpha1.ReasonSucceeded, "The name is ours.")
		case endedUnbought(s.domain) && !s.orderedNow() && s.outcome() == nil:
			return no(v1alpha1.ReasonProgressing, "An earlier order for the name, which came to nothing, is taken off the books first.")
		default:
			return state{c.Status, c.Reason, c.Message}
		}
	}
	switch {
	case s.deleting():
		return no(v1alpha1.ReasonDeleting, "The site is being deleted.")
	case s.ended():
		return no(v1alpha1.ReasonAttemptEnded, "This attempt has ended.")
	case !s.secret && s.outcome() == nil:
		return s.secretMissing()
	case s.class == nil:
		return s.classMissing()
	case s.notSold:
		return no(v1alpha1.ReasonSuffixNotSold, "No Registrar that is Ready sells this suffix.")
	default:
		return no(v1alpha1.ReasonProgressing, "The name is to be ordered.")
	}
}

func (s *scope) siteAvailable() state {
	switch {
	case s.closed() != nil:
		return *s.closed()
	case !s.secret && s.outcome() == nil:
		return s.secretMissing()
	case s.class == nil:
		return s.classMissing()
	case s.conflict != "":
		return no(v1alpha1.ReasonChildConflict, "%s belongs to something else and was left alone.", s.conflict)
	case s.available():
		return yes(v1alpha1.ReasonSucceeded, "The pod runs and is ready.")
	case s.refused != "":
		return s.refusal()
	case s.awaited != "":
		return no(v1alpha1.ReasonProgressing, "Waiting for %s.", s.awaited)
	case s.trouble != nil && s.trouble.failing:
		return no(v1alpha1.ReasonPodFailing, "%s", s.trouble.message)
	case s.trouble != nil:
		return no(v1alpha1.ReasonProgressing, "%s", s.trouble.message)
	default:
		return no(v1alpha1.ReasonProgressing, "The workload is to be made.")
	}
}

func (s *scope) certificateIssued() state {
	switch {
	case s.class != nil && s.class.TLS.CertManager == nil:
		return yes(v1alpha1.ReasonNotRequested, "The route has a certificate of its own.")
	case s.closed() != nil && s.closed().reason != v1alpha1.ReasonSuspended:
		return *s.closed()
	case s.class == nil:
		return s.classMissing()
	case !s.registered():
		return waitingForDomain()
	case s.issued():
		return yes(v1alpha1.ReasonSucceeded, "The certificate is there.")
	case s.noCertManager:
		return no(v1alpha1.ReasonProgressing, "The cluster has no cert-manager, which the SiteClass asks for.")
	case s.certificate != nil:
		return no(v1alpha1.ReasonProgressing, "%s", certificateMessage(s.certificate))
	case !s.answered():
		return no(v1alpha1.ReasonProgressing, "The certificate is asked for once the authoritative name servers answer.")
	default:
		return no(v1alpha1.ReasonProgressing, "The certificate is to be asked for.")
	}
}

func (s *scope) reachable() state {
	switch {
	case s.closed() != nil:
		return *s.closed()
	case s.class == nil:
		return s.classMissing()
	case !s.registered():
		return waitingForDomain()
	case s.noAddress:
		return no(v1alpha1.ReasonWaitingForRoute, "The route publishes no address, and the SiteClass names none.")
	case s.visit == nil && s.refused != "":
		return s.refusal()
	case s.visit == nil:
		return no(v1alpha1.ReasonProgressing, "The site is asked once its pod and its certificate are there.")
	case s.visit.answered:
		return yes(v1alpha1.ReasonSucceeded, "%s answers.", s.site.Status.URL)
	default:
		return no(v1alpha1.ReasonNotReachable, "%s", s.visit.message)
	}
}

// readiness sums up. Stalled comes before the rest, as nothing more will be done.
func (s *scope) readiness() state {
	switch missing := s.missing(); {
	case s.deleting(), s.ended():
		return *s.closed()
	case s.stall != nil:
		return no(s.stall.reason, "%s", s.stall.message)
	case s.site.Spec.Suspend:
		return *s.closed()
	case missing != nil:
		return no(missing.Reason, "%s: %s", missing.Type, missing.Message)
	default:
		return yes(v1alpha1.ReasonSucceeded, "%s answers with a certificate that verifies.", s.site.Status.URL)
	}
}

// missing is the first part that is not True.
func (s *scope) missing() *metav1.Condition {
	conditions := s.site.Status.Conditions
	i := slices.IndexFunc(parts, func(conditionType string) bool { return !isTrue(find(conditions, conditionType)) })
	if i < 0 {
		return nil
	}
	if c := find(conditions, parts[i]); c != nil {
		return c
	}
	return &metav1.Condition{Type: parts[i], Reason: v1alpha1.ReasonProgressing, Message: "Not known yet."}
}

// closed is why no site is to run at all, or nil.
func (s *scope) closed() *state {
	var c state
	switch {
	case s.deleting():
		c = no(v1alpha1.ReasonDeleting, "The site is being deleted.")
	case s.ended():
		c = no(v1alpha1.ReasonAttemptEnded, "This attempt ended with the outcome %d, so there is no workload.", s.outcome().Code)
	case s.site.Spec.Suspend:
		c = no(v1alpha1.ReasonSuspended, "The site is suspended.")
	default:
		return nil
	}
	return &c
}

func (s *scope) secretMissing() state {
	return no(v1alpha1.ReasonInstallerSecretMissing, "Secret %s is not there, or is not this site's.", s.site.Spec.InstallerSecretRef.Name)
}

func (s *scope) classMissing() state {
	return no(v1alpha1.ReasonSiteClassMissing, "SiteClass %s is not there, or has no revision yet.", s.site.Spec.SiteClassName)
}

func (s *scope) refusal() state {
	return no(v1alpha1.ReasonProgressing, "The API server refused a change: %s", shorten(s.refused))
}

func waitingForDomain() state {
	return no(v1alpha1.ReasonWaitingForDomain, "This begins once the name is ours.")
}
