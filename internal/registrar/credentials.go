package registrar

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// MissingSecretError says which Secret, or which key of it, is not there. It comes inside a [CredentialsError], and holds names only.
type MissingSecretError struct {
	// Secret is its name.
	Secret string
	// Key that is missing or empty; empty where the Secret itself is not there.
	Key string
}

func (e *MissingSecretError) Error() string {
	if e.Key == "" {
		return "there is no Secret " + e.Secret
	}
	return fmt.Sprintf("the Secret %s has no key %s, or an empty one", e.Secret, e.Key)
}

// Credentials reads keys of the Secret that a Registrar's provider names, which lies beside the Registrar. The reader must not be a cache, so that a Secret
// that was changed counts at once. One that is not there, or lacks a key, is a [CredentialsError] around a [MissingSecretError].
func Credentials(ctx context.Context, reader client.Reader, r *v1alpha1.Registrar, ref v1alpha1.LocalReference, keys ...string) (map[string]string, error) {
	secret := &corev1.Secret{}
	err := reader.Get(ctx, client.ObjectKey{Namespace: r.Namespace, Name: ref.Name}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return nil, &CredentialsError{Err: &MissingSecretError{Secret: ref.Name}}
	case err != nil:
		return nil, fmt.Errorf("read Secret %s: %w", ref.Name, err)
	}
	values := make(map[string]string, len(keys))
	for _, key := range keys {
		value := secret.Data[key]
		if len(value) == 0 {
			return nil, &CredentialsError{Err: &MissingSecretError{Secret: ref.Name, Key: key}}
		}
		values[key] = string(value)
	}
	return values, nil
}
