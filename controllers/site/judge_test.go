package site

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/reach"
)

func TestAFactoryThatWasDownLooksUpItsLastCallBeforeItGivesUp(t *testing.T) {
	pastDeadline := func(t *testing.T, status metav1.ConditionStatus, reason string) *world {
		w := newWorld(t)
		w.claim()
		w.reconcile()
		w.domainIs(status, reason)
		w.reconcile()
		w.passes(25 * time.Hour)
		w.restarts()
		return w
	}
	t.Run("what it finds to be ours goes on", func(t *testing.T) {
		w := pastDeadline(t, metav1.ConditionUnknown, v1alpha1.ReasonRequested)
		if got := w.reconcile().RequeueAfter; got <= time.Second || got > lookUpTime {
			t.Errorf("comes back after %s", got)
		}
		w.expectNotStalled()
		w.passes(time.Second)
		w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		w.reconcile()
		w.passes(lookUpTime)
		w.reconcile()
		w.expectNotStalled()
		w.expectRoute(true)
	})
	t.Run("but not for ever", func(t *testing.T) {
		w := pastDeadline(t, metav1.ConditionUnknown, v1alpha1.ReasonRequested)
		w.reconcile()
		w.passes(lookUpTime)
		w.reconcile()
		w.expectStalled(v1alpha1.ReasonRegistrationDeadlineExceeded)
	})
	t.Run("what was never called for fails at once", func(t *testing.T) {
		w := pastDeadline(t, metav1.ConditionFalse, v1alpha1.ReasonLimitReached)
		w.reconcile()
		w.expectStalled(v1alpha1.ReasonRegistrationDeadlineExceeded)
	})
	t.Run("what a stale cache does not show yet is ours as well", func(t *testing.T) {
		w := pastDeadline(t, metav1.ConditionFalse, v1alpha1.ReasonLimitReached)
		before := w.domain()
		w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		w.r.Client = interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
				if domain, ok := o.(*v1alpha1.Domain); ok {
					before.DeepCopyInto(domain)
					return nil
				}
				return c.Get(ctx, key, o, opts...)
			},
		})
		w.reconcile()
		w.expectNotStalled()
		w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	})
}

func TestASiteIsNotLateForWantOfAPlaceToAskFrom(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.podIsReady()
	w.certificateIsIssued()
	w.prober.failure = &reach.Failure{Reason: reach.ReasonTimeout, Address: "192.0.2.1:8443"}
	w.reconcile()
	w.passes(3 * time.Hour)
	w.restarts()
	w.r.Probes = 1
	if !w.r.places().TryAcquire(1) {
		t.Fatal("there is no place")
	}
	w.reconcile()
	w.expectNotStalled()
	w.r.places().Release(1)
	w.prober.failure = nil // it stands by now
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}
