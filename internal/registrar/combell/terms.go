package combell

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// terms are what names are bought on: what the Registrar's spec says, in Combell's words.
type terms struct {
	price       registrar.Money
	nameServers []string
	registrant  registrantInput
}

func termsOf(r *v1alpha1.Registrar) (terms, error) {
	spec := r.Spec.Provider.Combell
	price, err := registrar.MoneyOf(spec.Price)
	if err != nil {
		return terms{}, &registrar.SpecError{Field: "spec.provider.combell.price", Problem: err.Error()}
	}
	if price.Currency != r.Spec.Limits.MaxPrice.Currency {
		return terms{}, &registrar.SpecError{
			Field:   "spec.provider.combell.price.currency",
			Problem: "must be that of spec.limits.maxPrice, as amounts of different currencies cannot be compared",
		}
	}
	if err := checkNameServers(spec.NameServers); err != nil {
		return terms{}, err
	}
	if err := checkSuffixes(&r.Spec); err != nil {
		return terms{}, err
	}
	if r.Spec.Registrant == nil {
		return terms{}, &registrar.SpecError{Field: "spec.registrant", Problem: "Combell needs one"}
	}
	registrant, err := registrantOf(*r.Spec.Registrant)
	if err != nil {
		return terms{}, err
	}
	return terms{price: price, nameServers: spec.NameServers, registrant: registrant}, nil
}

func checkNameServers(servers []string) error {
	const field = "spec.provider.combell.nameServers"
	if len(servers) == 1 {
		return &registrar.SpecError{Field: field, Problem: "must name at least two, as registries want, or none for Combell's own"}
	}
	for _, server := range servers {
		if err := checkName(server); err != nil {
			return &registrar.SpecError{Field: field, Problem: err.Error()}
		}
	}
	return nil
}

// Suffixes for which Combell wants more of a registrant than there is a place for here (RegistrantInput.extra_fields in the API's description): an
// identity number of a person, or the register's number of a company.
var (
	extraForPersons   = []string{"es", "it", "nu", "se"}
	extraForCompanies = []string{"dk", "es", "fr", "nu", "se"}
)

func checkSuffixes(spec *v1alpha1.RegistrarSpec) error {
	if spec.Registrant == nil {
		return nil
	}
	extra, who := extraForPersons, "a person"
	if spec.Registrant.Organization != "" {
		extra, who = extraForCompanies, "an organization"
	}
	for _, suffix := range spec.Suffixes {
		top := suffix[strings.LastIndexByte(suffix, '.')+1:]
		if slices.Contains(extra, top) {
			return &registrar.SpecError{
				Field: "spec.suffixes", Problem: fmt.Sprintf("for .%s Combell wants extra fields of %s, which a Registrar has no place for", top, who),
			}
		}
		if top == "ca" && spec.Registrant.CountryCode != "CA" {
			return &registrar.SpecError{Field: "spec.suffixes", Problem: "Combell sells .ca only where spec.registrant.countryCode is CA"}
		}
	}
	return nil
}

// registrantInput is RegistrantInput of the API's description. There is no fax and there are no extra fields in a Registrar.
type registrantInput struct {
	FirstName        string `json:"first_name"`
	LastName         string `json:"last_name"`
	Address          string `json:"address"`
	PostalCode       string `json:"postal_code"`
	City             string `json:"city"`
	CountryCode      string `json:"country_code"`
	Email            string `json:"email"`
	Phone            string `json:"phone"`
	LanguageCode     string `json:"language_code,omitempty"`
	CompanyName      string `json:"company_name,omitempty"`
	EnterpriseNumber string `json:"enterprise_number,omitempty"`
}

var (
	phone            = regexp.MustCompile(`^\+[0-9]{1,3}\.[0-9]{4,14}$`)
	countryCode      = regexp.MustCompile(`^[A-Z]{2}$`)
	enterpriseNumber = regexp.MustCompile(`^[A-Z]{2}[0-9A-Z]{2,13}$`)
	belgianNumber    = regexp.MustCompile(`^BE[01][0-9]{9}$`)
)

// registrantOf says it in Combell's words. A spec that an API server has checked can still lack what only Combell wants.
func registrantOf(r v1alpha1.Registrant) (registrantInput, error) {
	number := r.EnterpriseNumber
	for _, rule := range []struct {
		field, problem string
		ok             bool
	}{
		{"firstName", "Combell needs one", !blank(r.FirstName)},
		{"lastName", "Combell needs one", !blank(r.LastName)},
		{"street", "Combell needs one", !blank(r.Street)},
		{"postalCode", "Combell needs one", !blank(r.PostalCode)},
		{"city", "Combell needs one", !blank(r.City)},
		{"email", "must be an address such as hostmaster@example.org", strings.Count(r.Email, "@") == 1 && !strings.ContainsAny(r.Email, " \t\r\n")},
		{"countryCode", "must be two capitals (ISO 3166-1 alpha-2), such as BE", countryCode.MatchString(r.CountryCode)},
		{"phone", "must have the form +32.123456789", phone.MatchString(r.Phone)},
		{"organization", "Combell needs one with an enterpriseNumber: without a company's name it takes the registrant for a person", number == "" || !blank(r.Organization)},
		{"enterpriseNumber", "must begin with the country and have no spaces and dots, such as BE0123456789", number == "" || enterpriseNumber.MatchString(number)},
		{"enterpriseNumber", "must be BE and ten digits, the first of them 0 or 1, such as BE0123456789", !strings.HasPrefix(number, "BE") || belgianNumber.MatchString(number)},
	} {
		if !rule.ok {
			return registrantInput{}, &registrar.SpecError{Field: "spec.registrant." + rule.field, Problem: rule.problem}
		}
	}
	return registrantInput{
		FirstName: r.FirstName, LastName: r.LastName, Address: r.Street, PostalCode: r.PostalCode, City: r.City, CountryCode: r.CountryCode,
		Email: r.Email, Phone: r.Phone, LanguageCode: r.LanguageCode, CompanyName: r.Organization, EnterpriseNumber: number,
	}, nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }
