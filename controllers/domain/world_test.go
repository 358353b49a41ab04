package domain

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
)

const (
	factoryNamespace = "factory"
	sitesNamespace   = "sites"
	registrarName    = "names"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// world is a factory with one Registrar, a clock that only moves when it is told to, and places to break things.
type world struct {
	t        *testing.T
	client   client.Client
	clock    *clocktesting.FakePassiveClock
	recorder *events.FakeRecorder
	source   registrar.Source
	process  *Reconciler
	// closed, if set, is why the Registrar's account cannot be opened.
	closed error

	// writes counts the writes to the API server, ledger included; buys the orders that reached the registrar.
	writes, buys int
	// calls counts all calls to the outside world; disturb, if set, runs before (even numbers) and after (odd ones) each.
	calls   int
	disturb func(moment int)
	// lookUps counts questions to the registrar.
	lookUps int
	// onFence runs after a Domain's fence was written. beforeBuy and afterBuy may panic, as a process does that dies.
	onFence func()
	// onExtension runs after the fence of an extension was written.
	onExtension func()
	// beforePatch runs before a change of metadata is carried out.
	beforePatch func()
	beforeBuy   func()
	// ordered is the last order that came; left of its time when it did.
	ordered  registrar.Order
	left     time.Duration
	afterBuy func(registrar.Result) registrar.Result
	// extensions counts the years that were asked for beside purchases. renew, if set, takes the registrar's place in setting and extending.
	extensions int
	renew      func(registrar.Renewal) registrar.Result
	// sight, if set, changes what a look-up found.
	sight func(registrar.Sighting, error) (registrar.Sighting, error)
	// failRead and failStatusWrite say which calls to the API server go wrong.
	failRead        func(client.Object) error
	failStatusWrite func(client.Object) error
}

var errCrash = errors.New("the process died")

// outside is passed by every call of the duty to the outside world, writes and questions alike, before it is made and after.
func (w *world) outside(call func() error) error {
	n := w.calls
	w.calls++
	if w.disturb != nil {
		w.disturb(2 * n)
	}
	err := call()
	if w.disturb != nil {
		w.disturb(2*n + 1)
	}
	return err
}

func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	w := &world{t: t, clock: clocktesting.NewFakePassiveClock(start), recorder: events.NewFakeRecorder(1000)}
	w.client = fake.NewClientBuilder().WithScheme(scheme).
		WithStatusSubresource(&v1alpha1.Domain{}, &v1alpha1.IndieSite{}, &v1alpha1.Registrar{}).
		WithObjects(objects...).
		WithInterceptorFuncs(interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				if w.failRead != nil {
					if err := w.failRead(obj); err != nil {
						return err
					}
				}
				return c.Get(ctx, key, obj, opts...)
			},
			Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
				w.writes++
				return w.outside(func() error { return c.Create(ctx, obj, opts...) })
			},
			Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
				w.writes++
				return w.outside(func() error { return c.Update(ctx, obj, opts...) })
			},
			Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, opts ...client.PatchOption) error {
				w.writes++
				if hook := w.beforePatch; hook != nil {
					w.beforePatch = nil
					hook()
				}
				return w.outside(func() error { return c.Patch(ctx, obj, p, opts...) })
			},
			SubResourcePatch: w.patchStatus,
		}).Build()
	w.source = &spySource{world: w, inner: registrar.NewSource(v1alpha1.EnvironmentTest, testprovider.New(w.client, w.client, w.clock))}
	w.restart()
	return w
}

func (w *world) patchStatus(ctx context.Context, c client.Client, sub string, obj client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
	w.writes++
	if w.failStatusWrite != nil {
		if err := w.failStatusWrite(obj); err != nil {
			return err
		}
	}
	if err := w.outside(func() error { return c.Status().Patch(ctx, obj, p, opts...) }); err != nil {
		return err
	}
	if d, ok := obj.(*v1alpha1.Domain); ok && w.onFence != nil && d.Status.Call != nil && registeredOf(d).Reason == v1alpha1.ReasonRequested {
		hook := w.onFence
		w.onFence = nil
		hook()
	}
	if d, ok := obj.(*v1alpha1.Domain); ok && w.onExtension != nil && d.Status.Renewal != nil && d.Status.Renewal.Outcome == "" {
		hook := w.onExtension
		w.onExtension = nil
		hook()
	}
	return nil
}

// restart begins a new process, which remembers nothing.
func (w *world) restart() { w.process = w.newProcess() }

func (w *world) newProcess() *Reconciler {
	return &Reconciler{
		Client: w.client, Reader: w.client, Registrars: w.source, Clock: w.clock, Random: func() float64 { return 0.5 },
		Recorder: w.recorder, FactoryNamespace: factoryNamespace, SitesNamespace: sitesNamespace,
	}
}

// pass runs one reconcile; a process that dies in it is followed by a new one.
func (w *world) pass(name string) (result ctrl.Result, err error) {
	w.t.Helper()
	defer func() {
		if p := recover(); p != nil {
			if p != any(errCrash) {
				panic(p)
			}
			w.restart()
			result, err = ctrl.Result{RequeueAfter: time.Second}, nil
		}
	}()
	return w.process.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: factoryNamespace, Name: name}})
}

// run goes on as a queue would, the clock moving along, until the Domain rests for an hour or more, or for the given time at most.
func (w *world) run(name string, atMost time.Duration) {
	w.t.Helper()
	end := w.clock.Now().Add(atMost)
	for range 1000 {
		result, err := w.pass(name)
		pause := result.RequeueAfter
		if err != nil {
			pause = time.Second
		}
		if pause == 0 || pause >= time.Hour || w.clock.Now().Add(pause).After(end) {
			return
		}
		w.clock.SetTime(w.clock.Now().Add(pause))
	}
	w.t.Fatal("it never rests")
}

func (w *world) later(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

func (w *world) domain(name string) *v1alpha1.Domain {
	w.t.Helper()
	d := &v1alpha1.Domain{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: name}, d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) expect(name string, status metav1.ConditionStatus, reason string) *v1alpha1.Domain {
	w.t.Helper()
	d := w.domain(name)
	c := registeredOf(d)
	if c == nil || c.Status != status || c.Reason != reason {
		w.t.Fatalf("Registered of %s is %+v, want %s %s", name, c, status, reason)
	}
	return d
}

func (w *world) expectBuys(n int) {
	w.t.Helper()
	if w.buys != n {
		w.t.Fatalf("%d orders reached the registrar, want %d", w.buys, n)
	}
}

func (w *world) expectNoCondition(name, kind string) {
	w.t.Helper()
	if c := apimeta.FindStatusCondition(w.domain(name).Status.Conditions, kind); c != nil {
		w.t.Fatalf("there is a condition %+v", c)
	}
}

func (w *world) change(obj client.Object, f func()) {
	w.t.Helper()
	if err := w.client.Get(w.t.Context(), client.ObjectKeyFromObject(obj), obj); err != nil {
		w.t.Fatal(err)
	}
	before := obj.DeepCopyObject().(client.Object)
	f()
	if err := w.client.Patch(w.t.Context(), obj.DeepCopyObject().(client.Object), client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
	if err := w.client.Status().Patch(w.t.Context(), obj, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) changeSite(name string, f func(*v1alpha1.IndieSite)) {
	s := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: name}}
	w.change(s, func() { f(s) })
}

func (w *world) changeRegistrar(f func(*v1alpha1.Registrar)) {
	r := &v1alpha1.Registrar{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: registrarName}}
	w.change(r, func() { f(r) })
}

func (w *world) changeDomain(name string, f func(*v1alpha1.Domain)) {
	d := &v1alpha1.Domain{ObjectMeta: metav1.ObjectMeta{Namespace: factoryNamespace, Name: name}}
	w.change(d, func() { f(d) })
}

func (w *world) delete(obj client.Object) {
	w.t.Helper()
	if err := w.client.Delete(w.t.Context(), obj); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) usage() *v1alpha1.RegistrarUsage {
	w.t.Helper()
	r := &v1alpha1.Registrar{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: registrarName}, r); err != nil {
		w.t.Fatal(err)
	}
	return r.Status.Usage
}

func (w *world) ledger(name string) *testprovider.Entry {
	w.t.Helper()
	cm := &corev1.ConfigMap{}
	if err := w.client.Get(w.t.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: testprovider.LedgerName(registrarName)}, cm); err != nil {
		w.t.Fatal(err)
	}
	e := &testprovider.Entry{}
	if err := json.Unmarshal([]byte(cm.Data[name]), e); err != nil {
		w.t.Fatal(err)
	}
	return e
}

// spySource counts what reaches the registrar, and breaks it where a test says so.
type spySource struct {
	world *world
	inner registrar.Source
}

func (s *spySource) For(ctx context.Context, r *v1alpha1.Registrar) (registrar.Registrar, error) {
	if s.world.closed != nil {
		return nil, s.world.closed
	}
	a, err := s.inner.For(ctx, r)
	if err != nil {
		return nil, err
	}
	return &spy{Registrar: a, world: s.world}, nil
}

type spy struct {
	registrar.Registrar
	world *world
}

func (s *spy) LookUp(ctx context.Context, q registrar.Query) (registrar.Sighting, error) {
	s.world.lookUps++
	var sighting registrar.Sighting
	err := s.world.outside(func() (err error) {
		sighting, err = s.Registrar.LookUp(ctx, q)
		return err
	})
	if s.world.sight != nil {
		return s.world.sight(sighting, err)
	}
	return sighting, err
}

func (s *spy) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	if s.world.beforeBuy != nil {
		s.world.beforeBuy()
	}
	s.world.buys++
	s.world.ordered = o
	deadline, _ := ctx.Deadline()
	s.world.left = time.Until(deadline)
	var result registrar.Result
	_ = s.world.outside(func() error {
		result = s.Registrar.Buy(ctx, o)
		return nil
	})
	if s.world.afterBuy != nil {
		return s.world.afterBuy(result)
	}
	return result
}

func (s *spy) Renew(ctx context.Context, r registrar.Renewal) registrar.Result {
	if !r.ExtendFrom.IsZero() {
		s.world.extensions++
	}
	var result registrar.Result
	_ = s.world.outside(func() error {
		if s.world.renew != nil {
			result = s.world.renew(r)
		} else {
			result = s.Registrar.Renew(ctx, r)
		}
		return nil
	})
	return result
}
