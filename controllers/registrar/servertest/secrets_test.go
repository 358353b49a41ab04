package servertest

import (
	"testing"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar/dnsimple"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
)

// A check that fails is made again after a minute at the soonest, which is longer than this test waits: what it sees comes of the Secret alone.
func TestCredentialsAreTriedAsSoonAsTheirSecretChanges(t *testing.T) {
	g := gomega.NewWithT(t)
	server := dnsimpletest.New(clock.RealClock{})
	f := start(t, v1alpha1.EnvironmentLive, func(reader client.Reader) provider {
		return dnsimple.New(reader, clock.RealClock{}, dnsimple.WithTransport(server.Transport()), dnsimple.WithBaseURL("https://dnsimple.test"))
	})
	g.Expect(f.client.Create(t.Context(), &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "a"},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{DNSimple: &v1alpha1.DNSimpleProvider{
				AccountID: dnsimpletest.AccountID, RegistrantID: dnsimpletest.RegistrantID, CredentialsSecretRef: v1alpha1.LocalReference{Name: "keys"},
			}},
			Suffixes: []string{"gent"}, Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "USD"}},
		},
	})).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSecretMissing))

	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "keys"}, StringData: map[string]string{"token": "wrong"}}
	g.Expect(f.client.Create(t.Context(), secret)).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonCredentialsRefused))

	secret.StringData = map[string]string{"token": dnsimpletest.Token}
	g.Expect(f.client.Update(t.Context(), secret)).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSucceeded))

	g.Expect(f.client.Delete(t.Context(), secret)).To(gomega.Succeed())
	g.Eventually(f.reason("a"), patience).Should(gomega.Equal(v1alpha1.ReasonSecretMissing))
}
