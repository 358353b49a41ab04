package combell

import (
	"errors"
	"net/http"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// The client that the manager has, led to a server of this machine.
func realCaller(t *testing.T) (*caller, *combelltest.Server) {
	t.Helper()
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
	server := combelltest.New(registrartest.NewBook(clock), &registrartest.Faults{}, clock, "key", "secret")
	here := server.Listen(t)
	client := newHTTPClient()
	transport := client.Transport.(*http.Transport)
	transport.DialContext, transport.TLSClientConfig, transport.Proxy = here.DialContext, here.TLSClientConfig, nil
	return &caller{http: client, keys: credentials{"key", "secret"}, clock: clock, gate: &gate{}}, server
}

func TestACallWhoseConnectionBreaksIsNotRepeatedByNetHTTP(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		c, server := realCaller(t)
		if _, err := c.call(t.Context(), http.MethodGet, "/domains?skip=0&take=1", nil); err != nil {
			t.Fatal(err) // a connection that was good, which could be used again
		}
		target, kind, body := "/domains/alice.gent", registrartest.CallLookUp, any(nil)
		if method == http.MethodPost {
			target, kind, body = "/domains/registrations", registrartest.CallBuy, map[string]string{"domain_name": "alice.gent"}
		}
		server.Faults.Next(kind, registrartest.ResetsBefore)
		if _, err := c.call(t.Context(), method, target, body); !errors.Is(err, errBroken) {
			t.Errorf("%s: %v", method, err)
		}
		if got := server.Requests(); len(got) != 2 {
			t.Errorf("%s: %d requests arrived", method, len(got))
		}
	}
}

func TestARequestCannotBeSentASecondTime(t *testing.T) {
	c, _ := realCaller(t)
	r, err := c.request(t.Context(), http.MethodPost, "/v2/domains/registrations", registerDomain{DomainName: "alice.gent"})
	if err != nil || r.GetBody != nil || r.ContentLength == 0 || r.Header.Get("Idempotency-Key") != "" {
		t.Errorf("%+v, %v", r, err)
	}
	again, err := c.request(t.Context(), http.MethodPost, "/v2/domains/registrations", registerDomain{DomainName: "alice.gent"})
	if err != nil || again.Header.Get("Authorization") == r.Header.Get("Authorization") {
		t.Errorf("two attempts have one signature: %v", err)
	}
}
