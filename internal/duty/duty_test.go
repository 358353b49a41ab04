package duty

import (
	"context"
	"errors"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type trail struct{ taken []string }

func stepThat(name string, o Outcome, err error) Step[trail] {
	return func(_ context.Context, s *trail) (Outcome, error) {
		s.taken = append(s.taken, name)
		return o, err
	}
}

func TestRunTakesStepsUntilOneStopsOrFails(t *testing.T) {
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		steps []Step[trail]
		taken int
		after time.Duration
		err   error
	}{
		"all steps run when none stops": {
			steps: []Step[trail]{stepThat("a", Continue(), nil), stepThat("b", Continue(), nil)}, taken: 2,
		},
		"a stop leaves the rest out": {
			steps: []Step[trail]{stepThat("a", Stop(), nil), stepThat("b", Continue(), nil)}, taken: 1,
		},
		"an error leaves the rest out": {
			steps: []Step[trail]{stepThat("a", Continue(), boom), stepThat("b", Continue(), nil)}, taken: 1, err: boom,
		},
		"the earliest time that any step asked for wins": {
			steps: []Step[trail]{stepThat("a", ContinueAfter(time.Minute), nil), stepThat("b", StopFor(time.Second), nil)}, taken: 2, after: time.Second,
		},
		"an earlier step's time is kept when a later one fails": {
			steps: []Step[trail]{stepThat("a", ContinueAfter(time.Minute), nil), stepThat("b", Continue(), boom)}, taken: 2, after: time.Minute, err: boom,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s trail
			o, err := Run(t.Context(), &s, tc.steps...)
			if len(s.taken) != tc.taken || o.After() != tc.after || !errors.Is(err, tc.err) {
				t.Errorf("took %v, after %s, error %v; want %d steps, after %s, error %v", s.taken, o.After(), err, tc.taken, tc.after, tc.err)
			}
		})
	}
}

func TestResultKnowsTheKindsOfErrors(t *testing.T) {
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		outcome  Outcome
		err      error
		want     ctrl.Result
		terminal bool
		wantErr  bool
	}{
		"success comes back when asked":              {outcome: StopFor(time.Minute), want: ctrl.Result{RequeueAfter: time.Minute}},
		"waiting is not an error":                    {err: &Waiting{For: "x", After: time.Second}, want: ctrl.Result{RequeueAfter: time.Second}},
		"a conflict starts over soon":                {err: apierrors.NewConflict(schema.GroupResource{}, "x", boom), want: ctrl.Result{RequeueAfter: conflictPause}},
		"terminal is not tried again":                {err: &Terminal{Reason: "R", Err: boom}, terminal: true, wantErr: true},
		"terminal still comes back for other things": {outcome: ContinueAfter(time.Hour), err: &Terminal{Reason: "R", Err: boom}, want: ctrl.Result{RequeueAfter: time.Hour}},
		"a resource that is gone needs nothing":      {err: &Gone{apierrors.NewNotFound(schema.GroupResource{}, "x")}},
		"an unknown error is never terminal":         {err: boom, wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Result(tc.outcome, tc.err)
			if got != tc.want || (err != nil) != tc.wantErr || errors.Is(err, reconcile.TerminalError(nil)) != tc.terminal {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}
