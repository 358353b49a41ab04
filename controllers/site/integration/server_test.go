package integration_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
	"magicwebsitefactory.gent/test/apiserver"
)

func (w *world) reconcile(name string) {
	w.t.Helper()
	_, err := w.site.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: w.sites, Name: name}})
	if err != nil && !apierrors.IsConflict(err) {
		w.t.Fatal(err)
	}
}

// countWrites counts what the duty writes from here on.
func (w *world) countWrites() *atomic.Int32 {
	w.t.Helper()
	counted, err := client.NewWithWatch(apiserver.Config(w.t), client.Options{Scheme: apiserver.Scheme()})
	w.must(err)
	n := &atomic.Int32{}
	w.site.Client = interceptor.NewClient(counted, interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			n.Add(1)
			w.t.Logf("applies %s", asJSON(o))
			return c.Apply(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			n.Add(1)
			return c.Delete(ctx, o, opts...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			n.Add(1)
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	})
	return n
}

func (w *world) stand(name string) {
	w.t.Helper()
	w.hasSnapshot()
	w.claim(name)
	w.reconcile(name)
	w.domainIsOurs(name)
	w.reconcile(name)
	w.podIsReady(name)
	w.certificateIsIssued(name)
	w.prober.answer(true)
	w.reconcile(name)
	w.eventually(name, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestTheAPIServerTakesTheChildrenAndNothingIsAppliedTwice(t *testing.T) {
	w := newWorld(t)
	w.stand(domainName)
	for _, o := range []client.Object{&appsv1.StatefulSet{}, &corev1.Service{}, &networkingv1.NetworkPolicy{}, &networkingv1.Ingress{}, w.certificate()} {
		w.must(w.Get(t.Context(), w.child(domainName), o))
		if o.GetAnnotations()[v1alpha1.AnnotationDomain] != domainName || metav1.GetControllerOf(o) == nil {
			t.Errorf("%T has the annotations %v and the owners %v", o, o.GetAnnotations(), o.GetOwnerReferences())
		}
	}
	writes := w.countWrites()
	for range 3 {
		w.reconcile(domainName)
	}
	if n := writes.Load(); n != 0 {
		t.Errorf("a converged site causes %d writes", n)
	}
}

func TestWhatSomebodyEditsComesBackAndWhatTheyAddStays(t *testing.T) {
	w := newWorld(t)
	w.stand(domainName)
	set := &appsv1.StatefulSet{}
	w.must(w.Get(t.Context(), w.child(domainName), set))
	none := int32(0)
	set.Spec.Replicas = &none
	set.Labels["team"] = "websites"
	w.must(w.Update(t.Context(), set))
	policy := &networkingv1.NetworkPolicy{}
	w.must(w.Get(t.Context(), w.child(domainName), policy))
	policy.Spec.Egress = nil
	w.must(w.Update(t.Context(), policy))

	w.reconcile(domainName)
	w.must(w.Get(t.Context(), w.child(domainName), set))
	if *set.Spec.Replicas != 1 || set.Labels["team"] != "websites" {
		t.Errorf("%d replicas, labels %v", *set.Spec.Replicas, set.Labels)
	}
	w.must(w.Get(t.Context(), w.child(domainName), policy))
	if len(policy.Spec.Egress) != 2 {
		t.Errorf("the NetworkPolicy has %d rules for what goes out", len(policy.Spec.Egress))
	}
}

func TestRestrictedPodSecurityTakesThePod(t *testing.T) {
	w := newWorld(t)
	w.stand(domainName)
	set := &appsv1.StatefulSet{}
	w.must(w.Get(t.Context(), w.child(domainName), set))
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: set.Name + "-0", Namespace: w.sites, Labels: set.Spec.Template.Labels},
		Spec:       set.Spec.Template.Spec,
	}
	w.must(w.Create(t.Context(), pod.DeepCopy(), client.DryRunAll))

	pod.Spec.Containers[0].SecurityContext.Capabilities = nil // the policy is really there
	if err := w.Create(t.Context(), pod, client.DryRunAll); !apierrors.IsForbidden(err) {
		t.Errorf("a pod that is not restricted: %v", err)
	}
}

func TestAChildThatIsNotOursIsNotTakenOverByTheAPIServerEither(t *testing.T) {
	w := newWorld(t)
	w.hasSnapshot()
	theirs := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: w.child(domainName).Name, Namespace: w.sites},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}},
	}
	w.create(theirs)
	w.claim(domainName)
	w.reconcile(domainName)
	after := &corev1.Service{}
	w.must(w.Get(t.Context(), w.child(domainName), after))
	if diff := cmp.Diff(theirs.ResourceVersion, after.ResourceVersion); diff != "" {
		t.Errorf("it was touched: %s", diff)
	}
	w.eventually(domainName, v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonChildConflict)
}

func TestTheFoundVolumeOfALaterOrderIsNotTouched(t *testing.T) {
	w := newWorld(t)
	w.stand(domainName)
	s := &v1alpha1.IndieSite{}
	w.must(w.Get(t.Context(), client.ObjectKey{Namespace: w.sites, Name: domainName}, s))
	volume := &corev1.PersistentVolumeClaim{}
	key := client.ObjectKey{Namespace: w.sites, Name: resources.ClaimName(s)}
	w.must(w.Get(t.Context(), key, volume))
	if len(volume.OwnerReferences) != 0 || volume.Annotations[v1alpha1.AnnotationRequestDigest] != "k1:first" {
		t.Errorf("the volume has the owners %v and the annotations %v", volume.OwnerReferences, volume.Annotations)
	}
	w.must(w.Delete(t.Context(), s))
	w.reconcile(domainName)
	w.must(w.Get(t.Context(), key, volume))
}

func TestTheWatchesTakeASiteFromItsClaimToReady(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.claim(domainName) // before there is a SiteClass
	w.eventually(domainName, v1alpha1.ConditionDomainRegistered, metav1.ConditionFalse, v1alpha1.ReasonSiteClassMissing)
	class := w.class()
	w.create(class)
	w.domainIsOurs(domainName)
	w.eventually(domainName, v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.podIsReady(domainName)
	w.eventually(domainName, v1alpha1.ConditionSiteAvailable, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.certificateIsIssued(domainName)
	w.eventually(domainName, v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	w.prober.answer(true)
	w.eventually(domainName, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	w.must(w.Delete(t.Context(), &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: w.sites, Name: w.child(domainName).Name}}))
	w.Eventually(func() error { return w.Get(t.Context(), w.child(domainName), &corev1.Service{}) }, patience).Should(gomega.Succeed())

	w.must(w.Delete(t.Context(), class)) // held back, as a site refers to it
	w.Consistently(func() error { return w.Get(t.Context(), client.ObjectKeyFromObject(class), class) }, "500ms").Should(gomega.Succeed())
	w.must(w.Delete(t.Context(), &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: w.sites, Name: domainName}}))
	w.Eventually(func() bool {
		return apierrors.IsNotFound(w.Get(t.Context(), client.ObjectKeyFromObject(class), class))
	}, patience).Should(gomega.BeTrue())
}
