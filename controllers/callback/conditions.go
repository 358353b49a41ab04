package callback

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/duty"
)

// setCondition computes CallbackDelivered. A site without an onboarder has none.
func (s *scope) setCondition() {
	if !s.hasOnboarder() {
		return
	}
	duty.SetCondition(&s.site.Status.Conditions, s.site.Generation, s.timestamp(), s.condition())
}

// condition has nothing in its messages that changes from attempt to attempt: that is what status.delivery is for.
func (s *scope) condition() metav1.Condition {
	d := s.delivery()
	switch {
	case d == nil:
		return notDelivered(v1alpha1.ReasonAwaitingOutcome, "the order has no outcome yet")
	case delivery.Delivered(*d):
		return metav1.Condition{
			Type: v1alpha1.ConditionCallbackDelivered, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDelivered,
			Message: fmt.Sprintf("the onboarder answered 200 to the outcome %d", s.site.Status.Outcome.Code),
		}
	case delivery.Exhausted(*d):
		return notDelivered(v1alpha1.ReasonExhausted, "given up; a new value of the annotation "+v1alpha1.AnnotationSendAgain+" sends it again")
	case s.blocked != nil:
		return notDelivered(s.blocked.reason, s.blocked.message)
	default:
		return notDelivered(v1alpha1.ReasonDelivering, "the onboarder has not answered 200 yet; status.delivery says when it is tried next")
	}
}

func notDelivered(reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionCallbackDelivered, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}
