package callback

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

const (
	factoryNamespace = "mwf-system"
	sitesNamespace   = "mwf-sites"
	markedToken      = "marked-secret-of-hallo-0123456789"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is a cluster with one IndieSite called alice.gent, and a receiver.
type world struct {
	*testing.T
	client   client.Client
	clock    *clocktesting.FakePassiveClock
	receiver *receiver
	recorder *recorder
	logs     *logs
	writes   atomic.Int32
	// fail, if given, is asked before each write; its error is the write's.
	fail func(write int) error

	reconciler *Reconciler
}

// receiver plays the onboarders' servers.
type receiver struct {
	mu     sync.Mutex
	calls  []delivery.Request
	answer func(call int, r delivery.Request) delivery.Answer
}

func (r *receiver) Send(_ context.Context, request delivery.Request) delivery.Answer {
	r.mu.Lock()
	r.calls = append(r.calls, request)
	n, answer := len(r.calls), r.answer
	r.mu.Unlock()
	return answer(n, request)
}

func (r *receiver) always(a delivery.Answer) {
	r.answer = func(int, delivery.Request) delivery.Answer { return a }
}

// recorder keeps events; client-go's fake one blocks when nobody reads it.
type recorder struct {
	mu     sync.Mutex
	events []string
}

func (r *recorder) Eventf(_, _ runtime.Object, kind, reason, _, note string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, kind+" "+reason+": "+fmt.Sprintf(note, args...))
}

func (r *recorder) count(reason string) (n int) {
	for _, e := range r.events {
		if strings.Contains(e, " "+reason+": ") {
			n++
		}
	}
	return n
}

// logs takes lines from several workers.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) add(prefix, args string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.text, prefix, args)
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(s))
	utilruntime.Must(v1alpha1.AddToScheme(s))
	return s
}

// newWorld has the Onboarder hallo, Ready, and whatever else it is given; an object of the same name replaces hallo's.
func newWorld(t *testing.T, objects ...client.Object) *world {
	t.Helper()
	w := &world{T: t, clock: clocktesting.NewFakePassiveClock(start), receiver: &receiver{}, recorder: &recorder{}, logs: &logs{}}
	w.receiver.always(delivery.Answered(200, 0))
	all := map[string]client.Object{}
	for _, o := range append([]client.Object{onboarder("hallo", markedToken), tokenSecret("hallo", markedToken)}, objects...) {
		all[fmt.Sprintf("%T %s", o, o.GetName())] = o
	}
	builder := fake.NewClientBuilder().WithScheme(scheme()).WithStatusSubresource(&v1alpha1.IndieSite{}, &v1alpha1.Onboarder{})
	for _, o := range all {
		builder.WithObjects(o)
	}
	w.client = interceptor.NewClient(builder.Build(), w.interceptor())
	w.restart()
	return w
}

func (w *world) interceptor() interceptor.Funcs {
	write := func() error {
		n := w.writes.Add(1)
		if w.fail != nil {
			return w.fail(int(n))
		}
		return nil
	}
	return interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := write(); err != nil {
				return err
			}
			return c.Patch(ctx, o, p, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := write(); err != nil {
				return err
			}
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	}
}

// restart begins anew with nothing but what the API server holds.
func (w *world) restart() {
	w.reconciler = &Reconciler{
		Client: w.client, Reader: w.client, Clock: w.clock, Recorder: w.recorder, Sender: w.receiver,
		Random:           func() float64 { return 0.5 },
		FactoryNamespace: factoryNamespace, SitesNamespace: sitesNamespace,
	}
}

func (w *world) context() context.Context {
	logger := funcr.New(w.logs.add, funcr.Options{Verbosity: 9})
	return log.IntoContext(w.Context(), logger)
}

func (w *world) reconcile() (ctrl.Result, error) {
	return w.reconcileSite("alice.gent")
}

func (w *world) reconcileSite(name string) (ctrl.Result, error) {
	return w.reconciler.Reconcile(w.context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: sitesNamespace, Name: name}})
}

// settle reconciles alice.gent until it asks for nothing within the same second, and returns when it wants to be looked at again.
func (w *world) settle() time.Duration {
	w.Helper()
	for range 20 {
		result, err := w.reconcile()
		if err != nil {
			w.Fatalf("reconcile: %v", err)
		}
		if result.RequeueAfter == 0 || result.RequeueAfter >= time.Second {
			return result.RequeueAfter
		}
	}
	w.Fatal("the site does not settle")
	return 0
}

// pass lets time go by, reconciling whenever the duty asked for it.
func (w *world) pass(d time.Duration) {
	w.Helper()
	end := w.clock.Now().Add(d)
	for {
		after := w.settle()
		if after == 0 || w.clock.Now().Add(after).After(end) {
			break
		}
		w.clock.SetTime(w.clock.Now().Add(after))
	}
	w.clock.SetTime(end)
	w.settle()
}

// site returns alice.gent; nil when it is gone.
func (w *world) site() *v1alpha1.IndieSite {
	w.Helper()
	site := &v1alpha1.IndieSite{}
	err := w.client.Get(w.Context(), client.ObjectKey{Namespace: sitesNamespace, Name: "alice.gent"}, site)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return site
}

// change edits alice.gent as another would, and returns it.
func (w *world) change(edits ...edit) *v1alpha1.IndieSite {
	w.Helper()
	site := w.site()
	for _, e := range edits {
		e(site)
	}
	status := site.Status.DeepCopy()
	if err := w.client.Update(w.Context(), site); err != nil {
		w.Fatal(err)
	}
	site.Status = *status
	if err := w.client.Status().Update(w.Context(), site); err != nil {
		w.Fatal(err)
	}
	return site
}

func (w *world) changeOnboarder(change func(*v1alpha1.Onboarder)) {
	w.Helper()
	o := &v1alpha1.Onboarder{}
	if err := w.client.Get(w.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: "hallo"}, o); err != nil {
		w.Fatal(err)
	}
	change(o)
	status := o.Status.DeepCopy()
	if err := w.client.Update(w.Context(), o); err != nil {
		w.Fatal(err)
	}
	o.Status = *status
	if err := w.client.Status().Update(w.Context(), o); err != nil {
		w.Fatal(err)
	}
}

func (w *world) delete(o client.Object) {
	w.Helper()
	if err := w.client.Delete(w.Context(), o); err != nil {
		w.Fatal(err)
	}
}

// deleteSite deletes alice.gent at the world's time; the fake API server would take the real one.
func (w *world) deleteSite() {
	w.Helper()
	site := w.site()
	w.delete(site)
	if site = w.site(); site == nil {
		return
	}
	now := metav1.NewTime(w.clock.Now())
	w.reconciler.Client, w.reconciler.Reader = deletedAt(w.client, now), deletedAt(w.client, now)
}

// deletedAt shows resources that are being deleted with a time of deletion of the test's.
func deletedAt(c client.Client, at metav1.Time) client.Client {
	return interceptor.NewClient(c.(client.WithWatch), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			err := c.Get(ctx, key, o, opts...)
			if err == nil && !o.GetDeletionTimestamp().IsZero() {
				o.SetDeletionTimestamp(&at)
				o.SetGeneration(o.GetGeneration() + 1) // as the real one does
			}
			return err
		},
	})
}

func (w *world) wantCalls(want int) {
	w.Helper()
	if got := len(w.receiver.calls); got != want {
		w.Fatalf("the receiver was called %d times, want %d", got, want)
	}
}

func (w *world) wantCondition(status metav1.ConditionStatus, reason string) {
	w.Helper()
	c := apimeta.FindStatusCondition(w.site().Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	if c == nil || c.Status != status || c.Reason != reason {
		w.Fatalf("CallbackDelivered is %+v, want %s, %s", c, status, reason)
	}
}

func (w *world) wantOutcome(attempt int32, code v1alpha1.OutcomeCode) {
	w.Helper()
	o := w.site().Status.Outcome
	if o == nil || o.Attempt != attempt || o.Code != code {
		w.Fatalf("the outcome is %+v, want %d of attempt %d", o, code, attempt)
	}
}

func (w *world) wantHeld(want bool) {
	w.Helper()
	if got := newScope(w.site(), start, 0).held(); got != want {
		w.Fatalf("held back: %t, want %t", got, want)
	}
}

func (w *world) wantEvents(reason string, want int) {
	w.Helper()
	if got := w.recorder.count(reason); got != want {
		w.Fatalf("%d events %s, want %d; all of them: %q", got, reason, want, w.recorder.events)
	}
}

// wantQuiet reconciles again and again and sees neither a call nor a write.
func (w *world) wantQuiet() {
	w.Helper()
	calls, writes := len(w.receiver.calls), w.writes.Load()
	for range 3 {
		w.settle()
		w.restart()
	}
	if len(w.receiver.calls) != calls || w.writes.Load() != writes {
		w.Fatalf("%d calls and %d writes more, want none", len(w.receiver.calls)-calls, w.writes.Load()-writes)
	}
}

// wantNoSecrets looks for the marks that tests put into everything secret.
func (w *world) wantNoSecrets() {
	w.Helper()
	var status []byte
	if site := w.site(); site != nil {
		status, _ = json.Marshal(site)
	}
	for where, text := range map[string]string{"the site": string(status), "the log": w.logs.text.String(), "the events": strings.Join(w.recorder.events, "\n")} {
		if strings.Contains(text, "marked-") || strings.Contains(text, "bWFya2Vk") || strings.Contains(text, "Bearer ") || strings.Contains(text, "secret=") {
			w.Errorf("%s has a secret in it: %s", where, text)
		}
	}
}
