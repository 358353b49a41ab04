package callback

import (
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// An edit is one property of the IndieSite that a test begins with.
type edit func(*v1alpha1.IndieSite)

// site is alice.gent as the front end makes it, with the duty site having seen it.
func site(edits ...edit) *v1alpha1.IndieSite {
	name := "hallo"
	s := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{
			Name: "alice.gent", Namespace: sitesNamespace, UID: "uid-of-alice", Generation: 1,
			Finalizers: []string{v1alpha1.FinalizerCallback}, Labels: map[string]string{v1alpha1.LabelOnboarder: name},
		},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: "alice.gent", OnboarderName: &name, SetupAttempt: 1, RequestDigest: "k1:x",
			InstallerSecretRef: v1alpha1.LocalReference{Name: "alice.gent-installer-1-abcde"},
			Callback:           &v1alpha1.SiteCallback{URL: "https://hallo.gent/mwf", Domain: "Alice.gent", Dialect: v1alpha1.DialectBearer},
		},
		Status: v1alpha1.IndieSiteStatus{Attempt: &v1alpha1.AttemptStatus{Number: 1, StartTime: metav1.NewTime(start)}},
	}
	for _, e := range edits {
		e(s)
	}
	return s
}

func condition(kind, reason string, generation int64) edit {
	return func(s *v1alpha1.IndieSite) {
		apimeta.SetStatusCondition(&s.Status.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: "as the test says", ObservedGeneration: generation, LastTransitionTime: metav1.NewTime(start),
		})
	}
}

func ready(s *v1alpha1.IndieSite) {
	condition(v1alpha1.ConditionReady, v1alpha1.ReasonSucceeded, s.Generation)(s)
}

func stalled(reason string) edit {
	return func(s *v1alpha1.IndieSite) { condition(v1alpha1.ConditionStalled, reason, s.Generation)(s) }
}

// attempt raises the attempt as the front end does, and lets the duty site have seen it.
func attempt(n int32) edit {
	return func(s *v1alpha1.IndieSite) {
		s.Spec.SetupAttempt, s.Generation = n, int64(n)
		s.Status.Attempt = &v1alpha1.AttemptStatus{Number: n, StartTime: metav1.NewTime(start)}
		apimeta.RemoveStatusCondition(&s.Status.Conditions, v1alpha1.ConditionStalled)
		apimeta.RemoveStatusCondition(&s.Status.Conditions, v1alpha1.ConditionReady)
	}
}

func withoutOnboarder(s *v1alpha1.IndieSite) {
	s.Spec.OnboarderName, s.Spec.Callback, s.Finalizers, s.Labels = nil, nil, nil, nil
}

func callback(url string) edit {
	return func(s *v1alpha1.IndieSite) { s.Spec.Callback.URL = url }
}

func again(value string) edit {
	return func(s *v1alpha1.IndieSite) {
		s.Annotations = map[string]string{v1alpha1.AnnotationSendAgain: value}
	}
}

func onboarder(name, token string) *v1alpha1.Onboarder {
	return &v1alpha1.Onboarder{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: factoryNamespace, Generation: 1},
		Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: name + "-token"},
			Callback:       v1alpha1.OnboarderCallback{URLPrefixes: []string{"https://" + name + ".gent/mwf"}},
			Dialects:       []v1alpha1.Dialect{v1alpha1.DialectBearer},
		},
		Status: v1alpha1.OnboarderStatus{
			TokenDigests: []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(token)}},
			Conditions: []metav1.Condition{{
				Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, ObservedGeneration: 1, LastTransitionTime: metav1.NewTime(start),
			}},
		},
	}
}

func tokenSecret(name, token string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name + "-token", Namespace: factoryNamespace},
		Data:       map[string][]byte{v1alpha1.SecretKeyToken: []byte(token)},
	}
}
