package orderdigest

import (
	"context"
	"crypto/rand"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// SecretName is the Secret, in the factory's namespace, with the keys.
const SecretName = "mwf-request-digest"

// Creator is all that EnsureKeys needs of a client.
type Creator interface {
	Create(ctx context.Context, obj client.Object, opts ...client.CreateOption) error
}

// EnsureKeys makes the Secret with a first random key unless it is there. It reads no Secret and changes none: a second Create of the same
// name fails, so a key is never replaced, and the volumes of old orders are never lost to their owners.
func EnsureKeys(ctx context.Context, c Creator, namespace string) error {
	key := make([]byte, minKeyLength)
	_, _ = rand.Read(key) // never fails
	err := c.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: SecretName, Namespace: namespace},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{"k1": key},
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create Secret %s with the key for request digests: %w", SecretName, err)
	}
	return nil
}
