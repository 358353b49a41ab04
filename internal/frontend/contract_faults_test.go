package frontend_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/frontend"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// C80: a call to the cluster that fails is 503, whichever it is, and the same order goes through once the cluster is well again.
func TestC80_EveryFailingCallIs503AndTheRepeatGoesThrough(t *testing.T) {
	none := func(onboarder) {}
	failed := func(o onboarder) {
		o.mustAnswer(o.order("alice.gent"), http.StatusCreated)
		o.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
	}
	stands := func(o onboarder) {
		o.mustAnswer(o.order("alice.gent"), http.StatusCreated)
		o.end("alice.gent", v1alpha1.OutcomeCreated, delivered)
	}
	for name, tc := range map[string]struct {
		before func(onboarder)
		verb   string
		object client.Object
	}{
		"reading the claim":              {none, "get", &v1alpha1.IndieSite{}},
		"reading the books":              {none, "get", &v1alpha1.Domain{}},
		"creating the claim":             {none, "create", &v1alpha1.IndieSite{}},
		"creating the Secret":            {none, "create", &corev1.Secret{}},
		"raising the attempt":            {failed, "update", &v1alpha1.IndieSite{}},
		"the Secret of the next attempt": {failed, "create", &corev1.Secret{}},
		"asking to send again":           {stands, "patch", &v1alpha1.IndieSite{}},
		"the Secret of a repeat":         {stands, "create", &corev1.Secret{}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, hallo onboarder) {
				tc.before(hallo)
				for _, failure := range []error{
					errors.New("connection refused"), apierrors.NewTooManyRequestsError("slow down"), apierrors.NewInternalError(errors.New("etcd")),
					apierrors.NewForbidden(v1alpha1.Resource("indiesites"), "alice.gent", errors.New("quota")), context.DeadlineExceeded,
				} {
					hallo.failing(tc.verb, tc.object, failure)
					hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
				}
				hallo.healed()
				hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
				site := hallo.mustClaim("alice.gent")
				if hallo.secretOf(site) == nil || site.Spec.SetupAttempt > 2 {
					t.Errorf("attempt %d, Secret %v", site.Spec.SetupAttempt, hallo.secretOf(site))
				}
			})
		})
	}
}

// C81: a conflict is decided anew, and not for ever.
func TestC81_AnEndlessConflictIs503(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
		hallo.failing("update", &v1alpha1.IndieSite{}, apierrors.NewConflict(v1alpha1.Resource("indiesites"), "alice.gent", errors.New("changed")))
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
		hallo.failing("create", &v1alpha1.IndieSite{}, apierrors.NewAlreadyExists(v1alpha1.Resource("indiesites"), "bob.gent"))
		hallo.mustAnswer(hallo.order("bob.gent"), http.StatusServiceUnavailable)
	})
}

// C82: whatever happens to the claim between reading and writing, it is decided anew from what is there.
func TestC82_TheClaimChangesBetweenReadingAndWriting(t *testing.T) {
	for name, tc := range map[string]struct {
		before, meanwhile func(onboarder)
		want              int
	}{
		"another onboarder takes the free name": {
			func(onboarder) {}, func(o onboarder) { o.takeOver("other.gent") }, http.StatusConflict,
		},
		"the failed site is released and somebody else takes the name": {
			func(o onboarder) {
				o.mustAnswer(o.order("alice.gent"), http.StatusCreated)
				o.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
			},
			func(o onboarder) { o.release(); o.takeOver("other.gent") }, http.StatusConflict,
		},
		"the failed site is released": {
			func(o onboarder) {
				o.mustAnswer(o.order("alice.gent"), http.StatusCreated)
				o.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
			},
			func(o onboarder) { o.release() }, http.StatusCreated,
		},
		"the site that stands is removed": {
			func(o onboarder) {
				o.mustAnswer(o.order("alice.gent"), http.StatusCreated)
				o.end("alice.gent", v1alpha1.OutcomeCreated, delivered)
			},
			func(o onboarder) { o.release() }, http.StatusCreated,
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(_ *testing.T, hallo onboarder) {
				tc.before(hallo)
				once := func(obj client.Object) {
					if _, ok := obj.(*v1alpha1.IndieSite); ok {
						hallo.after.Store(nil)
						tc.meanwhile(hallo)
					}
				}
				hallo.after.Store(&once)
				hallo.mustAnswer(hallo.order("alice.gent"), tc.want)
				hallo.mustClaim("alice.gent")
			})
		})
	}
}

// C93: a claim that is about to be removed because its Secret never came is not accepted by making the Secret at the last moment.
func TestC93_AClaimThatWasGivenUpIsNotAccepted(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.failing("create", &corev1.Secret{}, apierrors.NewInternalError(errors.New("down")))
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
		hallo.healed()
		site := hallo.mustClaim("alice.gent")
		site.Status.Attempt = &v1alpha1.AttemptStatus{Number: 1, StartTime: metav1.Now()}
		site.Status.Conditions = []metav1.Condition{{
			Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInstallerSecretMissing, LastTransitionTime: metav1.Now(),
		}}
		hallo.must(hallo.admin.Status().Update(hallo.Context(), site))
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
	})
}

// C94: what is owed again holds the site back again, whether the manager is there to see it or not.
func TestC94_ANewAttemptPutsTheFinalizerBack(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
		site := hallo.mustClaim("alice.gent")
		site.Finalizers = nil
		hallo.must(hallo.admin.Update(hallo.Context(), site))
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		if site := hallo.mustClaim("alice.gent"); !slices.Equal(site.Finalizers, []string{v1alpha1.FinalizerCallback}) {
			t.Errorf("finalizers %v", site.Finalizers)
		}
	})
}

func (o onboarder) release() {
	site := o.mustClaim("alice.gent")
	site.Finalizers = nil
	o.must(o.admin.Update(o.Context(), site))
	o.must(o.admin.Delete(o.Context(), site))
}

func (o onboarder) takeOver(by string) {
	o.must(o.admin.Create(o.Context(), &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Name: "alice.gent", Namespace: o.sites},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: "alice.gent", OnboarderName: &by, SetupAttempt: 1, RequestDigest: "k1:AAAA", SiteClassName: "indie-site",
			InstallerSecretRef: v1alpha1.LocalReference{Name: "x"},
			Callback:           &v1alpha1.SiteCallback{URL: "https://other.gent", Domain: "alice.gent", Dialect: v1alpha1.DialectBearer},
		},
	}))
}

// C83: a digest whose key is not at hand tells nobody whether the order is the same: neither 201 nor 409. Keys that were changed are taken up.
func TestC83_KeysForRequestDigestsChange(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		folder := t.TempDir()
		write := func(name string, with byte) {
			hallo.must(os.WriteFile(folder+"/"+name, []byte(strings.Repeat(string(rune('a'+with)), 32)), 0o600))
		}
		ring := orderdigest.OpenRing(folder)
		hallo.desk.Keys = ring
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable) // no keys yet
		write("k1", 1)
		hallo.must(ring.Reload())
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		write("k2", 2)
		hallo.must(ring.Reload())
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.mustAnswer(hallo.order("bob.gent"), http.StatusCreated)
		if alice, bob := hallo.mustClaim("alice.gent"), hallo.mustClaim("bob.gent"); alice.Spec.RequestDigest[:3] != "k1:" || bob.Spec.RequestDigest[:3] != "k2:" {
			t.Errorf("the digests are %s and %s", alice.Spec.RequestDigest, bob.Spec.RequestDigest)
		}
		// A new attempt of the same order keeps the digest, as the volume belongs to it.
		hallo.end("alice.gent", v1alpha1.OutcomeFailed, delivered)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		if site := hallo.mustClaim("alice.gent"); site.Spec.RequestDigest[:3] != "k1:" || site.Spec.SetupAttempt != 2 {
			t.Errorf("attempt %d has digest %s", site.Spec.SetupAttempt, site.Spec.RequestDigest)
		}
		hallo.must(os.Remove(folder + "/k1"))
		hallo.must(ring.Reload())
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
		write("k1", 1) // seen when it is needed, before the folder is next read by itself
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
	})
}

// C84: "Secrets stay in Secrets. Never in a … log line, metric, error body": logs carry route templates, and the reason of a refusal.
func TestC84_TheLogSaysWhatHappenedAndNoSecret(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		// Secrets in every place where somebody may put them by mistake.
		for _, path := range []string{"/v1/domain/" + secretMark + ".gent", "/" + secretMark, "/v1/site/" + secretMark, "/v1/domain/a.gent?" + secretMark + "=" + secretMark} {
			hallo.send(hallo.request(http.MethodGet, path, ""))
			if !strings.Contains(path, "?") {
				hallo.get(path)
			}
		}
		for _, field := range []string{"domain", "callback", "installerSecret"} {
			fields := hallo.fields("no_name.gent")
			for _, value := range []any{secretMark + "_!", []string{secretMark}, map[string]any{secretMark: secretMark}} {
				fields[field] = value
				hallo.orderWith(fields)
			}
		}
		req := hallo.request(http.MethodPost, "/v1/site", `{"`+secretMark+`":1,"`+secretMark+`":2}`)
		req.Header.Set("X-Request-Id", secretMark+"!")
		req.Header.Set("User-Agent", secretMark)
		req.Header.Set("Authorization", "Bearer "+haloToken)
		hallo.mustAnswer(hallo.send(req), http.StatusBadRequest)

		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.failing("get", &v1alpha1.IndieSite{}, errors.New("the cluster is unwell"))
		hallo.mustAnswer(hallo.available("alice.gent"), http.StatusServiceUnavailable)

		var order, unwell bool
		for _, line := range strings.Split(strings.TrimSpace(hallo.log.String()), "\n") {
			var entry map[string]any
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatalf("no JSON: %s", line)
			}
			order = order || entry["route"] == "/v1/site" && entry["order"] == "claimed" && entry["onboarder"] == "hallo.gent" &&
				entry["dialect"] == string(hallo.dialect) && entry["status"] == 201.0 && entry["client"] == "127.0.0.1" && entry["requestID"] != ""
			unwell = unwell || entry["route"] == "/v1/domain/*" && strings.Contains(fmt.Sprint(entry["error"]), "the cluster is unwell") && entry["level"] == "ERROR"
		}
		if !order || !unwell {
			t.Errorf("the log lacks the order (%v) or the failure (%v):\n%s", order, unwell, hallo.log.String())
		}
		metrics, err := testutil.GatherAndCount(hallo.registry)
		hallo.must(err)
		families, err := hallo.registry.Gather()
		hallo.must(err)
		if metrics == 0 || strings.Contains(fmt.Sprint(families), secretMark) || strings.Contains(fmt.Sprint(families), "alice") {
			t.Errorf("the metrics are %v", families)
		}
	})
}

// C85: a panic is a 500 that gives nothing away, and the server goes on.
func TestC85_APanicGivesNothingAway(t *testing.T) {
	both(t, func(t *testing.T, hallo onboarder) {
		a := hallo.mustAnswer(hallo.available("alice.gent"), http.StatusInternalServerError)
		if !strings.HasSuffix(a.problem(t).Type, "/internal-error") {
			t.Errorf("%s", a.body)
		}
		if log := hallo.log.String(); !strings.Contains(log, `"panic with a *errors.errorString"`) || !strings.Contains(log, "availability.CheckerFunc") {
			t.Errorf("the log says nothing of it: %s", log)
		}
		hallo.mustBeAvailable("unavailable.gent", false)
	}, withChecker(func(context.Context, names.Name) (availability.Answer, error) {
		panic(errors.New("something with " + secretMark))
	}))
}

// C86: a request ID that is harmless is kept, so that an onboarder can find its request in our log.
func TestC86_RequestIDs(t *testing.T) {
	backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
		w := begin(t)
		for sent, kept := range map[string]bool{"abc-123.X_y": true, "": false, "a b": false, "<x>": false, strings.Repeat("x", 65): false} {
			req := withHeader(w.request(http.MethodGet, "/v1/domain/a.gent", ""), haloToken)
			req.Header.Set("X-Request-Id", sent)
			if got := w.send(req).header.Get("X-Request-Id"); (got == sent) != kept {
				t.Errorf("%q was answered with %q", sent, got)
			}
		}
	})
}

// C87: "429 … by address": behind trusted proxies it is the address that they forward, and from anybody else what it claims is not believed.
func TestC87_AddressesBehindProxies(t *testing.T) {
	for name, tc := range map[string]struct {
		proxies []string
		want    int
	}{
		"a trusted proxy forwards different addresses": {[]string{"127.0.0.0/8", "::1/128"}, http.StatusUnauthorized},
		"anybody else may claim any address":           {nil, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
				w := begin(t, func(c *frontend.Config) { c.TrustedProxies = tc.proxies })
				var last answer
				for i := range 60 {
					req := withHeader(w.request(http.MethodGet, "/v1/domain/a.gent", ""), "guess")
					req.Header.Set("X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
					last = w.send(req)
				}
				if last.status != tc.want {
					t.Errorf("the 60th failure was answered %d", last.status)
				}
			})
		})
	}
}

// C88: HEAD is answered as GET without a body (RFC 9110, section 9.3.2).
func TestC88_Head(t *testing.T) {
	backends(t, func(t *testing.T, begin func(*testing.T, ...option) *world) {
		w := begin(t)
		if a := w.send(withHeader(w.request(http.MethodHead, "/v1/domain/a.gent", ""), haloToken)); a.status != http.StatusOK || a.body != "" {
			t.Errorf("answered %d %q", a.status, a.body)
		}
	})
}
