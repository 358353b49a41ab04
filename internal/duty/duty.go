// Package duty is the form that every reconciler of the factory has: a scope is loaded, a short list of steps runs over it, one place
// computes the conditions from the scope, and one place writes them.
//
// A step does at most one thing to the outside world. It ends in an Outcome, or in an error whose type says what becomes of it: Waiting
// is tried again at a known time, Terminal never, and everything else with the queue's growing pauses.
package duty

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Outcome says whether the steps after this one may run, and when to come back.
type Outcome struct {
	stop  bool
	after time.Duration
}

// Continue lets the next step run.
func Continue() Outcome { return Outcome{} }

// ContinueAfter lets the next step run, and asks to come back after d at the latest.
func ContinueAfter(d time.Duration) Outcome { return Outcome{after: d} }

// Stop ends the steps: a change of some resource will bring the reconciler back.
func Stop() Outcome { return Outcome{stop: true} }

// StopFor ends the steps and asks to come back after d.
func StopFor(d time.Duration) Outcome { return Outcome{stop: true, after: d} }

// Stopped says whether the steps after this one are left out.
func (o Outcome) Stopped() bool { return o.stop }

// After is when to come back; zero for not by itself.
func (o Outcome) After() time.Duration { return o.after }

// Step is one step of a duty over its scope.
type Step[S any] func(ctx context.Context, scope *S) (Outcome, error)

// Run takes the steps one after the other until one stops or fails. The outcome comes back at the earliest time that any of them asked for.
func Run[S any](ctx context.Context, scope *S, steps ...Step[S]) (Outcome, error) {
	var sum Outcome
	for _, step := range steps {
		o, err := step(ctx, scope)
		sum.after = earliest(sum.after, o.after)
		if err != nil {
			return sum, err
		}
		if o.stop {
			sum.stop = true
			return sum, nil
		}
	}
	return sum, nil
}

func earliest(a, b time.Duration) time.Duration {
	switch {
	case a <= 0:
		return b
	case b <= 0:
		return a
	default:
		return min(a, b)
	}
}

// Waiting is the error of a step that cannot go on until something else has happened, and knows when to look again.
type Waiting struct {
	// For says what is waited for, as a clause: "the Secret alice.gent-installer-1".
	For string
	// After is when to look again; zero where a watch tells.
	After time.Duration
}

func (w *Waiting) Error() string { return "waiting for " + w.For }

// Terminal is the error of a step that no repetition can mend. Only errors that are known to be so may be Terminal.
type Terminal struct {
	// Reason is one of the API's documented condition reasons.
	Reason string
	// Err says what happened.
	Err error
}

func (t *Terminal) Error() string { return fmt.Sprintf("%s: %v", t.Reason, t.Err) }

// Unwrap gives the cause.
func (t *Terminal) Unwrap() error { return t.Err }

// conflictPause is how long a reconciler rests when it lost a race: the cache needs a moment to see the winner.
const conflictPause = 50 * time.Millisecond

// Result turns the end of a duty's steps into what controller-runtime wants. A conflict is no failure: somebody else was faster, so
// start over from what they wrote.
func Result(o Outcome, err error) (ctrl.Result, error) {
	var waiting *Waiting
	var terminal *Terminal
	var gone *Gone
	switch {
	case err == nil:
		return ctrl.Result{RequeueAfter: o.after}, nil
	case errors.As(err, &waiting):
		return ctrl.Result{RequeueAfter: earliest(o.after, waiting.After)}, nil
	case errors.As(err, &terminal):
		if o.after > 0 {
			return ctrl.Result{RequeueAfter: o.after}, nil
		}
		return ctrl.Result{}, reconcile.TerminalError(err)
	case errors.As(err, &gone):
		return ctrl.Result{}, nil
	case apierrors.IsConflict(err):
		return ctrl.Result{RequeueAfter: conflictPause}, nil
	default:
		return ctrl.Result{}, err
	}
}
