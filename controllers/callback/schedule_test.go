package callback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// wholeSchedule is when each attempt comes after the one before, without jitter: as Standard Webhooks has it, then daily up to 30 days.
func wholeSchedule() []time.Duration {
	schedule := []time.Duration{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
	for range 26 {
		schedule = append(schedule, 24*time.Hour)
	}
	return schedule
}

// walk lets time go by to each time at which the duty wants to look again, until it wants nothing more, and returns when the attempts came. between is called
// before each look.
func (w *world) walk(between func()) (attempts []time.Time) {
	w.Helper()
	w.receiver.answer = func(int, delivery.Request) delivery.Answer {
		attempts = append(attempts, w.clock.Now())
		return delivery.Answered(503, 0)
	}
	for range 1000 {
		between()
		result, err := w.reconcile()
		switch {
		case errors.Is(err, errDied):
			continue // whoever comes next looks at once
		case err != nil:
			w.Fatal(err)
		case result.RequeueAfter == 0:
			return attempts
		}
		w.clock.SetTime(w.clock.Now().Add(result.RequeueAfter))
	}
	w.Fatal("the schedule does not end")
	return nil
}

var errDied = errors.New("the process died")

// TestTheWholeScheduleIsWalkedAcrossRestarts has a new process before every attempt, and others that look at random times between.
func TestTheWholeScheduleIsWalkedAcrossRestarts(t *testing.T) {
	for name, random := range map[string]func() float64{
		"without jitter":             func() float64 { return 0.5 },
		"with as short as may be":    func() float64 { return 0 },
		"with pauses as long as may": func() float64 { return 0.999999 },
		"with jitter":                rand.New(rand.NewPCG(1, 2)).Float64, //nolint:gosec // the same in each run
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, site(ready))
			given := testutil.ToFloat64(exhaustedTotal)
			times := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same in each run
			attempts := w.walk(func() {
				// Somebody starts, looks far too early, and dies.
				if d := w.site().Status.Delivery; d != nil && d.NextAttemptTime != nil {
					now := w.clock.Now()
					for ahead := d.NextAttemptTime.Sub(now); ahead > time.Second && times.IntN(3) > 0; {
						ahead = time.Duration(times.Int64N(int64(ahead)))
						w.clock.SetTime(d.NextAttemptTime.Add(-ahead - time.Second))
						w.restart()
						w.reconciler.Random = random
						if _, err := w.reconcile(); err != nil {
							t.Fatal(err)
						}
					}
					w.clock.SetTime(laterOf(now, w.clock.Now()))
				}
				w.restart()
				w.reconciler.Random = random
			})
			wantSchedule(t, attempts)
			w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonExhausted)
			w.wantEvents(v1alpha1.ReasonExhausted, 1)
			w.wantEvents(EventDeliveryFailed, 1)
			w.wantHeld(false)
			if got := testutil.ToFloat64(exhaustedTotal) - given; got != 1 {
				t.Errorf("%v deliveries were counted as given up", got)
			}
			if d := w.site().Status.Delivery; int(d.Attempts) != len(attempts) || d.LastResponse != "503 ServerError" {
				t.Errorf("the record is %+v after %d attempts", d, len(attempts))
			}
			w.pass(90 * 24 * time.Hour)
			w.wantCalls(len(attempts))
			w.wantQuiet()

			// Sent again, all of it starts anew.
			w.change(again("please"))
			if name == "with jitter" {
				wantSchedule(t, w.walk(w.restart))
				w.wantEvents(v1alpha1.ReasonExhausted, 2)
				w.change(again("once more"))
			}
			w.receiver.always(delivery.Answered(200, 0))
			w.settle()
			w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
			w.wantHeld(false)
			w.wantQuiet()
			w.wantNoSecrets()
		})
	}
}

// wantSchedule allows each pause a fifth more or less, and the second to which times are rounded.
func wantSchedule(t *testing.T, attempts []time.Time) {
	t.Helper()
	schedule := wholeSchedule()
	for i := 1; i < len(attempts); i++ {
		pause, want := attempts[i].Sub(attempts[i-1]), schedule[min(i, len(schedule)-1)]
		if pause < want-want/5 || pause > want+want/5+time.Second {
			t.Errorf("attempt %d came %s after the one before, want %s give or take a fifth", i+1, pause, want)
		}
	}
	whole := attempts[len(attempts)-1].Sub(attempts[0])
	if whole > delivery.Lifetime || whole < delivery.Lifetime-29*time.Hour {
		t.Errorf("%d attempts within %s, want them to end within the last of 30 days", len(attempts), whole)
	}
}

func laterOf(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestAProcessThatDiesAtEveryAttemptGivesUpToo lets each process die after an attempt was made and before its answer was recorded.
func TestAProcessThatDiesAtEveryAttemptGivesUpToo(t *testing.T) {
	w := newWorld(t, site(ready))
	attempts := w.walk(func() {
		w.restart()
		inner := w.reconciler.Sender
		w.reconciler.Sender = senderFunc(func(r delivery.Request) delivery.Answer {
			w.fail = func(int) error { return errDied }
			return inner.Send(w.Context(), r)
		})
		w.fail = nil
		w.reconciler.Reader = dead(w)
	})
	schedule := wholeSchedule()
	if len(attempts) < len(schedule) {
		t.Errorf("%d attempts, want at least %d", len(attempts), len(schedule))
	}
	for i := 1; i < len(attempts); i++ {
		want := max(schedule[min(i, len(schedule)-1)], delivery.Hold)
		if pause := attempts[i].Sub(attempts[i-1]); pause != want {
			t.Errorf("attempt %d came %s after the one before, want %s", i+1, pause, want)
		}
	}
	w.fail = nil
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonExhausted)
	if got := fmt.Sprint(w.site().Status.Delivery.LastResponse); got != "" {
		t.Errorf("nobody knows the answer, and it is %q", got)
	}
	w.wantHeld(false)
	w.wantQuiet()
}
