package whole

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
	"magicwebsitefactory.gent/test/apiserver"
)

// play runs the controllers that a cluster has and the API server of tests has not, as long as the test.
func (w *world) play() {
	w.t.Helper()
	mgr, err := ctrl.NewManager(apiserver.Config(w.t), ctrl.Options{
		Scheme:     apiserver.Scheme(),
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: ptr.To(true)},
		Cache:      cache.Options{DefaultNamespaces: map[string]cache.Config{w.factory: {}, w.sites: {}}},
	})
	w.must(err)
	for _, player := range []struct {
		kind client.Object
		play reconcile.Func
	}{
		{&appsv1.StatefulSet{}, w.playStatefulSets},
		{certificate(), w.playCertManager},
		{&networkingv1.Ingress{}, w.playIngresses},
	} {
		w.must(ctrl.NewControllerManagedBy(mgr).Named(fmt.Sprintf("%T", player.kind)).For(player.kind).Complete(player.play))
	}
	w.must(w.collectGarbage(mgr))
	w.must(w.clock.listen(w.t.Context(), mgr))
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("the players: %v", err)
		}
	})
}

// again lets a player go on after somebody else wrote, or took the object away.
func again(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: pause}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}

// playStatefulSets says of each that its pods are ready, as far as any are wanted.
func (w *world) playStatefulSets(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	set := &appsv1.StatefulSet{}
	if err := w.client.Get(ctx, r.NamespacedName, set); err != nil {
		return again(err)
	}
	n := ptr.Deref(set.Spec.Replicas, 1)
	status := appsv1.StatefulSetStatus{
		ObservedGeneration: set.Generation, Replicas: n, UpdatedReplicas: n, ReadyReplicas: n, CurrentRevision: "r", UpdateRevision: "r",
	}
	if equality.Semantic.DeepEqual(set.Status, status) {
		return reconcile.Result{}, nil
	}
	set.Status = status
	return again(w.client.Status().Update(ctx, set))
}

// playCertManager issues each Certificate: makes the Secret, then says so.
func (w *world) playCertManager(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	c := certificate()
	if err := w.client.Get(ctx, r.NamespacedName, c); err != nil {
		return again(err)
	}
	name, _, _ := unstructured.NestedString(c.Object, "spec", "secretName")
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.GetNamespace(), Name: name},
		Type:       corev1.SecretTypeTLS,
		StringData: map[string]string{corev1.TLSCertKey: "none", corev1.TLSPrivateKeyKey: w.certificateKey},
	}
	if err := w.client.Create(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		return again(err)
	}
	issued := []any{map[string]any{"type": "Ready", "status": "True", "reason": "Ready", "observedGeneration": c.GetGeneration()}}
	if have, _, _ := unstructured.NestedSlice(c.Object, "status", "conditions"); equality.Semantic.DeepEqual(have, issued) {
		return reconcile.Result{}, nil
	}
	if err := unstructured.SetNestedSlice(c.Object, issued, "status", "conditions"); err != nil {
		return reconcile.Result{}, err
	}
	return again(w.client.Status().Update(ctx, c))
}

// playIngresses publishes an address for each.
func (w *world) playIngresses(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
	ingress := &networkingv1.Ingress{}
	if err := w.client.Get(ctx, r.NamespacedName, ingress); err != nil {
		return again(err)
	}
	published := []networkingv1.IngressLoadBalancerIngress{{IP: w.host}}
	if equality.Semantic.DeepEqual(ingress.Status.LoadBalancer.Ingress, published) {
		return reconcile.Result{}, nil
	}
	ingress.Status.LoadBalancer.Ingress = published
	return again(w.client.Status().Update(ctx, ingress))
}

func certificate() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(resources.CertificateKind)
	return u
}

// dependents are the kinds that an IndieSite owns.
var dependents = []schema.GroupVersionKind{
	corev1.SchemeGroupVersion.WithKind("Secret"), corev1.SchemeGroupVersion.WithKind("Service"),
	appsv1.SchemeGroupVersion.WithKind("StatefulSet"),
	networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"), networkingv1.SchemeGroupVersion.WithKind("Ingress"), resources.CertificateKind,
}

// collectGarbage deletes what belongs to an IndieSite that is gone, also where another of that name has come.
func (w *world) collectGarbage(mgr manager.Manager) error {
	owners := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		var requests []reconcile.Request
		for _, ref := range o.GetOwnerReferences() {
			if ref.Kind == v1alpha1.KindIndieSite {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKey{Namespace: o.GetNamespace(), Name: ref.Name}})
			}
		}
		return requests
	})
	collector := ctrl.NewControllerManagedBy(mgr).Named("garbage").For(&v1alpha1.IndieSite{})
	for _, kind := range dependents {
		o := &metav1.PartialObjectMetadata{}
		o.SetGroupVersionKind(kind)
		collector.Watches(o, owners, builder.OnlyMetadata)
	}
	return collector.Complete(reconcile.Func(func(ctx context.Context, r reconcile.Request) (reconcile.Result, error) {
		site, err := w.site(ctx, r.Name)
		if client.IgnoreNotFound(err) != nil {
			return reconcile.Result{}, err
		}
		for _, kind := range dependents {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(kind)
			if err := mgr.GetClient().List(ctx, list, client.InNamespace(w.sites)); err != nil {
				return reconcile.Result{}, err
			}
			for i := range list.Items {
				o := &list.Items[i]
				if !o.DeletionTimestamp.IsZero() || !orphaned(o, r.Name, site.UID) {
					continue
				}
				if err := w.client.Delete(ctx, o, client.Preconditions{UID: &o.UID}); client.IgnoreNotFound(err) != nil {
					return reconcile.Result{}, err
				}
			}
		}
		return reconcile.Result{}, nil
	}))
}

// orphaned says whether an object belonged to a site of that name that is gone. The UID is that of the one there is now, if any.
func orphaned(o client.Object, name string, uid types.UID) bool {
	return slices.ContainsFunc(o.GetOwnerReferences(), func(ref metav1.OwnerReference) bool {
		return ref.Kind == v1alpha1.KindIndieSite && ref.Name == name && ref.UID != uid
	})
}

// clockwork counts what happens to sites and domains, so that a schedule can be made of steps of the world and not of seconds.
type clockwork struct {
	mu    sync.Mutex
	steps int
	tick  chan struct{}
}

func (c *clockwork) listen(ctx context.Context, mgr manager.Manager) error {
	c.tick = make(chan struct{})
	step := func(any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.steps++
		close(c.tick)
		c.tick = make(chan struct{})
	}
	for _, o := range []client.Object{&v1alpha1.IndieSite{}, &v1alpha1.Domain{}} {
		informer, err := mgr.GetCache().GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: step, UpdateFunc: func(_, now any) { step(now) }, DeleteFunc: step,
		}); err != nil {
			return err
		}
	}
	return nil
}

// pass waits for so many steps, but no longer than a time, and returns false once the context has ended.
func (c *clockwork) pass(ctx context.Context, steps int, atMost time.Duration) bool {
	bound := time.NewTimer(atMost)
	defer bound.Stop()
	c.mu.Lock()
	goal := c.steps + steps
	c.mu.Unlock()
	for {
		c.mu.Lock()
		reached, tick := c.steps >= goal, c.tick
		c.mu.Unlock()
		if reached {
			return true
		}
		select {
		case <-tick:
		case <-bound.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
