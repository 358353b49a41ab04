package frontend

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// doorkeeper knows who may come in, from the Onboarders as an informer has them.
type doorkeeper struct {
	onboarders  client.Reader
	namespace   string
	environment v1alpha1.Environment
}

// match is what a token was found to be.
type match struct {
	onboarder *v1alpha1.Onboarder
	use       v1alpha1.TokenUse
}

// find looks a token up. It compares with every digest there is, in constant time and without an early exit, so that the time that it takes
// says nothing about the tokens; nil means that nobody has it.
func (d *doorkeeper) find(ctx context.Context, token string) (*match, error) {
	var list v1alpha1.OnboarderList
	// Not copied out of the cache, as each may hold a large CA bundle: nothing here changes them.
	if err := d.onboarders.List(ctx, &list, client.InNamespace(d.namespace), client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("list Onboarders: %w", err)
	}
	sum := sha256.Sum256([]byte(token))
	digest := []byte(hex.EncodeToString(sum[:]))
	var found *match
	owners := 0
	for i := range list.Items {
		onboarder := &list.Items[i]
		ready := onboarder.DeletionTimestamp.IsZero() && apimeta.IsStatusConditionTrue(onboarder.Status.Conditions, v1alpha1.ConditionReady)
		for _, known := range onboarder.Status.TokenDigests {
			if subtle.ConstantTimeCompare(digest, []byte(known.SHA256)) == 1 && ready {
				if found == nil || found.onboarder != onboarder {
					owners++
				}
				found = &match{onboarder: onboarder, use: known.Use}
			}
		}
	}
	// A token that two have tells neither from the other.
	if token == "" || owners != 1 || !d.mayUse(found.onboarder, token) {
		return nil, nil
	}
	return found, nil
}

// mayUse keeps the published token out, whatever a status says: everybody knows it.
func (d *doorkeeper) mayUse(onboarder *v1alpha1.Onboarder, token string) bool {
	published := subtle.ConstantTimeCompare([]byte(token), []byte(v1alpha1.PublishedToken)) == 1
	return !published || d.environment == v1alpha1.EnvironmentTest && onboarder.Spec.AllowPublishedToken
}

// speaks says whether the onboarder may use the dialect.
func speaks(onboarder *v1alpha1.Onboarder, dialect v1alpha1.Dialect) bool {
	return slices.Contains(onboarder.Spec.Dialects, dialect)
}
