package registrar

import (
	"fmt"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// EnvironmentError says that this factory's environment does not take a provider.
type EnvironmentError struct {
	Provider    string
	Environment v1alpha1.Environment
}

func (e *EnvironmentError) Error() string {
	return fmt.Sprintf("a factory of the environment %s does not take the provider %s", e.Environment, e.Provider)
}

// SpecError says that a field of the Registrar's spec cannot work.
type SpecError struct {
	// Field is the path, such as spec.registrant.
	Field string
	// Problem says what is wrong and what is allowed.
	Problem string
}

func (e *SpecError) Error() string { return e.Field + ": " + e.Problem }

// CredentialsError says that the provider does not take the credentials, or that they may not do what is needed.
type CredentialsError struct{ Err error }

func (e *CredentialsError) Error() string {
	return "the provider refuses the credentials: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }

// Throttled says that the provider asks to come back later.
type Throttled struct {
	// RetryAfter is when, counted from now.
	RetryAfter time.Duration
	Err        error
}

func (e *Throttled) Error() string {
	return fmt.Sprintf("asked to come back after %s: %v", e.RetryAfter, e.Err)
}

// Unwrap gives the cause.
func (e *Throttled) Unwrap() error { return e.Err }

// Busy says that a call was not sent, as others have the account and it was not its turn in time. That says nothing of the account.
type Busy struct{}

func (*Busy) Error() string { return "the account is in use by other calls" }
