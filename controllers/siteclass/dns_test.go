package siteclass

import (
	"encoding/base64"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func updates(s *v1alpha1.SiteClassSpec) *v1alpha1.RFC2136DNS {
	s.Route.Addresses = []string{"192.0.2.1:8443", "[2001:db8::1]:8443"}
	s.DNS = v1alpha1.SiteDNS{RFC2136: &v1alpha1.RFC2136DNS{Server: "ns.example:53", Zone: "gent", TSIGSecretRef: v1alpha1.LocalReference{Name: "tsig"}}}
	return s.DNS.RFC2136
}

func endpoints(s *v1alpha1.SiteClassSpec, key, value string) {
	updates(s)
	s.DNS = v1alpha1.SiteDNS{ExternalDNS: &v1alpha1.ExternalDNS{Labels: map[string]string{key: value}}}
}

func TestValidateManagedDNS(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.SiteClassSpec)
		field  string // empty: it is good
	}{
		"updates":           {change: func(s *v1alpha1.SiteClassSpec) { updates(s) }},
		"updates over IPv6": {change: func(s *v1alpha1.SiteClassSpec) { updates(s).Server = "[2001:db8::53]:5353" }},
		"the registrar": {change: func(s *v1alpha1.SiteClassSpec) {
			updates(s)
			s.DNS = v1alpha1.SiteDNS{Registrar: &v1alpha1.RegistrarDNS{}}
		}},
		"external-dns":                            {change: func(s *v1alpha1.SiteClassSpec) { endpoints(s, "example.com/team", "websites") }},
		"a host name where nobody publishes":      {change: func(s *v1alpha1.SiteClassSpec) { s.Route.Addresses = []string{"ingress.example"} }},
		"a host name where the factory does":      {func(s *v1alpha1.SiteClassSpec) { updates(s); s.Route.Addresses[1] = "ingress.example" }, "spec.route.addresses[1]"},
		"an address that no host has":             {func(s *v1alpha1.SiteClassSpec) { updates(s); s.Route.Addresses[0] = "0.0.0.0" }, "spec.route.addresses[0]"},
		"a server without a port":                 {func(s *v1alpha1.SiteClassSpec) { updates(s).Server = "ns.example" }, "spec.dns.rfc2136.server"},
		"a server with a port that is none":       {func(s *v1alpha1.SiteClassSpec) { updates(s).Server = "ns.example:dns" }, "spec.dns.rfc2136.server"},
		"a server that is an URL":                 {func(s *v1alpha1.SiteClassSpec) { updates(s).Server = "https://ns.example:53" }, "spec.dns.rfc2136.server"},
		"a key Secret that is no name":            {func(s *v1alpha1.SiteClassSpec) { updates(s).TSIGSecretRef.Name = "A B" }, "spec.dns.rfc2136.tsigSecretRef.name"},
		"a label that is none":                    {func(s *v1alpha1.SiteClassSpec) { endpoints(s, "a b", "c") }, "spec.dns.externalDNS.labels[a b]"},
		"a label with a value that is none":       {func(s *v1alpha1.SiteClassSpec) { endpoints(s, "team", "web sites") }, "spec.dns.externalDNS.labels[team]"},
		"a label that the factory has for itself": {func(s *v1alpha1.SiteClassSpec) { endpoints(s, v1alpha1.LabelSite, "x") }, "spec.dns.externalDNS.labels[magicwebsitefactory.gent/site]"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := goodSpec()
			tc.change(&spec)
			errs := Validate(&spec)
			switch {
			case tc.field == "" && len(errs) > 0:
				t.Errorf("refused: %v", errs.ToAggregate())
			case tc.field != "" && (len(errs) != 1 || errs[0].Field != tc.field):
				t.Errorf("got %v, want one problem with %s", errs.ToAggregate(), tc.field)
			}
		})
	}
}

func TestAClassIsReadyOnceItsKeyIsThere(t *testing.T) {
	w := newWorld(t)
	w.change(func(s *v1alpha1.SiteClassSpec) { updates(s) })
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonSecretMissing)
	if len(w.revisions()) != 0 {
		t.Error("sites are built from a class whose names nobody can publish")
	}

	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tsig", Namespace: factoryNamespace}, Data: map[string][]byte{
		"name": []byte("factory"), "algorithm": []byte("hmac-md5"), "secret": []byte("not-base64-and-secret"),
	}}
	w.must(w.Create(t.Context(), secret))
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonInvalid)
	message := apimeta.FindStatusCondition(w.class().Status.Conditions, v1alpha1.ConditionReady).Message
	if want := "spec.dns.rfc2136.tsigSecretRef.name: Secret tsig: the key algorithm must be hmac-sha256 or hmac-sha512; the key secret must be base64 of at least 16 bytes"; message != want {
		t.Errorf("it says %q", message)
	}

	secret.Data["algorithm"], secret.Data["secret"] = []byte("hmac-sha256"), []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))
	w.must(w.Update(t.Context(), secret))
	w.reconcile()
	w.expectReady(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if requests := w.r.classesWithKey(t.Context(), secret); len(requests) != 1 || requests[0].NamespacedName != classKey {
		t.Errorf("its Secret wakes %v", requests)
	}
	other := secret.DeepCopy()
	other.Name = "other"
	if requests := w.r.classesWithKey(t.Context(), other); len(requests) != 0 {
		t.Errorf("another Secret wakes %v", requests)
	}

	before := w.class().Status.CurrentRevision
	w.must(w.Delete(t.Context(), secret)) // the sites that stand keep what they are built from
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonSecretMissing)
	if after := w.class().Status.CurrentRevision; after != before || before == "" {
		t.Errorf("the current revision went from %q to %q", before, after)
	}
}
