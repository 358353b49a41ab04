//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo"
)

func TestFrontEndReadsNoSecret(t *testing.T) {
	w := theWorld
	account := "--as=system:serviceaccount:" + w.factoryNamespace + ":frontend"
	for _, namespace := range []string{w.factoryNamespace, w.sitesNamespace} {
		list := w.kubectl(t, "auth", "can-i", "--list", account, "-n", namespace)
		t.Logf("kubectl auth can-i --list %s -n %s\n%s", account, namespace, list)
		for line := range strings.Lines(list) {
			if !strings.HasPrefix(line, "secrets") {
				continue
			}
			for _, verb := range []string{"get", "list", "watch", "update", "patch", "delete", "*"} {
				if strings.Contains(line[strings.LastIndex(line, "["):], verb) {
					t.Errorf("the front end may %s secrets in %s: %s", verb, namespace, line)
				}
			}
		}
	}
}

func TestHandMadeSiteCannotCarryATokenAway(t *testing.T) {
	w := theWorld
	owner, thief := w.onboarder(t, hallo.Bearer), w.onboarder(t, hallo.Bearer)
	domain := w.name("taken-at-registration-foreign-callback")
	thief.receiver.Expect(domain)
	name := owner.name
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.sitesNamespace, Name: domain},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, OnboarderName: &name, SetupAttempt: 1, RequestDigest: "k1:handmade",
			InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer-1"},
			Callback:           &v1alpha1.SiteCallback{URL: thief.callback, Domain: domain, Dialect: v1alpha1.DialectBearer},
		},
	}
	if err := w.client.Create(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.sitesNamespace, Name: domain + "-installer-1", OwnerReferences: []metav1.OwnerReference{{
			APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite, Name: domain, UID: site.UID,
		}}},
		StringData: map[string]string{v1alpha1.SecretKeyInstallerFile: `{"secretSignUpCode":"x","secretSignupCode":"x"}`},
	}
	if err := w.client.Create(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	w.eventually(t, "the callback to be refused", outcomeTime, func() error {
		if got := condition(w.site(t, domain).Status.Conditions, v1alpha1.ConditionCallbackDelivered); got != "False "+v1alpha1.ReasonCallbackRefused {
			return fmt.Errorf("CallbackDelivered is %q", got)
		}
		return nil
	})
	if calls := thief.receiver.Calls(); len(calls) != 0 {
		t.Errorf("the other receiver was called: %+v", calls)
	}
}

func TestASiteMadeWithKubectlBecomesReady(t *testing.T) {
	w := theWorld
	domain := w.name("by-hand")
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.sitesNamespace, Name: domain},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, SetupAttempt: 1, RequestDigest: "hand:made", InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer"},
		},
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.sitesNamespace, Name: domain + "-installer"},
		StringData: map[string]string{v1alpha1.SecretKeyInstallerFile: `{"secretSignUpCode":"x","secretSignupCode":"x"}`},
	}
	for _, object := range []client.Object{secret, site} {
		if err := w.client.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	w.kubectl(t, "wait", "--for=condition=Ready", "--timeout="+(2*time.Minute).String(), "-n", w.sitesNamespace, "indiesite/"+domain)
	w.deleteSite(t, domain)
}
