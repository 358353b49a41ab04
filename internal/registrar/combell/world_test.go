package combell_test

import (
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

const (
	apiKey    = "the-key-of-this-account"
	apiSecret = "the-secret-of-this-account"
	alice     = "alice.gent"
)

var (
	start      = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	affordable = registrar.Money{Minor: 2000, Currency: "EUR"}
)

// shop is a Registrar, its Secret, and the Combell that it is for.
type shop struct {
	t      *testing.T
	clock  *clocktesting.FakePassiveClock
	server *combelltest.Server
	client client.WithWatch
	spec   *v1alpha1.Registrar
	// provider is the same for all accounts, as in the manager.
	provider registrar.Provider
}

func newShop(t *testing.T, options ...combell.Option) *shop {
	return newShopOf(t, newCluster(), options...)
}

func newCluster() client.WithWatch {
	return fake.NewClientBuilder().WithObjects(secret("combell", apiKey, apiSecret), secret("wrong", apiKey, "another-secret")).Build()
}

func newShopOf(t *testing.T, cluster client.WithWatch, options ...combell.Option) *shop {
	clock := clocktesting.NewFakePassiveClock(start)
	s := &shop{
		t: t, clock: clock,
		server: combelltest.New(registrartest.NewBook(clock), &registrartest.Faults{}, clock, apiKey, apiSecret),
		client: cluster,
		spec: &v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: "combell", UID: types.UID("uid-1")},
			Spec: v1alpha1.RegistrarSpec{
				Provider: v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{
					CredentialsSecretRef: v1alpha1.LocalReference{Name: "combell"}, Price: v1alpha1.Price{Amount: "10.00", Currency: "EUR"},
				}},
				Suffixes: []string{"gent"},
				Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
				Registrant: &v1alpha1.Registrant{
					FirstName: "Anna", LastName: "Peeters", Organization: "Voorbeeld vzw", EnterpriseNumber: "BE0123456789", Email: "hostmaster@example.org",
					Phone: "+32.92345678", Street: "Botermarkt 1", PostalCode: "9000", City: "Gent", CountryCode: "BE", LanguageCode: "nl",
				},
			},
		},
	}
	s.use(s.server.Transport(), options...)
	return s
}

func secret(name, key, secret string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: name},
		Data:       map[string][]byte{"api-key": []byte(key + "\n"), "api-secret": []byte(secret + "\n")},
	}
}

// use has the calls made by a transport.
func (s *shop) use(transport http.RoundTripper, options ...combell.Option) {
	s.provider = combell.New(s.client, s.clock, append(options, combell.WithTransport(transport))...)
}

// account opens the account, as for another pass of a duty.
func (s *shop) account() registrar.Registrar {
	s.t.Helper()
	a, err := s.provider.New(s.t.Context(), s.spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *shop) withSecret(name string) registrar.Registrar {
	s.t.Helper()
	other := s.spec.DeepCopy()
	other.Spec.Provider.Combell.CredentialsSecretRef.Name = name
	a, err := s.provider.New(s.t.Context(), other)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *shop) buy() registrar.Result {
	s.t.Helper()
	return s.account().Buy(s.t.Context(), registrar.Order{Domain: alice, OperationID: "op-1", Try: 1, MaxPrice: affordable})
}

func (s *shop) lookUp(reference string) registrar.Sighting {
	s.t.Helper()
	got, err := s.account().LookUp(s.t.Context(), registrar.Query{Domain: alice, OperationID: "op-1", Reference: reference})
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}
