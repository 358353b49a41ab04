package frontend_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// Each test below is a sentence of the HTTP contract, which it quotes.

// C01: "GET /v1/domain/<domain> → 200 {"available": true|false}, no other members"
func TestC01_GetDomainAnswersOneMember(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustBeAvailable("alice.gent", true)
		hallo.mustBeAvailable("unavailable.gent", false)
	})
}

// C02: "503 when the check cannot be made: "don't know" is never true or false"
func TestC02_DontKnowIs503(t *testing.T) {
	unwell := errors.New("unwell")
	for why, arrange := range map[string]func(onboarder){
		"the Checker does not know":           func(onboarder) {},
		"no Registrar of the suffix is Ready": func(o onboarder) { o.changeRegistrar(func(r *v1alpha1.Registrar) { r.Status.Conditions = nil }) },
		"the Registrar is suspended":          func(o onboarder) { o.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true }) },
		"the claims cannot be read":           func(o onboarder) { o.failing("get", &v1alpha1.IndieSite{}, unwell) },
		"the books cannot be read":            func(o onboarder) { o.failing("get", &v1alpha1.Domain{}, unwell) },
		"an earlier purchase has not ended":   func(o onboarder) { o.book("dont-know.gent", metav1.ConditionUnknown, v1alpha1.ReasonPending) },
		"the day's limit is reached": func(o onboarder) {
			o.changeRegistrar(func(r *v1alpha1.Registrar) {
				r.Status.Usage = &v1alpha1.RegistrarUsage{Date: o.desk.Clock.Now().UTC().Format("2006-01-02"), Registrations: 100}
			})
		},
	} {
		t.Run(why, func(t *testing.T) {
			both(t, func(_ *testing.T, hallo onboarder) {
				arrange(hallo)
				hallo.mustAnswer(hallo.available("dont-know.gent"), http.StatusServiceUnavailable)
				hallo.mustAnswer(hallo.order("dont-know.gent"), http.StatusServiceUnavailable)
				if hallo.healed(); hallo.claimOf("dont-know.gent") != nil {
					hallo.Error("a claim was made")
				}
			}, withChecker(func(ctx context.Context, name names.Name) (availability.Answer, error) {
				if why == "the Checker does not know" {
					return availability.Answer{}, unwell
				}
				return availability.Answer{Verdict: availability.Available}, nil
			}))
		})
	}
}

// C03: "True means: a new order for it by this onboarder would be accepted."
func TestC03_TrueMeansAnOrderWouldBeAccepted(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.other().order("claimed.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.order("failed.gent"), http.StatusCreated)
		hallo.end("failed.gent", v1alpha1.OutcomeFailed, delivered)
		hallo.mustAnswer(hallo.order("lost.gent"), http.StatusCreated)
		hallo.end("lost.gent", v1alpha1.OutcomeTaken, delivered)
		hallo.book("ours.gent", metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		hallo.book("leftover.gent", metav1.ConditionFalse, v1alpha1.ReasonSiteGone)
		for name, want := range map[string]bool{
			"free.gent": true, "FREE-too.gent.": true, "failed.gent": true, "ours.gent": true, "leftover.gent": true,
			"unavailable.gent": false, "claimed.gent": false, "lost.gent": false, "premium-x.gent": false, "free.brussels": false, "café.gent": false,
		} {
			hallo.mustBeAvailable(name, want)
			status := http.StatusConflict
			if want {
				status = http.StatusCreated
			}
			hallo.mustAnswer(hallo.with(func(o *onboarder) { o.code = otherCode }).order(name), status)
		}
	})
}

// C04: "So: false for names that are taken, claimed, not sold here, too dear, or no domain names at all (people type)"
func TestC04_FalseForWhatCannotBeHad(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("mine.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.other().order("theirs.gent"), http.StatusCreated)
		for _, name := range []string{
			"unavailable.gent", "mine.gent", "theirs.gent", "alice.brussels", "www.alice.gent", "premium-alice.gent",
			"alice", "gent", "a b.gent", " alice.gent", "https://alice.gent", "https://alice.gent/", "alice.gent/path", "alice@gent.gent", "*.gent",
			"192.0.2.1", "-a.gent", "a_b.gent", "alice..gent", ".", "..", "../domain", "alice.gent?x", "alice.gent#x", "%", "%2e", "\x00", "\xff", "é",
			"xn--caf-dma.gent", strings.Repeat("a", 64) + ".gent", strings.Repeat("a.", 1000) + "gent", "alice;gent", "<script>.gent",
		} {
			hallo.mustBeAvailable(name, false)
		}
		for _, path := range []string{"/v1/domain/", "/v1/domain//", "/v1/domain/https://alice.gent", "/v1/domain/a/b"} {
			if a := hallo.get(path); a.status != http.StatusOK || a.body != `{"available":false}` {
				hallo.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	})
}

// C05: "true again for the onboarder's own claim after a 500"
func TestC05_TrueAgainAfterA500ForItsOwnerOnly(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("again.gent"), http.StatusCreated)
		hallo.mustBeAvailable("again.gent", false)
		hallo.end("again.gent", v1alpha1.OutcomeFailed, delivering)
		hallo.mustBeAvailable("again.gent", true)
		hallo.other().mustBeAvailable("again.gent", false)
		hallo.mustAnswer(hallo.order("again.gent"), http.StatusCreated)
		hallo.mustBeAvailable("again.gent", false)
	})
}

// C06: "Names are normalised (Alice.GENT. is alice.gent)" … "Resources use the normal form, the callback the name as it was sent."
func TestC06_NamesAreNormalised(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustBeAvailable("Alice.GENT.", true)
		a := hallo.mustAnswer(hallo.order("Alice.GENT."), http.StatusCreated)
		if got := a.header.Get("Location"); got != "/v1/site/alice.gent" {
			hallo.Errorf("Location: %q", got)
		}
		site := hallo.mustClaim("alice.gent")
		if site.Spec.Domain != "alice.gent" || site.Spec.Callback.Domain != "Alice.GENT." {
			hallo.Errorf("domain %q, in the callback %q", site.Spec.Domain, site.Spec.Callback.Domain)
		}
		hallo.mustBeAvailable("alice.gent", false)
		hallo.mustBeAvailable("ALICE.gent", false)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.other().order("aLiCe.gent"), http.StatusConflict)
	})
}

// C07: "non-ASCII and xn-- names are not sold yet"
func TestC07_InternationalNamesAreNotSoldYet(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		for _, name := range []string{"café.gent", "gеnt.gent", "例え.gent", "xn--caf-dma.gent", "XN--caf-dma.gent"} {
			hallo.mustBeAvailable(name, false)
			hallo.mustAnswer(hallo.order(name), http.StatusConflict)
		}
	})
}

// C08: "On a test factory available.gent, unavailable.gent, error.gent always answer GET as the contract says"
func TestC08_KnownNamesAlwaysAnswerTheSame(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		ask := func() {
			hallo.Helper()
			hallo.mustBeAvailable("available.gent", true)
			hallo.mustBeAvailable("Available.Gent.", true)
			hallo.mustBeAvailable("unavailable.gent", false)
			hallo.mustAnswer(hallo.available("error.gent"), http.StatusServiceUnavailable)
		}
		ask()
		hallo.mustAnswer(hallo.order("unavailable.gent"), http.StatusConflict)
		hallo.mustAnswer(hallo.order("error.gent"), http.StatusServiceUnavailable)
		hallo.mustAnswer(hallo.order("available.gent"), http.StatusCreated)
		ask()
		hallo.mustAnswer(hallo.other().order("available.gent"), http.StatusConflict)
		hallo.end("available.gent", v1alpha1.OutcomeCreated, delivered)
		ask()
		hallo.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true })
		ask()
	})
}

// C09: "a new order for a known name after an outcome starts over with an empty volume"
func TestC09_KnownNamesStartOverAfterAnOutcome(t *testing.T) {
	for name, outcome := range map[string]v1alpha1.OutcomeCode{
		"available.gent": v1alpha1.OutcomeCreated, "taken-at-registration-2.gent": v1alpha1.OutcomeTaken,
		"setup-fails.gent": v1alpha1.OutcomeFailed, "slow-coach.gent": v1alpha1.OutcomeCreated,
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(_ *testing.T, hallo onboarder) {
				seen := map[string]bool{}
				for attempt := int32(1); attempt <= 3; attempt++ {
					hallo.mustBeAvailable(name, true)
					hallo.mustAnswer(hallo.order(name), http.StatusCreated)
					hallo.mustAnswer(hallo.order(name), http.StatusCreated) // the same order again is no new attempt
					hallo.mustAnswer(hallo.other().order(name), http.StatusConflict)
					hallo.mustAnswer(hallo.with(func(o *onboarder) { o.code = otherCode }).order(name), http.StatusConflict)
					site := hallo.mustClaim(name)
					if site.Spec.SetupAttempt != attempt || seen[site.Spec.RequestDigest] || hallo.secretOf(site) == nil {
						hallo.Fatalf("attempt %d (want %d) with digest %s after %v", site.Spec.SetupAttempt, attempt, site.Spec.RequestDigest, seen)
					}
					seen[site.Spec.RequestDigest] = true
					hallo.end(name, outcome, delivered)
				}
				hallo.other().mustBeAvailable(name, name == "available.gent")
				hallo.mustAnswer(hallo.other().order(name), http.StatusConflict)
			})
		})
	}
}

// C10: "Other names are available until claimed."
func TestC10_OtherNamesAreAvailableUntilClaimed(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		for _, name := range []string{"taken-at-registration.gent", "setup-fails-1.gent", "slow.gent", "not-known.gent", "available-too.gent"} {
			hallo.mustBeAvailable(name, true)
			hallo.other().mustBeAvailable(name, true)
			hallo.mustAnswer(hallo.order(name), http.StatusCreated)
			hallo.mustBeAvailable(name, false)
			hallo.other().mustBeAvailable(name, false)
		}
	})
}

// book puts a name on the books.
func (w *world) book(name string, registered metav1.ConditionStatus, reason string) {
	w.Helper()
	d := &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: w.factory},
		Spec: v1alpha1.DomainSpec{
			Domain: name, RegistrarName: "test", OperationID: "0123456789", Acquisition: v1alpha1.AcquisitionRegister, AfterSite: v1alpha1.AfterSiteRetain,
			MaxPrice: v1alpha1.Price{Amount: "10.00", Currency: "EUR"},
		},
	}
	w.must(w.admin.Create(w.Context(), d))
	d.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionRegistered, Status: registered, Reason: reason, LastTransitionTime: metav1.Now()}}
	w.must(w.admin.Status().Update(w.Context(), d))
}

// C11: a name on our books without a claim can be ordered, and nobody is asked about it: the registry would call it taken.
func TestC11_ANameThatIsOursIsAvailable(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.book("ours.gent", metav1.ConditionTrue, v1alpha1.ReasonRegistered)
		hallo.mustBeAvailable("theirs.gent", false)
		hallo.mustBeAvailable("ours.gent", true)
		hallo.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true }) // nothing has to be bought
		hallo.mustAnswer(hallo.order("ours.gent"), http.StatusCreated)
	}, withChecker(func(_ context.Context, _ names.Name) (availability.Answer, error) {
		return availability.Answer{Verdict: availability.Taken}, nil
	}))
}

// C12: a claim that is being removed is no longer there, and not yet free.
func TestC12_AClaimThatIsBeingRemoved(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("going.gent"), http.StatusCreated)
		hallo.must(hallo.admin.Delete(hallo.Context(), hallo.mustClaim("going.gent"))) // held by its finalizer
		for _, who := range []onboarder{hallo, hallo.other()} {
			who.mustBeAvailable("going.gent", false)
			who.mustAnswer(who.order("going.gent"), http.StatusServiceUnavailable)
		}
		site := hallo.mustClaim("going.gent")
		site.Finalizers = nil
		hallo.must(client.IgnoreNotFound(hallo.admin.Update(hallo.Context(), site)))
		hallo.other().mustAnswer(hallo.other().order("going.gent"), http.StatusCreated)
	})
}
