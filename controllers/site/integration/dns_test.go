package integration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/site"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/dns/dnstest"
	"magicwebsitefactory.gent/internal/resources"
)

// leadsTo asks the name server.
func leadsTo(t *testing.T, s *dnstest.Server, name string) []string {
	t.Helper()
	var out []string
	for _, rrtype := range []uint16{miekg.TypeA, miekg.TypeAAAA} {
		answer, err := miekg.Exchange(new(miekg.Msg).SetQuestion(miekg.Fqdn(name), rrtype), s.Address)
		if err != nil {
			t.Fatal(err)
		}
		for _, rr := range answer.Answer {
			switch rr := rr.(type) {
			case *miekg.A:
				out = append(out, rr.A.String())
			case *miekg.AAAA:
				out = append(out, rr.AAAA.String())
			}
		}
	}
	return out
}

// publishes has the class's names published at the server, and asked for there.
func (w *world) publishes(s *dnstest.Server) *v1alpha1.SiteClass {
	w.t.Helper()
	w.site.DNS = site.DNS{Names: &dns.Resolver{Recursive: []string{s.Address}, Dial: s.Dial}}
	w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tsig", Namespace: w.factory}, Data: s.SecretData()})
	class := w.class()
	class.Spec.Route.Addresses = []string{"192.0.2.1", "[2001:db8::1]:443"}
	class.Spec.DNS = v1alpha1.SiteDNS{RFC2136: &v1alpha1.RFC2136DNS{
		Server: s.Address, Zone: "gent", TSIGSecretRef: v1alpha1.LocalReference{Name: "tsig"}, TTLSeconds: ptr.To[int32](60),
	}}
	return class
}

func TestANameIsPublishedAtARealNameServerAndWithdrawn(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{})
	w := newWorld(t)
	class := w.publishes(s)
	w.start()
	w.create(class)
	w.claim(domainName)
	w.eventually(domainName, v1alpha1.ConditionDNSPublished, metav1.ConditionFalse, v1alpha1.ReasonWaitingForDomain)
	if got := leadsTo(t, s, domainName); got != nil {
		t.Errorf("it leads to %v before it is ours", got)
	}
	w.domainIsOurs(domainName)
	w.eventually(domainName, v1alpha1.ConditionDNSPublished, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if diff := cmp.Diff([]string{"192.0.2.1", "2001:db8::1"}, leadsTo(t, s, domainName)); diff != "" {
		t.Errorf("it leads elsewhere:\n%s", diff)
	}
	w.podIsReady(domainName)
	w.certificateIsIssued(domainName)
	w.prober.answer(true)
	w.eventually(domainName, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	claimed := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: w.sites, Name: domainName}}
	w.must(w.Delete(t.Context(), claimed))
	w.Eventually(func() bool {
		return apierrors.IsNotFound(w.Get(t.Context(), client.ObjectKeyFromObject(claimed), claimed))
	}, patience).Should(gomega.BeTrue())
	if got := leadsTo(t, s, domainName); got != nil {
		t.Errorf("it still leads to %v", got)
	}
}

func TestAPublishedNameCausesNoWritesAndNoUpdates(t *testing.T) {
	s := dnstest.Start(t, dnstest.Options{})
	w := newWorld(t)
	class := w.publishes(s)
	w.hasSnapshotOf(class)
	w.claim(domainName)
	w.reconcile(domainName)
	w.domainIsOurs(domainName)
	w.reconcile(domainName)
	w.podIsReady(domainName)
	w.certificateIsIssued(domainName)
	w.prober.answer(true)
	w.reconcile(domainName)
	w.eventually(domainName, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)

	serial := func() uint32 {
		answer, err := miekg.Exchange(new(miekg.Msg).SetQuestion("gent.", miekg.TypeSOA), s.Address)
		w.must(err)
		return answer.Answer[0].(*miekg.SOA).Serial
	}
	writes, before := w.countWrites(), serial()
	for range 3 {
		w.reconcile(domainName)
	}
	if n := writes.Load(); n != 0 || serial() != before {
		t.Errorf("a converged site causes %d writes, and the zone went from %d to %d", n, before, serial())
	}
}

func TestTheAPIServerTakesTheDNSEndpoint(t *testing.T) {
	w := newWorld(t)
	s := dnstest.Start(t, dnstest.Options{Records: "alice 300 IN A 192.0.2.1\nalice 300 IN AAAA 2001:db8::1"}) // as external-dns has made it
	class := w.publishes(s)
	class.Spec.DNS = v1alpha1.SiteDNS{ExternalDNS: &v1alpha1.ExternalDNS{TTLSeconds: ptr.To[int32](60), Labels: map[string]string{"team": "websites"}}}
	w.start()
	w.create(class)
	w.claim(domainName)
	w.domainIsOurs(domainName)
	w.eventually(domainName, v1alpha1.ConditionDNSPublished, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	endpoint := &unstructured.Unstructured{}
	endpoint.SetGroupVersionKind(resources.DNSEndpointKind)
	w.must(w.Get(t.Context(), w.child(domainName), endpoint))
	version := endpoint.GetResourceVersion()
	spec := asJSON(endpoint.Object["spec"])

	w.must(unstructured.SetNestedSlice(endpoint.Object, nil, "spec", "endpoints")) // the watch brings it back
	w.must(w.Update(t.Context(), endpoint))
	w.Eventually(func() string {
		w.must(w.Get(t.Context(), w.child(domainName), endpoint))
		return asJSON(endpoint.Object["spec"])
	}, patience).Should(gomega.Equal(spec))
	if endpoint.GetResourceVersion() == version {
		t.Error("nothing was changed at all")
	}
	if endpoint.GetLabels()["team"] != "websites" || metav1.GetControllerOf(endpoint) == nil {
		t.Errorf("it has the labels %v and the owners %v", endpoint.GetLabels(), endpoint.GetOwnerReferences())
	}
}
