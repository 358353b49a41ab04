package site

import (
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// ingressIsPublishedAt plays the ingress controller.
func (w *world) ingressIsPublishedAt(address string) {
	w.t.Helper()
	ingress := get(w, sitesNamespace, names.Child(domainName), &networkingv1.Ingress{})
	ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: address}}
	w.updateStatus(ingress)
}

func (w *world) suspend(on bool) {
	w.t.Helper()
	site := w.site()
	site.Generation++
	site.Spec.Suspend = on
	if err := w.Update(w.t.Context(), site); err != nil {
		w.t.Fatal(err)
	}
}

// domainIs plays the domain duty.
func (w *world) domainIs(status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	domain := w.domain()
	apimeta.SetStatusCondition(&domain.Status.Conditions, condition(v1alpha1.ConditionRegistered, status, reason))
	w.updateStatus(domain)
}

// podIsReady plays the StatefulSet's controller.
func (w *world) podIsReady() {
	w.t.Helper()
	set := w.statefulSet()
	set.Status = appsv1.StatefulSetStatus{
		ObservedGeneration: set.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, CurrentRevision: "r", UpdateRevision: "r",
	}
	w.updateStatus(set)
}

// certificateIsIssued plays cert-manager.
func (w *world) certificateIsIssued() {
	w.t.Helper()
	w.certificateSays("Ready", "True", "Certificate is up to date and has not expired")
}

func (w *world) certificateSays(conditionType, status, message string) {
	w.t.Helper()
	u := get(w, sitesNamespace, names.Child(domainName), emptyCertificate())
	if err := unstructured.SetNestedSlice(u.Object, []any{map[string]any{
		"type": conditionType, "status": status, "message": message, "observedGeneration": u.GetGeneration(),
	}}, "status", "conditions"); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Update(w.t.Context(), u); err != nil {
		w.t.Fatal(err)
	}
}

// callbackFroze plays the callback duty.
func (w *world) callbackFroze(code v1alpha1.OutcomeCode, told bool) {
	w.t.Helper()
	site := w.site()
	site.Status.Outcome = &v1alpha1.Outcome{Attempt: site.Spec.SetupAttempt, Code: code, Time: metav1.NewTime(w.clock.Now())}
	site.Status.Delivery = &v1alpha1.Delivery{Attempt: site.Spec.SetupAttempt}
	status, reason := metav1.ConditionFalse, v1alpha1.ReasonDelivering
	if told {
		status, reason = metav1.ConditionTrue, v1alpha1.ReasonDelivered
	}
	apimeta.SetStatusCondition(&site.Status.Conditions, condition(v1alpha1.ConditionCallbackDelivered, status, reason))
	w.updateStatus(site)
}
