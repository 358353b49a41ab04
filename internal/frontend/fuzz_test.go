package frontend

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/frontend/orders"
	"magicwebsitefactory.gent/internal/names"
)

// FuzzOrder looks for bodies that are taken although an order must not be made of them, and for errors that repeat what was sent.
func FuzzOrder(f *testing.F) {
	for _, seed := range []string{
		`{"domain":"alice.gent","callback":"https://hallo.gent/mwf","installerSecret":"code"}`,
		`{"secret":"token","domain":"Alice.GENT.","callback":"https://hallo.gent/mwf/","owner-settings":{"secretSignUpCode":"code","x":[1,{}]}}`,
		`{"domain":"alice.gent","domain":"bob.gent","callback":"https://hallo.gent/mwf","installerSecret":"code"}`,
		`{"Domain":"alice.gent","callback":"https://hallo.gent/mwf/../x","installerSecret":null}`,
		`{"domain":5,"callback":[],"installerSecret":{}}{}`,
		`{"x":{"y":[{"z":1,"z":2}]},"secret":5}`, `[]`, `null`, `{"secret":"`, `{"secret":"a"`, "\xff", `{"domain":"\ud800.gent"}`,
	} {
		f.Add(seed)
	}
	prefixes := []string{"https://hallo.gent/mwf"}
	who := caller{
		onboarder: &v1alpha1.Onboarder{Spec: v1alpha1.OnboarderSpec{Callback: v1alpha1.OnboarderCallback{URLPrefixes: prefixes}}},
		dialect:   v1alpha1.DialectBearer,
	}
	f.Fuzz(func(t *testing.T, body string) {
		secret := secretIn([]byte(body))
		order, err := orderIn([]byte(body), who)
		if err != nil {
			var p *problem
			var not *orders.NotAvailable
			if !errors.As(err, &p) && !errors.As(err, &not) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("taken although it is not JSON: %q", body)
		}
		if name, err := names.Normalise(order.DomainAsSent); err != nil || name != order.Domain {
			t.Fatalf("domain %q of %q", order.Domain, order.DomainAsSent)
		}
		if strings.Trim(order.DomainAsSent, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
			t.Fatalf("the kind would not take %q as sent", order.DomainAsSent)
		}
		if !callbackurl.Allowed(order.Callback, prefixes) || order.Code == "" || len(order.Code) > maxCode {
			t.Fatalf("callback %q, code of %d", order.Callback, len(order.Code))
		}
		var plain map[string]any
		if err := json.Unmarshal([]byte(body), &plain); err != nil || secret != "" && plain["secret"] != secret {
			t.Fatalf("the secret is %q, another reader has %v (%v)", secret, plain["secret"], err)
		}
	})
}
