package domain

import (
	corev1 "k8s.io/api/core/v1"
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
	if became(before, after, v1alpha1.ConditionRenewing, v1alpha1.ReasonLostByAccount) {
		r.event(after, corev1.EventTypeWarning, v1alpha1.ReasonLostByAccount, "LookUp", "the account does not list the name any more")
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
