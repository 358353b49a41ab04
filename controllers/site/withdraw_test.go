package site

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/resources"
)

func TestRecordsAreWithdrawnWithTheSite(t *testing.T) {
	for name, ends := range map[string]func(*world){
		"that is deleted": func(w *world) { w.remove(w.site()) },
		"that failed":     func(w *world) { w.callbackFroze(v1alpha1.OutcomeFailed, true) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hasKey()
			w.standingBy(byUpdates())
			w.dns.zones[theServer+"/gent"] = []netip.Addr{here, there}
			ends(w)
			w.reconcile()
			w.expectHeld(false)
			w.expectWorkload(false)
			if got := w.dns.zones[theServer+"/gent"]; !slices.Equal(got, []netip.Addr{there}) {
				t.Errorf("the zone has %v", got)
			}
			w.expectSaid("has no record any more that the factory published there; nobody asked the zone's other servers")
			w.expectQuiet()
		})
	}
}

// What is said of records is what is known: that the factory took them away, or asked for it, and never that the world's servers have followed.
func TestWithdrawalIsNotClaimedBeyondWhatIsKnown(t *testing.T) {
	for by, tc := range map[string]struct {
		dns  v1alpha1.SiteDNS
		says string
	}{
		"updates":       {byUpdates(), "The name server that takes the updates has no record any more"},
		"the registrar": {byRegistrar(), "The Registrar has no record any more"},
		"external-dns":  {byExternalDNS(), "external-dns withdraws them at its own pace, where its policy is sync"},
	} {
		t.Run(by, func(t *testing.T) {
			w := newWorld(t)
			w.hasKey()
			w.dns.answers = []netip.Addr{here}
			w.standingBy(tc.dns)
			w.callbackFroze(v1alpha1.OutcomeFailed, true)
			asked := w.dns.asked
			w.dns.lags = true // the servers answer as before
			w.reconcile()
			w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded, tc.says)
			w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded, "nobody asked")
			if w.dns.asked != asked {
				t.Error("they were asked")
			}
			w.expectQuiet()
		})
	}
}

func TestRecordsThatAreStillToBeWithdrawnAreNotSaidToBeGone(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.restarts()
	w.r.Probes = 1
	if !w.r.places().TryAcquire(1) {
		t.Fatal("there is no place")
	}
	w.callbackFroze(v1alpha1.OutcomeFailed, true)
	w.reconcile()
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded, "The records that lead here are to be withdrawn.")
	w.r.places().Release(1)
	w.passes(busyAfter)
	w.reconcile()
	w.expectSaid("has no record any more")
}

// expectSaid looks at the message of DNSPublished alone.
func (w *world) expectSaid(says string) {
	w.t.Helper()
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionDNSPublished); c == nil || !strings.Contains(c.Message, says) {
		w.t.Errorf("DNSPublished is %+v, want something with %q", c, says)
	}
}

func TestASiteOfNobodyIsGoneOnceItsRecordsAre(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.hasClass(publishedBy(byUpdates()))
	w.claim(func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName, s.Spec.Callback, s.Finalizers = nil, nil, nil })
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.expectHeld(true)
	w.remove(w.site())
	if _, err := w.reconcileOnce(); err != nil {
		t.Fatal(err)
	}
	if w.has(sitesNamespace, domainName, &v1alpha1.IndieSite{}) || w.dns.removes != 1 {
		t.Errorf("it is still there, after %d tries to withdraw", w.dns.removes)
	}
}

func TestANameServerThatIsGoneHoldsASiteBackForAnHourAtMost(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.dns.refuses = &dns.Failure{Reason: dns.ReasonTimeout, Server: theServer}
	w.remove(w.site())
	site := w.site()
	w.clock.SetTime(site.DeletionTimestamp.Time) // the fake client has a clock of its own
	tries := 0
	for elapsed := time.Duration(0); elapsed < withdrawTime; {
		result, err := w.reconcileOnce()
		if err != nil {
			t.Fatal(err)
		}
		w.expectHeld(true)
		after := result.RequeueAfter
		if after < time.Second || after > slowVisit {
			t.Fatalf("comes back after %s", after)
		}
		w.passes(after)
		elapsed += after
		tries++
	}
	w.expectWorkload(false)
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionDNSPublished); !strings.Contains(c.Message, "could not be withdrawn yet: name server "+theServer) {
		t.Errorf("DNSPublished says %q", c.Message)
	}
	w.reconcile()
	w.expectHeld(false)
	if tries > 80 || w.dns.removes > 80 {
		t.Errorf("%d passes, %d tries", tries, w.dns.removes)
	}
	found := false
	for len(w.events.Events) > 0 {
		found = strings.Contains(<-w.events.Events, "RecordsLeft") || found
	}
	if !found {
		t.Error("there is no event RecordsLeft")
	}
}

func TestRecordsMoveWithTheSiteClass(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	moveTo := func(dns v1alpha1.SiteDNS) {
		w.hasClass(publishedBy(dns))
		site := w.site()
		site.Status.SiteClassRevision = ""
		w.updateStatus(site)
		w.passes(time.Second)
		w.reconcile()
		w.passes(slowVisit)
		w.reconcile()
	}
	moveTo(byRegistrar())
	if got := w.dns.zones; len(got[theServer+"/gent"]) != 0 || len(got["test"]) != 1 {
		t.Errorf("published are %v", got)
	}
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "by Registrar test")

	w.dns.answers, w.dns.lags = []netip.Addr{here}, true
	moveTo(byExternalDNS())
	w.expectHeld(false)
	if !w.has(sitesNamespace, names.Child(domainName), empty(resources.DNSEndpointKind)) {
		t.Error("there is no DNSEndpoint")
	}
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "by a DNSEndpoint")

	w.r.endpointsWatched, w.r.cache = true, w.Client
	moveTo(v1alpha1.SiteDNS{Unmanaged: &v1alpha1.UnmanagedDNS{}})
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonNotRequested, "")
	if w.has(sitesNamespace, names.Child(domainName), empty(resources.DNSEndpointKind)) {
		t.Error("the DNSEndpoint is still there")
	}
}

func TestWhatCannotBeWithdrawnElsewhereHoldsNothingUp(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.dns.lags = true
	w.remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tsig", Namespace: factoryNamespace}})
	w.hasClass(publishedBy(byRegistrar()))
	site := w.site()
	site.Status.SiteClassRevision = ""
	w.updateStatus(site)
	w.reconcile()
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "by Registrar test")
	if marks := w.marks(); len(marks) != 2 {
		t.Errorf("noted: %+v", marks)
	}
	w.expectQuiet()
	w.hasKey()
	w.passes(slowVisit)
	w.reconcile()
	if marks := w.marks(); len(marks) != 1 || marks[0].Registrar != "test" {
		t.Errorf("noted: %+v", marks)
	}
}

func TestASiteIsLetGoByTakingItsNoteAway(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.standingBy(byUpdates())
	w.dns.refuses = &dns.Failure{Reason: dns.ReasonTimeout, Server: theServer}
	w.remove(w.site())
	site := w.site()
	w.clock.SetTime(site.DeletionTimestamp.Time) // the fake client has a clock of its own
	w.reconcile()
	w.expectHeld(true)
	site = w.site()
	delete(site.Annotations, v1alpha1.AnnotationDNSRecords)
	if err := w.Update(t.Context(), site); err != nil {
		t.Fatal(err)
	}
	w.reconcile()
	w.expectHeld(false)
}

func TestASiteThatIsOrderedAgainIsPublishedAgain(t *testing.T) {
	w := newWorld(t)
	w.hasKey()
	w.registeredBy(byUpdates())
	w.callbackFroze(v1alpha1.OutcomeFailed, true)
	w.reconcile()
	w.expectHeld(false)
	w.expectDNS(metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded, "")
	w.orderAgain("k1:second")
	w.reconcile()
	w.podIsReady()
	w.reconcile()
	w.expectHeld(true)
	w.expectDNS(metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "")
	if !slices.Equal(w.dns.answers, []netip.Addr{here}) {
		t.Errorf("it answers %v", w.dns.answers)
	}
}
