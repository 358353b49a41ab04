package registrar

import (
	"context"
	"fmt"
	"slices"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Provider makes the Registrars of one kind of place where names are bought.
type Provider struct {
	// Name as in the member of spec.provider.
	Name string
	// Environments that take it.
	Environments []v1alpha1.Environment
	// NeedsRegistrant is whether names cannot be bought without spec.registrant.
	NeedsRegistrant bool
	// Describes says whether a Registrar's spec asks for this provider.
	Describes func(v1alpha1.RegistrarProvider) bool
	// New makes the account that a Registrar describes: read the credentials, but make no call to the provider. It is called for every pass
	// of a duty, so what is worth keeping (a session, a rate limiter) is kept in the provider by the Registrar's UID. A spec that cannot work is
	// a [SpecError], credentials that are not there a [CredentialsError].
	New func(ctx context.Context, r *v1alpha1.Registrar) (Registrar, error)
}

// Source gives the account that a Registrar describes.
type Source interface {
	// For returns an [EnvironmentError], a [SpecError], a [CredentialsError], or whatever kept it from reading the credentials.
	For(ctx context.Context, r *v1alpha1.Registrar) (Registrar, error)
}

type source struct {
	environment v1alpha1.Environment
	providers   []Provider
}

// NewSource returns the accounts of a factory of that environment.
func NewSource(environment v1alpha1.Environment, providers ...Provider) Source {
	return &source{environment: environment, providers: providers}
}

func (s *source) For(ctx context.Context, r *v1alpha1.Registrar) (Registrar, error) {
	for _, p := range s.providers {
		if !p.Describes(r.Spec.Provider) {
			continue
		}
		if !slices.Contains(p.Environments, s.environment) {
			return nil, &EnvironmentError{Provider: p.Name, Environment: s.environment}
		}
		if p.NeedsRegistrant && r.Spec.Registrant == nil {
			return nil, &SpecError{Field: "spec.registrant", Problem: "the provider " + p.Name + " needs one"}
		}
		account, err := p.New(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("open the account of Registrar %s: %w", r.Name, err)
		}
		return account, nil
	}
	return nil, &SpecError{Field: "spec.provider", Problem: "must have exactly one member that this factory knows"}
}
