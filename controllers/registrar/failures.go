package registrar

import (
	"context"
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// lastError is the last call of this manager to the account that failed, or what an earlier one wrote.
func (r *Reconciler) lastError(reg *v1alpha1.Registrar) *v1alpha1.RegistrarError {
	written := reg.Status.LastError
	if r.Failures == nil {
		return written
	}
	if last := r.Failures.Last(reg.UID); last != nil && (written == nil || !last.Time.Before(&written.Time)) {
		return last
	}
	return written
}

// onFailure wakes a Registrar whose account works as far as its status says: the failure is written there, and the account tried. One that does not is looked at again anyway,
// and its credentials not any sooner because others fail as well.
func (r *Reconciler) onFailure() handler.EventHandler {
	p := &pacer{clock: r.Clock, at: map[client.ObjectKey]time.Time{}}
	return handler.Funcs{GenericFunc: func(ctx context.Context, e event.GenericEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		key := client.ObjectKeyFromObject(e.Object)
		reg := &v1alpha1.Registrar{}
		if err := r.Get(ctx, key, reg); err != nil || !apimeta.IsStatusConditionTrue(reg.Status.Conditions, v1alpha1.ConditionReady) {
			return
		}
		if wait, due := p.next(key); due {
			q.AddAfter(reconcile.Request{NamespacedName: key}, wait)
		}
	}}
}

// pacer keeps a storm of failures from being one of passes.
type pacer struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	// at is when a Registrar was woken last, or will be.
	at map[client.ObjectKey]time.Time
}

// next says in how long a Registrar is to be woken; false where it will be anyway.
func (p *pacer) next(key client.ObjectKey) (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if now.Before(p.at[key]) {
		return 0, false
	}
	next := p.at[key].Add(retryInterval)
	if next.Before(now) {
		next = now
	}
	p.at[key] = next
	return next.Sub(now), true
}
