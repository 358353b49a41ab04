package dnsimple

import (
	"context"
	"errors"
	"fmt"

	"magicwebsitefactory.gent/internal/registrar"
)

// Check asks who the token belongs to, whether the account has the registrant, and whether DNSimple sells the suffixes for one year. It changes nothing.
func (a *account) Check(ctx context.Context) error {
	r, err := a.api.Identity.Whoami(ctx)
	switch failed := fail("ask whose token it is", err); {
	case failed != nil:
		return failed
	case r.Data == nil || r.Data.Account == nil && r.Data.User == nil:
		return fmt.Errorf("ask whose token it is: %w", errNonsense)
	case r.Data.Account == nil:
		return &registrar.CredentialsError{Err: errors.New("it is the token of a user, and must be one of an account")}
	case r.Data.Account.ID != a.id:
		return &registrar.CredentialsError{Err: errors.New("it is the token of another account than spec.provider.dnsimple.accountID")}
	}
	if err := a.checkRegistrant(ctx); err != nil {
		return err
	}
	for _, suffix := range a.suffixes {
		if err := a.checkSuffix(ctx, suffix); err != nil {
			return err
		}
	}
	return nil
}

func (a *account) checkRegistrant(ctx context.Context) error {
	const doing = "read the registrant"
	r, err := a.api.Contacts.GetContact(ctx, a.account, a.registrant)
	switch failed := fail(doing, err); {
	case failed != nil && failed.kind == absent && failed.subject == "contact":
		return &registrar.SpecError{Field: "spec.provider.dnsimple.registrantID", Problem: "must be the number of a contact of the account: it has none of this number"}
	case failed != nil:
		return failed
	case r.Data == nil || r.Data.ID != a.registrant:
		return fmt.Errorf("%s: %w", doing, errNonsense)
	default:
		return nil
	}
}

// checkSuffix says what is known for sure to keep every name with the suffix from being bought. Whatever else comes of the question is no reason not to sell.
func (a *account) checkSuffix(ctx context.Context, suffix string) error {
	r, err := a.api.Tlds.GetTld(ctx, suffix)
	if failed := fail("ask what is sold", err); failed != nil {
		if failed.kind == throttled {
			return failed
		}
		if failed.kind == absent && failed.subject == "tld" || failed.kind == unsold {
			return &registrar.SpecError{Field: "spec.suffixes", Problem: "DNSimple does not sell ." + suffix}
		}
		return nil
	}
	switch {
	case r.Data == nil || r.Data.Tld != suffix:
		return nil
	case !r.Data.RegistrationEnabled:
		return &registrar.SpecError{Field: "spec.suffixes", Problem: "DNSimple does not register names with ." + suffix}
	case r.Data.MinimumRegistration > 1:
		return &registrar.SpecError{
			Field: "spec.suffixes", Problem: fmt.Sprintf("DNSimple sells .%s for no less than %d years, and names are bought here for one", suffix, r.Data.MinimumRegistration),
		}
	default:
		return nil
	}
}
