package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

const (
	// restartTime is how long it takes until a process that died is replaced.
	restartTime = 2 * time.Second
	// maxSteps bounds a run: one that takes longer does not converge.
	maxSteps = 15000
	// maxStepsAtOnce are taken at one moment before a second goes by.
	maxStepsAtOnce = 1000
)

// World is one factory and all that is around it.
type World struct {
	// Factory and Sites are its namespaces.
	Factory, Sites string
	// Clock moves when there is nothing left to do.
	Clock *clocktesting.FakePassiveClock
	// Seed of all randomness that is not the Script's.
	Seed uint64
	// Script decides what goes wrong.
	Script Script
	// Fault decides what the shop's server does wrong; nil for nothing.
	Fault func(c ShopCall) registrartest.Fault
	// Choose picks one of n things that could be done next; nil for the first.
	Choose func(n int) int
	// OnDeath is called a little after a process died, to start another; nil for none.
	OnDeath func(*Process)
	// BeforeOrder is called when the shop is about to be handed an order, AfterOrder when it was, whatever came of it; nil for nothing.
	BeforeOrder, AfterOrder func()
	// Registry is where names are bought, Receiver who is told, Citizen who orders.
	Registry *Registry
	Receiver *Receiver
	Citizen  *Citizen
	// Cluster says which of the cluster's own controllers work.
	Cluster Cluster
	// Compares has every read past the cache be compared with what the API server says.
	Compares bool
	// Depths is, of each read through the cache, how many older versions there were of what was read.
	Depths map[Call]int
	// Deaths counts processes that died, Steps what was done, and Disturbed what a Script says that it has done.
	Deaths, Steps, Disturbed int

	ctx       context.Context
	api       client.WithWatch
	scheme    *runtime.Scheme
	store     *store
	queue     queue
	alive     []*Process
	processes int
	paused    []*Task
	calls     map[Call]int
	log       []Moments
	trace     []string
	random    int
	keys      digestKeys
	errs      []error
	onboarder string
	ordered   map[string]int
	restored  int
	pending   int
	shop      *Shop
	// requests are the requests to the shop's server, begun and marked points in the run.
	requests      []ShopCall
	begun, marked at
	// late is that what the scenario is about began by itself.
	late bool
	// only is the one duty that works; empty for all.
	only string
	// shopping is the task that is calling the shop, closed until when the shop has asked each to leave it alone.
	shopping *Task
	closed   map[*Process]time.Time
	// refused is what the shop had sold when its server began to refuse the credentials; nil while it takes them.
	refused map[string]int
	// doubles is that an order is being repeated on its way, copied that one was, and doubled how many extensions were.
	doubles, copied bool
	doubled         int
}

// Moments is a call, and the process that made it, in the order in which they came.
type Moments struct {
	Call   Call
	Moment Moment
}

func (w *World) timestamp() metav1.Time { return metav1.NewTime(w.Clock.Now()).Rfc3339Copy() }

func (w *World) fail(err error) { w.errs = append(w.errs, err) }

// Err is what went wrong with the run itself, or against an oracle that is asked all the time.
func (w *World) Err() error { return errors.Join(w.errs...) }

func (w *World) tracef(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%s  %s", w.Clock.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...)))
}

// Trace is what happened, for people.
func (w *World) Trace() []string { return w.trace }

// Calls lists the calls of the run so far, both sides of each.
func (w *World) Calls() []Moments { return w.log }

// Mark remembers that everything is settled now.
func (w *World) Mark() { w.marked = w.now() }

// CallsUntilSettled are those from before the mark, and after [World.Begin].
func (w *World) CallsUntilSettled() []Moments { return w.log[w.begun.calls:w.marked.calls] }

// Late says whether the scenario is about something that has a beginning of its own, such as what comes long after the purchase.
func (w *World) Late() bool { return w.late }

// Do has the run fail for an error of what an actor did.
func (w *World) Do(doing string, err error) {
	if err != nil {
		w.fail(fmt.Errorf("%s: %w", doing, err))
	}
}

func (w *World) count(c Call) int {
	c.N = 0
	w.calls[c]++
	return w.calls[c]
}

// lastCall is the call that is being made.
func (w *World) lastCall() Call { return w.log[len(w.log)-1].Call }

func (w *World) note(c Call, m Moment) { w.log = append(w.log, Moments{c, m}) }

// wrote remembers an object as a write's answer has it, and wakes whom it may concern.
func (w *World) wrote(o client.Object) {
	if _, partial := o.(*metav1.PartialObjectMetadata); partial {
		w.must("observe", w.observe(w.ctx, objectKey{w.kindOf(o).GroupKind(), client.ObjectKeyFromObject(o)}))
		return
	}
	w.store.date(o, w.timestamp())
	key := objectKey{w.kindOf(o).GroupKind(), client.ObjectKeyFromObject(o)}
	if o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 {
		gone := w.store.last(key)
		if w.store.remove(key, w.Clock.Now()) {
			w.wake(key, gone)
		}
		return
	}
	if w.store.put(key.GroupKind, o.DeepCopyObject().(client.Object)) {
		w.wake(key, o)
	}
}

// observe asks the API server what an object is now, after a write whose answer does not say.
func (w *World) observe(ctx context.Context, key objectKey) error {
	o, err := w.newOf(key.GroupKind)
	if err != nil {
		return err
	}
	err = w.api.Get(ctx, key.NamespacedName, o)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("observe %s: %w", key, err)
	}
	if err == nil {
		w.wrote(o)
		return nil
	}
	if gone := w.store.last(key); w.store.remove(key, w.Clock.Now()) {
		w.wake(key, gone)
	}
	return nil
}

func (w *World) delete(ctx context.Context, o client.Object, do func(context.Context) error) error {
	key := objectKey{w.kindOf(o).GroupKind(), client.ObjectKeyFromObject(o)}
	if err := do(ctx); err != nil {
		return err
	}
	return w.observe(ctx, key)
}

// later has something done after a while, under a name for the trace.
func (w *World) later(after time.Duration, name string, act func(context.Context)) {
	w.queue.seq++
	w.queue.items = append(w.queue.items, &item{due: w.Clock.Now().Add(after), seq: w.queue.seq, duty: name, act: act})
}

// Later has something done after a while, which is part of the scenario.
func (w *World) Later(after time.Duration, name string, act func() error) {
	w.pending++
	w.later(after, name, func(context.Context) {
		w.pending--
		if err := act(); err != nil {
			w.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// Run goes on until done says so, which is asked whenever there is nothing left to do now. It fails when that takes longer than limit.
func (w *World) Run(limit time.Duration, done func() error) error {
	deadline := w.Clock.Now().Add(limit)
	var notYet error
	since, steps := w.Clock.Now(), 0
	for range maxSteps {
		if now := w.Clock.Now(); !now.Equal(since) {
			since, steps = now, 0
		}
		// Calls take no time here. Two leaders that remember two answers to one question could correct each other for ever before either is due to ask again.
		if steps++; steps == maxStepsAtOnce {
			w.Clock.SetTime(since.Add(time.Second))
		}
		if err := w.Err(); err != nil {
			return err
		}
		if w.resumeOne() {
			continue
		}
		ready, next := w.queue.due(w.Clock.Now(), w.free)
		if len(ready) > 0 {
			w.do(ready[w.choose(len(ready))])
			continue
		}
		if len(w.paused) > 0 && w.paused[0].until == nil {
			w.resume(0)
			continue
		}
		if notYet = done(); notYet == nil {
			return w.Err()
		}
		if len(w.paused) > 0 && (next.IsZero() || next.After(deadline)) {
			w.resume(0)
			continue
		}
		if next.IsZero() || next.After(deadline) {
			return fmt.Errorf("after %s there is nothing left to do, and %w", w.Clock.Now().Sub(Epoch), notYet)
		}
		w.Clock.SetTime(next)
	}
	return fmt.Errorf("after %d steps, and %s, %w", maxSteps, w.Clock.Now().Sub(Epoch), notYet)
}

// RunFor goes on for a while.
func (w *World) RunFor(d time.Duration) error {
	end, over := w.Clock.Now().Add(d), false
	w.later(d, "end", func(context.Context) { over = true })
	return w.Run(d, func() error {
		if over && !w.Clock.Now().Before(end) {
			return nil
		}
		return errors.New("the time is not over")
	})
}

// Idle says whether a process has nothing left to do now.
func (w *World) Idle(p *Process) bool {
	ready, _ := w.queue.due(w.Clock.Now(), func(i *item) bool { return i.process == p && w.free(i) })
	return len(ready) == 0
}

// Only has one duty work and no other, for days in which nothing happens that concerns the others; all of them again where it is empty.
func (w *World) Only(duty string) { w.only = duty }

// free says whether an item may be taken: nobody works on it, and its process does not stand still.
func (w *World) free(i *item) bool {
	if i.process == nil {
		return true
	}
	return (w.only == "" || w.only == i.duty) && !i.process.standing && !slices.ContainsFunc(w.paused, func(t *Task) bool {
		return t.Process == i.process && t.Duty == i.duty && t.Key == i.key
	})
}

func (w *World) choose(n int) int {
	if w.Choose == nil || n == 1 {
		return 0
	}
	return w.Choose(n)
}

func (w *World) do(i *item) {
	w.Steps++
	w.queue.take(i)
	if i.act != nil {
		i.act(w.ctx)
		return
	}
	t := &Task{Process: i.process, Duty: i.duty, Key: i.key, world: w, baton: make(chan struct{}), back: make(chan event)}
	r := i.process.duties[i.duty]
	w.after(t, t.start(func(ctx context.Context) (ctrl.Result, error) {
		return r.Reconcile(ctx, ctrl.Request{NamespacedName: t.Key})
	}))
}

// after deals with how a task ended, or that it stands still.
func (w *World) after(t *Task, e event) {
	switch e {
	case eventPaused:
		w.paused = append(w.paused, t)
		t.Process.standing = t.Process.standing || !t.alone
		return
	case eventDied:
		w.bury(t.Process)
		return
	case eventDone:
	}
	if t.Duty == DutyFrontEnd {
		return
	}
	pass := passKey{t.Process, t.Duty, t.Key}
	next := item{process: t.Process, duty: t.Duty, key: t.Key}
	switch {
	case t.err != nil:
		w.tracef("%s %s: %s %v", t.Process.Name, t.Duty, t.Key.Name, t.err)
		next.due = w.Clock.Now().Add(backOff(w.queue.tries[pass]))
		w.queue.tries[pass]++
	case t.result.RequeueAfter > 0:
		delete(w.queue.tries, pass)
		next.due = w.Clock.Now().Add(t.result.RequeueAfter)
	default:
		delete(w.queue.tries, pass)
		return
	}
	w.queue.add(next)
}

// bury ends the tasks of a process that stand still.
func (w *World) bury(p *Process) {
	if !p.dead {
		return
	}
	for i := 0; i < len(w.paused); {
		if t := w.paused[i]; t.Process == p {
			w.paused = slices.Delete(w.paused, i, i+1)
			t.resume()
			continue
		}
		i++
	}
}

func (w *World) resumeOne() bool {
	for i, t := range w.paused {
		if t.until != nil && t.until(w) {
			w.resume(i)
			return true
		}
	}
	return false
}

func (w *World) resume(i int) {
	t := w.paused[i]
	w.paused = slices.Delete(w.paused, i, i+1)
	if !t.alone {
		t.Process.standing = false
	}
	w.after(t, t.resume())
}

// Crash ends a process.
func (w *World) Crash(p *Process) {
	if p.dead {
		return
	}
	w.tracef("%s dies", p.Name)
	w.kill(p)
	w.bury(p)
}

func (w *World) enqueue(p *Process, duty, namespace, name string, after time.Duration) {
	if p.duties[duty] == nil {
		return
	}
	w.queue.add(item{due: w.Clock.Now().Add(after), process: p, duty: duty, key: types.NamespacedName{Namespace: namespace, Name: name}})
}
