package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability/das"
	"magicwebsitefactory.gent/internal/availability/das/dastest"
	"magicwebsitefactory.gent/internal/availability/live"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/test/apiserver"
)

// A live factory asks the registries: RDAP by the bootstrap file, DAS for .be, and says 503 with their own Retry-After where they do not know.
func TestALiveFactoryAsksTheRegistries(t *testing.T) {
	registry, belgium := rdaptest.New(t), dastest.New(t)
	registry.Take("alice.gent")
	belgium.Take("alice.be")
	p := start(t, func(s *settings) {
		s.environment = v1alpha1.EnvironmentLive
		s.sources = live.Sources{
			Bootstrap: registry.Bootstrap(), DAS: map[string]string{das.Suffix: belgium.Address}, Queries: live.DefaultQueries,
			Exceptions: rdaptest.Networks, Roots: registry.Roots,
		}
	})
	p.sell("gent", "be")
	p.waitReady()
	c := p.client(anyVersion)
	p.eventually("the Registrar is seen", func() bool {
		a, err := p.get(c, "/v1/domain/bob.gent")
		return err == nil && a.body == `{"available":true}`
	})
	for name, want := range map[string]bool{"alice.gent": false, "carol.gent": true, "alice.be": false, "bob.be": true, "bob.brussels": false} {
		if a, err := p.get(c, "/v1/domain/"+name); err != nil || a.body != `{"available":`+strconv.FormatBool(want)+`}` {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if n := registry.Asked("/rdap/domain/bob.gent"); n != 1 {
		t.Errorf("what was asked again and again was passed on %d times", n)
	}
	registry.Play(rdaptest.Say(http.StatusTooManyRequests, "", "Retry-After", "33"))
	belgium.Play(dastest.Say("RC: -2\r\n"))
	for name, want := range map[string]int{"dave.gent": 33, "dave.be": 60} {
		status, after := p.ask(c, name)
		if status != http.StatusServiceUnavailable || after > want || after < want-10 {
			t.Errorf("%s: %d, again in %d s; want 503 and some %d s", name, status, after, want)
		}
	}
	if got := p.order(c, "alice.gent"); got != http.StatusConflict {
		t.Errorf("an order for a name that is taken: %d", got)
	}
	if got := p.order(c, "erin.gent"); got != http.StatusServiceUnavailable {
		t.Errorf("an order for a name that nobody knows of: %d", got)
	}
	if log := p.log.String(); !strings.Contains(log, "answered 429") || !strings.Contains(log, "was asked too often") {
		t.Errorf("the log does not say why:\n%s", log)
	}
}

// sell makes a Registrar of real names, Ready, in place of the test environment's.
func (p *program) sell(suffixes ...string) {
	p.Helper()
	admin := apiserver.Client(p.T)
	p.must(admin.Delete(p.Context(), &v1alpha1.Registrar{ObjectMeta: metav1.ObjectMeta{Name: "test", Namespace: p.settings.factoryNamespace}}))
	registrar := &v1alpha1.Registrar{
		ObjectMeta: metav1.ObjectMeta{Name: "real", Namespace: p.settings.factoryNamespace},
		Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Combell: &v1alpha1.CombellProvider{
				CredentialsSecretRef: v1alpha1.LocalReference{Name: "combell"}, Price: v1alpha1.Price{Amount: "15.00", Currency: "EUR"},
			}}, Suffixes: suffixes,
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "20.00", Currency: "EUR"}},
		},
	}
	p.must(admin.Create(p.Context(), registrar))
	registrar.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded, LastTransitionTime: metav1.Now()}}
	p.must(admin.Status().Update(p.Context(), registrar))
}

// ask gives the answer's code, and in how many seconds to ask again.
func (p *program) ask(c *http.Client, name string) (status, after int) {
	p.Helper()
	req, err := http.NewRequestWithContext(p.Context(), http.MethodGet, "https://"+p.settings.listen+"/v1/domain/"+name, nil)
	p.must(err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := c.Do(req)
	p.must(err)
	p.must(res.Body.Close())
	after, _ = strconv.Atoi(res.Header.Get("Retry-After"))
	return res.StatusCode, after
}
