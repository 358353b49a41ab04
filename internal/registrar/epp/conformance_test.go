package epp_test

import (
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// Registries differ in what they have and what they show. The provider keeps its promises with each.
func TestItKeepsThePromisesOfAProvider(t *testing.T) {
	t.Parallel()
	for name, configure := range map[string]func(*registry){
		"where everything is there":            func(*registry) {},
		"where sessions are few, and end soon": func(r *registry) { r.server.MaxSessions, r.server.IdleTimeout = 4, time.Minute },
		"where nothing is there that need not be": func(r *registry) {
			r.server.NoFees, r.server.HostAttributes, r.server.HidesPasswords, r.server.HidesOthers = true, true, true, true
			r.spec.Spec.Provider.EPP.Price = &v1alpha1.Price{Amount: "10.00", Currency: "EUR"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the servers that hang are waited for
			registrartest.Run(t, func(t *testing.T) registrartest.Subject {
				r := newRegistry(t)
				configure(r)
				return subject(r)
			})
		})
	}
}

func TestItKeepsThemOverTLS(t *testing.T) {
	t.Parallel()
	authority := epptest.NewAuthority(t)
	registrartest.Run(t, func(t *testing.T) registrartest.Subject {
		r := newRegistry(t)
		r.spec.Spec.Provider.EPP.Server = r.server.Listen(t, authority, nil)
		r.spec.Spec.Provider.EPP.CABundle = authority.PEM()
		r.restart()
		return subject(r)
	})
}

func TestItKeepsThemWithinASimulation(t *testing.T) {
	registrartest.Run(t, func(t *testing.T) registrartest.Subject {
		r := newRegistry(t)
		r.server.BriefHangs = true
		r.restart(epp.WithDialer(r.server.Dial), epp.WithKeepAlive(r.clock))
		return subject(r)
	})
}

func subject(r *registry) registrartest.Subject {
	return registrartest.Subject{
		Account: r.account(), Book: r.server.Book, Faults: r.server.Faults,
		WrongCredentials: func(*testing.T) registrar.Registrar {
			return r.with(func(spec *v1alpha1.Registrar) { spec.Spec.Provider.EPP.CredentialsSecretRef.Name = "wrong" })
		},
		Secrets:      []string{user, password, "another-password", epptest.Quoted},
		Asynchronous: true, KnowsPrices: true, KnowsPremium: !r.server.NoFees, Extends: true,
	}
}
