package epp_test

import (
	"bytes"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

const (
	user      = "MWF-GENT"
	password  = "Geheim-Wachtwoord&<1"
	alice     = "alice.gent"
	bob       = "bob.gent"
	operation = "0198c0de-0000-7000-8000-000000000001"
)

var (
	start      = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	affordable = registrar.Money{Minor: 2000, Currency: "EUR"}
)

// registry is a Registrar, its Secret, and the server that it is for.
type registry struct {
	t      *testing.T
	clock  *clocktesting.FakeClock
	server *epptest.Server
	client client.WithWatch
	spec   *v1alpha1.Registrar
	// provider is the same for all accounts, as in the manager.
	provider registrar.Provider
}

// newRegistry is reached in memory.
func newRegistry(t *testing.T, options ...epp.Option) *registry {
	t.Helper()
	clk := clocktesting.NewFakeClock(start)
	r := &registry{
		t: t, clock: clk, server: epptest.New(registrartest.NewBook(clk), &registrartest.Faults{}, clk, user, password),
		spec: &v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: "registry", UID: types.UID("uid-1")},
			Spec: v1alpha1.RegistrarSpec{
				Provider: v1alpha1.RegistrarProvider{EPP: &v1alpha1.EPPProvider{
					Server: "epp.example:700", CredentialsSecretRef: v1alpha1.LocalReference{Name: "epp"},
					Contacts:    v1alpha1.EPPContacts{Registrant: "REG-1", Admin: "ADM-1", Tech: "TEC-1"},
					NameServers: []string{"ns1.example.net", "ns2.example.net"},
				}},
				Suffixes: []string{"gent"},
				Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
			},
		},
	}
	r.client = fake.NewClientBuilder().WithObjects(secret("epp", user, password+"\n"), secret("wrong", user, "another-password")).Build()
	t.Cleanup(r.server.HangUp)
	r.restart(append([]epp.Option{epp.WithDialer(r.server.Dial)}, options...)...)
	return r
}

// restart is another process, which remembers nothing.
func (r *registry) restart(options ...epp.Option) {
	r.provider = epp.New(r.client, clock.PassiveClock(r.clock), options...)
}

func secret(name, username, password string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: name},
		Data:       map[string][]byte{"username": []byte(username), "password": []byte(password)},
	}
}

// account is opened as for one pass of a duty.
func (r *registry) account() registrar.Registrar {
	r.t.Helper()
	account, err := r.open(r.spec)
	if err != nil {
		r.t.Fatal(err)
	}
	return account
}

func (r *registry) open(spec *v1alpha1.Registrar) (registrar.Registrar, error) {
	return r.provider.New(r.t.Context(), spec)
}

// with is the account with another spec, of another Registrar.
func (r *registry) with(change func(*v1alpha1.Registrar)) registrar.Registrar {
	r.t.Helper()
	spec := r.spec.DeepCopy()
	spec.UID = "uid-2"
	change(spec)
	account, err := r.open(spec)
	if err != nil {
		r.t.Fatal(err)
	}
	return account
}

func (r *registry) buy(try int32) registrar.Result {
	return r.account().Buy(r.t.Context(), registrar.Order{Domain: alice, OperationID: operation, Try: try, MaxPrice: affordable})
}

func (r *registry) lookUp(name, operation, reference string) registrar.Sighting {
	r.t.Helper()
	seen, err := r.account().LookUp(r.t.Context(), registrar.Query{Domain: name, OperationID: operation, Reference: reference})
	if err != nil {
		r.t.Fatal(err)
	}
	return seen
}

// sent counts the commands of a name that came.
func (r *registry) sent(name string) int {
	n := 0
	for _, c := range r.server.Commands() {
		if c.Name == name {
			n++
		}
	}
	return n
}

// sameRandom makes secrets that are known.
func sameRandom() epp.Option { return epp.WithRandom(bytes.NewReader(make([]byte, 1<<10))) }
