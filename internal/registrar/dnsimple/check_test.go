package dnsimple

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestWhatTheCheckSays(t *testing.T) {
	for sentence, tc := range map[string]struct {
		replies map[string]reply
		// is what kind of error it is: credentials, spec, throttled or other; empty for none.
		is string
		// says is in its text.
		says string
	}{
		"all is well":                         {nil, "", ""},
		"the token is not taken":              {map[string]reply{"GET /v2/whoami": {401, `{"message":"Authentication failed se-cr-et"}`}}, "credentials", "401"},
		"the token may not":                   {map[string]reply{"GET /v2/1010/contacts/2715": {403, `{"message":"Permission Denied. se-cr-et"}`}}, "credentials", "403"},
		"the token is a user's":               {map[string]reply{"GET /v2/whoami": {200, `{"data":{"user":{"id":1},"account":null}}`}}, "credentials", "one of an account"},
		"the token is another account's":      {map[string]reply{"GET /v2/whoami": {200, `{"data":{"account":{"id":1,"email":"se-cr-et"}}}`}}, "credentials", "accountID"},
		"nobody says whose token it is":       {map[string]reply{"GET /v2/whoami": {200, `{"data":{}}`}}, "other", ""},
		"the account has no such contact":     {map[string]reply{"GET /v2/1010/contacts/2715": {404, "{\"message\":\"Contact `2715` not found\"}"}}, "spec", "registrantID"},
		"another contact answers":             {map[string]reply{"GET /v2/1010/contacts/2715": {200, `{"data":{"id":1}}`}}, "other", ""},
		"the server is broken":                {map[string]reply{"GET /v2/whoami": {503, `se-cr-et`}}, "other", "503"},
		"it asks to be left alone":            {map[string]reply{"GET /v2/tlds/gent": {429, `se-cr-et`}}, "throttled", ""},
		"the suffix is not sold":              {map[string]reply{"GET /v2/tlds/gent": {404, `{"message":"TLD gent not found"}`}}, "spec", "spec.suffixes: DNSimple does not sell .gent"},
		"the suffix is not registered":        {map[string]reply{"GET /v2/tlds/gent": {200, `{"data":{"tld":"gent","registration_enabled":false,"minimum_registration":1}}`}}, "spec", "does not register"},
		"the suffix is sold for years":        {map[string]reply{"GET /v2/tlds/gent": {200, `{"data":{"tld":"gent","registration_enabled":true,"minimum_registration":2}}`}}, "spec", "2 years"},
		"what is sold is not said, which may": {map[string]reply{"GET /v2/tlds/gent": {500, ``}}, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.answers(tc.replies)
			err := w.account().Check(t.Context())
			if got := kindOfError(err); got != tc.is {
				t.Fatalf("it is %q (%v), want %q", got, err, tc.is)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), leak)) {
				t.Errorf("it says %q", err)
			}
		})
	}
}

func kindOfError(err error) string {
	var credentials *registrar.CredentialsError
	var spec *registrar.SpecError
	var throttled *registrar.Throttled
	switch {
	case err == nil:
		return ""
	case errors.As(err, &credentials):
		return "credentials"
	case errors.As(err, &spec):
		return "spec"
	case errors.As(err, &throttled):
		return "throttled"
	default:
		return "other"
	}
}

func TestWhatAnAccountCannotBeOpenedWith(t *testing.T) {
	for sentence, tc := range map[string]struct {
		spoil func(w *world)
		is    string
		says  string
	}{
		"a limit in euro":       {func(w *world) { w.registrar.Spec.Limits.MaxPrice.Currency = "EUR" }, "spec", "spec.limits.maxPrice.currency: must be USD"},
		"no Secret":             {func(w *world) { w.secret = nil }, "credentials", "there is no Secret dnsimple"},
		"a Secret without keys": {func(w *world) { w.secret.Data = nil }, "credentials", "no key token"},
	} {
		w := newWorld(t)
		tc.spoil(w)
		if _, err := w.open(); kindOfError(err) != tc.is || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestOnlyALiveFactoryTakesIt(t *testing.T) {
	w := newWorld(t)
	for _, sandbox := range []bool{false, true} {
		w.registrar.Spec.Provider.DNSimple.Sandbox = sandbox
		_, err := registrar.NewSource(v1alpha1.EnvironmentTest, New(nil, w.clock)).For(t.Context(), w.registrar)
		if environment := new(registrar.EnvironmentError); !errors.As(err, &environment) {
			t.Errorf("sandbox %t on test: %v", sandbox, err)
		}
	}
}

func TestTheSandboxIsAnotherServer(t *testing.T) {
	w := newWorld(t)
	w.baseURL = ""
	for sandbox, want := range map[bool]string{false: "https://api.dnsimple.com", true: "https://api.sandbox.dnsimple.com"} {
		w.registrar.Spec.Provider.DNSimple.Sandbox = sandbox
		a, err := w.open()
		if err != nil {
			t.Fatal(err)
		}
		if got := a.(*account).api.BaseURL; got != want {
			t.Errorf("sandbox %t: %s", sandbox, got)
		}
	}
}

func TestAServerThatNobodyVouchesForIsNotAsked(t *testing.T) {
	w := newWorld(t)
	w.baseURL, _ = w.Start(t)
	w.transport = newTransport()
	err := w.account().Check(t.Context())
	if kindOfError(err) != "other" || len(w.Requests()) != 0 || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("%v, %d requests", err, len(w.Requests()))
	}
}

func TestAContextThatEndsIsKnownByItsError(t *testing.T) {
	w := newWorld(t)
	w.Faults.Next(registrartest.CallCheck, registrartest.HangsBefore)
	if err := w.account().Check(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestPricesAreCountedInCents(t *testing.T) {
	for dollars, want := range map[float64]int64{10: 1000, 0.01: 1, 14.5: 1450, 19.99: 1999, 20.0001: 2001, 20.005: 2001, 1.1 * 3: 330, 999999999.99: 99999999999} {
		if got, ok := moneyOf(dollars); !ok || got.Minor != want || got.Currency != "USD" {
			t.Errorf("%v is %v, want %d", dollars, got, want)
		}
	}
	for _, dollars := range []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e12} {
		if got, ok := moneyOf(dollars); ok {
			t.Errorf("%v is %v", dollars, got)
		}
	}
}
