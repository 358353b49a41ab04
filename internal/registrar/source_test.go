package registrar

import (
	"context"
	"errors"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

type account struct{ Registrar }

func provider(environments ...v1alpha1.Environment) Provider {
	return Provider{
		Name: "test", Environments: environments,
		Describes: func(p v1alpha1.RegistrarProvider) bool { return p.Test != nil },
		New:       func(context.Context, *v1alpha1.Registrar) (Registrar, error) { return &account{}, nil },
	}
}

func TestAnEnvironmentTakesOnlyItsProviders(t *testing.T) {
	r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}}}
	for name, tc := range map[string]struct {
		factory v1alpha1.Environment
		takes   []v1alpha1.Environment
		ok      bool
	}{
		"a test factory takes the test provider":       {v1alpha1.EnvironmentTest, []v1alpha1.Environment{v1alpha1.EnvironmentTest}, true},
		"a live factory does not":                      {v1alpha1.EnvironmentLive, []v1alpha1.Environment{v1alpha1.EnvironmentTest}, false},
		"a test factory takes no provider that spends": {v1alpha1.EnvironmentTest, []v1alpha1.Environment{v1alpha1.EnvironmentLive}, false},
		"a factory without an environment takes none":  {"", []v1alpha1.Environment{v1alpha1.EnvironmentTest, v1alpha1.EnvironmentLive}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := NewSource(tc.factory, provider(tc.takes...)).For(t.Context(), r)
			var environment *EnvironmentError
			if tc.ok != (err == nil) || tc.ok != (got != nil) || (!tc.ok && !errors.As(err, &environment)) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestARegistrarThatNobodyKnowsIsRefused(t *testing.T) {
	_, err := NewSource(v1alpha1.EnvironmentTest, provider(v1alpha1.EnvironmentTest)).For(t.Context(), &v1alpha1.Registrar{})
	var spec *SpecError
	if !errors.As(err, &spec) || spec.Field != "spec.provider" {
		t.Errorf("%v", err)
	}
}

func TestAProviderThatNeedsARegistrantGetsOne(t *testing.T) {
	p := provider(v1alpha1.EnvironmentTest)
	p.NeedsRegistrant = true
	r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}}}
	_, err := NewSource(v1alpha1.EnvironmentTest, p).For(t.Context(), r)
	var spec *SpecError
	if !errors.As(err, &spec) || spec.Field != "spec.registrant" {
		t.Errorf("%v", err)
	}
	r.Spec.Registrant = &v1alpha1.Registrant{FirstName: "A"}
	if _, err := NewSource(v1alpha1.EnvironmentTest, p).For(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func TestWhyAnAccountCannotBeOpenedCanBeTold(t *testing.T) {
	p := provider(v1alpha1.EnvironmentTest)
	p.New = func(context.Context, *v1alpha1.Registrar) (Registrar, error) {
		return nil, &CredentialsError{Err: errors.New("no Secret")}
	}
	r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}}}
	_, err := NewSource(v1alpha1.EnvironmentTest, p).For(t.Context(), r)
	var credentials *CredentialsError
	if !errors.As(err, &credentials) {
		t.Errorf("%v", err)
	}
}
