package registrar

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// noted is a world in which failed calls are noted, of the account "a".
func noted(t *testing.T) *world {
	r := selling("a", "gent")
	r.UID = "uid-a"
	w := newWorld(t, v1alpha1.EnvironmentTest, r)
	w.reconciler.Failures = registrar.NewFailures()
	w.reconciler.Registrars = registrar.Limit(w.reconciler.Registrars, w.clock, nil, registrar.NoteFailures(w.reconciler.Failures))
	return w
}

// look is a look-up by another duty, with this answer.
func (w *world) look(err error) {
	w.t.Helper()
	w.lookUp = err
	account, open := w.reconciler.Registrars.For(w.t.Context(), w.get("a"))
	if open != nil {
		w.t.Fatal(open)
	}
	if _, got := account.LookUp(w.t.Context(), registrar.Query{Domain: "alice.gent"}); !errors.Is(got, err) {
		w.t.Fatalf("%v, want %v", got, err)
	}
}

func (w *world) lastError() string {
	e := w.get("a").Status.LastError
	if e == nil {
		return ""
	}
	return e.Time.UTC().Format(time.TimeOnly) + " " + e.Call + ": " + e.Message
}

func TestTheLastCallThatFailedStandsInTheStatusOfAnAccountThatWorks(t *testing.T) {
	w := noted(t)
	w.reconcile("a")
	if got := w.lastError(); got != "" {
		t.Errorf("nothing failed, and it says %q", got)
	}
	w.look(errors.New("Combell answers 400"))
	w.reconcile("a")
	w.expect("a", metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got := w.lastError(); got != "10:00:00 LookUp: Combell answers 400" {
		t.Error(got)
	}

	w.writes = 0
	w.clock.SetTime(start.Add(time.Hour))
	w.look(nil)
	w.reconcile("a")
	if got := w.lastError(); w.writes != 0 || got != "10:00:00 LookUp: Combell answers 400" {
		t.Errorf("what went well later leads to %d writes, and %q", w.writes, got)
	}

	w.look(errors.New("Combell answers 500"))
	w.reconcile("a")
	if got := w.lastError(); got != "11:00:00 LookUp: Combell answers 500" {
		t.Error(got)
	}
}

func TestAFailedCheckIsTheLastErrorToo(t *testing.T) {
	w := noted(t)
	w.check = errors.New("503 " + strings.Repeat("x", 1000))
	w.reconcile("a")
	w.expect("a", metav1.ConditionFalse, v1alpha1.ReasonProviderUnreachable)
	if got := w.lastError(); !strings.HasPrefix(got, "10:00:00 Check: 503 xxx") || len(got) > 400 || w.writes != 1 {
		t.Errorf("%d writes, %q", w.writes, got)
	}
}

// The memory of a process ends with it, and what it wrote does not.
func TestAnotherProcessKeepsTheLastError(t *testing.T) {
	w := noted(t)
	w.look(errors.New("Combell answers 400"))
	w.reconcile("a")
	w.reconciler.Failures = registrar.NewFailures()
	w.writes = 0
	w.reconcile("a")
	if got := w.lastError(); got != "10:00:00 LookUp: Combell answers 400" || w.writes != 0 {
		t.Errorf("%q, %d writes", got, w.writes)
	}
}

// wakeups is a work queue that only keeps when something is to be looked at.
type wakeups struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	after []time.Duration
}

func (q *wakeups) AddAfter(_ reconcile.Request, d time.Duration) { q.after = append(q.after, d) }

func TestFailuresWakeARegistrarOnceAMinute(t *testing.T) {
	w := noted(t)
	w.reconcile("a")
	wake := w.reconciler.onFailure()
	var woken []time.Duration
	for second := range 130 {
		now := start.Add(time.Duration(second) * time.Second)
		w.clock.SetTime(now)
		q := &wakeups{}
		wake.Generic(t.Context(), event.GenericEvent{Object: w.get("a")}, q)
		for _, after := range q.after {
			woken = append(woken, now.Add(after).Sub(start))
		}
	}
	if diff := cmp.Diff([]time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute}, woken); diff != "" {
		t.Errorf("a failure each second: %s", diff)
	}
}

// Whoever locks accounts counts the tries.
func TestFailuresDoNotWakeARegistrarThatDoesNotWork(t *testing.T) {
	w := noted(t)
	w.check = &registrar.CredentialsError{Err: errors.New("401")}
	w.reconcile("a")
	q := &wakeups{}
	w.reconciler.onFailure().Generic(context.Background(), event.GenericEvent{Object: w.get("a")}, q)
	if len(q.after) != 0 {
		t.Errorf("%v", q.after)
	}
}
