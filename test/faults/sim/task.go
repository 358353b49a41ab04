package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
)

// ErrLost is the error of a call of which nobody knows whether it was carried out.
var ErrLost = errors.New("the connection broke")

// died is what a task panics with when its process ends.
type died struct{}

// Task is one pass of a duty. It is a goroutine, but only one task ever runs: the scheduler hands the baton over and waits for it to come back.
type Task struct {
	// Process that it belongs to.
	Process *Process
	// Duty and Key say what it works on.
	Duty string
	Key  types.NamespacedName

	world  *World
	baton  chan struct{}
	back   chan event
	until  func(*World) bool
	alone  bool
	result ctrl.Result
	err    error

	// fenced is the world's count of changes when this task last wrote a Domain's status.
	fenced int
	// telling is the delivery that this task wrote down last.
	telling told
}

type told struct {
	uid     types.UID
	attempt int32
}

type event int

const (
	eventPaused event = iota
	eventDone
	eventDied
)

type taskKey struct{}

func taskOf(ctx context.Context) *Task {
	t, _ := ctx.Value(taskKey{}).(*Task)
	return t
}

// start runs f as a task until it ends or pauses, and says which.
func (t *Task) start(f func(context.Context) (ctrl.Result, error)) event {
	ctx := context.WithValue(t.world.ctx, taskKey{}, t)
	go func() {
		defer func() {
			switch r := recover(); r {
			case nil:
			case died{}:
				t.back <- eventDied
			default:
				t.err = fmt.Errorf("%s %s panics: %v\n%s", t.Duty, t.Key.Name, r, debug.Stack())
				t.world.fail(t.err)
				t.back <- eventDied
			}
		}()
		t.result, t.err = f(ctx)
		t.back <- eventDone
	}()
	return <-t.back
}

// resume lets a paused task go on.
func (t *Task) resume() event {
	t.baton <- struct{}{}
	return <-t.back
}

// pause hands the baton back and waits until it comes again.
func (t *Task) pause(v Verdict) {
	t.stand(v)
	if t.Process.dead {
		panic(died{})
	}
}

// stand is pause, but for the end of whoever died meanwhile.
func (t *Task) stand(v Verdict) {
	t.until, t.alone = v.Until, v.Alone
	t.back <- eventPaused
	<-t.baton
}

// enter passes one call of the duty to the Script, on both sides. call is what does it. It returns the error that the duty sees.
func (t *Task) enter(c Call, call func(v Verdict) error) error {
	if t.Process.dead {
		panic(died{})
	}
	c.Duty = t.Duty
	c.N = t.world.count(c)
	before := t.decide(c, Before)
	if before.Action == Fail {
		return orLost(before.Err)
	}
	err := call(before)
	if after := t.decide(c, After); after.Action == Fail {
		return orLost(after.Err)
	}
	return err
}

func (t *Task) decide(c Call, m Moment) Verdict {
	w := t.world
	w.note(c, m)
	v := w.Script.Decide(w, t, c, m)
	if v.Action != Proceed {
		w.tracef("%s %s: %s", m, c, v.Action)
	}
	switch v.Action {
	case Crash:
		w.kill(t.Process)
		panic(died{})
	case Pause:
		t.pause(v)
	case Proceed, Fail, Delay:
	}
	return v
}

func orLost(err error) error {
	if err == nil {
		return ErrLost
	}
	return err
}

// String names the action.
func (a Action) String() string {
	return [...]string{"proceeds", "fails", "the process dies", "stands still", "arrives late"}[a]
}
