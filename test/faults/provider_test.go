package faults

import (
	"context"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

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

const factory = "factory"

// limited is an account that heeds the limits, as the manager's does.
func limited(ctx context.Context, w *sim.World, p registrar.Provider, spec *v1alpha1.Registrar) (registrar.Registrar, error) {
	source := registrar.Limit(registrar.NewSource(v1alpha1.EnvironmentLive, p), w.Clock, func() float64 { return 0 })
	return source.For(ctx, spec)
}

// keys is a Secret with the credentials of an account.
func keys(values map[string]string) client.Reader {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: factory, Name: "credentials"}, Data: map[string][]byte{}}
	for key, value := range values {
		secret.Data[key] = []byte(value)
	}
	return fake.NewClientBuilder().WithObjects(secret).Build()
}

var reference = v1alpha1.LocalReference{Name: "credentials"}

// described is a Registrar with a provider.
func described(provider v1alpha1.RegistrarProvider, currency string) *v1alpha1.Registrar {
	return &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: factory, Name: "names", UID: "names"},
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
	book := registrartest.NewBook(w.Clock)
	server := combelltest.New(book, &registrartest.Faults{}, w.Clock, "key", "secret")
	server.BriefHangs = true
	spec := described(v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{
		CredentialsSecretRef: reference, Price: v1alpha1.Price{Amount: "10.00", Currency: "EUR"},
	}}, "EUR")
	w.Sell(sim.Shop{Book: book, Faults: server.Faults, TellsWhen: true, DeniesCopies: true, RenewsByItself: true, Open: func(ctx context.Context) (registrar.Registrar, error) {
		p := combell.New(keys(map[string]string{"api-key": "key", "api-secret": "secret"}), w.Clock,
			combell.WithTransport(server.Transport()), combell.WithRegistry(registryOf(book)))
		return limited(ctx, w, p, spec)
	}})
}

func sellAtDNSimple(w *sim.World) {
	server := dnsimpletest.New(w.Clock)
	spec := described(v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
		AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: reference,
	}}, "USD")
	refuse := func() {
		server.Answer(func(r dnsimpletest.Request) (int, string) {
			if r.Method == http.MethodPut && strings.HasSuffix(r.Path, "/auto_renewal") {
				return http.StatusBadRequest, `{"message": "alice.gent cannot be renewed automatically"}`
			}
			return 0, ""
		})
	}
	w.Sell(sim.Shop{Book: server.Book, Faults: server.Faults, TellsWhen: true, RefuseAutoRenewal: refuse, Currency: "USD", Open: func(ctx context.Context) (registrar.Registrar, error) {
		p := dnsimple.New(keys(map[string]string{"token": dnsimpletest.Token}), w.Clock,
			dnsimple.WithTransport(server.Transport()), dnsimple.WithBaseURL("https://dnsimple.test"))
		return limited(ctx, w, p, spec)
	}})
}

func sellAtEPP(w *sim.World) {
	book := registrartest.NewBook(w.Clock)
	server := epptest.New(book, &registrartest.Faults{}, w.Clock, "user", "password")
	server.BriefHangs = true
	spec := described(v1alpha1.RegistrarProvider{EPP: &v1alpha1.EPPProvider{Server: "epp.example:700", CredentialsSecretRef: reference}}, "EUR")
	w.Sell(sim.Shop{Book: book, Faults: server.Faults, OneAtATime: true, ExtendsOnce: true, KeepsAutoRenew: true, Close: server.HangUp, Open: func(ctx context.Context) (registrar.Registrar, error) {
		p := epp.New(keys(map[string]string{"username": "user", "password": "password"}), w.Clock, epp.WithDialer(server.Dial))
		return limited(ctx, w, p, spec)
	}})
}
