package epp_test

import (
	"slices"
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
)

func TestNameServersAreChangedByTheDifference(t *testing.T) {
	for name, attributes := range map[string]bool{"as objects": false, "as attributes": true} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.server.HostAttributes = attributes
			r.buy(1)
			r.server.Sign(alice)
			keeper, ok := r.account().(registrar.NameServerKeeper)
			if !ok {
				t.Fatal("the account keeps no name servers")
			}
			want := []string{"ns2.example.net", "ns3.example.net"}
			for range 2 {
				if err := keeper.PutNameServers(t.Context(), alice, []string{"NS3.example.net.", "ns2.example.net"}); err != nil {
					t.Fatal(err)
				}
			}
			if got := r.server.Book.Get(alice).NameServers; !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if n := r.sent("update"); n != 1 {
				t.Errorf("%d changes", n)
			}
			if r.server.Signed(alice) {
				t.Error("the DS records of the name servers that were are left, and no answer agrees with them")
			}
			if err := keeper.PutNameServers(t.Context(), bob, want); err == nil {
				t.Error("a name that is not ours was changed")
			}
		})
	}
}
