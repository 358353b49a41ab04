package site

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
)

func TestAClaimWhoseSecretComesWhileItIsGivenUpStays(t *testing.T) {
	w := newWorld(t)
	site := w.claimWithoutSecret()
	w.reconcile()
	w.passes(secretDeadline)
	// The front end is between its look at the claim and its Secret when the reason is written.
	w.r.Client = interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
		SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
			if !w.has(sitesNamespace, site.Spec.InstallerSecretRef.Name, &corev1.Secret{}) {
				w.makeSecret(site)
			}
			return c.SubResource(sub).Patch(ctx, o, p, opts...)
		},
	})
	w.reconcile()
	w.expectStalled(v1alpha1.ReasonInstallerSecretMissing) // 500 follows
	w.expectStays()
	w.expectNoDomain()
}

func TestASiteThatWasRestoredWithoutItsSecretIsNotAClaimThatNobodyAccepted(t *testing.T) {
	volume := func(w *world) {
		w.create(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: claimKey(w.site()).Name}})
	}
	for name, restored := range map[string]func(*world){
		"with its volume": volume,
		"with its volume, which the cache does not show": func(w *world) {
			volume(w)
			w.r.Client = interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if _, ok := o.(*corev1.PersistentVolumeClaim); ok {
						return apierrors.NewNotFound(corev1.Resource("persistentvolumeclaims"), key.Name)
					}
					return c.Get(ctx, key, o, opts...)
				},
			})
		},
		"with its name": func(w *world) {
			w.create(&v1alpha1.Domain{ObjectMeta: metav1.ObjectMeta{
				Name: domainName, Namespace: factoryNamespace, Annotations: map[string]string{v1alpha1.AnnotationAttempt: "before.1"},
			}})
			w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.claimWithoutSecret()
			restored(w)
			w.reconcile()
			w.passes(secretDeadline)
			w.reconcile()
			w.expectStalled(v1alpha1.ReasonInstallerSecretMissing)
			w.expectStays()
		})
	}
}

func TestWhatWasAcceptedKeepsItsNameForItsTime(t *testing.T) {
	w := newWorld(t)
	w.claimWithoutSecret()
	w.create(&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: claimKey(w.site()).Name}})
	w.reconcile()
	w.passes(secretDeadline)
	w.reconcile()
	w.callbackFroze(v1alpha1.OutcomeFailed, true)
	if got := w.reconcile().RequeueAfter; got != resources.FailedSiteTTL(nil) {
		t.Errorf("comes back after %s", got)
	}
	w.expectStays()
}

func (w *world) expectStays() {
	w.t.Helper()
	if !w.site().DeletionTimestamp.IsZero() {
		w.t.Error("the site is being deleted")
	}
}
