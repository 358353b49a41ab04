package siteclass

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// publish tells of a new revision and of a spec that became invalid, once each.
func (r *Reconciler) publish(s *scope) {
	if s.class.Status.CurrentRevision != s.before.Status.CurrentRevision {
		r.Recorder.Eventf(s.class, nil, corev1.EventTypeNormal, "NewRevision", "Snapshot",
			"New sites are built from %s.", s.class.Status.CurrentRevision)
	}
	now := apimeta.FindStatusCondition(s.class.Status.Conditions, v1alpha1.ConditionReady)
	then := apimeta.FindStatusCondition(s.before.Status.Conditions, v1alpha1.ConditionReady)
	if now != nil && now.Reason == v1alpha1.ReasonInvalid && (then == nil || then.Message != now.Message) {
		r.Recorder.Eventf(s.class, nil, corev1.EventTypeWarning, v1alpha1.ReasonInvalid, "Validate", "%s", now.Message)
	}
}
