package site

import (
	corev1 "k8s.io/api/core/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// publish tells what changed between two writes of the status, once each.
func (r *Reconciler) publish(before, after *v1alpha1.IndieSite) {
	ready, was := find(after.Status.Conditions, v1alpha1.ConditionReady), find(before.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case isTrue(ready) && !isTrue(was):
		r.Recorder.Eventf(after, nil, corev1.EventTypeNormal, v1alpha1.ConditionReady, "Probe", "%s", ready.Message)
	case isTrue(was) && !isTrue(ready):
		r.Recorder.Eventf(after, nil, corev1.EventTypeWarning, "NotReady", "Probe", "%s", ready.Message)
	}
	if c := find(after.Status.Conditions, v1alpha1.ConditionStalled); isTrue(c) && !isTrue(find(before.Status.Conditions, v1alpha1.ConditionStalled)) {
		r.Recorder.Eventf(after, nil, corev1.EventTypeWarning, c.Reason, "Judge", "%s", c.Message)
	}
	published, wasPublished := find(after.Status.Conditions, v1alpha1.ConditionDNSPublished), find(before.Status.Conditions, v1alpha1.ConditionDNSPublished)
	if published != nil && published.Reason == v1alpha1.ReasonPublishingFailed && (wasPublished == nil || wasPublished.Reason != published.Reason) {
		r.Recorder.Eventf(after, nil, corev1.EventTypeWarning, published.Reason, "Publish", "%s", published.Message)
	}
	available, wasAvailable := find(after.Status.Conditions, v1alpha1.ConditionSiteAvailable), find(before.Status.Conditions, v1alpha1.ConditionSiteAvailable)
	if available == nil || (wasAvailable != nil && wasAvailable.Reason == available.Reason) {
		return
	}
	switch available.Reason {
	case v1alpha1.ReasonPodFailing, v1alpha1.ReasonChildConflict:
		r.Recorder.Eventf(after, nil, corev1.EventTypeWarning, available.Reason, "Apply", "%s", available.Message)
	}
}

// publishOrdered tells that the name was ordered.
func (r *Reconciler) publishOrdered(site *v1alpha1.IndieSite, domain *v1alpha1.Domain) {
	r.Recorder.Eventf(site, domain, corev1.EventTypeNormal, "Ordered", "CreateDomain",
		"The name is ordered at Registrar %s.", domain.Spec.RegistrarName)
}

// publishReleased tells that the claim to the name was given up.
func (r *Reconciler) publishReleased(site *v1alpha1.IndieSite) {
	r.Recorder.Eventf(site, nil, corev1.EventTypeNormal, "Released", "Delete", "The claim to the name is given up: it was not bought.")
}

// publishLeft tells that records were left behind that lead nowhere now.
func (r *Reconciler) publishLeft(site *v1alpha1.IndieSite, owed string) {
	r.Recorder.Eventf(site, nil, corev1.EventTypeWarning, "RecordsLeft", "Withdraw", "Records of the name still lead here, and were given up after %s: %s.", withdrawTime, owed)
}
