package servertest

import (
	"strings"
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	accounts "magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// An account that works is checked again after half an hour, which is longer than this test waits: what it sees comes of the failed call alone.
func TestACallThatFailsShowsAtOnceWhoeverMadeIt(t *testing.T) {
	g := gomega.NewWithT(t)
	server := dnsimpletest.New(clock.RealClock{})
	f := start(t, v1alpha1.EnvironmentLive, func(reader client.Reader) provider {
		return dnsimple.New(reader, clock.RealClock{}, dnsimple.WithTransport(server.Transport()), dnsimple.WithBaseURL("https://dnsimple.test"))
	})
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "keys"}, StringData: map[string]string{"token": dnsimpletest.Token}}
	g.Expect(f.client.Create(t.Context(), secret)).To(gomega.Succeed())
	r := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "a"},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
				AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: v1alpha1.LocalReference{Name: "keys"},
			}},
			Suffixes: []string{"gent"}, Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "USD"}},
		},
	}
	g.Expect(f.client.Create(t.Context(), r)).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))

	server.Faults.Next(registrartest.CallLookUp, registrartest.FailsBefore)
	account, err := f.accounts.For(t.Context(), r)
	g.Expect(err).NotTo(gomega.HaveOccurred())
	_, failed := account.LookUp(t.Context(), accounts.Query{Domain: "alice.gent"})
	g.Expect(failed).To(gomega.HaveOccurred())

	last := func() *v1alpha1.RegistrarError {
		if err := f.client.Get(t.Context(), client.ObjectKeyFromObject(r), r); err != nil {
			t.Error(err)
		}
		return r.Status.LastError
	}
	g.Eventually(last, patience).ShouldNot(gomega.BeNil())
	if e := last(); e.Call != accounts.CallLookUp || e.Time.IsZero() || !strings.Contains(e.Message, "500") || strings.Contains(e.Message, dnsimpletest.Token) {
		t.Errorf("%+v, of %v", e, failed)
	}
	g.Expect(f.reason("a")()).To(gomega.Equal(v1alpha1.ReasonSucceeded))
	g.Expect(r.Status.Sells).To(gomega.Equal([]string{"gent"}))
	g.Expect(r.Status.Usage.Registrations).To(gomega.BeZero())
}
