package dnsimple

import (
	"context"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
)

const (
	name      = "alice.gent"
	operation = "0198c0de-0000-7000-8000-000000000001"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// world is a server and the Registrar that leads to it, reached without a network.
type world struct {
	*dnsimpletest.Server
	t         *testing.T
	clock     *clocktesting.FakePassiveClock
	registrar *v1alpha1.Registrar
	secret    *corev1.Secret
	transport http.RoundTripper
	baseURL   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clk := clocktesting.NewFakePassiveClock(start)
	w := &world{
		Server: dnsimpletest.New(clk), t: t, clock: clk, baseURL: "https://dnsimple.test",
		registrar: &v1alpha1.Registrar{
			ObjectMeta: metav1.ObjectMeta{Namespace: "mwf-system", Name: "dnsimple", UID: "1"},
			Spec: v1alpha1.RegistrarSpec{
				Provider: v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
					AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: v1alpha1.LocalReference{Name: "dnsimple"},
				}},
				Suffixes: []string{"gent"},
				Limits:   v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "USD"}},
			},
		},
		secret: &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "mwf-system", Name: "dnsimple"}, Data: map[string][]byte{"token": []byte(dnsimpletest.Token + "\n")},
		},
	}
	w.transport = w.Transport()
	return w
}

// open makes the account through the provider, as the factory does.
func (w *world) open() (registrar.Registrar, error) {
	p := New(secretReader{secret: w.secret}, w.clock, WithTransport(w.transport), WithBaseURL(w.baseURL))
	return registrar.NewSource(v1alpha1.EnvironmentLive, p).For(w.t.Context(), w.registrar)
}

// secretReader reads one Secret, or none.
type secretReader struct {
	client.Reader
	secret *corev1.Secret
}

func (r secretReader) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if r.secret == nil || key != client.ObjectKeyFromObject(r.secret) {
		return apierrors.NewNotFound(corev1.Resource("secrets"), key.Name)
	}
	r.secret.DeepCopyInto(into.(*corev1.Secret))
	return nil
}

func (w *world) account() registrar.Registrar {
	w.t.Helper()
	a, err := w.open()
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) lookUp(reference string) registrar.Sighting {
	w.t.Helper()
	s, err := w.account().LookUp(w.t.Context(), registrar.Query{Domain: name, OperationID: operation, Reference: reference})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) buy() registrar.Result {
	w.t.Helper()
	return w.account().Buy(w.t.Context(), registrar.Order{Domain: name, OperationID: operation, Try: 1, MaxPrice: registrar.Money{Minor: 2000, Currency: "USD"}})
}

func (w *world) extend(from time.Time) registrar.Result {
	w.t.Helper()
	return w.account().Renew(w.t.Context(), registrar.Renewal{
		Domain: name, AutoRenew: true, ExtendFrom: from, OperationID: operation, Try: 1, MaxPrice: registrar.Money{Minor: 2000, Currency: "USD"},
	})
}

// reply is an answer that a test gives.
type reply struct {
	status int
	body   string
}

// answers replies to requests of that method and path, but for a body that is empty and no error, and leaves the others to the server.
func (w *world) answers(replies map[string]reply) {
	w.Answer(func(r dnsimpletest.Request) (int, string) {
		given := replies[r.Method+" "+r.Path]
		if given.status == http.StatusOK && given.body == "" {
			return 0, ""
		}
		return given.status, given.body
	})
}

const (
	accountPath   = "/v2/1010"
	domainPath    = accountPath + "/domains/" + name
	registrarPath = accountPath + "/registrar/domains/" + name
)
