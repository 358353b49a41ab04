package testprovider

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/internal/registrar"
)

// page is a ledger with one entry in it.
type page struct {
	client.Reader
	domain, text string
}

func (p page) Get(_ context.Context, _ client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	obj.(*corev1.ConfigMap).Data = map[string]string{p.domain: p.text}
	return nil
}

func entryIn(t *testing.T, domain, text string) (*Entry, error) {
	t.Helper()
	e, _, err := (&ledger{reader: page{domain: domain, text: text}}).read(t.Context(), domain)
	if err == nil && e == nil {
		t.Fatalf("%q is no entry and no error", text)
	}
	return e, err
}

// FuzzEntry looks for an entry, as somebody might edit the ledger, that hangs the registrar, or with which it sells a name that it has sold.
func FuzzEntry(f *testing.F) {
	const registered = `{"operationID":"op-1","try":1,"state":"registered","orderedTime":"2026-01-01T00:00:00Z","readyTime":"2026-01-01T00:00:00Z","expiryTime":"2027-01-01T00:00:00Z","autoRenew":true,"orders":1,"purchases":1}`
	for _, seed := range []string{
		registered, `{}`, `null`, `[]`, `{"state":"sold","purchases":1}`, `{"state":"Registered"}`, `{"state":"registered","autoRenew":true}`,
		`{"state":"pending","readyTime":"9999-12-31T23:59:59Z"}`, `{"state":"pending","readyTime":"2026-06-01T00:00:00+02:00","expiryTime":"0000-01-01T00:00:00Z","autoRenew":true}`,
		`{"state":"rejected","rejection":"Taken","operationID":"op-1"}`, `{"state":"rejected","rejection":"no such reason","detail":"x"}`,
		registered + registered, `{"state":"registered","orders":9223372036854775807}`, `{"expiryTime":"soon"}`,
	} {
		f.Add("alice.gent", seed, int64(0))
	}
	f.Add("slow.gent", `{"state":"rejected","rejection":"PriceTooHigh"}`, int64(10))
	f.Add("unavailable.gent", registered, int64(-400*86400))
	price := registrar.Money{Minor: 1000, Currency: "EUR"}
	f.Fuzz(func(t *testing.T, domain, text string, seconds int64) {
		if len(domain) > 256 || len(text) > 4096 || seconds < -1e9 || seconds > 1e9 {
			return
		}
		now := start.Add(time.Duration(seconds) * time.Second)
		e, err := entryIn(t, domain, text)
		if err != nil {
			return
		}
		if e.State != statePending && e.State != stateRegistered && e.State != stateRejected {
			t.Fatalf("the state %q in %q is taken for one", e.State, text)
		}
		s := e.sight(registrar.Query{Domain: domain, OperationID: "op-1"}, now)
		if s.InAccount == registrar.Yes && (s.Registered != registrar.Yes || s.Order != registrar.OrderFinished || *s.Holding.AutoRenew && !s.Holding.Expiry.After(now)) {
			t.Fatalf("%q is seen as %+v", text, s)
		}
		next, result := e.order(registrar.Order{Domain: domain, OperationID: "op-2", Try: 1, MaxPrice: price}, terms{price: price, slowFor: time.Minute}, now)
		rejected, no := result.(registrar.Rejected)
		switch {
		case e.ours() && (!no || rejected.Reason != registrar.RejectedExists || next.OperationID != e.OperationID || next.Purchases != e.Purchases):
			t.Fatalf("%q is sold a second time: %+v", text, result)
		case !no && !next.ours():
			t.Fatalf("%q is sold, and the ledger says %+v", text, next)
		}
		if _, again := next.order(registrar.Order{Domain: domain, OperationID: "op-3", MaxPrice: price}, terms{price: price}, now); next.ours() {
			if r, no := again.(registrar.Rejected); !no || r.Reason != registrar.RejectedExists {
				t.Fatalf("%+v is sold twice: %+v", next, again)
			}
		}
		data, err := json.Marshal(next)
		if err != nil {
			if next.ReadyTime.Year() > 9998 || next.ExpiryTime.Year() > 9999 {
				return // later than JSON has times
			}
			t.Fatalf("%+v cannot be written: %v", next, err)
		}
		back, err := entryIn(t, domain, string(data))
		if err != nil || !cmp.Equal(next, back) {
			t.Fatalf("%+v comes back as %+v, %v", next, back, err)
		}
	})
}
