//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// bought compares the test registrar's own ledger with what should have been bought, whatever the factory believes.
func (w *world) bought(t *testing.T, domain string, want int) {
	t.Helper()
	ledger := &corev1.ConfigMap{}
	name := w.domain(t, domain).Spec.RegistrarName + "-ledger"
	if err := w.client.Get(t.Context(), client.ObjectKey{Namespace: w.factoryNamespace, Name: name}, ledger); err != nil {
		t.Fatalf("read the registrar's ledger: %v", err)
	}
	var entry struct {
		Purchases int `json:"purchases"`
	}
	if text, ok := ledger.Data[domain]; ok {
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Fatalf("ledger entry of %s: %v", domain, err)
		}
	}
	if entry.Purchases != want {
		t.Errorf("%s was bought %d times; want %d", domain, entry.Purchases, want)
	}
}

func (w *world) runningPods(t *testing.T, domains []string) int {
	t.Helper()
	pods := &corev1.PodList{}
	if err := w.client.List(t.Context(), pods, client.InNamespace(w.sitesNamespace)); err != nil {
		t.Fatal(err)
	}
	running := 0
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodRunning && slices.Contains(domains, pod.Annotations[v1alpha1.AnnotationDomain]) {
			running++
		}
	}
	return running
}

// deleteSite deletes an IndieSite and waits until it is gone.
func (w *world) deleteSite(t *testing.T, domain string) {
	t.Helper()
	site := &v1alpha1.IndieSite{}
	key := client.ObjectKey{Namespace: w.sitesNamespace, Name: domain}
	if err := w.client.Get(t.Context(), key, site); err != nil {
		t.Fatalf("get IndieSite %s: %v", domain, err)
	}
	if err := w.client.Delete(t.Context(), site); err != nil {
		t.Fatalf("delete IndieSite %s: %v", domain, err)
	}
	w.eventually(t, "IndieSite "+domain+" to be gone", time.Minute, func() error {
		err := w.client.Get(t.Context(), key, site)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("still there (error %w)", err)
	})
}

// deliveredRecord waits until the site's status says that the outcome was delivered, and nothing is left to be written about it: the finalizer
// goes with a write of its own, after the one that says so.
func (w *world) deliveredRecord(t *testing.T, domain string) {
	t.Helper()
	w.eventually(t, "CallbackDelivered of "+domain, 30*time.Second, func() error {
		site := w.site(t, domain)
		if got := condition(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered); got != "True "+v1alpha1.ReasonDelivered {
			return fmt.Errorf("it is %q", got)
		}
		if controllerutil.ContainsFinalizer(site, v1alpha1.FinalizerCallback) {
			return fmt.Errorf("it is delivered, and the finalizer %s is still there", v1alpha1.FinalizerCallback)
		}
		return nil
	})
}
