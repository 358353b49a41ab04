package install

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

// guarded is a factory whose front end may do anything, but for the admission policies.
type guarded struct {
	factory, sites string
	frontend       client.Client
}

func newGuarded(t *testing.T) guarded {
	t.Helper()
	g := guarded{}
	g.factory, g.sites = apiserver.Namespaces(t)
	manifests := strings.NewReplacer(factoryNamespace, g.factory, sitesNamespace, g.sites).Replace(kustomize(t, "policy"))
	policies := decode(t, manifests)
	apply(t, policies)
	t.Cleanup(func() {
		for _, policy := range policies {
			if err := apiserver.Client(t).Delete(context.WithoutCancel(t.Context()), policy); err != nil {
				t.Logf("delete %s: %v", key(policy), err)
			}
		}
	})
	mayDoAnything(t, g.factory, "frontend")
	g.frontend = as(t, g.factory, "frontend")
	g.waitForPolicies(t)
	return g
}

// waitForPolicies waits until the API server has taken notice of the policies: a site and a Secret that no policy lets in are refused by them.
func (g guarded) waitForPolicies(t *testing.T) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(gm gomega.Gomega) {
		s := g.site("waiting.gent")
		s.Spec.Suspend = true
		gm.Expect(g.frontend.Create(t.Context(), s, client.DryRunAll)).To(gomega.MatchError(gomega.ContainSubstring("denied request")))
		secret := g.secret("waiting.gent")
		secret.Immutable = nil
		gm.Expect(g.frontend.Create(t.Context(), secret, client.DryRunAll)).To(gomega.MatchError(gomega.ContainSubstring("denied request")))
	}).WithTimeout(time.Minute).WithPolling(100 * time.Millisecond).Should(gomega.Succeed())
}

// site is an IndieSite as the front end makes it.
func (g guarded) site(domain string) *v1alpha1.IndieSite {
	return &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: g.sites, Name: domain,
			Finalizers: []string{v1alpha1.FinalizerCallback},
			Labels:     map[string]string{v1alpha1.LabelOnboarder: "hallo.gent"},
		},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: domain, SiteClassName: "indie-site", OnboarderName: ptr.To("hallo.gent"), SetupAttempt: 1,
			RequestDigest:      "k1:3q2-_w",
			InstallerSecretRef: v1alpha1.LocalReference{Name: domain + "-installer-1-x7k2p"},
			Callback:           &v1alpha1.SiteCallback{URL: "https://hallo.gent/mwf", Domain: domain, Dialect: v1alpha1.DialectBearer},
		},
	}
}

// secret is the installer Secret as the front end makes it.
func (g guarded) secret(domain string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: g.sites, Name: domain + "-installer-1-x7k2p",
			Labels:      map[string]string{v1alpha1.LabelSite: "site-alice"},
			Annotations: map[string]string{v1alpha1.AnnotationDomain: domain},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindIndieSite, Name: domain, UID: "4d2f",
			}},
		},
		Immutable: ptr.To(true),
		Data:      map[string][]byte{v1alpha1.SecretKeyInstallerFile: []byte("{}")},
	}
}

// verdict fails the test unless the policy said these words, or, where there are none, nothing.
func verdict(t *testing.T, err error, words string) {
	t.Helper()
	switch {
	case words == "" && err != nil:
		t.Errorf("refused: %v", err)
	case words == "":
	case err == nil:
		t.Errorf("taken, but should be refused: %s", words)
	case !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err), !strings.Contains(err.Error(), "ValidatingAdmissionPolicy"),
		!strings.Contains(err.Error(), words):
		t.Errorf("not refused by the policy because %q, but: %v", words, err)
	}
}

func TestFrontEndOrdersOnlyPlainSites(t *testing.T) {
	g := newGuarded(t)
	for name, c := range map[string]struct {
		but     func(*v1alpha1.IndieSite)
		refused string
	}{
		"an order":                      {func(*v1alpha1.IndieSite) {}, ""},
		"an order of the older dialect": {func(s *v1alpha1.IndieSite) { s.Spec.Callback.Dialect = v1alpha1.DialectQuerySecret }, ""},

		"in another namespace":                {func(s *v1alpha1.IndieSite) { s.Namespace = g.factory }, "in the sites namespace only"},
		"for no onboarder":                    {func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName, s.Spec.Callback = nil, nil }, "only for an onboarder that is called back"},
		"that begins with the second attempt": {func(s *v1alpha1.IndieSite) { s.Spec.SetupAttempt = 2 }, "begins with setupAttempt 1"},
		"that is suspended":                   {func(s *v1alpha1.IndieSite) { s.Spec.Suspend = true }, "does not set suspend"},
		"with another site's volume":          {func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "data-of-bob" }, "does not set volumeClaimName"},
		"without the callback finalizer":      {func(s *v1alpha1.IndieSite) { s.Finalizers = nil }, "with the callback finalizer and no other"},
		"with one more finalizer": {func(s *v1alpha1.IndieSite) { s.Finalizers = append(s.Finalizers, "example.org/hold") },
			"with the callback finalizer and no other"},
		"that something else owns": {func(s *v1alpha1.IndieSite) { s.OwnerReferences = g.secret("bob.gent").OwnerReferences }, "does not set owner references"},
		"without its label":        {func(s *v1alpha1.IndieSite) { s.Labels = nil }, "with the label of their onboarder"},
		"with another's label": {func(s *v1alpha1.IndieSite) { s.Labels[v1alpha1.LabelOnboarder] = "other" },
			"with the label of their onboarder"},
		"with one more label": {func(s *v1alpha1.IndieSite) { s.Labels["a"] = "b" }, "with the label of their onboarder"},
		"with an annotation":  {func(s *v1alpha1.IndieSite) { s.Annotations = map[string]string{"a": "b"} }, "without annotations"},
		"with another Secret": {func(s *v1alpha1.IndieSite) { s.Spec.InstallerSecretRef.Name = "site-bob-tls" }, "only installer Secrets of this site"},
		"with another site's installer Secret": {func(s *v1alpha1.IndieSite) { s.Spec.InstallerSecretRef.Name = "bob.gent-installer-1-x7k2p" },
			"only installer Secrets of this site"},
		"with a Secret of a name that begins alike": {func(s *v1alpha1.IndieSite) { s.Spec.InstallerSecretRef.Name += ".gent-installer-1-x7k2p" },
			"only installer Secrets of this site"},
	} {
		t.Run(name, func(t *testing.T) {
			s := g.site("alice.gent")
			c.but(s)
			verdict(t, g.frontend.Create(t.Context(), s, client.DryRunAll), c.refused)
		})
	}
}

func TestFrontEndOrdersAgainAndSendsAgainOnly(t *testing.T) {
	g := newGuarded(t)
	admin := apiserver.Client(t)
	stored := g.site("alice.gent")
	stored.Annotations = map[string]string{"kept": "as it is"}
	if err := admin.Create(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	stored.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeFailed, Time: metav1.Now()}
	if err := admin.Status().Update(t.Context(), stored); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		but     func(*v1alpha1.IndieSite)
		refused string
	}{
		"the next attempt, of another order": {func(s *v1alpha1.IndieSite) {
			s.Spec.SetupAttempt, s.Spec.RequestDigest = 2, "k1:b3RoZXI"
			s.Spec.InstallerSecretRef.Name = "alice.gent-installer-2-abcde"
			s.Spec.Callback.URL = "https://hallo.gent/other"
		}, ""},
		"the outcome sent again": {func(s *v1alpha1.IndieSite) { s.Annotations[v1alpha1.AnnotationSendAgain] = "now" }, ""},
		"nothing changed":        {func(*v1alpha1.IndieSite) {}, ""},
		"suspended":              {func(s *v1alpha1.IndieSite) { s.Spec.Suspend = true }, "does not set suspend"},
		"another volume":         {func(s *v1alpha1.IndieSite) { s.Spec.VolumeClaimName = "data-of-bob" }, "does not set volumeClaimName"},
		"a finalizer removed":    {func(s *v1alpha1.IndieSite) { s.Finalizers = nil }, "changes no finalizers"},
		"a finalizer added":      {func(s *v1alpha1.IndieSite) { s.Finalizers = append(s.Finalizers, "example.org/hold") }, "changes no finalizers"},
		"an owner":               {func(s *v1alpha1.IndieSite) { s.OwnerReferences = g.secret("bob.gent").OwnerReferences }, "does not set owner references"},
		"a label removed":        {func(s *v1alpha1.IndieSite) { s.Labels = nil }, "does not change labels"},
		"a label changed":        {func(s *v1alpha1.IndieSite) { s.Labels[v1alpha1.LabelOnboarder] = "other" }, "does not change labels"},
		"an annotation added":    {func(s *v1alpha1.IndieSite) { s.Annotations["a"] = "b" }, "changes only magicwebsitefactory.gent/send-again"},
		"an annotation changed":  {func(s *v1alpha1.IndieSite) { s.Annotations["kept"] = "otherwise" }, "changes only magicwebsitefactory.gent/send-again"},
		"an annotation removed":  {func(s *v1alpha1.IndieSite) { s.Annotations = nil }, "changes only magicwebsitefactory.gent/send-again"},
		"the next attempt with a foreign Secret": {func(s *v1alpha1.IndieSite) {
			s.Spec.SetupAttempt, s.Spec.InstallerSecretRef.Name = 2, "bob.gent-installer-1-x7k2p"
		}, "only installer Secrets of this site"},
	} {
		t.Run(name, func(t *testing.T) {
			s := stored.DeepCopy()
			c.but(s)
			verdict(t, g.frontend.Update(t.Context(), s, client.DryRunAll), c.refused)
		})
	}
	t.Run("the status", func(t *testing.T) {
		s := stored.DeepCopy()
		s.Status.URL = "https://evil.example"
		verdict(t, g.frontend.Status().Update(t.Context(), s, client.DryRunAll), "does not write the status")
	})
}

func TestFrontEndMakesOnlyInstallerSecrets(t *testing.T) {
	g := newGuarded(t)
	for name, c := range map[string]struct {
		but     func(*corev1.Secret)
		refused string
	}{
		"an installer Secret":           {func(*corev1.Secret) {}, ""},
		"that says its type":            {func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }, ""},
		"of a domain of several labels": {func(s *corev1.Secret) { *s = *g.secret("a.b.gent") }, ""},
		"in another namespace":          {func(s *corev1.Secret) { s.Namespace = g.factory }, "in the sites namespace only"},
		"that a token would be put into": {func(s *corev1.Secret) {
			s.Type = corev1.SecretTypeServiceAccountToken
			s.Annotations = map[string]string{corev1.ServiceAccountNameKey: "default"}
		}, "of type Opaque only"},
		"of a type of its own":             {func(s *corev1.Secret) { s.Type = "example.org/other" }, "of type Opaque only"},
		"that may change":                  {func(s *corev1.Secret) { s.Immutable = nil }, "immutable Secrets only"},
		"that says it may change":          {func(s *corev1.Secret) { s.Immutable = ptr.To(false) }, "immutable Secrets only"},
		"with one more key":                {func(s *corev1.Secret) { s.Data["token"] = []byte("x") }, "the one key installer-secret.json"},
		"with one more key, given as text": {func(s *corev1.Secret) { s.StringData = map[string]string{"token": "x"} }, "the one key installer-secret.json"},
		"with another key":                 {func(s *corev1.Secret) { s.Data = map[string][]byte{"token": []byte("x")} }, "the one key installer-secret.json"},
		"with nothing in it":               {func(s *corev1.Secret) { s.Data = nil }, "the one key installer-secret.json"},
		"that nobody owns":                 {func(s *corev1.Secret) { s.OwnerReferences = nil }, "that belong to one IndieSite"},
		"that a pod owns": {func(s *corev1.Secret) { s.OwnerReferences[0].APIVersion, s.OwnerReferences[0].Kind = "v1", "Pod" },
			"that belong to one IndieSite"},
		"that an IndieSite of another group owns": {func(s *corev1.Secret) { s.OwnerReferences[0].APIVersion = "example.org/v1" }, "that belong to one IndieSite"},
		"that two sites own": {func(s *corev1.Secret) {
			s.OwnerReferences = append(s.OwnerReferences, g.secret("bob.gent").OwnerReferences...)
		},
			"that belong to one IndieSite"},
		"named like a certificate's":            {func(s *corev1.Secret) { s.Name = "site-alice-tls" }, "names Secrets <domain>-installer-"},
		"named after another site":              {func(s *corev1.Secret) { s.Name = "bob.gent-installer-1-x7k2p" }, "names Secrets <domain>-installer-"},
		"with a name that goes on":              {func(s *corev1.Secret) { s.Name += "-token" }, "names Secrets <domain>-installer-"},
		"with a finalizer":                      {func(s *corev1.Secret) { s.Finalizers = []string{"example.org/hold"} }, "without finalizers"},
		"with a label of another program":       {func(s *corev1.Secret) { s.Labels["example.org/sync"] = "true" }, "and no others"},
		"with an annotation of another program": {func(s *corev1.Secret) { s.Annotations["example.org/replicate-to"] = "default" }, "and no others"},
	} {
		t.Run(name, func(t *testing.T) {
			s := g.secret("alice.gent")
			c.but(s)
			verdict(t, g.frontend.Create(t.Context(), s, client.DryRunAll), c.refused)
		})
	}
	t.Run("a Secret that is there", func(t *testing.T) {
		s := g.secret("alice.gent")
		s.Immutable = nil
		if err := apiserver.Client(t).Create(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		s.Data = map[string][]byte{v1alpha1.SecretKeyInstallerFile: []byte("other")}
		verdict(t, g.frontend.Update(t.Context(), s, client.DryRunAll), "does not change Secrets")
	})
}

func TestPoliciesLetOthersAlone(t *testing.T) {
	g := newGuarded(t)
	s := g.site("alice.gent")
	s.Spec.Suspend, s.Labels, s.Finalizers = true, nil, nil
	for name, who := range map[string]client.Client{"an admin": apiserver.Client(t), "the manager": func() client.Client {
		mayDoAnything(t, g.factory, "manager")
		return as(t, g.factory, "manager")
	}()} {
		t.Run(name, func(t *testing.T) {
			verdict(t, who.Create(t.Context(), s.DeepCopy(), client.DryRunAll), "")
		})
	}
}
