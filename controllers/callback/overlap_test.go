package callback

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// What happens when two processes believe to lead, one of them is held up at the worst moment, or what is read is old.

// senderFunc makes a function a Sender.
type senderFunc func(delivery.Request) delivery.Answer

func (f senderFunc) Send(_ context.Context, r delivery.Request) delivery.Answer { return f(r) }

// dead is a reader that fails once the world's writes do.
func dead(w *world) client.Reader {
	return interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if w.fail != nil {
				return w.fail(0)
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
}

// heldUpAfterItsRecord is a client of a process that is held up when it has written the record of its first attempt, while something else happens.
func heldUpAfterItsRecord(w *world, meanwhile func()) client.Client {
	held := false
	return interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			err := c.SubResource(sub).Patch(ctx, o, p, opts...)
			if d := o.(*v1alpha1.IndieSite).Status.Delivery; err == nil && !held && d != nil && d.Attempts == 1 {
				held = true
				meanwhile()
			}
			return err
		},
	})
}

// told are the outcomes that the receiver heard of, one after the other.
func (w *world) told() (outcomes []string) {
	for _, call := range w.receiver.calls {
		outcomes = append(outcomes, call.Target.RawQuery)
	}
	return outcomes
}

func (w *world) wantTold(want ...string) {
	w.Helper()
	if got := w.told(); !slices.Equal(got, want) {
		w.Fatalf("the receiver heard %q, want %q", got, want)
	}
}

// orderAgainAndSucceed raises the attempt, whose site is Ready at once.
func (w *world) orderAgainAndSucceed() { w.change(attempt(2), ready) }

func TestALeaderThatWasHeldUpDoesNotTellAnOldOutcomeAfterANewOne(t *testing.T) {
	w := newWorld(t, site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)))
	first := w.reconciler
	first.Client = heldUpAfterItsRecord(w, func() {
		w.orderAgainAndSucceed()
		w.restart() // the second leader
		w.pass(time.Hour)
		w.wantTold("status=201")
	})
	if _, err := first.Reconcile(w.context(), request("alice.gent")); err != nil {
		t.Fatal(err)
	}
	w.pass(40 * 24 * time.Hour)
	w.wantTold("status=201")
	w.wantOutcome(2, v1alpha1.OutcomeCreated)
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
}

func TestANewOutcomeWaitsForAnAttemptThatMayBeUnderWay(t *testing.T) {
	for name, tc := range map[string]struct {
		between func(*world)
	}{
		"a new order":          {func(*world) {}},
		"and one more of it":   {func(w *world) { w.change(again("now")) }},
		"that is sent anew":    {func(w *world) { w.restart(); w.change(again("now")) }},
		"of another process's": {func(w *world) { w.restart() }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)))
			first := w.reconciler
			first.Client = heldUpAfterItsRecord(w, func() {
				w.orderAgainAndSucceed()
				w.restart()
				tc.between(w)
				w.pass(delivery.SendWindow - time.Second)
				w.wantCalls(0) // the first may call yet
			})
			if _, err := first.Reconcile(w.context(), request("alice.gent")); err != nil {
				t.Fatal(err)
			}
			w.wantTold("status=500")
			w.pass(delivery.Hold)
			w.wantTold("status=500", "status=201")
			w.pass(40 * 24 * time.Hour)
			w.wantCalls(2)
		})
	}
}

func TestASiteIsHeldUntilAnAttemptThatMayBeUnderWayIsOver(t *testing.T) {
	w := newWorld(t, site(func(s *v1alpha1.IndieSite) {
		s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeFailed, Time: metav1.NewTime(start)}
		begun := delivery.Begin(delivery.Start(1, start, ""), start.Add(DefaultFarewell-5*time.Second), 0.5)
		s.Status.Delivery = &begun
	}))
	w.receiver.always(delivery.Answered(503, 0))
	w.deleteSite()
	w.clock.SetTime(start.Add(DefaultFarewell - 5*time.Second + delivery.Hold - time.Second))
	w.settle()
	w.wantHeld(true)
	w.clock.SetTime(start.Add(DefaultFarewell - 5*time.Second + delivery.Hold))
	w.settle()
	w.wantGone()
	w.wantCalls(0)
}

func TestAnAttemptThatComesTooLateIsTakenBackAndMadeAnew(t *testing.T) {
	w := newWorld(t, site(ready))
	w.reconciler.Client = heldUpAfterItsRecord(w, func() { w.clock.SetTime(w.clock.Now().Add(delivery.SendWindow + 2*time.Second)) })
	result, err := w.reconcile()
	if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter > time.Second {
		t.Fatalf("%+v, %v; want it again at once", result, err)
	}
	w.wantCalls(0)
	if d := w.site().Status.Delivery; d.Attempts != 0 || d.LastAttemptTime != nil {
		t.Errorf("what did not go out is on record: %+v", d)
	}
	w.settle()
	w.wantCalls(1)
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
}

// TestAnOldCopyDoesNotPutOffWhatIsDueSooner shows the cache at the record before the attempt, which knows nothing yet of the receiver's Retry-After.
func TestAnOldCopyDoesNotPutOffWhatIsDueSooner(t *testing.T) {
	w := newWorld(t, site(ready))
	var old *v1alpha1.IndieSite
	w.receiver.answer = func(int, delivery.Request) delivery.Answer {
		old = w.site()
		return delivery.Answered(429, 10*time.Second)
	}
	wanted := w.settle()
	w.reconciler.Client = showing(w.client, old)
	result, err := w.reconcile()
	if err != nil || result.RequeueAfter != wanted {
		t.Errorf("with an old copy it is looked at again after %s (%v), want %s", result.RequeueAfter, err, wanted)
	}
	w.wantCalls(1)
}

// showing is a client with a cache that has fallen behind.
func showing(c client.Client, old *v1alpha1.IndieSite) client.Client {
	return interceptor.NewClient(c.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if s, ok := o.(*v1alpha1.IndieSite); ok {
				old.DeepCopyInto(s)
				return nil
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
}

func TestA200IsNotForgottenBecauseAWriteFailed(t *testing.T) {
	for name, lost := range map[string]bool{"the write was not made": false, "its answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, site(ready))
			failures := 0
			w.reconciler.Client = interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
				SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
					if len(w.receiver.calls) == 0 || failures == 2 {
						return c.SubResource(sub).Patch(ctx, o, p, opts...)
					}
					failures++
					if lost {
						_ = c.SubResource(sub).Patch(ctx, o, p, opts...)
					}
					return errors.New("the API server is restarting")
				},
			})
			w.settle()
			if failures == 0 {
				t.Fatal("no write failed, so this shows nothing")
			}
			w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
			w.pass(time.Hour)
			w.wantCalls(1)
			w.wantHeld(false)
		})
	}
}

// TestAnAnswerWhoseWriteLooksLostIsStillFollowedUp has the failure on record, and an error in place of the API server's answer: nothing else would wake the site.
func TestAnAnswerWhoseWriteLooksLostIsStillFollowedUp(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.always(delivery.Answered(503, 0))
	failed := false
	w.reconciler.Client = interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			err := c.SubResource(sub).Patch(ctx, o, p, opts...)
			if len(w.receiver.calls) == 1 && !failed {
				failed = true
				return errors.New("the connection broke")
			}
			return err
		},
	})
	result, err := w.reconcile()
	if err != nil || result.RequeueAfter <= 0 || result.RequeueAfter > 5*time.Second || !failed {
		t.Fatalf("%+v, %v; want it again soon", result, err)
	}
	if after := w.settle(); after != 5*time.Second {
		t.Errorf("the next look comes after %s", after)
	}
	w.wantCalls(1)
}

func TestAFarewellIsNotBegunAnewAtEachLookWhereClocksDiffer(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.always(delivery.Answer{Reason: delivery.ReasonTimeout})
	w.clock.SetTime(start.Add(-40 * time.Second)) // the API server's clock is ahead
	w.settle()
	w.clock.SetTime(start)
	w.deleteSite()
	w.clock.SetTime(start.Add(-30 * time.Second))
	w.pass(DefaultFarewell / 2)
	if n := len(w.receiver.calls); n > 5 {
		t.Errorf("called %d times in half an hour", n)
	}
}
