package site

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/resources"
)

var (
	here  = netip.MustParseAddr("192.0.2.1") // as fullClass has it
	there = netip.MustParseAddr("203.0.113.9")
)

func (w *world) marks() []mark { return marksOf(w.site()) }

func (w *world) expectHeld(held bool) {
	w.t.Helper()
	site := w.site()
	_, noted := site.Annotations[v1alpha1.AnnotationDNSRecords]
	if got := slices.Contains(site.Finalizers, v1alpha1.FinalizerDNS); got != held || noted != held {
		w.t.Errorf("held back for its records: %t, noted: %t, want %t", got, noted, held)
	}
}

func TestANameIsPublishedBeforeItsCertificateIsAskedFor(t *testing.T) {
	for by, tc := range map[string]struct {
		dns   v1alpha1.SiteDNS
		place string
	}{"updates": {byUpdates(), theServer + "/gent"}, "the registrar": {byRegistrar(), "test"}} {
		t.Run(by, func(t *testing.T) {
			w := newWorld(t)
			w.hasKey()
			w.hasClass(publishedBy(tc.dns))
			w.claim()
			w.reconcile()
			w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonWaitingForDomain, "")
			w.expectHeld(false)
			if w.dns.puts+w.dns.asked > 0 {
				t.Error("it was published, or asked for, before it was ours")
			}

			w.dns.lags = true
			w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
			w.podIsReady()
			result := w.reconcile()
			w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "name server ns1.gent (198.51.100.1) answers that there is no such name")
			w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer)
			w.expect(v1alpha1.ConditionCertificateIssued, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
			w.expectHeld(true)
			if got := w.dns.zones[tc.place]; !slices.Equal(got, []netip.Addr{here}) {
				t.Errorf("published %v", got)
			}
			if w.has(sitesNamespace, names.Child(domainName), emptyCertificate()) {
				t.Error("the certificate is asked for although the name is not answered for")
			}
			if result.RequeueAfter > time.Second {
				t.Errorf("asked again only after %s", result.RequeueAfter)
			}

			w.dns.answers = []netip.Addr{here}
			w.passes(time.Second)
			w.reconcile()
			w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "192.0.2.1")
			w.certificateIsIssued()
			w.reconcile()
			w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
			if w.dns.puts != 1 {
				t.Errorf("it was published %d times", w.dns.puts)
			}
			w.expectQuiet()
		})
	}
}

func TestAPublishedNameCausesNoWritesAndNoUpdates(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	puts, asked := w.dns.puts, w.dns.asked
	w.expectQuiet()
	w.passes(slowVisit)
	w.expectQuiet()
	w.restarts()
	w.expectQuiet()
	if w.dns.puts != puts || w.dns.asked != asked+2 {
		t.Errorf("%d updates and %d questions, want none and 2", w.dns.puts-puts, w.dns.asked-asked)
	}
}

func TestARecordThatSomebodyChangedIsPutRight(t *testing.T) {
	for name, now := range map[string][]netip.Addr{"deleted": nil, "led elsewhere": {there}, "added to": {here, there}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hasKey()
			w.standingBy(byUpdates())
			w.dns.answers = now
			w.passes(slowVisit)
			w.reconcile()
			w.passes(time.Second)
			w.reconcile()
			w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
			if !slices.Equal(w.dns.answers, []netip.Addr{here}) || w.dns.puts != 2 {
				t.Errorf("it answers %v after %d updates", w.dns.answers, w.dns.puts)
			}
			w.expectQuiet()
		})
	}
}

func TestServersThatLagAreGivenTimeBeforeARecordIsPutAgain(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.dns.lags = true
	w.registeredBy(byUpdates())
	for range 10 {
		w.passes(repairAfter / 12)
		w.reconcile()
	}
	if w.dns.puts != 1 {
		t.Errorf("put %d times within %s", w.dns.puts, repairAfter)
	}
	w.passes(repairAfter)
	w.reconcile()
	if w.dns.puts != 2 {
		t.Errorf("put %d times after %s", w.dns.puts, repairAfter)
	}
}

func TestServersThatAreSilentForOnceSayNothingAboutASiteThatStands(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.dns.silent = &dns.Failure{Reason: dns.ReasonTimeout, Server: "198.51.100.1:53"}
	w.passes(slowVisit)
	for range graceVisits - 1 {
		w.expectQuiet()
		w.passes(graceAfter)
	}
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "cannot be asked: name server 198.51.100.1:53: there was no answer in time")
	w.expectNotStalled()
	if w.dns.puts != 1 {
		t.Errorf("%d updates, although nobody said anything else", w.dns.puts)
	}
	w.dns.silent = nil
	w.passes(slowVisit)
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestANameServerThatRefusesIsAskedAgainAndNamed(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.dns.refuses = &dns.Failure{Reason: dns.ReasonKeyWrong, Server: theServer}
	w.registeredBy(byUpdates())
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonPublishingFailed, "BADSIG")
	w.expectQuiet()
	if w.dns.puts != 1 || w.dns.asked != 0 {
		t.Errorf("tried %d times at once, asked %d times", w.dns.puts, w.dns.asked)
	}
	w.dns.refuses = nil
	w.passes(time.Second)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
	if !slices.Equal(w.dns.keys[:1], []string{"factory (hmac-sha256)"}) {
		t.Errorf("signed with %v", w.dns.keys)
	}
}

func TestAMissingKeyIsNamedAndFoundLater(t *testing.T) {
	w := newWorld(t)
	w.registeredBy(byUpdates())
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonPublishingFailed, "there is no Secret tsig")
	w.hasKey()
	w.passes(time.Second)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
}

func TestARouteNeedsAddresses(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	class := publishedBy(byUpdates())
	class.Route.Addresses = nil
	w.hasClass(class)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonWaitingForRoute, "")

	ingress := get(w, sitesNamespace, names.Child(domainName), &networkingv1.Ingress{})
	ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{Hostname: "lb.example"}}
	w.updateStatus(ingress)
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonRouteHasHostName, "lb.example")
	w.expectHeld(false)

	ingress = get(w, sitesNamespace, names.Child(domainName), &networkingv1.Ingress{})
	ingress.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "2001:db8::1"}, {IP: "192.0.2.7"}}
	w.updateStatus(ingress)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "192.0.2.7, 2001:db8::1")

	w.ingressIsPublishedAt("192.0.2.8") // the route moves
	w.passes(time.Second)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "lead to 192.0.2.8,")
	if marks := w.marks(); len(marks) != 1 || dns.Join(marks[0].Addresses) != "192.0.2.8" || !marks[0].Published {
		t.Errorf("noted: %+v", marks)
	}
}

func TestWhatIsPublishedIsNotedBeforehandInFull(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.dns.refuses = errors.New("the line is cut")
	site := w.site()
	site.Status.SiteClassRevision = ""
	w.updateStatus(site)
	class := publishedBy(byUpdates())
	class.Route.Addresses = []string{"192.0.2.2"}
	w.hasClass(class)
	w.reconcile()
	if marks := w.marks(); len(marks) != 1 || dns.Join(marks[0].Addresses) != "192.0.2.1, 192.0.2.2" || marks[0].Published {
		t.Errorf("noted: %+v", marks)
	}
	w.dns.refuses = nil
	w.remove(w.site())
	w.reconcile()
	if got := w.dns.zones[theServer+"/gent"]; len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestADNSEndpointIsMadeAndKept(t *testing.T) {
	w := newWorld(t)
	w.dns.answers = []netip.Addr{there}
	w.registeredBy(byExternalDNS())
	w.expectHeld(false) // it goes with the site by itself
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAnswersDiffer, "answers 203.0.113.9. external-dns has not looked at the DNSEndpoint yet.")
	endpoint := get(w, sitesNamespace, names.Child(domainName), empty(resources.DNSEndpointKind))
	if err := unstructured.SetNestedField(endpoint.Object, []any{}, "spec", "endpoints"); err != nil {
		t.Fatal(err)
	}
	if err := w.Update(t.Context(), endpoint); err != nil {
		t.Fatal(err)
	}
	w.dns.answers = []netip.Addr{here}
	w.reconcile()
	endpoint = get(w, sitesNamespace, names.Child(domainName), empty(resources.DNSEndpointKind))
	if data, _ := json.Marshal(endpoint.Object["spec"]); string(data) != `{"endpoints":[{"dnsName":"alice.gent","recordTTL":300,"recordType":"A","targets":["192.0.2.1"]}]}` {
		t.Errorf("the DNSEndpoint has %s", data)
	}
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "by a DNSEndpoint")
	w.expectQuiet()
	if w.dns.puts > 0 {
		t.Error("somebody else was asked to publish")
	}

	w.callbackFroze(v1alpha1.OutcomeFailed, true)
	w.reconcile()
	if w.has(sitesNamespace, names.Child(domainName), empty(resources.DNSEndpointKind)) {
		t.Error("the DNSEndpoint is still there")
	}
}

func TestAClusterWithoutDNSEndpointsIsNamed(t *testing.T) {
	w := newWorld(t)
	w.failures[resources.DNSEndpointKind.Kind] = &apimeta.NoKindMatchError{GroupKind: resources.DNSEndpointKind.GroupKind()}
	w.hasClass(publishedBy(byExternalDNS()))
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	if result, err := w.reconcileOnce(); err != nil || result.RequeueAfter > noCertManagerAfter {
		t.Errorf("it comes back after %s: %v", result.RequeueAfter, err)
	}
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "The cluster has no DNSEndpoints")
	delete(w.failures, resources.DNSEndpointKind.Kind)
	w.dns.answers = []netip.Addr{here}
	w.passes(noCertManagerAfter)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
}

func TestALostRaceForTheNotePublishesNothing(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.hasClass(publishedBy(byUpdates()))
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.patchFails = apierrors.NewConflict(v1alpha1.Resource("indiesites"), domainName, errors.New("somebody was faster"))
	if _, err := w.reconcileOnce(); err != nil {
		t.Fatal(err)
	}
	if w.dns.puts != 0 {
		t.Error("it was published without a note")
	}
	w.patchFails = nil
	w.reconcile()
	w.expectHeld(true)
}

func TestServersAreNotAskedWhileAllPlacesAreTaken(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.restarts() // the last look is forgotten
	w.r.Probes = 1
	if !w.r.places().TryAcquire(1) {
		t.Fatal("there is no place")
	}
	asked := w.dns.asked
	if got := w.reconcile().RequeueAfter; got != busyAfter {
		t.Errorf("comes back after %s, want %s", got, busyAfter)
	}
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "") // nothing was learnt about it
	w.r.places().Release(1)
	w.reconcile()
	if w.dns.asked != asked+1 {
		t.Errorf("asked %d times, want once", w.dns.asked-asked)
	}
}
