//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// outcomeTime is how long an outcome may take on a busy two-core machine.
const outcomeTime = 2 * time.Minute

func TestEachKnownNameEndsInItsOutcomeInBothDialects(t *testing.T) {
	for _, dialect := range []hallo.Dialect{hallo.Bearer, hallo.QuerySecret} {
		t.Run(string(dialect), func(t *testing.T) {
			o := theWorld.onboarder(t, dialect)
			for stem, want := range map[string]int{
				"a-free-name":           http.StatusCreated,
				"taken-at-registration": http.StatusConflict,
				"setup-fails":           http.StatusInternalServerError,
				"slow":                  http.StatusCreated,
			} {
				domain := theWorld.name(stem + "-" + string(dialect))
				started := time.Now()
				o.claim(t, domain, "code-of-"+domain)
				o.awaitOutcomes(t, domain, outcomeTime, want)
				t.Logf("%s: %d after %s", domain, want, time.Since(started).Round(100*time.Millisecond))
				checkCall(t, o, domain, o.calls(domain)[0], want)
				if stem == "slow" && time.Since(started) < 5*time.Second {
					t.Errorf("%s was not slow", domain)
				}
			}
		})
	}
}

// checkCall holds a callback to the contract: method, path, query, authentication, empty body.
func checkCall(t *testing.T, o *onboarder, domain string, call hallo.Call, outcome int) {
	t.Helper()
	authentication, query := hallo.BearerHeader, []string{"status"}
	if o.dialect == hallo.QuerySecret {
		authentication, query = hallo.SecretInQuery, []string{"secret", "status"}
	}
	var keys []string
	for key := range call.Query {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	switch {
	case call.Method != http.MethodPatch:
		t.Errorf("%s: method %s", domain, call.Method)
	case call.Path != "/in/site/"+domain:
		t.Errorf("%s: path %s", domain, call.Path)
	case !slices.Equal(keys, query) || call.Query.Get("status") != fmt.Sprint(outcome):
		t.Errorf("%s: query %v", domain, call.Query)
	case call.Authentication != authentication || !call.Authenticated:
		t.Errorf("%s: authentication %s (right: %v)", domain, call.Authentication, call.Authenticated)
	case len(call.Body) != 0:
		t.Errorf("%s: body %q", domain, call.Body)
	}
}

func TestCallbackIsTriedAgainUntil200AndThenNeverAgain(t *testing.T) {
	o := theWorld.onboarder(t, hallo.Bearer)
	domain := theWorld.name("taken-at-registration-retry")
	answers := []int{http.StatusNoContent, http.StatusFound, http.StatusGone, http.StatusInternalServerError, answerHang}
	for i, answer := range answers {
		// One answer for each name: the schedule's third step is minutes away.
		domain := fmt.Sprintf("%d-%s", i, domain)
		domain = "taken-at-registration-" + domain
		o.script(domain, answer)
		o.claim(t, domain, "code-1")
	}
	for i := range answers {
		domain := fmt.Sprintf("taken-at-registration-%d-%s", i, domain)
		o.awaitOutcomes(t, domain, time.Minute, http.StatusConflict)
		theWorld.eventually(t, "CallbackDelivered", 30*time.Second, func() error {
			if got := condition(theWorld.site(t, domain).Status.Conditions, "CallbackDelivered"); got != "True Delivered" {
				return fmt.Errorf("CallbackDelivered is %q", got)
			}
			return nil
		})
		site := theWorld.site(t, domain)
		if site.Status.Delivery.NextAttemptTime != nil || site.Status.Delivery.Attempts != 2 || len(o.calls(domain)) != 2 {
			t.Errorf("%s, first answered %d: delivery %+v after %d calls; want two calls and none to come", domain, answers[i], site.Status.Delivery, len(o.calls(domain)))
		}
	}
}

func TestTwentyNamesAtOnceAllEndReadyWithPodsOfTheirOwn(t *testing.T) {
	const count = 20
	o := theWorld.onboarder(t, hallo.Bearer)
	started := time.Now()
	var domains []string
	for i := range count {
		domains = append(domains, theWorld.name(fmt.Sprintf("twenty-%02d", i)))
	}
	t.Run("claim", func(t *testing.T) {
		for _, domain := range domains {
			t.Run(domain, func(t *testing.T) {
				t.Parallel()
				o.claim(t, domain, "code-of-"+domain)
			})
		}
	})
	for _, domain := range domains {
		o.awaitOutcomes(t, domain, 5*time.Minute, http.StatusCreated)
	}
	t.Logf("%d names: all told 201 after %s", count, time.Since(started).Round(time.Second))
	for _, domain := range domains {
		if got := condition(theWorld.site(t, domain).Status.Conditions, "Ready"); got != "True Succeeded" {
			t.Errorf("%s: Ready is %q", domain, got)
		}
		if _, err := theWorld.page(t, domain); err != nil {
			t.Error(err)
		}
		theWorld.bought(t, domain, 1)
	}
	if pods := theWorld.runningPods(t, domains); pods != count {
		t.Errorf("%d running pods for %d names", pods, count)
	}
	for _, domain := range domains {
		theWorld.deleteSite(t, domain)
	}
}
