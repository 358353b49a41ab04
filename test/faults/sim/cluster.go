package sim

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	podTime         = 3 * time.Second
	certificateTime = 2 * time.Second
	ingressTime     = time.Second
	garbageTime     = 5 * time.Second
	adminTime       = 20 * time.Minute
)

// Cluster says which of the cluster's own controllers, and its admin, do nothing.
type Cluster struct {
	NoPods, NoCertificates, NoIngress, NoGarbageCollection, NoAdmin bool
}

var certificateKind = schema.GroupKind{Group: "cert-manager.io", Kind: "Certificate"}

func newForeign(kind schema.GroupKind) (client.Object, error) {
	if kind != certificateKind {
		return nil, fmt.Errorf("the simulation knows no kind %s", kind)
	}
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(kind.WithVersion("v1"))
	return o, nil
}

// wakeCluster has the cluster's own controllers look at everything, each after the time that it takes.
func (w *World) wakeCluster() {
	for _, controller := range []struct {
		name  string
		after time.Duration
		off   *bool
		act   func(context.Context)
	}{
		{"statefulsets", podTime, &w.Cluster.NoPods, w.runPods},
		{"certificates", certificateTime, &w.Cluster.NoCertificates, w.issueCertificates},
		{"ingresses", ingressTime, &w.Cluster.NoIngress, w.publishIngresses},
		{"garbage", garbageTime, &w.Cluster.NoGarbageCollection, w.collectGarbage},
		{"admin", adminTime, &w.Cluster.NoAdmin, w.decideForPeople},
	} {
		w.queue.add(item{due: w.Clock.Now().Add(controller.after), duty: controller.name, act: func(ctx context.Context) {
			if !*controller.off {
				controller.act(ctx)
			}
		}})
	}
}

// must has an actor's own calls succeed: the actors are not what is tested.
func (w *World) must(doing string, err error) {
	if client.IgnoreNotFound(err) != nil {
		w.fail(fmt.Errorf("the simulation itself: %s: %w", doing, err))
	}
}

func each[T client.Object](w *World, kind schema.GroupKind, f func(T)) {
	for _, o := range w.store.list(kind, w.Sites, 0, w.store.changes) {
		if typed, ok := o.DeepCopyObject().(T); ok && o.GetDeletionTimestamp() == nil {
			f(typed)
		}
	}
}

// runPods plays the controller of StatefulSets and the kubelet. A pod does not start without its Secret.
func (w *World) runPods(ctx context.Context) {
	each(w, appsv1.SchemeGroupVersion.WithKind("StatefulSet").GroupKind(), func(set *appsv1.StatefulSet) {
		wanted := *set.Spec.Replicas
		if !w.startable(set) {
			wanted = 0
		}
		revision := fmt.Sprintf("revision-%d", set.Generation)
		status := appsv1.StatefulSetStatus{
			ObservedGeneration: set.Generation, Replicas: wanted, ReadyReplicas: wanted, AvailableReplicas: wanted, UpdatedReplicas: wanted,
			CurrentReplicas: wanted, CurrentRevision: revision, UpdateRevision: revision,
		}
		if set.Status.ObservedGeneration == set.Generation && set.Status.ReadyReplicas == wanted {
			return
		}
		set.Status = status
		w.updateStatus(ctx, set)
	})
}

func (w *World) startable(set *appsv1.StatefulSet) bool {
	for _, volume := range set.Spec.Template.Spec.Volumes {
		if volume.Secret == nil {
			continue
		}
		key := objectKey{corev1.SchemeGroupVersion.WithKind("Secret").GroupKind(), types.NamespacedName{Namespace: w.Sites, Name: volume.Secret.SecretName}}
		if w.store.last(key) == nil {
			return false
		}
	}
	return true
}

func (w *World) issueCertificates(ctx context.Context) {
	each(w, certificateKind, func(certificate *unstructured.Unstructured) {
		conditions, _, _ := unstructured.NestedSlice(certificate.Object, "status", "conditions")
		if len(conditions) > 0 {
			return
		}
		err := unstructured.SetNestedSlice(certificate.Object, []any{map[string]any{
			"type": "Ready", "status": "True", "reason": "Ready", "message": "issued", "observedGeneration": certificate.GetGeneration(),
			"lastTransitionTime": w.timestamp().UTC().Format(time.RFC3339),
		}}, "status", "conditions")
		w.must("issue a certificate", err)
		w.updateStatus(ctx, certificate)
	})
}

func (w *World) publishIngresses(ctx context.Context) {
	each(w, networkingv1.SchemeGroupVersion.WithKind("Ingress").GroupKind(), func(ingress *networkingv1.Ingress) {
		if len(ingress.Status.LoadBalancer.Ingress) > 0 {
			return
		}
		ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "198.51.100.7"}}
		w.updateStatus(ctx, ingress)
	})
}

func (w *World) updateStatus(ctx context.Context, o client.Object) {
	o.SetCreationTimestamp(metav1.Time{})
	err := w.api.Status().Update(ctx, o)
	w.must("write the status of "+o.GetName(), err)
	if err == nil {
		w.wrote(o)
	}
}

// collectGarbage deletes what belongs to nobody any more: owners are told apart by their UID.
func (w *World) collectGarbage(ctx context.Context) {
	there := map[types.UID]bool{}
	for _, e := range w.store.all() {
		there[e.object.GetUID()] = true
	}
	for _, e := range w.store.all() {
		owners := e.object.GetOwnerReferences()
		if len(owners) == 0 || e.object.GetDeletionTimestamp() != nil {
			continue
		}
		owned := false
		for _, owner := range owners {
			owned = owned || there[owner.UID]
		}
		if owned {
			continue
		}
		uid := e.object.GetUID()
		o, err := w.newOf(e.key.GroupKind)
		w.must("collect garbage", err)
		o.SetNamespace(e.key.Namespace)
		o.SetName(e.key.Name)
		w.tracef("garbage collection takes %s", e.key)
		w.must("collect garbage", w.api.Delete(ctx, o, client.Preconditions{UID: &uid}))
		w.must("collect garbage", w.observe(ctx, e.key))
	}
}
