package callback

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Reasons of this duty's events, next to the condition's.
const (
	EventEnded          = "AttemptEnded"
	EventSuperseded     = "OutcomeSuperseded"
	EventDeliveryFailed = "DeliveryFailed"
	EventLeftUntold     = "LeftUntold"
)

// Actions of this duty's events.
const (
	actionFreeze  = "FreezeOutcome"
	actionDeliver = "DeliverOutcome"
	actionLetGo   = "LetGo"
)

func ended(r events.EventRecorder, site *v1alpha1.IndieSite) {
	o := site.Status.Outcome
	r.Eventf(site, nil, corev1.EventTypeNormal, EventEnded, actionFreeze, "attempt %d ended with the outcome %d", o.Attempt, o.Code)
}

func superseded(r events.EventRecorder, site *v1alpha1.IndieSite) {
	r.Eventf(site, nil, corev1.EventTypeNormal, EventSuperseded, actionFreeze,
		"the outcome of an earlier attempt was not told, as there is a newer one")
}

func delivered(r events.EventRecorder, site *v1alpha1.IndieSite) {
	r.Eventf(site, nil, corev1.EventTypeNormal, v1alpha1.ReasonDelivered, actionDeliver,
		"the onboarder answered 200 to the outcome %d, at try %d", site.Status.Outcome.Code, site.Status.Delivery.Attempts)
}

// deliveryFailed is published for the first try only: status.delivery tells of the later ones.
func deliveryFailed(r events.EventRecorder, site *v1alpha1.IndieSite) {
	r.Eventf(site, nil, corev1.EventTypeWarning, EventDeliveryFailed, actionDeliver,
		"the onboarder could not be told: %s; it is tried again", site.Status.Delivery.LastResponse)
}

func exhausted(r events.EventRecorder, site *v1alpha1.IndieSite) {
	exhaustedTotal.Inc()
	r.Eventf(site, nil, corev1.EventTypeWarning, v1alpha1.ReasonExhausted, actionDeliver,
		"gave up telling the onboarder after %d tries; a new value of the annotation %s sends it again",
		site.Status.Delivery.Attempts, v1alpha1.AnnotationSendAgain)
}

func leftUntold(r events.EventRecorder, site *v1alpha1.IndieSite) {
	r.Eventf(site, nil, corev1.EventTypeWarning, EventLeftUntold, actionLetGo, "the site was deleted and its onboarder could not be told")
}

// publishIfNew publishes a reason to wait for the Onboarder, unless the condition says it already.
func (s *scope) publishIfNew(b *blocked) {
	c := apimeta.FindStatusCondition(s.before.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	if c != nil && c.Reason == b.reason {
		return
	}
	s.publishLater(func(r events.EventRecorder, site *v1alpha1.IndieSite) {
		r.Eventf(site, nil, corev1.EventTypeWarning, b.reason, actionDeliver, "%s", b.message)
	})
}
