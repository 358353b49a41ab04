package siteclass

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// maxMessage keeps a long list of problems readable.
const maxMessage = 1024

// ready computes the one condition. Nil says that it is not known yet, because making the snapshot failed: the one before stays.
func ready(s *scope) *metav1.Condition {
	c := &metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse}
	switch {
	case s.deleting():
		c.Reason = v1alpha1.ReasonDeleting
		c.Message = fmt.Sprintf("Held back by the IndieSites that refer to it: %d.", len(s.sites))
	case len(s.problems) > 0:
		c.Reason = v1alpha1.ReasonInvalid
		c.Message = s.problems.ToAggregate().Error()
		if len(c.Message) > maxMessage {
			c.Message = c.Message[:maxMessage] + "…"
		}
	case s.key.reason != "":
		c.Reason = s.key.reason
		c.Message = s.key.message
	case s.current == "":
		return nil
	default:
		c.Status = metav1.ConditionTrue
		c.Reason = v1alpha1.ReasonSucceeded
		c.Message = "New sites are built from " + s.current + "."
	}
	return c
}

// write puts the conditions into the status, where they changed, and publishes what happened.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	if s.class == nil {
		return nil
	}
	condition := ready(s)
	if condition == nil {
		return nil
	}
	status := &s.class.Status
	status.ObservedGeneration = s.class.Generation
	if s.current != "" {
		status.CurrentRevision = s.current
	}
	duty.SetCondition(&status.Conditions, s.class.Generation, s.now, *condition)
	wrote, err := duty.WriteStatus(ctx, r.Client, s.before, s.class)
	if err != nil || !wrote {
		return err
	}
	r.publish(s)
	return nil
}
