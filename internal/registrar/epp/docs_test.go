package epp_test

import (
	"testing"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestTheExampleOfTheDocumentationWorksOnceTheCredentialsAreIn(t *testing.T) {
	for _, example := range registrartest.Examples(t, "../../../docs/registrars/epp.md") {
		r := newRegistry(t)
		s := secret(example.Spec.Provider.EPP.CredentialsSecretRef.Name, user, password)
		s.Namespace = example.Namespace
		if err := r.client.Create(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		r.server.NoFees = example.Spec.Provider.EPP.Price != nil
		r.spec = example
		if err := r.account().Check(t.Context()); err != nil {
			t.Errorf("%s: %v", example.Name, err)
		}
	}
}
