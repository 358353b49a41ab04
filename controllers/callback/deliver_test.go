package callback

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

func TestTheOnboarderIsToldOnceAndThenThereIsSilence(t *testing.T) {
	w := newWorld(t, site(ready))
	w.settle()
	w.wantCalls(1)
	call := w.receiver.calls[0]
	want := delivery.Request{Target: call.Target, Dialect: v1alpha1.DialectBearer, Token: markedToken}
	if diff := cmp.Diff(want, call); diff != "" || call.Target.String() != "https://hallo.gent/mwf/site/Alice.gent?status=201" {
		t.Errorf("the call was %v, %s", call.Target, diff)
	}
	w.wantOutcome(1, v1alpha1.OutcomeCreated)
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
	w.wantHeld(false)
	w.wantEvents(EventEnded, 1)
	w.wantEvents(v1alpha1.ReasonDelivered, 1)
	d := w.site().Status.Delivery
	if d.Attempts != 1 || d.LastResponse != "200 OK" || d.NextAttemptTime != nil || d.DeliveredTime == nil {
		t.Errorf("the record is %+v", d)
	}
	w.pass(60 * 24 * time.Hour)
	w.wantCalls(1)
	w.wantQuiet()
	w.wantNoSecrets()
}

func TestEveryOtherAnswerIsTriedAgain(t *testing.T) {
	for _, answer := range []delivery.Answer{
		delivery.Answered(201, 0), delivery.Answered(204, 0), delivery.Answered(302, 0), delivery.Answered(401, 0), delivery.Answered(404, 0),
		delivery.Answered(410, 0), delivery.Answered(500, 0), {Reason: delivery.ReasonTimeout}, {Reason: delivery.ReasonConnectionRefused},
	} {
		t.Run(answer.String(), func(t *testing.T) {
			w := newWorld(t, site(ready))
			w.receiver.answer = func(n int, _ delivery.Request) delivery.Answer {
				if n <= 3 {
					return answer
				}
				return delivery.Answered(200, 0)
			}
			w.settle()
			w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonDelivering)
			if got := w.site().Status.Delivery.LastResponse; got != answer.String() {
				t.Errorf("the response is %q", got)
			}
			w.pass(36 * time.Minute)
			w.wantCalls(4)
			w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
			w.wantEvents(EventDeliveryFailed, 1)
			w.pass(40 * 24 * time.Hour)
			w.wantCalls(4)
			w.wantNoSecrets()
		})
	}
}

func TestSendAgain(t *testing.T) {
	t.Run("a new value sends a delivered outcome again, once", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.settle()
		w.change(again("one"))
		w.settle()
		w.wantCalls(2)
		w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
		if d := w.site().Status.Delivery; d.SendAgain != "one" || d.Attempts != 1 {
			t.Errorf("the record is %+v", d)
		}
		w.wantQuiet()
		w.change(again("two"))
		w.settle()
		w.wantCalls(3)
	})
	t.Run("during a delivery it is tried at once, and the schedule goes on", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.receiver.always(delivery.Answered(503, 0))
		w.pass(40 * time.Minute)
		w.wantCalls(4)
		w.change(again("now"))
		w.settle()
		w.wantCalls(5)
		if d := w.site().Status.Delivery; d.Attempts != 5 || d.SendAgain != "now" || d.NextAttemptTime.Sub(w.clock.Now()) != 5*time.Hour {
			t.Errorf("the record is %+v", d)
		}
		w.receiver.always(delivery.Answered(200, 0))
		w.pass(24 * time.Hour)
		w.wantCalls(6)
	})
	t.Run("a value from before the outcome is not obeyed after it", func(t *testing.T) {
		w := newWorld(t, site(again("early"), ready))
		w.settle()
		w.wantCalls(1)
		w.wantQuiet()
	})
	t.Run("a value too long for the status is obeyed once", func(t *testing.T) {
		w := newWorld(t, site(ready))
		w.settle()
		w.change(again(fmt.Sprintf("é%0300d", 1)))
		w.settle()
		w.wantCalls(2)
		w.wantQuiet()
		if got := len([]rune(w.site().Status.Delivery.SendAgain)); got != maxSendAgain {
			t.Errorf("%d characters are recorded", got)
		}
	})
}

func TestTheAttemptIsOnRecordBeforeItGoesOut(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.answer = func(int, delivery.Request) delivery.Answer {
		s := w.site()
		d := s.Status.Delivery
		if s.Status.Outcome == nil || d == nil || d.Attempts != 1 || d.LastAttemptTime == nil || d.LastResponse != "" || d.NextAttemptTime.Sub(start) != delivery.Hold {
			t.Errorf("as the call came, the status was %+v", d)
		}
		return delivery.Answered(200, 0)
	}
	w.settle()
	w.wantCalls(1)
}

// TestACrashAtAnyWriteLosesNothing lets each write fail in turn, before and after it was made, as if the process had died there.
func TestACrashAtAnyWriteLosesNothing(t *testing.T) {
	died := errors.New("the process died")
	for _, afterwards := range []bool{false, true} {
		for at := 1; at <= 6; at++ {
			t.Run(fmt.Sprintf("write %d, made %t", at, afterwards), func(t *testing.T) {
				w := newWorld(t, site(ready, func(s *v1alpha1.IndieSite) { s.Finalizers = nil }))
				crashed := false
				crash := func() error {
					if int(w.writes.Load()) == at && !crashed {
						crashed = true
						return died
					}
					return nil
				}
				if afterwards {
					w.reconciler.Client = failingAfter(w.client, crash)
				} else {
					w.fail = func(int) error { return crash() }
				}
				for !crashed {
					before := w.writes.Load()
					if _, err := w.reconcile(); err != nil && !errors.Is(err, died) {
						t.Fatal(err)
					}
					if w.writes.Load() == before {
						return // fewer writes than that
					}
				}
				w.fail = nil
				w.restart()
				w.pass(10 * time.Minute)
				w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
				if n := len(w.receiver.calls); n < 1 || n > 2 {
					t.Errorf("called %d times", n)
				}
				for _, call := range w.receiver.calls {
					if call.Target.RawQuery != "status=201" {
						t.Errorf("called with %s", call.Target.RawQuery)
					}
				}
				w.wantHeld(false)
				w.wantQuiet()
			})
		}
	}
}

// failingAfter makes writes and then says that they failed.
func failingAfter(c client.Client, fail func() error) client.Client {
	return interceptor.NewClient(c.(client.WithWatch), interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return errors.Join(c.Patch(ctx, o, p, opts...), fail())
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			return errors.Join(c.SubResource(sub).Patch(ctx, o, p, opts...), fail())
		},
	})
}

func TestAnotherDutysWriteDuringTheCallDoesNotCostTheAnswer(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.answer = func(int, delivery.Request) delivery.Answer {
		w.change(func(s *v1alpha1.IndieSite) { s.Status.URL = "https://alice.gent/" })
		return delivery.Answered(200, 0)
	}
	w.settle()
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
	if got := w.site().Status.URL; got != "https://alice.gent/" {
		t.Errorf("the other duty's write is lost: %q", got)
	}
	w.pass(40 * 24 * time.Hour)
	w.wantCalls(1)
}

func TestAnotherLeadersAttemptIsLeftToIt(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.answer = func(n int, _ delivery.Request) delivery.Answer {
		if n == 1 {
			w.change(func(s *v1alpha1.IndieSite) { *s.Status.Delivery = delivery.Begin(*s.Status.Delivery, start, 0.5) })
		}
		return delivery.Answered(500, 0)
	}
	if result, err := w.reconcile(); err != nil || result.RequeueAfter <= 0 {
		t.Fatalf("%+v, %v; want to see later what became of it", result, err)
	}
	if d := w.site().Status.Delivery; d.Attempts != 2 || d.LastResponse != "" {
		t.Errorf("the other's record was written over: %+v", d)
	}
}

func TestAnswersOfTwoLeadersEndInOneDelivery(t *testing.T) {
	w := newWorld(t, site(ready))
	first := w.reconciler
	w.restart()
	second := w.reconciler
	if _, err := first.Reconcile(w.context(), request("alice.gent")); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Reconcile(w.context(), request("alice.gent")); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.wantCalls(1)
}

func TestAStaleCacheCallsNobody(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.always(delivery.Answered(503, 0))
	w.settle()
	old := w.site() // not delivered, and due in five seconds
	w.clock.SetTime(start.Add(6 * time.Second))
	w.receiver.always(delivery.Answered(200, 0))
	w.settle()
	w.wantCalls(2)
	w.reconciler.Client = interceptor.NewClient(w.client.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if s, ok := o.(*v1alpha1.IndieSite); ok {
				old.DeepCopyInto(s)
				return nil
			}
			return c.Get(ctx, key, o, opts...)
		},
	})
	writes := w.writes.Load()
	if _, err := w.reconcile(); err != nil {
		t.Fatal(err)
	}
	w.wantCalls(2)
	if w.writes.Load() != writes {
		t.Errorf("%d writes came of an old copy", w.writes.Load()-writes)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	w := newWorld(t, site(ready))
	w.receiver.always(delivery.Answered(429, 10*time.Minute))
	if after := w.settle(); after != 11*time.Minute { // ten minutes, and at most a fifth more
		t.Errorf("it is looked at again after %s", after)
	}
}

func TestAReceiverThatHangsHoldsUpNoOther(t *testing.T) {
	w := newWorld(t, onboarder("other", "marked-secret-of-other-0123456789"), tokenSecret("other", "marked-secret-of-other-0123456789"),
		site(ready, named("slow.gent")), site(ready, named("last.gent")), site(ready, named("quick.gent"), func(s *v1alpha1.IndieSite) {
			s.Spec.OnboarderName = ptr.To("other")
		}, callback("https://other.gent/mwf")))
	hang, arrived, done := make(chan struct{}), make(chan struct{}, 10), make(chan error, 1)
	w.receiver.answer = func(_ int, r delivery.Request) delivery.Answer {
		if r.Target.Host == "hallo.gent" {
			arrived <- struct{}{}
			<-hang
		}
		return delivery.Answered(200, 0)
	}
	go func() { _, err := w.reconcileSite("slow.gent"); done <- err }()
	<-arrived
	for range 2 {
		result, err := w.reconcileSite("last.gent")
		if err != nil || result.RequeueAfter != slotPause {
			t.Errorf("one over the cap: %+v, %v; want it again once an attempt is surely over", result, err)
		}
	}
	if _, err := w.reconcileSite("quick.gent"); err != nil || len(w.receiver.calls) != 2 {
		t.Errorf("the other receiver was not called: %v", err)
	}
	close(hang)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := w.reconcileSite("last.gent"); err != nil || len(w.receiver.calls) != 3 {
		t.Errorf("the last one was not called once there was room: %v", err)
	}
	var waited v1alpha1.IndieSite
	if err := w.client.Get(t.Context(), request("last.gent").NamespacedName, &waited); err != nil || waited.Status.Delivery.Attempts != 1 {
		t.Errorf("waiting for room was counted as an attempt: %+v, %v", waited.Status.Delivery, err)
	}
	if len(w.reconciler.slots.hosts) != 0 {
		t.Errorf("slots are still taken: %v", w.reconciler.slots.hosts)
	}
}
