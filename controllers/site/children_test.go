package site

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/resources"
)

func TestAChildThatBelongsToSomethingElseIsLeftAlone(t *testing.T) {
	meta := func(annotations map[string]string, owners ...metav1.OwnerReference) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: names.Child(domainName), Namespace: sitesNamespace, Annotations: annotations, OwnerReferences: owners, UID: "theirs"}
	}
	ours := map[string]string{v1alpha1.AnnotationDomain: domainName}
	claim := metav1.ObjectMeta{
		Name:      resources.ClaimName(&v1alpha1.IndieSite{Spec: v1alpha1.IndieSiteSpec{Domain: domainName, RequestDigest: "k1:first"}}),
		Namespace: sitesNamespace,
	}
	digest := func(domain, digest string) metav1.ObjectMeta {
		m := claim.DeepCopy()
		m.Annotations = map[string]string{v1alpha1.AnnotationDomain: domain, v1alpha1.AnnotationRequestDigest: digest}
		return *m
	}
	other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "theirs", UID: "theirs", Controller: new(bool)}
	*other.Controller = true
	for name, child := range map[string]client.Object{
		"a Service that somebody made by hand":        &corev1.Service{ObjectMeta: meta(nil)},
		"a StatefulSet of another domain":             &appsv1.StatefulSet{ObjectMeta: meta(map[string]string{v1alpha1.AnnotationDomain: "bob.gent"})},
		"a NetworkPolicy with another owner":          &networkingv1.NetworkPolicy{ObjectMeta: meta(ours, other)},
		"a StatefulSet that was orphaned":             &appsv1.StatefulSet{ObjectMeta: meta(ours)},
		"a volume that somebody made by hand":         &corev1.PersistentVolumeClaim{ObjectMeta: claim},
		"a volume of another domain":                  &corev1.PersistentVolumeClaim{ObjectMeta: digest("bob.gent", "k1:first")},
		"a volume of an order with the same hash":     &corev1.PersistentVolumeClaim{ObjectMeta: digest(domainName, "k1:another")},
		"an Ingress of another domain, with our name": &networkingv1.Ingress{ObjectMeta: meta(map[string]string{v1alpha1.AnnotationDomain: "bob.gent"})},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.create(child)
			before := child.DeepCopyObject().(client.Object)
			w.claim()
			w.reconcile()
			w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			if result := w.reconcile(); result.RequeueAfter > conflictAfter || result.RequeueAfter == 0 {
				t.Errorf("comes back after %s", result.RequeueAfter)
			}
			w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonChildConflict)
			after := get(w, child.GetNamespace(), child.GetName(), child)
			if after.GetResourceVersion() != before.GetResourceVersion() {
				t.Errorf("it was touched: %v", after)
			}
			w.expectQuiet()
			w.callbackFroze(v1alpha1.OutcomeFailed, true)
			w.reconcile()
			if !w.has(child.GetNamespace(), child.GetName(), child) {
				t.Error("it was deleted with the workload")
			}
			w.remove(child) // whoever it belongs to took it away
		})
	}
}

func TestAChildOfAnEarlierSiteIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	earlier := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: sitesNamespace, UID: "earlier"}}
	left := &corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Name: names.Child(domainName), Namespace: sitesNamespace, Annotations: map[string]string{v1alpha1.AnnotationDomain: domainName},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(earlier, v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite))},
	}}
	w.create(left)
	site := w.claim()
	if got := w.reconcile().RequeueAfter; got != leavingAfter {
		t.Errorf("comes back after %s, want %s", got, leavingAfter)
	}
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.remove(left) // as garbage collection does
	w.reconcile()
	w.expectWorkload(true)
	if ref := metav1.GetControllerOf(get(w, sitesNamespace, names.Child(domainName), &corev1.Service{})); ref == nil || ref.UID != site.UID {
		t.Errorf("the new Service belongs to %v", ref)
	}
}

func TestWhatTheAPIServerRefusesIsSaid(t *testing.T) {
	w := newWorld(t)
	w.failures["StatefulSet"] = apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "statefulsets"}, "x", errors.New("exceeded quota"))
	w.claim()
	if _, err := w.reconcileOnce(); err == nil {
		t.Error("not tried again")
	}
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionSiteAvailable); !contains(c.Message, "exceeded quota") {
		t.Errorf("the message is %q", c.Message)
	}
}

func TestASlipOfTheAPIServerDoesNotMakeASiteUnready(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.remove(get(w, sitesNamespace, names.Child(domainName), &corev1.Service{}))
	w.failures["Service"] = apierrors.NewInternalError(errors.New("etcd has a cold"))
	if _, err := w.reconcileOnce(); err == nil {
		t.Error("not tried again")
	}
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	delete(w.failures, "Service")
	w.reconcile()
	w.expectWorkload(true)
}

func TestAVolumeThatCannotGrowIsStillTheSites(t *testing.T) {
	w := newWorld(t)
	w.standing()
	class := fullClass()
	larger := resources.Defaulted(nil).Storage.Size.DeepCopy()
	larger.Add(larger)
	class.Storage.Size = &larger
	w.hasClass(class)
	w.failures["PersistentVolumeClaim"] = apierrors.NewForbidden(schema.GroupResource{Resource: "persistentvolumeclaims"}, "x", errors.New("no expansion"))
	w.orderAgain("k1:first")
	w.reconcileOnceOK()
	w.podIsReady()
	w.reconcileOnceOK()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestAVolumeThatAnAdminNamedIsUsedAndNotMade(t *testing.T) {
	w := newWorld(t)
	w.claim(func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "restored" })
	w.reconcile()
	if got := w.statefulSet().Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName; got != "restored" {
		t.Errorf("the pod uses %s", got)
	}
	if w.has(sitesNamespace, "restored", &corev1.PersistentVolumeClaim{}) {
		t.Error("the volume was made")
	}
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionSiteAvailable); !contains(c.Message, "restored") {
		t.Errorf("the message is %q", c.Message)
	}
}

func TestCovers(t *testing.T) {
	m := func(kv ...any) map[string]any {
		out := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			out[kv[i].(string)] = kv[i+1]
		}
		return out
	}
	for name, tc := range map[string]struct {
		observed, desired any
		want              bool
	}{
		"the same":                           {m("a", "x"), m("a", "x"), true},
		"another value":                      {m("a", "y"), m("a", "x"), false},
		"a default beside it":                {m("a", "x", "b", "y"), m("a", "x"), true},
		"something missing":                  {m("b", "y"), m("a", "x"), false},
		"an empty string that was left out":  {m(), m("a", ""), true},
		"an empty map that was left out":     {m(), m("a", m()), true},
		"false that was left out":            {m(), m("a", false), true},
		"a default in a list's member":       {[]any{m("a", "x", "b", "y")}, []any{m("a", "x")}, true},
		"a member that somebody added":       {[]any{"x", "y"}, []any{"x"}, false},
		"a member that somebody took away":   {[]any{}, []any{"x"}, false},
		"numbers":                            {int64(1), int64(1), true},
		"other numbers":                      {int64(2), int64(1), false},
		"a text in place of a map":           {"x", m("a", "x"), false},
		"a nested value that was left out":   {m(), m("a", m("b", "x")), false},
		"a nested nothing that was left out": {m(), m("a", m("b", "")), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := covers(tc.observed, tc.desired); got != tc.want {
				t.Errorf("covers(%v, %v) = %t", tc.observed, tc.desired, got)
			}
		})
	}
}

func (w *world) reconcileOnceOK() {
	w.t.Helper()
	if _, err := w.reconcileOnce(); err != nil {
		w.t.Fatal(err)
	}
}
