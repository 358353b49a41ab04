package site

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// installerMeta is the Secret of a claim as the front end made it, and as a backup tool makes it again: without owner.
func installerMeta(site *v1alpha1.IndieSite) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: site.Spec.InstallerSecretRef.Name, Namespace: site.Namespace, Annotations: map[string]string{v1alpha1.AnnotationDomain: site.Spec.Domain},
	}
}

func (w *world) secretIs(meta metav1.ObjectMeta) {
	w.t.Helper()
	immutable := true
	w.create(&corev1.Secret{ObjectMeta: meta, Immutable: &immutable, Data: map[string][]byte{"installer-secret.json": []byte("{}")}})
}

func (w *world) secret() *corev1.Secret {
	return get(w, sitesNamespace, w.site().Spec.InstallerSecretRef.Name, &corev1.Secret{})
}

func ownedBy(kind, name string, uid types.UID) []metav1.OwnerReference {
	return []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind, Name: name, UID: uid}}
}

// byHand makes a site an administrator's.
func byHand(s *v1alpha1.IndieSite) {
	s.Spec.OnboarderName, s.Spec.Callback, s.Finalizers = nil, nil, nil
}

func TestARestoredSiteGoesOnWithItsSecret(t *testing.T) {
	w := newWorld(t)
	site := w.claimWithoutSecret()
	w.reconcile()
	w.expectNoDomain()
	w.secretIs(installerMeta(site))
	before := w.secret().ResourceVersion
	w.reconcile()
	if w.domain(); t.Failed() {
		t.Error("the attempt does not go on")
	}
	w.expectWorkload(true)
	w.expectQuiet()
	if after := w.secret().ResourceVersion; after != before {
		t.Error("the Secret was written")
	}
}

func TestARestoredSiteGoesAllTheWay(t *testing.T) {
	w := newWorld(t)
	w.secretIs(installerMeta(w.claimWithoutSecret()))
	w.reconcile()
	w.passes(secretDeadline)
	w.reconcile()
	w.expectNotStalled() // the Secret counts as there
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
	w.certificateIsIssued()
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestASecretIsNotTheSitesWhere(t *testing.T) {
	for name, change := range map[string]func(*metav1.ObjectMeta){
		"an earlier site of the same name owns it": func(m *metav1.ObjectMeta) { m.OwnerReferences = ownedBy(v1alpha1.KindIndieSite, domainName, "earlier") },
		"another site owns it":                     func(m *metav1.ObjectMeta) { m.OwnerReferences = ownedBy(v1alpha1.KindIndieSite, "bob.gent", "bob") },
		"something else owns it":                   func(m *metav1.ObjectMeta) { m.OwnerReferences = ownedBy("ConfigMap", "x", "x") },
		"it was made for another domain":           func(m *metav1.ObjectMeta) { m.Annotations[v1alpha1.AnnotationDomain] = "bob.gent" },
		"it does not say for which domain it is":   func(m *metav1.ObjectMeta) { m.Annotations = nil },
		"it is being deleted":                      func(m *metav1.ObjectMeta) { m.Finalizers = []string{"example.org/slow"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			meta := installerMeta(w.claimWithoutSecret())
			change(&meta)
			w.secretIs(meta)
			if len(meta.Finalizers) > 0 {
				w.remove(w.secret())
			}
			before := w.secret()
			w.reconcile()
			if after := w.secret(); after.ResourceVersion != before.ResourceVersion {
				t.Errorf("the Secret was written; its owners are %v", after.OwnerReferences)
			}
			w.expectNoDomain() // nor is it used
			w.passes(secretDeadline)
			if _, err := w.reconcileOnce(); err != nil {
				t.Fatal(err)
			}
			if w.has(sitesNamespace, domainName, &v1alpha1.IndieSite{}) && w.site().DeletionTimestamp.IsZero() {
				t.Error("the claim is not let go, as if it had its Secret")
			}
		})
	}
}

func TestTheSecretOfASiteThatWasMadeByHandIsUsedAndLeftWithoutOwner(t *testing.T) {
	for name, annotations := range map[string]map[string]string{
		"as people make it":            nil,
		"with the domain's annotation": {v1alpha1.AnnotationDomain: domainName},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			meta := installerMeta(w.claimWithoutSecret(byHand))
			meta.Annotations = annotations
			w.secretIs(meta)
			before := w.secret().ResourceVersion
			w.reconcile()
			w.domain()
			w.expectWorkload(true)
			if after := w.secret(); after.ResourceVersion != before || len(after.OwnerReferences) > 0 {
				t.Errorf("the Secret was written; its owners are %v", after.OwnerReferences)
			}
		})
	}
}
