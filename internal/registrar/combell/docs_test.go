package combell_test

import (
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// That the API server takes it is shown with those of all providers, in controllers/registrar/servertest.
func TestTheExampleOfTheDocumentationSells(t *testing.T) {
	examples := registrartest.Examples(t, "../../../docs/registrars/combell.md")
	if len(examples) != 1 {
		t.Fatalf("%d examples", len(examples))
	}
	s := newShop(t)
	s.spec.Spec = examples[0].Spec
	if err := s.client.Create(t.Context(), secret(s.spec.Spec.Provider.Combell.CredentialsSecretRef.Name, apiKey, apiSecret)); err != nil {
		t.Fatal(err)
	}
	most, err := registrar.MoneyOf(s.spec.Spec.Limits.MaxPrice)
	if err != nil {
		t.Fatal(err)
	}
	a := s.account()
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if r := a.Buy(t.Context(), registrar.Order{Domain: alice, OperationID: "op-1", Try: 1, MaxPrice: most}); r.Outcome() != "pending" {
		t.Errorf("%s", said(r))
	}
}
