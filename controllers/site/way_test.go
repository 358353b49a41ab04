package site

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/reach"
)

func TestASiteGoesFromItsClaimToReady(t *testing.T) {
	w := newWorld(t)
	site := w.claim()
	w.reconcile()
	w.expectWorkload(true)
	w.expectRoute(false) // a certificate that is asked for before the name is ours fails
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expect(v1alpha1.ConditionDNSPublished, metav1.ConditionTrue, v1alpha1.ReasonNotRequested)
	w.expect(v1alpha1.ConditionCertificateIssued, metav1.ConditionFalse, v1alpha1.ReasonWaitingForDomain)
	w.expect(v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonWaitingForDomain)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)

	domain := w.domain()
	if s := domain.Spec; s.Domain != domainName || s.RegistrarName != "test" || s.MaxPrice.Amount != "12.50" || len(s.OperationID) != 36 {
		t.Errorf("ordered %+v", s)
	}
	if got, want := domain.Annotations[v1alpha1.AnnotationAttempt], string(site.UID)+".1"; got != want {
		t.Errorf("the order is for %q, want %q", got, want)
	}
	if len(domain.Finalizers) != 1 || domain.Finalizers[0] != v1alpha1.FinalizerBooks {
		t.Errorf("the Domain has the finalizers %v", domain.Finalizers)
	}

	w.domainIs(metav1.ConditionUnknown, v1alpha1.ReasonPending)
	w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionUnknown, v1alpha1.ReasonPending)
	w.expectRoute(false)

	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expectRoute(true)
	if w.site().Status.Attempt.DomainTime == nil {
		t.Error("the time at which the name was ours is not kept")
	}

	w.podIsReady()
	w.certificateSays("Issuing", "True", "Waiting for the order")
	w.reconcile()
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expect(v1alpha1.ConditionCertificateIssued, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	if w.prober.asked != 0 {
		t.Error("the site was asked before its certificate was there")
	}

	w.prober.failure = &reach.Failure{Reason: reach.ReasonStatus, Address: "192.0.2.1:8443", Code: 404}
	w.certificateIsIssued()
	result := w.reconcile()
	w.expect(v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	if result.RequeueAfter > time.Second {
		t.Errorf("asked again only after %s", result.RequeueAfter)
	}

	w.prober.failure = nil
	w.passes(time.Second)
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if w.prober.last.Domain != domainName || w.prober.last.Addresses[0] != "192.0.2.1:8443" || string(w.prober.last.CABundle) != "a bundle" {
		t.Errorf("asked for %+v", w.prober.last)
	}
	status := w.site().Status
	if status.URL != "https://alice.gent" || status.Attempt.Number != 1 || status.SiteClassRevision == "" {
		t.Errorf("the status is %+v", status)
	}
	w.expectQuiet()
}

func TestAConvergedSiteCausesNoWrites(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.expectQuiet()
	w.passes(time.Hour) // a resync
	w.expectQuiet()
	if w.prober.asked < 2 {
		t.Error("a site that stands is not asked again")
	}
}

func TestAPublishedAddressIsAskedWhereTheClassNamesNone(t *testing.T) {
	w := newWorld(t)
	class := fullClass()
	class.Route.Addresses = nil
	w.hasClass(class)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.podIsReady()
	w.reconcile()
	w.certificateIsIssued()
	w.reconcile()
	w.expect(v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonWaitingForRoute)
	w.ingressIsPublishedAt("192.0.2.7")
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if w.prober.last.Addresses[0] != "192.0.2.7:443" {
		t.Errorf("asked at %v", w.prober.last.Addresses)
	}
}

func TestASiteThatAnsweredIsGivenGrace(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.prober.failure = &reach.Failure{Reason: reach.ReasonTimeout, Address: "192.0.2.1:8443"}
	w.passes(slowVisit)
	for range graceVisits - 1 {
		if result := w.reconcile(); result.RequeueAfter != graceAfter {
			t.Errorf("asked again after %s, want %s", result.RequeueAfter, graceAfter)
		}
		w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
		w.passes(graceAfter)
	}
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	w.expectNotStalled() // its outcome was 201
	w.prober.failure = nil
	w.passes(lastPause)
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestTheSiteIsAskedAgainWhenAChildChanged(t *testing.T) {
	w := newWorld(t)
	w.standing()
	asked := w.prober.asked
	w.reconcile()
	if w.prober.asked != asked {
		t.Error("asked although nothing changed")
	}
	w.ingressIsPublishedAt("192.0.2.9")
	w.reconcile()
	if w.prober.asked != asked+1 {
		t.Errorf("asked %d times, want once more than %d", w.prober.asked, asked)
	}
}

func TestTheQuestionsBecomeFewer(t *testing.T) {
	for since, want := range map[time.Duration]time.Duration{
		0: time.Second, 5 * time.Second: time.Second, 50 * time.Second: 5 * time.Second, time.Hour: 30 * time.Second,
	} {
		if got := pause(since); got != want {
			t.Errorf("pause(%s) = %s, want %s", since, got, want)
		}
	}
}

func TestASiteIsNotAskedWhileAllPlacesAreTaken(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.restarts() // its last visit is forgotten
	w.r.Probes = 1
	if !w.r.places().TryAcquire(1) {
		t.Fatal("there is no place")
	}
	asked := w.prober.asked
	if got := w.reconcile().RequeueAfter; got != busyAfter {
		t.Errorf("comes back after %s, want %s", got, busyAfter)
	}
	if w.prober.asked != asked {
		t.Error("it was asked nevertheless")
	}
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded) // nothing was learnt about it
	w.r.places().Release(1)
	w.reconcile()
	if w.prober.asked != asked+1 {
		t.Error("it is not asked once there is a place")
	}
}

func TestASiteThatStoppedToAnswerLongAgoIsAskedSeldom(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.prober.failure = &reach.Failure{Reason: reach.ReasonTimeout, Address: "192.0.2.1:8443"}
	w.passes(30 * 24 * time.Hour)
	for range graceVisits {
		w.reconcile()
		w.passes(graceAfter)
	}
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	for _, down := range []struct{ since, pause time.Duration }{
		{0, firstPause}, {50 * time.Minute, 5 * time.Minute}, {24 * time.Hour, slowVisit},
	} {
		w.passes(down.since)
		if got := w.reconcile().RequeueAfter; got < down.pause || got > down.pause+time.Minute {
			t.Errorf("asked again after %s, want about %s", got, down.pause)
		}
	}
}

func TestASuspendedSiteIsStoppedAndKeepsEverything(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.suspend(true)
	w.reconcile()
	if got := *w.statefulSet().Spec.Replicas; got != 0 {
		t.Errorf("%d replicas, want 0", got)
	}
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSuspended)
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonSuspended)
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expectRoute(true)
	w.expectQuiet()
	w.suspend(false)
	w.reconcile()
	w.podIsReady()
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
}

func TestASiteThatIsSuspendedDuringItsSetUpHasTheWholeTimeWhenItGoesOn(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.suspend(true)
	w.reconcile()
	w.passes(48 * time.Hour)
	w.reconcile()
	w.expectNotStalled()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonSuspended)
	w.expectQuiet()

	w.suspend(false)
	w.passes(time.Minute)
	w.reconcile()
	w.expectNotStalled()
	w.passes(time.Hour - time.Second)
	w.reconcile()
	w.expectNotStalled()
	w.passes(time.Second)
	w.reconcile()
	w.expectStalled(v1alpha1.ReasonSetupDeadlineExceeded)
}

func TestWhatSomebodyDeletesOrEditsComesBack(t *testing.T) {
	w := newWorld(t)
	w.standing()
	set := w.statefulSet()
	set.Spec.Template.Spec.Containers[0].Image = "registry.example/other:1"
	none := int32(0)
	set.Spec.Replicas = &none
	if err := w.Update(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	w.remove(get(w, sitesNamespace, names.Child(domainName), emptyCertificate()))
	w.reconcile()
	if set := w.statefulSet(); *set.Spec.Replicas != 1 || set.Spec.Template.Spec.Containers[0].Image != "registry.example/indie-site:1" {
		t.Errorf("the edited StatefulSet has %d replicas of %s", *set.Spec.Replicas, set.Spec.Template.Spec.Containers[0].Image)
	}
	w.expectRoute(true)
}

func TestWhatOthersAddIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.standing()
	set := w.statefulSet()
	set.Labels["team"] = "websites"
	set.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] = "now"
	if err := w.Update(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	w.expectQuiet()
	if set := w.statefulSet(); set.Labels["team"] != "websites" || set.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] != "now" {
		t.Errorf("what others added is gone")
	}
}

func TestAChangedClassDoesNotTouchASiteThatStands(t *testing.T) {
	w := newWorld(t)
	w.standing()
	class := fullClass()
	class.Image = "registry.example/indie-site:2"
	w.hasClass(class)
	w.expectQuiet()
	if got := w.statefulSet().Spec.Template.Spec.Containers[0].Image; got != "registry.example/indie-site:1" {
		t.Errorf("the image became %s", got)
	}

	site := w.site() // an admin takes the revision away
	site.Status.SiteClassRevision = ""
	w.updateStatus(site)
	w.reconcile()
	if got := w.statefulSet().Spec.Template.Spec.Containers[0].Image; got != "registry.example/indie-site:2" {
		t.Errorf("the image stayed %s", got)
	}
}
