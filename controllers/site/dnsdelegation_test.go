package site

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
)

// registersWith has the Registrar's names lead to other name servers than the registrar's own. The authoritative server of the played world is ns1.gent.
func (w *world) registersWith(servers ...string) {
	w.t.Helper()
	registrar := get(w, factoryNamespace, "test", &v1alpha1.Registrar{})
	registrar.Spec.Provider = v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{NameServers: servers}}
	if err := w.Update(w.t.Context(), registrar); err != nil {
		w.t.Fatal(err)
	}
}

// leadsTo has the name lead to other name servers than it was bought with.
func (w *world) leadsTo(servers ...string) {
	w.t.Helper()
	domain := get(w, factoryNamespace, domainName, &v1alpha1.Domain{})
	domain.Spec.NameServers = servers
	if err := w.Update(w.t.Context(), domain); err != nil {
		w.t.Fatal(err)
	}
}

func TestRecordsAtARegistrarWhoseNameServersAreNotAskedAreNamedAsSuch(t *testing.T) {
	const registrars, domains = "spec.provider.combell.nameServers of Registrar test has the name lead to", "spec.nameServers of Domain alice.gent has the name lead to"
	for sentence, tc := range map[string]struct {
		registrar, domain []string
		silent            error
		reason, says      string
	}{
		"the Registrar's choice, where they know no such name": {registrar: []string{"ns1.gent", "ns2.gent"}, reason: v1alpha1.ReasonPublishingFailed, says: registrars + " ns1.gent, ns2.gent."},
		"the Registrar's choice, where they do not resolve": {
			registrar: []string{"ns1.gent", "ns2.gent"}, silent: &dns.Failure{Reason: dns.ReasonUnresolved, Server: "ns2.gent"},
			reason: v1alpha1.ReasonPublishingFailed, says: registrars,
		},
		"the Domain's choice": {domain: []string{"ns1.gent", "ns2.gent"}, reason: v1alpha1.ReasonPublishingFailed, says: domains},
		"the Domain's choice, which is the later one": {
			registrar: []string{"ns8.example", "ns9.example"}, domain: []string{"ns1.gent", "ns2.gent"}, reason: v1alpha1.ReasonPublishingFailed, says: domains,
		},
		"a choice that the registry has not followed yet": {
			registrar: []string{"ns1.gent", "ns2.gent"}, domain: []string{"ns8.example", "ns9.example"}, reason: v1alpha1.ReasonAnswersDiffer, says: "name server ns1.gent",
		},
		"no choice": {reason: v1alpha1.ReasonAnswersDiffer, says: "name server ns1.gent"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.registersWith(tc.registrar...)
			w.hasClass(publishedBy(byRegistrar()))
			w.claim()
			w.reconcile()
			w.leadsTo(tc.domain...)
			w.dns.lags, w.dns.silent = true, tc.silent
			w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.podIsReady()
			if result := w.reconcile(); result.RequeueAfter > time.Second {
				t.Errorf("asked again only after %s", result.RequeueAfter)
			}
			w.expectDNS(metav1.ConditionFalse, tc.reason, tc.says)
			w.expectDNS(metav1.ConditionFalse, tc.reason, "Asked for: records that lead to 192.0.2.1, by Registrar test.")
			w.expectNotStalled()
			w.expectQuiet()

			// It may be mended until the deadline: here, the servers get the zone from the registrar.
			w.dns.answers, w.dns.silent = []netip.Addr{here}, nil
			w.passes(time.Second)
			w.reconcile()
			w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
		})
	}
}

func TestTheDomainsNameServersAreLookedAtAgainOnceTheyAreChanged(t *testing.T) {
	w := newWorld(t)
	w.registersWith("ns1.gent", "ns2.gent")
	w.dns.lags = true
	w.registeredBy(byRegistrar())
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonPublishingFailed, "name the Registrar's own in spec.nameServers of Domain alice.gent")
	w.leadsTo("ns8.example", "ns9.example")
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "")
}

func TestNameServersThatAreChosenAreNothingToOtherWaysOfPublishing(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.registersWith("ns1.gent", "ns2.gent")
	w.dns.lags = true
	w.registeredBy(byUpdates())
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "name server ns1.gent")
}

func TestServersThatAreSilentForOnceAreNoContradiction(t *testing.T) {
	w := newWorld(t)
	w.registersWith("ns1.gent", "ns2.gent")
	w.standingBy(byRegistrar())
	w.dns.silent = &dns.Failure{Reason: dns.ReasonUnresolved, Server: "ns1.gent"}
	w.passes(slowVisit)
	w.expectQuiet()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestARegistrarThatIsGoneChoseNothing(t *testing.T) {
	w := newWorld(t)
	w.registersWith("ns1.gent")
	w.dns.lags = true
	w.hasClass(publishedBy(byRegistrar()))
	w.claim()
	w.reconcile()
	if err := client.IgnoreNotFound(w.Delete(t.Context(), get(w, factoryNamespace, "test", &v1alpha1.Registrar{}))); err != nil {
		t.Fatal(err)
	}
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "")
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionDNSPublished); strings.Contains(c.Message, "nameServers") {
		t.Errorf("DNSPublished says %q", c.Message)
	}
}
