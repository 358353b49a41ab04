package onboarder

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const actionJudge = "JudgeOnboarder"

// announce publishes a change of Ready, or of the reason that it is not.
func announce(r events.EventRecorder, onboarder *v1alpha1.Onboarder, before *metav1.Condition) {
	after := apimeta.FindStatusCondition(onboarder.Status.Conditions, v1alpha1.ConditionReady)
	if before != nil && before.Status == after.Status && before.Reason == after.Reason {
		return
	}
	kind := corev1.EventTypeWarning
	if after.Status == metav1.ConditionTrue {
		kind = corev1.EventTypeNormal
	}
	r.Eventf(onboarder, nil, kind, after.Reason, actionJudge, "%s", after.Message)
}
