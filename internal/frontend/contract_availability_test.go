package frontend_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

// C02: "503 when the check cannot be made", and Retry-After says when to ask again, where the registry has said it.
func TestC02_RetryAfterSaysWhenTheRegistryCanBeAskedAgain(t *testing.T) {
	unknown := func(pause time.Duration) error {
		return &availability.UnknownError{Source: "RDAP server rdap.example", Reason: "answered 429", RetryAfter: pause}
	}
	for why, tc := range map[string]struct {
		answer availability.Answer
		err    error
		want   string
	}{
		"the registry has said it":          {availability.Answer{}, unknown(42 * time.Second), "42"},
		"in the middle of a second":         {availability.Answer{}, unknown(1500 * time.Millisecond), "2"},
		"the registry has not said it":      {availability.Answer{}, unknown(0), "10"},
		"the Checker fails in another way":  {availability.Answer{}, errors.New("unwell"), "10"},
		"there is no verdict":               {availability.Answer{}, nil, "10"},
		"a verdict with an error is no one": {availability.Answer{Verdict: availability.Available}, unknown(3 * time.Second), "3"},
	} {
		t.Run(why, func(t *testing.T) {
			both(t, func(_ *testing.T, hallo onboarder) {
				for _, a := range []answer{hallo.available("alice.gent"), hallo.order("alice.gent")} {
					hallo.mustAnswer(a, http.StatusServiceUnavailable)
					if got := a.header.Get("Retry-After"); got != tc.want {
						hallo.Errorf("Retry-After: %q, want %q", got, tc.want)
					}
				}
				if hallo.claimOf("alice.gent") != nil {
					hallo.Error("a claim was made")
				}
			}, withChecker(func(context.Context, names.Name) (availability.Answer, error) { return tc.answer, tc.err }))
		})
	}
}

// A check ends in time for an answer, whatever the registry does.
func TestC02_ACheckIsBounded(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.mustAnswer(hallo.available("alice.gent"), http.StatusServiceUnavailable)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusServiceUnavailable)
	}, withChecker(func(ctx context.Context, _ names.Name) (availability.Answer, error) {
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > 10*time.Second || left < time.Second {
			t.Errorf("a check may take %s (%v)", left, ok)
		}
		ctx, cancel := context.WithDeadline(ctx, time.Now())
		defer cancel()
		<-ctx.Done()
		return availability.Answer{}, ctx.Err()
	}))
}

// C03: "True means: a new order for it by this onboarder would be accepted." Names under a suffix of the provider external are held already, so no registry
// is asked: it would call them taken.
func TestC03_NamesThatAreHeldAlreadyAreNotAskedAbout(t *testing.T) {
	both(t, func(_ *testing.T, hallo onboarder) {
		hallo.changeRegistrar(func(r *v1alpha1.Registrar) {
			r.Spec.Provider = v1alpha1.RegistrarProvider{External: &v1alpha1.ExternalProvider{Addresses: []string{"192.0.2.1"}}}
		})
		hallo.mustBeAvailable("alice.gent", true)
		hallo.mustAnswer(hallo.order("alice.gent"), http.StatusCreated)
		hallo.mustBeAvailable("alice.gent", false)
	}, onLive, withChecker(func(_ context.Context, name names.Name) (availability.Answer, error) {
		t.Errorf("a registry was asked about %s", name)
		return availability.Answer{Verdict: availability.Taken}, nil
	}))
}
