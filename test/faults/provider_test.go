package faults

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/dnsimple"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
	"magicwebsitefactory.gent/test/faults/sim"
)

// providers are the real ones, each at its fake server.
var providers = []struct {
	name string
	sell func(w *sim.World)
}{
	{"combell", sellAtCombell},
	{"dnsimple", sellAtDNSimple},
	{"epp", sellAtEPP},
}

// Another installation with the same account buys the name just before this one looks it up. It is none of ours, whatever the account holds: where the
// registrar does not keep whose purchase it was, a person is asked, and the admin says so.
func TestANameThatAnotherInstallationBoughtIsNotTakenOver(t *testing.T) {
	var jobs []job
	for _, p := range providers {
		s := scenario{name: "bought by another installation at " + p.name, ends: []int{409}, play: order, arrange: unseen(p.sell)}
		jobs = append(jobs, job{part: "another installation", scenario: s, disturbance: disturbance{name: "before the look-up", arrange: func(*sim.World) sim.Script {
			look := sim.Call{Duty: sim.DutyDomain, Verb: "look-up", Kind: "Account", N: 1}
			return at(look, sim.Before, func(w *sim.World, _ *sim.Task) sim.Verdict {
				w.Registry.BoughtByAnother(alice)
				return sim.Verdict{}
			})
		}}})
	}
	runAll(t, jobs, 1)
}

// unseen is for providers where nothing is seen of an order whose answer was lost but what came of it: then people may have to be asked.
func unseen(sell func(*sim.World)) func(*sim.World) {
	return func(w *sim.World) {
		w.Registry.NoOrders = true
		sell(w)
	}
}

// limited are accounts that heed the limits, as the manager's do.
func limited(w *sim.World, p registrar.Provider) registrar.Source {
	return registrar.Limit(registrar.NewSource(v1alpha1.EnvironmentLive, p), w.Clock, func() float64 { return 0 })
}

// told is for how long a server wants to be left alone that says so.
func told(registrartest.Call) time.Duration { return registrartest.RetryAfterSeconds * time.Second }

// untold is for how long a server of EPP is left alone, which has only a code (2502) for having too many sessions. As an answer to hello it ends the session, and another
// may be begun.
func untold(c registrartest.Call) time.Duration {
	if c == epptest.CallHello {
		return 0
	}
	return 30 * time.Second
}

// lock stands before a server over HTTP. While it is shut, nobody's credentials get through.
type lock struct {
	next http.RoundTripper
	shut bool
}

// RoundTrip lets a request through, with or without what it is signed with.
func (l *lock) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.shut {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Basic bm9ib2R5Og==")
	}
	return l.next.RoundTrip(r)
}

func (l *lock) refuse(refuse bool) { l.shut = refuse }

var reference = v1alpha1.LocalReference{Name: sim.CredentialsSecret}

// described is a Registrar with a provider.
func described(w *sim.World, provider v1alpha1.RegistrarProvider, currency string) *v1alpha1.Registrar {
	return &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.Factory, Name: "names", UID: "names"},
		Spec: v1alpha1.RegistrarSpec{
			Provider: provider, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "12.50", Currency: currency}},
			Registrant: &v1alpha1.Registrant{
				FirstName: "Anna", LastName: "Peeters", Email: "hostmaster@example.org", Phone: "+32.92345678", Street: "Botermarkt 1", PostalCode: "9000",
				City: "Gent", CountryCode: "BE", LanguageCode: "nl",
			},
		},
	}
}

// registryOf tells what anybody can ask of the registry.
func registryOf(book *registrartest.Book) availability.Checker {
	return availability.CheckerFunc(func(_ context.Context, name names.Name) (availability.Answer, error) {
		if s := book.Get(name.String()).State; s == registrartest.Ours || s == registrartest.Others {
			return availability.Answer{Verdict: availability.Taken}, nil
		}
		return availability.Answer{Verdict: availability.Available}, nil
	})
}

func sellAtCombell(w *sim.World) {
	const key, secret = "combell_a_test_key", "combell_a_test_secret_that_nobody_may_see"
	book := registrartest.NewBook(w.Clock)
	server := combelltest.New(book, &registrartest.Faults{}, w.Clock, key, secret)
	server.BriefHangs = true
	door := &lock{next: server.Transport()}
	w.Sell(sim.Shop{
		Book: book, Faults: server.Faults, LeftAlone: told, DeniesCopies: true, RenewsByItself: true,
		Credentials: map[string]string{"api-key": key, "api-secret": secret}, Refuse: door.refuse,
		Registrar: described(w, v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{
			CredentialsSecretRef: reference, Price: v1alpha1.Price{Amount: "10.00", Currency: "EUR"},
		}}, "EUR"),
		Source: func() registrar.Source {
			return limited(w, combell.New(w.Secrets(), w.Clock, combell.WithTransport(door), combell.WithRegistry(registryOf(book))))
		},
	})
}

func sellAtDNSimple(w *sim.World) {
	server := dnsimpletest.New(w.Clock)
	door := &lock{next: server.Transport()}
	refuse := func() {
		server.Answer(func(r dnsimpletest.Request) (int, string) {
			if r.Method == http.MethodPut && strings.HasSuffix(r.Path, "/auto_renewal") {
				return http.StatusBadRequest, `{"message": "alice.gent cannot be renewed automatically"}`
			}
			return 0, ""
		})
	}
	w.Sell(sim.Shop{
		Book: server.Book, Faults: server.Faults, LeftAlone: told, RefuseAutoRenewal: refuse, Currency: "USD",
		Credentials: map[string]string{"token": dnsimpletest.Token}, Refuse: door.refuse,
		Registrar: described(w, v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
			AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: reference,
		}}, "USD"),
		Source: func() registrar.Source {
			return limited(w, dnsimple.New(w.Secrets(), w.Clock, dnsimple.WithTransport(door), dnsimple.WithBaseURL("https://dnsimple.test")))
		},
	})
}

func sellAtEPP(w *sim.World) {
	const user, password = "epp_test_user", "epp_a_test_pw"
	book := registrartest.NewBook(w.Clock)
	server := epptest.New(book, &registrartest.Faults{}, w.Clock, user, password)
	server.BriefHangs = true
	// Who is logged in is not asked for a password again, so that the sessions end as well.
	refuse := func(refuse bool) {
		if !refuse {
			server.SetPassword(password)
			return
		}
		server.SetPassword("another_pw")
		server.HangUp()
	}
	w.Sell(sim.Shop{
		Book: book, Faults: server.Faults, LeftAlone: untold, OneAtATime: true, ExtendsOnce: true, KeepsAutoRenew: true, Close: server.HangUp,
		Credentials: map[string]string{"username": user, "password": password}, Refuse: refuse,
		Registrar: described(w, v1alpha1.RegistrarProvider{EPP: &v1alpha1.EPPProvider{Server: "epp.example:700", CredentialsSecretRef: reference}}, "EUR"),
		Source: func() registrar.Source {
			return limited(w, epp.New(w.Secrets(), w.Clock, epp.WithDialer(server.Dial)))
		},
	})
}
