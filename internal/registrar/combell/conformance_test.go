package combell_test

import (
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/combell/combelltest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestItKeepsThePromisesOfAProviderOverTheNetwork(t *testing.T) {
	registrartest.Run(t, func(t *testing.T) registrartest.Subject {
		s := newShop(t)
		s.use(s.server.Listen(t))
		return subject(s)
	})
}

// What Combell does with an order that it does not carry out is not documented. The provider keeps its promises with each way there is.
func TestItKeepsThemHoweverOrdersAreTurnedDown(t *testing.T) {
	for name, refusals := range map[string]combelltest.Refusals{
		"at once":                    combelltest.AtOnce,
		"by jobs that are cancelled": combelltest.Cancelled,
		"by jobs that fail":          combelltest.Failed,
	} {
		t.Run(name, func(t *testing.T) {
			registrartest.Run(t, func(t *testing.T) registrartest.Subject {
				s := newShop(t)
				s.server.Refusals, s.server.BriefHangs = refusals, true
				return subject(s)
			})
		})
	}
}

func subject(s *shop) registrartest.Subject {
	return registrartest.Subject{
		Account: s.account(), Book: s.server.Book, Faults: s.server.Faults,
		WrongCredentials: func(*testing.T) registrar.Registrar { return s.withSecret("wrong") },
		Secrets:          []string{apiKey, apiSecret, "another-secret", "what-the-other-side-says", "hmac"},
		Asynchronous:     true, KnowsPrices: true, ThrottlesWithRetryAfter: true, Mute: true,
	}
}
