package dnsimple

import (
	"testing"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestTheExampleOfTheDocumentationWorksOnceTheCredentialsAreIn(t *testing.T) {
	for _, example := range registrartest.Examples(t, "../../../docs/registrars/dnsimple.md") {
		w := newWorld(t)
		w.registrar = example
		w.secret.Name = example.Spec.Provider.DNSimple.CredentialsSecretRef.Name
		if err := w.account().Check(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
