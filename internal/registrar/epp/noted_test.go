package epp_test

import (
	"context"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// For opens the account, as a registrar.Source does.
func (r *registry) For(_ context.Context, spec *v1alpha1.Registrar) (registrar.Registrar, error) {
	return r.open(spec)
}

// What is noted of a failed call stands in the Registrar's status, which more people may read than its Secret.
func TestWhatIsNotedOfFailedCallsHoldsNoSecrets(t *testing.T) {
	for name, tc := range map[string]struct {
		call  registrartest.Call
		fault registrartest.Fault
		notes string
	}{
		"a server that fails":           {registrartest.CallBuy, registrartest.FailsBefore, "Buy: the server answers 2400"},
		"one that answers nonsense":     {registrartest.CallBuy, registrartest.Garbles, "Buy: register alice.gent"},
		"one that breaks the line":      {registrartest.CallBuy, registrartest.ResetsAfter, "Buy: register alice.gent"},
		"one that fails before that":    {registrartest.CallCheck, registrartest.FailsBefore, "Buy: the server answers 2400"},
		"one without a session left":    {epptest.CallLogin, registrartest.Throttles, "Buy: the server has no session left"},
		"one that takes no credentials": {registrartest.CallCheck, registrartest.None, "Buy: the server does not take the credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.server.Faults.Next(tc.call, tc.fault)
			if tc.fault == registrartest.None {
				r.spec.Spec.Provider.EPP.CredentialsSecretRef.Name = "wrong"
			}
			failures := registrar.NewFailures()
			account, err := registrar.Limit(r, r.clock, nil, registrar.NoteFailures(failures)).For(t.Context(), r.spec)
			if err != nil {
				t.Fatal(err)
			}
			account.Buy(t.Context(), registrar.Order{Domain: alice, OperationID: operation, Try: 1, MaxPrice: affordable})
			e := failures.Last(r.spec.UID)
			if e == nil || !strings.HasPrefix(e.Call+": "+e.Message, tc.notes) {
				t.Fatalf("%+v", e)
			}
			for _, secret := range []string{user, password, "another-password", epptest.Quoted} {
				if strings.Contains(e.Message, secret) {
					t.Errorf("%q holds %q", e.Message, secret)
				}
			}
		})
	}
}
