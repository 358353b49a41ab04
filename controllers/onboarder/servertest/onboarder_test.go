// Package servertest tests the duty onboarder against a real API server: that a Secret, seen by its metadata alone, wakes it.
package servertest

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/onboarder"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/test/apiserver"
)

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m)) }

const (
	patience = 20 * time.Second
	oldToken = "marked-secret-of-hallo-0123456789abcdef"
	newToken = "marked-secret-of-hallo-fedcba9876543210"
)

func start(t *testing.T, g *gomega.WithT, factory, sites string) {
	t.Helper()
	mgr, err := ctrl.NewManager(apiserver.Config(t), ctrl.Options{
		Scheme:  apiserver.Scheme(),
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultNamespaces: map[string]cache.Config{factory: {}, sites: {}}},
		Client:  client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}}}},
	})
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect((&onboarder.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Clock: clock.RealClock{}, Recorder: mgr.GetEventRecorder("onboarder"),
		Environment: v1alpha1.EnvironmentLive, FactoryNamespace: factory,
	}).SetupWithManager(mgr, controller.Options{SkipNameValidation: ptr.To(true)})).To(gomega.Succeed())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended with %v", err)
		}
	})
}

func secret(namespace string, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "hallo-token", Namespace: namespace}, StringData: data}
}

func TestATokenIsTakenWithoutARestart(t *testing.T) {
	g := gomega.NewWithT(t)
	c := apiserver.Client(t)
	factory, sites := apiserver.Namespaces(t)
	start(t, g, factory, sites)
	hallo := &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: "hallo", Namespace: factory},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: "hallo-token"}, Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://hallo.gent"}},
		},
	}
	g.Expect(c.Create(t.Context(), hallo)).To(gomega.Succeed())
	status := func() v1alpha1.OnboarderStatus {
		g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(hallo), hallo)).To(gomega.Succeed())
		return hallo.Status
	}
	reason := func() string {
		if ready := apimeta.FindStatusCondition(status().Conditions, v1alpha1.ConditionReady); ready != nil {
			return ready.Reason
		}
		return ""
	}
	digests := func() []v1alpha1.TokenDigest { return status().TokenDigests }
	current := func(token string) v1alpha1.TokenDigest {
		return v1alpha1.TokenDigest{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(token)}
	}
	g.Eventually(reason).WithTimeout(patience).Should(gomega.Equal(v1alpha1.ReasonSecretMissing))

	g.Expect(c.Create(t.Context(), secret(factory, map[string]string{"token": oldToken}))).To(gomega.Succeed())
	g.Eventually(reason).WithTimeout(patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))
	g.Expect(digests()).To(gomega.ConsistOf(current(oldToken)))

	g.Expect(c.Update(t.Context(), secret(factory, map[string]string{"token": newToken, "previous-token": oldToken}))).To(gomega.Succeed())
	g.Eventually(digests).WithTimeout(patience).Should(gomega.ConsistOf(
		current(newToken), v1alpha1.TokenDigest{Use: v1alpha1.TokenPrevious, SHA256: delivery.TokenDigest(oldToken)},
	))
	version := hallo.ResourceVersion

	// A Secret that no Onboarder names, and one of that name in another namespace, change nothing; nor does a write that changes no token.
	g.Expect(c.Create(t.Context(), secret(sites, map[string]string{"token": "x"}))).To(gomega.Succeed())
	labelled := secret(factory, map[string]string{"token": newToken, "previous-token": oldToken})
	labelled.Labels = map[string]string{"touched": "yes"}
	g.Expect(c.Update(t.Context(), labelled)).To(gomega.Succeed())

	other := hallo.DeepCopy()
	other.ObjectMeta = metav1.ObjectMeta{Name: "other", Namespace: factory}
	other.Spec.TokenSecretRef.Name = "none"
	g.Expect(c.Create(t.Context(), other)).To(gomega.Succeed())
	g.Eventually(func() int64 {
		g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(other), other)).To(gomega.Succeed())
		return other.Status.ObservedGeneration
	}).WithTimeout(patience).Should(gomega.BeEquivalentTo(1))
	_ = status()
	g.Expect(hallo.ResourceVersion).To(gomega.Equal(version), "the status was written although nothing had changed")

	g.Expect(c.Delete(t.Context(), labelled)).To(gomega.Succeed())
	g.Eventually(reason).WithTimeout(patience).Should(gomega.Equal(v1alpha1.ReasonSecretMissing))
	g.Expect(digests()).To(gomega.BeEmpty())
}
