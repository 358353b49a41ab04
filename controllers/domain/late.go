package domain

import (
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	messageCarriedOut = "the registrar has carried the order out, and the account does not show the name yet"
	messageStillLate  = "not before the account has had an hour to show the name"
)

// late is for how long the order has been seen to be carried out without the account showing the name. The order's own age says nothing of that, as it may have been
// worked on for days. What remembers it is NeedsAttention, which is False from the first such look-up on.
func (f *facts) late() time.Duration {
	c := apimeta.FindStatusCondition(f.domain.Status.Conditions, v1alpha1.ConditionNeedsAttention)
	if c == nil {
		return 0
	}
	return f.now.Sub(c.LastTransitionTime.Time).Abs() // by a clock that was far ahead it is long enough as well
}

// mayStillShow says whether it is too early to ask a person about an order that was carried out. Who was asked stays asked.
func (f *facts) mayStillShow() bool { return !f.needsAttention() && f.late() < booksPatience }

// carriedOut waits for the account to show the name.
func carriedOut(f *facts) decision {
	status := f.unchanged()
	f.set(&status, v1alpha1.ConditionRegistered, metav1.ConditionUnknown, v1alpha1.ReasonPending, messageCarriedOut)
	f.set(&status, v1alpha1.ConditionNeedsAttention, metav1.ConditionFalse, v1alpha1.ReasonProgressing, messageStillLate)
	return decision{status: status, after: pollPause(f.late())}
}
