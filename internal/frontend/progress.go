package frontend

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// progress is how far a site is, for the onboarder that asked for it. Messages of conditions stay inside: they are written for admins.
type progress struct {
	Domain     string              `json:"domain"`
	State      string              `json:"state"`
	URL        string              `json:"url,omitempty"`
	Attempt    int32               `json:"attempt"`
	Outcome    *progressOutcome    `json:"outcome,omitempty"`
	Callback   *progressCallback   `json:"callback,omitempty"`
	Conditions []progressCondition `json:"conditions"`
}

type progressOutcome struct {
	Status int       `json:"status"`
	Time   time.Time `json:"time"`
}

type progressCallback struct {
	Delivered       bool       `json:"delivered"`
	Attempts        int32      `json:"attempts"`
	NextAttemptTime *time.Time `json:"nextAttemptTime,omitempty"`
}

type progressCondition struct {
	Type   string    `json:"type"`
	Status string    `json:"status"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// The states that a site may be in, for whoever does not want to read conditions.
const (
	statePending  = "pending"
	stateReady    = "ready"
	stateNotReady = "not-ready"
	stateTaken    = "taken"
	stateFailed   = "failed"
	stateRemoving = "removing"
)

func progressOf(site *v1alpha1.IndieSite) progress {
	p := progress{
		Domain: site.Spec.Domain, URL: site.Status.URL, Attempt: site.Spec.SetupAttempt, State: stateOf(site), Conditions: []progressCondition{},
	}
	if outcome := site.Status.Outcome; outcome != nil && outcome.Attempt == site.Spec.SetupAttempt {
		p.Outcome = &progressOutcome{Status: int(outcome.Code), Time: outcome.Time.UTC()}
		if delivery := site.Status.Delivery; delivery != nil && delivery.Attempt == outcome.Attempt {
			p.Callback = &progressCallback{Delivered: delivery.DeliveredTime != nil, Attempts: delivery.Attempts, NextAttemptTime: utc(delivery.NextAttemptTime)}
		}
	}
	if attempt := site.Status.Attempt; attempt != nil && attempt.Number == site.Spec.SetupAttempt {
		for _, c := range site.Status.Conditions {
			p.Conditions = append(p.Conditions, progressCondition{Type: c.Type, Status: string(c.Status), Reason: c.Reason, Since: c.LastTransitionTime.UTC()})
		}
	}
	return p
}

func stateOf(site *v1alpha1.IndieSite) string {
	outcome := site.Status.Outcome
	switch {
	case !site.DeletionTimestamp.IsZero():
		return stateRemoving
	case outcome == nil || outcome.Attempt != site.Spec.SetupAttempt:
		return statePending
	case outcome.Code == v1alpha1.OutcomeTaken:
		return stateTaken
	case outcome.Code == v1alpha1.OutcomeFailed:
		return stateFailed
	case apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionReady):
		return stateReady
	default:
		return stateNotReady
	}
}

func utc(t *metav1.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
