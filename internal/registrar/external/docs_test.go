package external

import (
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestTheExampleOfTheDocumentationWorks(t *testing.T) {
	for _, example := range registrartest.Examples(t, "../../../docs/registrars/external.md") {
		a := &asker{answers: dns.Answers{leadsTo(example.Spec.Provider.External.Addresses...)}}
		account, err := registrar.NewSource(v1alpha1.EnvironmentLive, New(a)).For(t.Context(), example)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := account.LookUp(t.Context(), registrar.Query{Domain: "alice.example.org", OperationID: operation}); err != nil || s.InAccount != registrar.Yes {
			t.Errorf("%+v, %v", s, err)
		}
	}
}
