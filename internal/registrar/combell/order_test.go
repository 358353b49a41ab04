package combell_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestWhatIsSent(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Registrar)
		send   func(registrar.Registrar) registrar.Result
	}{
		"order-of-a-company": {send: order},
		"order-of-a-person": {send: order, change: func(r *v1alpha1.Registrar) {
			r.Spec.Registrant.Organization, r.Spec.Registrant.EnterpriseNumber, r.Spec.Registrant.LanguageCode = "", "", ""
		}},
		"order-with-name-servers": {send: order, change: func(r *v1alpha1.Registrar) {
			r.Spec.Provider.Combell.NameServers = []string{"ns1.example.org", "ns2.example.org"}
		}},
		"renewal-on":  {send: func(a registrar.Registrar) registrar.Result { return renew(a, true) }},
		"renewal-off": {send: func(a registrar.Registrar) registrar.Result { return renew(a, false) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.server.Book.GiveToAccount("owned.gent", start.AddDate(1, 0, 0))
			if tc.change != nil {
				tc.change(s.spec)
			}
			if got := tc.send(s.account()).Outcome(); got != "pending" && got != "done" {
				t.Errorf("Combell's published schema does not take it: %s", got)
			}
			r := s.server.Requests()[0]
			golden(t, name, r)
		})
	}
}

func golden(t *testing.T, name string, r combelltest.Request) {
	t.Helper()
	var text bytes.Buffer
	text.WriteString(r.Method + " " + r.Target + "\n")
	if err := json.Indent(&text, []byte(r.Body), "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteString("\n")
	file := filepath.Join("testdata", "requests", name+".txt")
	if *update || os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Error(diff)
	}
}

func order(a registrar.Registrar) registrar.Result {
	return a.Buy(context.Background(), registrar.Order{Domain: alice, OperationID: "op-1", Try: 1, MaxPrice: affordable})
}

func renew(a registrar.Registrar, on bool) registrar.Result {
	return a.Renew(context.Background(), registrar.Renewal{Domain: "owned.gent", AutoRenew: on})
}

func TestWhatCannotBeBoughtIsNotAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		order registrar.Order
		want  registrar.Rejection
	}{
		"a name that costs more than may be spent": {registrar.Order{Domain: alice, MaxPrice: registrar.Money{Minor: 999, Currency: "EUR"}}, registrar.RejectedTooDear},
		"a cap in another currency":                {registrar.Order{Domain: alice, MaxPrice: registrar.Money{Minor: 9999, Currency: "USD"}}, registrar.RejectedPostponed},
		"a name in capitals":                       {registrar.Order{Domain: "Alice.gent", MaxPrice: affordable}, registrar.RejectedRefused},
		"a name that leads elsewhere":              {registrar.Order{Domain: "../domains", MaxPrice: affordable}, registrar.RejectedRefused},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			if r, ok := s.account().Buy(t.Context(), tc.order).(registrar.Rejected); !ok || r.Reason != tc.want {
				t.Errorf("%+v", r)
			}
			if got := s.server.Requests(); len(got) != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// An order that never left must not be one of those that a person has to look into.
func TestAnOrderThatCannotHaveBeenSentIsPostponed(t *testing.T) {
	refused := httptest.NewServer(http.NotFoundHandler())
	refused.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	defer stranger.Close()
	to := func(address string) http.RoundTripper {
		return &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}}
	}
	for name, transport := range map[string]http.RoundTripper{
		"nobody listens":                       to(refused.Listener.Addr().String()),
		"who answers does not speak TLS":       to(plain.Listener.Addr().String()),
		"who answers has no valid certificate": to(stranger.Listener.Addr().String()),
		"nobody knows the name": transportFunc(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.combell.com", IsNotFound: true}}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.use(transport)
			got := s.buy()
			if no, ok := got.(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed || !strings.HasPrefix(no.Detail, "nothing was sent") {
				t.Errorf("%#v: %s", got, said(got))
			}
		})
	}
}

func TestAnOrderThatMayHaveBeenSentIsUnknown(t *testing.T) {
	for name, err := range map[string]error{
		"a reset":                        &net.OpError{Op: "read", Err: errors.New("connection reset by peer")},
		"a write that failed":            &net.OpError{Op: "write", Err: errors.New("broken pipe")},
		"an end in the middle":           errors.New("http: server closed idle connection"),
		"something that nobody expected": errors.New("http2: what-the-other-side-says"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.use(transportFunc(func(*http.Request) (*http.Response, error) { return nil, err }))
			if got := s.buy(); got.Outcome() != "unknown" || strings.Contains(said(got), "other-side") || strings.Contains(said(got), "https:") {
				t.Errorf("%s", said(got))
			}
		})
	}
	t.Run("a context that ends", func(t *testing.T) {
		s := newShop(t)
		s.server.Faults.Next(registrartest.CallBuy, registrartest.HangsAfter)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		got, ok := s.account().Buy(ctx, registrar.Order{Domain: alice, MaxPrice: affordable}).(registrar.Unknown)
		if !ok || !errors.Is(got.Err, context.DeadlineExceeded) {
			t.Errorf("%#v", got)
		}
	})
}

// The name is in the account by another's purchase, and Combell does not say by whose. Nothing that the provider says makes it this order's.
func TestAnotherFactoryWithTheSameAccountKeepsItsNames(t *testing.T) {
	s := newShop(t)
	s.server.Book.GiveToAccount(alice, start.AddDate(1, 0, 0))
	if got := s.lookUp(""); got.InAccount != registrar.Yes || got.OperationID != "" {
		t.Errorf("%+v", got)
	}
	// Exists would be looked up, and the name taken for this order's.
	if r, ok := s.buy().(registrar.Rejected); !ok || r.Reason != registrar.RejectedPostponed {
		t.Errorf("%+v", r)
	}
	if got := s.server.Book.Get(alice).Purchases; got != 0 {
		t.Errorf("%d purchases", got)
	}
}

func TestTheRegistryIsBelievedOnlyThatANameIsTaken(t *testing.T) {
	for verdict, want := range map[availability.Verdict]registrar.Answer{
		availability.Taken: registrar.Yes, availability.Available: registrar.Unanswerable, availability.Unknown: registrar.Unanswerable,
	} {
		asked := 0
		registry := availability.CheckerFunc(func(_ context.Context, name names.Name) (availability.Answer, error) {
			if asked++; name != alice {
				t.Errorf("asked for %s", name)
			}
			return availability.Answer{Verdict: verdict}, nil
		})
		s := newShop(t, combell.WithRegistry(registry))
		if got := s.lookUp(""); got.Registered != want || got.InAccount != registrar.No || asked != 1 {
			t.Errorf("the registry says %s: %+v", verdict, got)
		}
		s.buy()
		if got := s.lookUp(""); got.Registered != registrar.Yes || got.InAccount != registrar.Yes || asked != 1 {
			t.Errorf("what the account holds is nobody else's to say: %+v", got)
		}
	}
}

func TestARegistryThatDoesNotAnswerChangesNothing(t *testing.T) {
	s := newShop(t, combell.WithRegistry(availability.CheckerFunc(func(context.Context, names.Name) (availability.Answer, error) {
		return availability.Answer{Verdict: availability.Taken}, errors.New("silence")
	})))
	if got := s.lookUp(""); got.Registered != registrar.Unanswerable {
		t.Errorf("%+v", got)
	}
}

func TestRenewal(t *testing.T) {
	s := newShop(t)
	s.server.Book.GiveToAccount("owned.gent", start.AddDate(1, 0, 0))
	s.server.Book.GiveToAccount("soon.gent", start.AddDate(0, 0, 20))
	s.server.FreezeRenewal("soon.gent")
	for name, tc := range map[string]struct {
		renewal registrar.Renewal
		want    registrar.Rejection
		says    string
	}{
		"a name that is not ours":              {registrar.Renewal{Domain: "others.gent", AutoRenew: true}, registrar.RejectedRefused, "does not hold"},
		"a month before it is due":             {registrar.Renewal{Domain: "soon.gent", AutoRenew: true}, registrar.RejectedPostponed, "within a month"},
		"a year beforehand":                    {registrar.Renewal{Domain: "owned.gent", AutoRenew: true, ExtendFrom: start.AddDate(1, 0, 0)}, registrar.RejectedRefused, "beforehand"},
		"a name that is none, in a year's way": {registrar.Renewal{Domain: "owned.gent/renew"}, registrar.RejectedRefused, "host name"},
	} {
		t.Run(name, func(t *testing.T) {
			if r, ok := s.account().Renew(t.Context(), tc.renewal).(registrar.Rejected); !ok || r.Reason != tc.want || !strings.Contains(r.Detail, tc.says) {
				t.Errorf("%+v", r)
			}
		})
	}
	if e := s.server.Book.Get("owned.gent"); e.Extensions != 0 || e.AutoRenew {
		t.Errorf("%+v", e)
	}
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		s.use(&says{status: status})
		// Whatever became of it, it can be set again, so that nobody need look into it.
		if r, ok := renew(s.account(), true).(registrar.Rejected); !ok || r.Reason != registrar.RejectedPostponed || !strings.Contains(r.Detail, "refuses the credentials") {
			t.Errorf("%d: %+v", status, r)
		}
	}
	s.use(s.server.Transport())
	s.server.Faults.Next(registrartest.CallRenew, registrartest.FailsAfter, registrartest.ResetsAfter)
	for range 2 {
		if got := renew(s.account(), true); got.Outcome() != "unknown" {
			t.Errorf("%+v", got)
		}
	}
	if got := renew(s.account(), true); got.Outcome() != "done" || !s.server.Book.Get("owned.gent").AutoRenew {
		t.Errorf("%+v", got)
	}
}
