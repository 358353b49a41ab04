package combell_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func TestASpecThatCombellDoesNotTakeIsNamedByItsField(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.RegistrarSpec)
		field  string
	}{
		"no registrant":                    {func(s *v1alpha1.RegistrarSpec) { s.Registrant = nil }, "spec.registrant"},
		"no postal code":                   {func(s *v1alpha1.RegistrarSpec) { s.Registrant.PostalCode = " " }, "spec.registrant.postalCode"},
		"no first name":                    {func(s *v1alpha1.RegistrarSpec) { s.Registrant.FirstName = "" }, "spec.registrant.firstName"},
		"no last name":                     {func(s *v1alpha1.RegistrarSpec) { s.Registrant.LastName = "" }, "spec.registrant.lastName"},
		"no street":                        {func(s *v1alpha1.RegistrarSpec) { s.Registrant.Street = "" }, "spec.registrant.street"},
		"no city":                          {func(s *v1alpha1.RegistrarSpec) { s.Registrant.City = "" }, "spec.registrant.city"},
		"an address of nobody":             {func(s *v1alpha1.RegistrarSpec) { s.Registrant.Email = "hostmaster" }, "spec.registrant.email"},
		"a country by its name":            {func(s *v1alpha1.RegistrarSpec) { s.Registrant.CountryCode = "Belgium" }, "spec.registrant.countryCode"},
		"a phone number as people write":   {func(s *v1alpha1.RegistrarSpec) { s.Registrant.Phone = "09 234 56 78" }, "spec.registrant.phone"},
		"a number with dots":               {func(s *v1alpha1.RegistrarSpec) { s.Registrant.EnterpriseNumber = "BE0123.456.789" }, "spec.registrant.enterpriseNumber"},
		"a number without a country":       {func(s *v1alpha1.RegistrarSpec) { s.Registrant.EnterpriseNumber = "0123456789" }, "spec.registrant.enterpriseNumber"},
		"a Belgian number that is short":   {func(s *v1alpha1.RegistrarSpec) { s.Registrant.EnterpriseNumber = "BE012345678" }, "spec.registrant.enterpriseNumber"},
		"a person with a company's number": {func(s *v1alpha1.RegistrarSpec) { s.Registrant.Organization = "" }, "spec.registrant.organization"},
		"one name server":                  {func(s *v1alpha1.RegistrarSpec) { s.Provider.Combell.NameServers = []string{"ns1.example.org"} }, "spec.provider.combell.nameServers"},
		"a name server with a dot": {func(s *v1alpha1.RegistrarSpec) {
			s.Provider.Combell.NameServers = []string{"ns1.example.org", "ns2.example.org."}
		}, "spec.provider.combell.nameServers"},
		"a price in another currency":  {func(s *v1alpha1.RegistrarSpec) { s.Provider.Combell.Price.Currency = "USD" }, "spec.provider.combell.price.currency"},
		"a price that is none":         {func(s *v1alpha1.RegistrarSpec) { s.Provider.Combell.Price.Amount = "10" }, "spec.provider.combell.price"},
		"a suffix with an extra field": {func(s *v1alpha1.RegistrarSpec) { s.Suffixes = []string{"gent", "fr"} }, "spec.suffixes"},
		"a suffix for Canadians":       {func(s *v1alpha1.RegistrarSpec) { s.Suffixes = []string{"ca"} }, "spec.suffixes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			tc.change(&s.spec.Spec)
			_, err := s.provider.New(t.Context(), s.spec)
			var spec *registrar.SpecError
			if !errors.As(err, &spec) || spec.Field != tc.field {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSuffixesOfAPersonAndOfACompany(t *testing.T) {
	for suffix, takes := range map[string]struct{ person, company bool }{
		"gent": {true, true}, "be": {true, true}, "fr": {true, false}, "dk": {true, false}, "it": {false, true}, "es": {false, false}, "com.es": {false, false},
	} {
		s := newShop(t)
		s.spec.Spec.Suffixes = []string{suffix}
		if _, err := s.provider.New(t.Context(), s.spec); (err == nil) != takes.company {
			t.Errorf("a company and .%s: %v", suffix, err)
		}
		s.spec.Spec.Registrant.Organization, s.spec.Spec.Registrant.EnterpriseNumber = "", ""
		if _, err := s.provider.New(t.Context(), s.spec); (err == nil) != takes.person {
			t.Errorf("a person and .%s: %v", suffix, err)
		}
	}
}

func TestCredentialsThatAreNotThereAreNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		data map[string][]byte
		says string
	}{
		"no Secret":                   {nil, "there is no Secret keys"},
		"no key":                      {map[string][]byte{"api-secret": []byte("s")}, "api-key"},
		"no secret":                   {map[string][]byte{"api-key": []byte("k")}, "api-secret"},
		"a secret of a line break":    {map[string][]byte{"api-key": []byte("k"), "api-secret": []byte("\n")}, "api-secret"},
		"a key that no header can be": {map[string][]byte{"api-key": []byte("very-private\nkey"), "api-secret": []byte("s")}, "api-key"},
		"a key with a colon":          {map[string][]byte{"api-key": []byte("very-private:key"), "api-secret": []byte("s")}, "api-key"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.spec.Spec.Provider.Combell.CredentialsSecretRef.Name = "keys"
			if tc.data != nil {
				if err := s.client.Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "factory", Name: "keys"}, Data: tc.data}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := s.provider.New(t.Context(), s.spec)
			var credentials *registrar.CredentialsError
			if !errors.As(err, &credentials) || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "private") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestAChangedSecretCountsAtOnce(t *testing.T) {
	s := newShop(t)
	if err := s.client.Update(t.Context(), secret("combell", apiKey, "out-of-date")); err != nil {
		t.Fatal(err)
	}
	if credentials := new(registrar.CredentialsError); !errors.As(s.account().Check(t.Context()), &credentials) {
		t.Error("old keys are taken")
	}
	if err := s.client.Update(t.Context(), secret("combell", apiKey, apiSecret)); err != nil {
		t.Fatal(err)
	}
	if err := s.account().Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// Combell says with each answer how many requests are left. After the last one nothing goes out until it counts anew.
func TestItSlowsDownBeforeItIsToldTo(t *testing.T) {
	s := newShop(t)
	s.server.Limit = 2
	if err := s.account().Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.SetTime(start.Add(20 * time.Second))
	s.lookUp("")
	_, err := s.account().LookUp(t.Context(), registrar.Query{Domain: alice})
	var throttled *registrar.Throttled
	if !errors.As(err, &throttled) || throttled.RetryAfter != 40*time.Second {
		t.Errorf("%v", err)
	}
	if no, ok := s.buy().(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed || no.RetryAfter != 40*time.Second {
		t.Errorf("%+v", no)
	}
	if no, ok := renew(s.account(), true).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed {
		t.Errorf("%+v", no)
	}
	if got := s.server.Requests(); len(got) != 2 {
		t.Errorf("%d requests went out", len(got))
	}
	other := s.spec.DeepCopy()
	other.UID = "uid-2"
	if a, err := s.provider.New(t.Context(), other); err != nil || !errors.As(a.Check(t.Context()), &throttled) {
		t.Errorf("another account is asked on its own: %v", err)
	}
	if got := s.server.Requests(); len(got) != 3 {
		t.Errorf("%d requests went out", len(got))
	}
	s.clock.SetTime(start.Add(time.Minute))
	if _, ok := s.buy().(registrar.Pending); !ok {
		t.Error("it has not recovered")
	}
}

func TestAClockThatIsPutBackDoesNotShutItForEver(t *testing.T) {
	s := newShop(t)
	s.server.Limit = 1
	if err := s.account().Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.SetTime(start.AddDate(0, 0, -1))
	s.server.Limit = 0
	if err := s.account().Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestItIsForLiveFactoriesOnly(t *testing.T) {
	s := newShop(t)
	for environment, takes := range map[v1alpha1.Environment]bool{v1alpha1.EnvironmentLive: true, v1alpha1.EnvironmentTest: false} {
		_, err := registrar.NewSource(environment, s.provider).For(t.Context(), s.spec)
		if wrong := new(registrar.EnvironmentError); (err == nil) != takes || err != nil && !errors.As(err, &wrong) {
			t.Errorf("%s: %v", environment, err)
		}
	}
}
