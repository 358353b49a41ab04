package domain

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// announce publishes what a status write has changed for people: that the name is ours, that it will not be, that a person is needed, or
// that the account has lost it.
func (r *Reconciler) announce(before, after *v1alpha1.Domain) {
	if was, is := registeredOf(before), registeredOf(after); is != nil && (was == nil || was.Reason != is.Reason || was.Status != is.Status) {
		switch {
		case is.Status == metav1.ConditionTrue:
			r.event(after, corev1.EventTypeNormal, is.Reason, "Buy", "the name is in our account")
		case endsUnbought(is.Reason), is.Reason == v1alpha1.ReasonLimitReached:
			r.event(after, corev1.EventTypeWarning, is.Reason, "Buy", is.Message)
		}
	}
	if became(before, after, v1alpha1.ConditionNeedsAttention, v1alpha1.ReasonUndecidable) {
		r.event(after, corev1.EventTypeWarning, v1alpha1.ReasonUndecidable, "LookUp",
			apimeta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionNeedsAttention).Message)
	}
	r.announceRenewal(before, after)
}

// Reasons of events about extensions.
const (
	eventExtended          = "Extended"
	eventExtensionRejected = "ExtensionRejected"
	eventExtensionUnclear  = "ExtensionUnclear"
)

// announceRenewal publishes that a name was lost, comes within another alarm of running out, or what came of an extension.
func (r *Reconciler) announceRenewal(before, after *v1alpha1.Domain) {
	if is := apimeta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionRenewing); is != nil &&
		(isAlarm(is.Reason) || is.Reason == v1alpha1.ReasonLostByAccount) && became(before, after, v1alpha1.ConditionRenewing, is.Reason) {
		r.event(after, corev1.EventTypeWarning, is.Reason, "LookUp", is.Message)
	}
	was, is := before.Status.Renewal, after.Status.Renewal
	switch {
	case is == nil, equality.Semantic.DeepEqual(was, is):
	case was != nil && is.StartedTime.Before(&was.StartedTime):
		// A fence was taken back, and what was before is no news.
	case is.Outcome == v1alpha1.RenewalDone:
		r.event(after, corev1.EventTypeNormal, eventExtended, "Renew", "the registration was extended")
	case is.Outcome == v1alpha1.RenewalRejected:
		r.event(after, corev1.EventTypeWarning, eventExtensionRejected, "Renew", sentence("the registrar turned an extension down", is.Detail))
	case is.Outcome == "" && is.Detail != "":
		r.event(after, corev1.EventTypeWarning, eventExtensionUnclear, "Renew", sentence("what came of an extension is not known", is.Detail))
	}
}

func registeredOf(d *v1alpha1.Domain) *metav1.Condition {
	return apimeta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionRegistered)
}

func became(before, after *v1alpha1.Domain, kind, reason string) bool {
	was := apimeta.FindStatusCondition(before.Status.Conditions, kind)
	is := apimeta.FindStatusCondition(after.Status.Conditions, kind)
	return is != nil && is.Reason == reason && (was == nil || was.Reason != reason)
}

func (r *Reconciler) event(d *v1alpha1.Domain, kind, reason, action, note string) {
	r.Recorder.Eventf(d, nil, kind, reason, action, "%s", note)
}
