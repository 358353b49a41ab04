package site

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/reach"
	"magicwebsitefactory.gent/internal/resources"
)

func TestNothingIsMadeOrBoughtWithoutTheInstallerSecret(t *testing.T) {
	w := newWorld(t)
	site := w.claimWithoutSecret()
	result := w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionFalse, v1alpha1.ReasonInstallerSecretMissing)
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonInstallerSecretMissing)
	w.expectWorkload(false)
	w.expectNoDomain()
	if result.RequeueAfter != secretDeadline {
		t.Errorf("comes back after %s, want %s", result.RequeueAfter, secretDeadline)
	}

	w.makeSecret(site)
	w.reconcile()
	w.expectWorkload(true)
	w.domain()
}

func TestAClaimWhoseSecretNeverCameIsRemovedUnbought(t *testing.T) {
	w := newWorld(t)
	w.claimWithoutSecret()
	w.reconcile()
	w.passes(secretDeadline - time.Second)
	w.reconcile()
	w.expectNotStalled()
	w.passes(time.Second)
	if _, err := w.reconcileOnce(); err != nil {
		t.Fatal(err)
	}
	w.expect(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonInstallerSecretMissing) // the callback duty reads it
	if w.site().DeletionTimestamp.IsZero() {
		t.Error("the claim is still there")
	}
	w.expectNoDomain()
}

func TestALaterAttemptWithoutItsSecretFails(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.orderAgain("k1:second")
	w.remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: w.site().Spec.InstallerSecretRef.Name}})
	w.reconcile()
	w.passes(secretDeadline)
	w.reconcile()
	w.expectStalled(v1alpha1.ReasonInstallerSecretMissing)
	if !w.site().DeletionTimestamp.IsZero() {
		t.Error("a site that was bought is being deleted")
	}
}

func TestTheSecretOfAnEarlierSiteIsNotThisSites(t *testing.T) {
	w := newWorld(t)
	earlier := &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Name: domainName, Namespace: sitesNamespace, UID: "earlier"}}
	earlier.Spec.InstallerSecretRef.Name = "alice.gent-installer-1-abcde"
	w.makeSecret(earlier)
	w.claimWithoutSecret()
	w.reconcile()
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonInstallerSecretMissing)
	w.expectNoDomain()
}

func TestASiteMadeByHandTakesASecretMadeByHand(t *testing.T) {
	w := newWorld(t)
	w.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: "alice.gent-installer-1-abcde"}})
	w.claimWithoutSecret(func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName, s.Spec.Callback, s.Finalizers = nil, nil, nil })
	w.reconcile()
	w.domain()
	w.expectWorkload(true)
}

func TestAnAttemptFailsForGood(t *testing.T) {
	for name, tc := range map[string]struct {
		happens func(*world)
		reason  string
	}{
		"when the name went to somebody else": {
			happens: func(w *world) { w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonTaken) }, reason: v1alpha1.ReasonDomainTaken,
		},
		"when the registrar refuses it": {
			happens: func(w *world) { w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonRefused) }, reason: v1alpha1.ReasonRegistrationRefused,
		},
		"when the name is not ours within a day": {
			happens: func(w *world) { w.passes(24 * time.Hour) }, reason: v1alpha1.ReasonRegistrationDeadlineExceeded,
		},
		"when the name's order has no result within a day": {
			happens: func(w *world) {
				w.domainIs(metav1.ConditionUnknown, v1alpha1.ReasonPending)
				w.passes(24 * time.Hour)
			}, reason: v1alpha1.ReasonRegistrationDeadlineExceeded,
		},
		"when the site does not answer within an hour of that": {
			happens: func(w *world) {
				w.passes(23 * time.Hour)
				w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
				w.reconcile()
				w.expectNotStalled()
				w.passes(time.Hour)
			}, reason: v1alpha1.ReasonSetupDeadlineExceeded,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.claim()
			w.reconcile()
			w.expectNotStalled()
			tc.happens(w)
			w.reconcile()
			w.expectStalled(tc.reason)
			w.expectWorkload(true) // until the outcome is frozen, somebody may still look
			w.expectQuiet()

			w.callbackFroze(v1alpha1.OutcomeFailed, false)
			w.reconcile()
			w.expectWorkload(false)
			w.expectRoute(false)
			w.expectVolume("k1:first", true)
			w.expect(v1alpha1.ConditionStalled, metav1.ConditionTrue, tc.reason)
			w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded)
			w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded)
			w.expectQuiet()
		})
	}
}

func TestASiteThatWasToldThatItStandsNeverStalls(t *testing.T) {
	for name, happens := range map[string]func(*world){
		"when its Domain says that it is taken": func(w *world) { w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonTaken) },
		"when its Secret goes": func(w *world) {
			w.remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: w.site().Spec.InstallerSecretRef.Name}})
		},
		"when its name is no longer known to be ours": func(w *world) { w.domainIs(metav1.ConditionUnknown, v1alpha1.ReasonRequested) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.standing()
			happens(w)
			w.passes(365 * 24 * time.Hour)
			w.reconcile()
			w.expectNotStalled()
			w.expectWorkload(true)
			w.expectRoute(true)
			if !w.domain().DeletionTimestamp.IsZero() {
				t.Error("its Domain is being deleted")
			}
		})
	}
}

func TestDeadlinesComeByThemselves(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.passes(24*time.Hour - 3*time.Second)
	if got := w.reconcile().RequeueAfter; got > 3*time.Second {
		t.Errorf("comes back after %s, past the deadline", got)
	}
}

func TestAFactoryThatWasDownDoesNotFailASiteThatStands(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.podIsReady()
	w.certificateIsIssued()
	w.passes(3 * time.Hour)
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expectNotStalled()
}

func TestALateSuccessKeepsTheNameAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.passes(24 * time.Hour)
	w.reconcile()
	w.callbackFroze(v1alpha1.OutcomeFailed, true)
	w.domainIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	w.reconcile()
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonAttemptEnded)
	w.expectWorkload(false)
	w.passes(365 * 24 * time.Hour)
	w.reconcile()
	w.domain()
	if !w.site().DeletionTimestamp.IsZero() {
		t.Error("a site whose name is ours is being deleted")
	}
}

func TestTheSameOrderFindsItsDataAndAnyOtherAnEmptyVolume(t *testing.T) {
	for name, tc := range map[string]struct {
		digest string
		same   bool
	}{
		"the same order": {"k1:first", true},
		"another order":  {"k1:second", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.standing()
			operation := w.domain().Spec.OperationID
			volume := w.statefulSet().Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName
			w.remove(w.site())
			w.reconcile()
			w.letGoOfSite()

			w.claim(func(s *v1alpha1.IndieSite) {
				s.Spec.RequestDigest = tc.digest
				s.Spec.InstallerSecretRef.Name = "alice.gent-installer-1-fghij"
			})
			w.reconcile()
			w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
			if w.domain().Spec.OperationID != operation {
				t.Error("the name was ordered again")
			}
			got := w.statefulSet().Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName
			if (got == volume) != tc.same {
				t.Errorf("the volume was %s and is %s", volume, got)
			}
			w.expectVolume(tc.digest, true)
		})
	}
}

func TestANewAttemptStartsOver(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.passes(time.Hour)
	w.orderAgain("k1:second")
	w.prober.failure = &reach.Failure{Reason: reach.ReasonStatus, Address: "192.0.2.1:8443", Code: 503}
	w.reconcile()
	status := w.site().Status
	if status.Attempt.Number != 2 || !status.Attempt.StartTime.Time.Equal(w.clock.Now()) {
		t.Errorf("the attempt is %+v", status.Attempt)
	}
	// The StatefulSet is changed and its status still speaks of the old pod only if its controller has not seen the change.
	w.controllerIsBehind()
	w.reconcile()
	w.expect(v1alpha1.ConditionSiteAvailable, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expect(v1alpha1.ConditionReachable, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	w.expectVolume("k1:second", true)
	w.expectVolume("k1:first", true)

	asked := w.prober.asked
	w.podIsReady()
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotReachable)
	if w.prober.asked == asked {
		t.Error("the new attempt lives on the old answer")
	}
	w.prober.failure = nil
	w.passes(time.Minute)
	w.reconcile()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if c := find(w.site().Status.Conditions, v1alpha1.ConditionReady); c.ObservedGeneration != w.site().Generation {
		t.Errorf("Ready speaks of generation %d, not %d", c.ObservedGeneration, w.site().Generation)
	}
}

func TestAnAttemptAfterAFailureOrdersTheNameAnew(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonTaken)
	w.reconcile()
	w.callbackFroze(v1alpha1.OutcomeTaken, true)
	w.reconcile()
	w.passes(time.Minute)
	w.orderAgain("k1:second")
	w.reconcile()
	w.expectNotStalled() // the old verdict is not this attempt's
	w.expect(v1alpha1.ConditionDomainRegistered, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	old := w.domain()
	if old.DeletionTimestamp.IsZero() {
		t.Fatal("the Domain of the earlier attempt stays")
	}
	old.Finalizers = nil // as the domain duty does
	if err := w.Update(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	w.reconcile()
	if now := w.domain(); now.Spec.OperationID == old.Spec.OperationID {
		t.Error("the name was not ordered anew")
	}
	w.expectWorkload(true)
}

func TestADomainThatGaveUpOnALivingSiteIsMadeAnew(t *testing.T) {
	w := newWorld(t)
	w.claim()
	w.reconcile()
	w.domainIs(metav1.ConditionFalse, v1alpha1.ReasonSiteGone)
	w.reconcile()
	w.expectNotStalled()
	if w.domain().DeletionTimestamp.IsZero() {
		t.Error("the Domain stays")
	}
}

// expectVolume says whether the volume of an order is there.
func (w *world) expectVolume(digest string, there bool) {
	w.t.Helper()
	site := &v1alpha1.IndieSite{Spec: v1alpha1.IndieSiteSpec{Domain: domainName, RequestDigest: digest}}
	if got := w.has(sitesNamespace, resources.ClaimName(site), &corev1.PersistentVolumeClaim{}); got != there {
		w.t.Errorf("the volume of %s is there: %t, want %t", digest, got, there)
	}
}

func (w *world) expectNoDomain() {
	w.t.Helper()
	if w.has(factoryNamespace, domainName, &v1alpha1.Domain{}) {
		w.t.Error("the name was ordered")
	}
}

// letGoOfSite plays the callback duty, which takes its finalizer off.
func (w *world) letGoOfSite() {
	w.t.Helper()
	site := w.site()
	site.Finalizers = nil
	if err := w.Update(w.t.Context(), site); err != nil {
		w.t.Fatal(err)
	}
}

// controllerIsBehind gives the StatefulSet a generation that its controller has not seen; the fake API server counts none.
func (w *world) controllerIsBehind() {
	w.t.Helper()
	set := w.statefulSet()
	set.Generation++
	if err := w.Update(w.t.Context(), set); err != nil {
		w.t.Fatal(err)
	}
}
