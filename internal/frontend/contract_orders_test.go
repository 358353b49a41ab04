package frontend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// C20: "POST /v1/site {domain, callback, …} → 201 accepted" … "201 carries Location: /v1/site/<domain>. Answers are no-store."
func TestC20_AnOrderMakesAClaimAndItsSecret(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		a := hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		if got := a.header.Get("Location"); got != "/v1/site/alice.gent" || a.body != "" {
			t.Errorf("Location %q, body %q", got, a.body)
		}
		site := hallo.mustClaim("alice.gent")
		want := v1alpha1.IndieSiteSpec{
			Domain: "alice.gent", SiteClassName: "indie-site", OnboarderName: ptr("hallo.gent"), SetupAttempt: 1,
			RequestDigest: site.Spec.RequestDigest, InstallerSecretRef: site.Spec.InstallerSecretRef,
			Callback: &v1alpha1.SiteCallback{URL: callback, Domain: "alice.gent", Dialect: hallo.dialect},
		}
		if diff := cmp.Diff(want, site.Spec); diff != "" {
			t.Errorf("the claim (-want +got):\n%s", diff)
		}
		if site.Labels[v1alpha1.LabelOnboarder] != "hallo.gent" || !cmp.Equal(site.Finalizers, []string{v1alpha1.FinalizerCallback}) {
			t.Errorf("labels %v, finalizers %v", site.Labels, site.Finalizers)
		}
		secret := hallo.secretOf(site)
		if secret == nil || secret.Immutable == nil || !*secret.Immutable || secret.Labels[v1alpha1.LabelSite] != names.Child("alice.gent") ||
			secret.Annotations[v1alpha1.AnnotationDomain] != "alice.gent" {
			t.Fatalf("the Secret is %+v", secret)
		}
		owner := []metav1.OwnerReference{{APIVersion: "magicwebsitefactory.gent/v1alpha1", Kind: "IndieSite", Name: "alice.gent", UID: site.UID}}
		if diff := cmp.Diff(owner, secret.OwnerReferences); diff != "" || site.UID == "" {
			t.Errorf("its owner (-want +got):\n%s", diff)
		}
		var file map[string]string
		if err := json.Unmarshal(secret.Data[v1alpha1.SecretKeyInstallerFile], &file); err != nil || len(secret.Data) != 1 {
			t.Fatalf("the installer file: %v", err)
		}
		if diff := cmp.Diff(map[string]string{"secretSignUpCode": code, "secretSignupCode": code}, file); diff != "" {
			t.Errorf("the installer file (-want +got):\n%s", diff)
		}
	})
}

// C21: "own claim with the same digest → 201"
func TestC21_TheSameOrderAgainIs201(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		first := hallo.mustClaim("alice.gent")
		for _, name := range []string{"alice.gent", "ALICE.gent."} {
			a := hallo.mustAnswer(hallo.order(name), http.StatusCreated)
			if got := a.header.Get("Location"); got != "/v1/site/alice.gent" {
				t.Errorf("Location %q", got)
			}
		}
		hallo.mustAnswer(hallo.with(func(o *onboarder) { o.callback += "/" }).order("alice.gent"), http.StatusCreated)
		if diff := cmp.Diff(first, hallo.mustClaim("alice.gent")); diff != "" {
			t.Errorf("a repeat changed the claim (-first +now):\n%s", diff)
		}
		if n := hallo.count(&corev1.SecretList{}, hallo.sites); n != 1 {
			t.Errorf("there are %d Secrets", n)
		}
	})
}

// C22: "A repeat (same digest) is 201 again and makes a missing Secret."
func TestC22_ARepeatMakesTheMissingSecret(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		hallo.failing("create", &corev1.Secret{}, errors.New("unwell"))
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
		hallo.healed()
		site := hallo.mustClaim("alice.gent")
		if hallo.secretOf(site) != nil {
			t.Fatal("there is a Secret")
		}
		hallo.mustAnswer(hallo.with(func(o *onboarder) { o.code = otherCode }).order("alice.gent"), http.StatusConflict)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		if secret := hallo.secretOf(site); secret == nil || secret.OwnerReferences[0].UID != site.UID {
			t.Errorf("the Secret is %v", secret)
		}
	})
}

// C23: "(after a delivered or given-up outcome it is sent again; …)"
func TestC23_ARepeatAfterAToldOutcomeSendsItAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		told  toldState
		again bool
	}{"delivered": {delivered, true}, "given up": {givenUp, true}, "still being delivered": {delivering, false}} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, hallo onboarder) {
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				hallo.end("alice.gent", v1alpha1.OutcomeCreated, tc.told)
				hallo.mustAnswer(hallo.with(func(o *onboarder) { o.code = otherCode }).order("alice.gent"), http.StatusConflict)
				if site := hallo.mustClaim("alice.gent"); site.Annotations[v1alpha1.AnnotationSendAgain] != "" {
					t.Error("another order had it sent again")
				}
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				site := hallo.mustClaim("alice.gent")
				wish := site.Annotations[v1alpha1.AnnotationSendAgain]
				if (wish != "") != tc.again || site.Spec.SetupAttempt != 1 {
					t.Fatalf("the wish to send again is %q, the attempt %d", wish, site.Spec.SetupAttempt)
				}
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				if got := hallo.mustClaim("alice.gent").Annotations[v1alpha1.AnnotationSendAgain]; got != wish {
					t.Errorf("a wish that was not obeyed yet was replaced: %q, %q", wish, got)
				}
				if !tc.again {
					return
				}
				site.Status.Delivery.SendAgain = wish
				hallo.must(hallo.admin.Status().Update(hallo.Context(), site))
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				if got := hallo.mustClaim("alice.gent").Annotations[v1alpha1.AnnotationSendAgain]; got == wish {
					t.Error("an obeyed wish was not renewed")
				}
			})
		})
	}
}

// C24: "after a 409 outcome → 409"
func TestC24_AfterA409OutcomeItIs409(t *testing.T) {
	for _, told := range []toldState{delivered, givenUp, delivering} {
		t.Run(fmt.Sprint(told), func(t *testing.T) {
			both(t, func(t *testing.T, hallo onboarder) {
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				hallo.end("alice.gent", v1alpha1.OutcomeTaken, told)
				before := hallo.mustClaim("alice.gent")
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusConflict)
				hallo.mustAnswer(hallo.with(func(o *onboarder) { o.code = otherCode }).order("alice.gent"), http.StatusConflict)
				hallo.mustAnswer(hallo.other().order("alice.gent"), http.StatusConflict)
				if diff := cmp.Diff(before, hallo.mustClaim("alice.gent")); diff != "" {
					t.Errorf("the claim changed (-before +after):\n%s", diff)
				}
			})
		})
	}
}

// C25: "own claim after a 500 outcome → a new attempt, 201, nothing bought again, an empty volume if the code differs"
func TestC25_AfterA500ANewAttempt(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*onboarder)
		same   bool
	}{
		"the same order finds its volume":    {func(*onboarder) {}, true},
		"another code gets an empty one":     {func(o *onboarder) { o.code = otherCode }, false},
		"another callback gets an empty one": {func(o *onboarder) { o.callback += "/v2" }, false},
		"a different dialect gets an empty one": {func(o *onboarder) {
			if o.dialect == v1alpha1.DialectBearer {
				o.dialect = v1alpha1.DialectQuerySecret
			} else {
				o.dialect = v1alpha1.DialectBearer
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, hallo onboarder) {
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				first := hallo.mustClaim("alice.gent")
				hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
				hallo.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = true }) // our own claim comes first
				hallo.mustAnswer(hallo.other().order("alice.gent"), http.StatusConflict)
				again := hallo.with(tc.change)
				again.mustAnswer(again.order("Alice.gent"), http.StatusCreated)
				site := hallo.mustClaim("alice.gent")
				if site.UID != first.UID || site.Spec.SetupAttempt != 2 || (site.Spec.RequestDigest == first.Spec.RequestDigest) != tc.same {
					t.Errorf("attempt %d with digest %s after %s", site.Spec.SetupAttempt, site.Spec.RequestDigest, first.Spec.RequestDigest)
				}
				want := &v1alpha1.SiteCallback{URL: again.callback, Domain: "Alice.gent", Dialect: again.dialect}
				if diff := cmp.Diff(want, site.Spec.Callback); diff != "" {
					t.Errorf("the callback (-want +got):\n%s", diff)
				}
				if site.Spec.InstallerSecretRef == first.Spec.InstallerSecretRef || hallo.secretOf(site) == nil {
					t.Errorf("the Secret is %s after %s", site.Spec.InstallerSecretRef.Name, first.Spec.InstallerSecretRef.Name)
				}
				again.mustAnswer(again.order("alice.gent"), http.StatusCreated) // now under way
				if got := hallo.mustClaim("alice.gent").Spec.SetupAttempt; got != 2 {
					t.Errorf("a repeat raised the attempt to %d", got)
				}
			})
		})
	}
}

// C26: "any other claim → 409"
func TestC26_AnyOtherClaimIs409(t *testing.T) {
	for name, change := range map[string]func(*onboarder){
		"another onboarder":                        func(o *onboarder) { o.token = otherToken },
		"the same onboarder with another code":     func(o *onboarder) { o.code = otherCode },
		"the same onboarder with another callback": func(o *onboarder) { o.callback += "/v2" },
		"the same onboarder with another receiver": func(o *onboarder) { o.callback = "https://localhost:8443/cb" },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, hallo onboarder) {
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				someone := hallo.with(change)
				someone.mustAnswer(someone.order("alice.gent"), http.StatusConflict)
				hallo.end("alice.gent", v1alpha1.OutcomeCreated, delivered)
				before := hallo.mustClaim("alice.gent")
				someone.mustAnswer(someone.order("alice.gent"), http.StatusConflict)
				if diff := cmp.Diff(before, hallo.mustClaim("alice.gent")); diff != "" {
					t.Errorf("the claim changed (-before +after):\n%s", diff)
				}
				if n := hallo.count(&corev1.SecretList{}, hallo.sites); n != 1 {
					t.Errorf("there are %d Secrets", n)
				}
			})
		})
	}
	t.Run("a site made with kubectl", func(t *testing.T) {
		both(t, func(_ *testing.T, hallo onboarder) {
			site := &v1alpha1.IndieSite{
				ObjectMeta: metav1.ObjectMeta{Name: "alice.gent", Namespace: hallo.sites},
				Spec: v1alpha1.IndieSiteSpec{
					Domain: "alice.gent", SetupAttempt: 1, RequestDigest: "k1:AAAA", InstallerSecretRef: v1alpha1.LocalReference{Name: "x"}, SiteClassName: "indie-site",
				},
			}
			hallo.must(hallo.admin.Create(hallo.Context(), site))
			hallo.mustAnswer(hallo.order("alice.gent"), http.StatusConflict)
			hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
			hallo.mustAnswer(hallo.order("alice.gent"), http.StatusConflict)
			hallo.mustBeAvailable("alice.gent", false)
		})
	})
}

// C27: "not sold here or too dear → 409; Checker says taken → 409, or does not know → 503"
func TestC27_WhatTheCheckerAndTheRegistrarsSay(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		for name, status := range map[string]int{
			"alice.brussels": http.StatusConflict, "www.alice.gent": http.StatusConflict, "premium-alice.gent": http.StatusConflict,
			"unavailable.gent": http.StatusConflict, "error.gent": http.StatusServiceUnavailable, "alice.gent": http.StatusCreated,
		} {
			hallo.mustAnswer(hallo.order(name), status)
		}
		if n := hallo.count(&v1alpha1.IndieSiteList{}, hallo.sites); n != 1 {
			t.Errorf("there are %d claims", n)
		}
	})
}

// C28: a Registrar that the environment does not take sells nothing: "test takes no Registrar provider but test; live refuses that provider".
func TestC28_ALiveFactoryTakesNoOrderForTheTestProvider(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.available("alice.gent"), http.StatusServiceUnavailable)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
		hallo.mustAnswer(hallo.available("available.gent"), http.StatusServiceUnavailable) // no known names on live
		hallo.mustBeAvailable("alice.brussels", false)
	}, onLive)
}

// C29: two Registrars may sell different suffixes, and only one that works counts.
func TestC29_TheRegistrarOfTheSuffixDecides(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.registrar("dear", func(r *v1alpha1.Registrar) { r.Spec.Limits.MaxPrice.Amount = "5.00" }, "brussels", "co.gent")
		hallo.mustAnswer(hallo.order("alice.co.gent"), http.StatusCreated)
		hallo.registrar("broken", func(r *v1alpha1.Registrar) { r.Status.Conditions = nil }, "vlaanderen")
		hallo.mustAnswer(hallo.order("alice.vlaanderen"), http.StatusServiceUnavailable)
	})
}

// C30: "when two requests race, one Create wins."
func TestC30_ARaceForOneNameHasOneWinner(t *testing.T) {
	const racers = 12
	both(t, func(t *testing.T, hallo onboarder) {
		answers := race(racers, func(i int) answer {
			return hallo.with(func(o *onboarder) { o.code = fmt.Sprintf("%s-%d", code, i) }).order("contested.gent")
		})
		if answers[http.StatusCreated] != 1 || answers[http.StatusConflict] != racers-1 {
			t.Errorf("the answers were %v", answers)
		}
		site := hallo.mustClaim("contested.gent")
		if n := hallo.count(&corev1.SecretList{}, hallo.sites); n != 1 || hallo.secretOf(site) == nil {
			t.Errorf("there are %d Secrets", n)
		}
	})
}

// C31: the same order many times at once is one site, and each is told 201.
func TestC31_TheSameOrderAtOnceIsOneSite(t *testing.T) {
	const racers = 12
	both(t, func(t *testing.T, hallo onboarder) {
		if answers := race(racers, func(int) answer { return hallo.order("mine.gent") }); answers[http.StatusCreated] != racers {
			t.Errorf("the answers were %v", answers)
		}
		if sites, secrets := hallo.count(&v1alpha1.IndieSiteList{}, hallo.sites), hallo.count(&corev1.SecretList{}, hallo.sites); sites != 1 || secrets != 1 {
			t.Errorf("there are %d sites and %d Secrets", sites, secrets)
		}
	})
}

// C32: orders after a 500 that come at once begin one new attempt.
func TestC32_OneNewAttemptAtOnce(t *testing.T) {
	const racers = 12
	both(t, func(t *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("again.gent"), http.StatusCreated)
		hallo.end("again.gent", v1alpha1.OutcomeFailed, delivered)
		answers := race(racers, func(i int) answer {
			return hallo.with(func(o *onboarder) { o.code = fmt.Sprintf("%s-%d", code, i) }).order("again.gent")
		})
		if answers[http.StatusCreated] != 1 || answers[http.StatusConflict] != racers-1 {
			t.Errorf("the answers were %v", answers)
		}
		if site := hallo.mustClaim("again.gent"); site.Spec.SetupAttempt != 2 || hallo.secretOf(site) == nil {
			t.Errorf("the attempt is %d", site.Spec.SetupAttempt)
		}
	})
}

// C33: two onboarders: neither sees, replays or takes over what is the other's.
func TestC33_TwoOnboardersAreApart(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		other := hallo.other() // with the same callback and code
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		before := hallo.mustClaim("alice.gent")
		for _, outcome := range []v1alpha1.OutcomeCode{0, v1alpha1.OutcomeFailed} {
			if outcome != 0 {
				hallo.end("alice.gent", outcome, delivered)
				before = hallo.mustClaim("alice.gent")
			}
			other.mustBeAvailable("alice.gent", false)
			other.mustAnswer(other.order("alice.gent"), http.StatusConflict)
			other.mustAnswer(other.get("/v1/site/alice.gent"), http.StatusNotFound)
			if diff := cmp.Diff(before, hallo.mustClaim("alice.gent")); diff != "" {
				t.Errorf("the other changed the claim (-before +after):\n%s", diff)
			}
		}
		hallo.mustAnswer(hallo.get("/v1/site/alice.gent"), http.StatusOK)
	})
}

// race does something many times at once and counts the status codes.
func race(n int, do func(i int) answer) map[int]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	begin, answers := make(chan struct{}), map[int]int{}
	for i := range n {
		group.Go(func() {
			<-begin
			a := do(i)
			mu.Lock()
			defer mu.Unlock()
			answers[a.status]++
		})
	}
	close(begin)
	group.Wait()
	return answers
}
