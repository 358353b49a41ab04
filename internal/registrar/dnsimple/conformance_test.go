package dnsimple

import (
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestDNSimpleKeepsThePromisesOfARegistrar(t *testing.T) {
	for how, connect := range map[string]func(t *testing.T, w *world){
		"over TLS":          func(t *testing.T, w *world) { w.baseURL, w.transport = w.Start(t) },
		"without a network": func(*testing.T, *world) {},
	} {
		t.Run(how, func(t *testing.T) {
			registrartest.Run(t, func(t *testing.T) registrartest.Subject {
				w := newWorld(t)
				connect(t, w)
				return registrartest.Subject{
					Account: w.account(), Book: w.Book, Faults: w.Faults,
					WrongCredentials: func(*testing.T) registrar.Registrar {
						w.secret.Data["token"] = []byte("another-token")
						return w.account()
					},
					Secrets:      []string{dnsimpletest.Token, "another-token"},
					Asynchronous: true, KnowsPrices: true, KnowsPremium: true, ThrottlesWithRetryAfter: true, Extends: true, Currency: "USD",
				}
			})
		})
	}
}
