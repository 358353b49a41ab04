package onboarder

import (
	corev1 "k8s.io/api/core/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// judgeSignature judges the webhook keys of an Onboarder whose callbacks are to be signed. Where they are not, keys may lie ready in the Secret.
func (c *candidate) judgeSignature(secret *corev1.Secret) *fault {
	if c.onboarder.Spec.Callback.Signature == "" {
		return nil
	}
	if signature := c.onboarder.Spec.Callback.Signature; signature != v1alpha1.SignatureStandardWebhooks {
		return faultf(v1alpha1.ReasonInvalid, "spec.callback.signature: this factory does not know %s", signature)
	}
	if len(secret.Data[v1alpha1.SecretKeyWebhookKey]) == 0 {
		return faultf(v1alpha1.ReasonSecretMissing, "the Secret %s has no key %s, or an empty one, to sign callbacks with", secret.Name, v1alpha1.SecretKeyWebhookKey)
	}
	for _, name := range []string{v1alpha1.SecretKeyWebhookKey, v1alpha1.SecretKeyPreviousWebhookKey} {
		text, ok := secret.Data[name]
		if !ok {
			continue
		}
		key, err := delivery.ParseWebhookKey(string(text))
		if err != nil {
			return faultf(v1alpha1.ReasonWebhookKeyInvalid, "the Secret %s: %s %v", secret.Name, name, err)
		}
		if from := tokenBehind(key, secret); from != "" {
			return faultf(v1alpha1.ReasonWebhookKeyInvalid, "the Secret %s: %s is made from %s; take random bytes of its own", secret.Name, name, from)
		}
		c.keys = append(c.keys, key)
	}
	return nil
}

// tokenBehind names the token that a key was made from, if any: who sees the token with a callback could sign callbacks with it.
func tokenBehind(key delivery.WebhookKey, secret *corev1.Secret) string {
	for _, name := range []string{v1alpha1.SecretKeyToken, v1alpha1.SecretKeyPreviousToken, v1alpha1.SecretKeyCallbackToken} {
		if key.MadeFrom(string(secret.Data[name])) {
			return name
		}
	}
	return ""
}

// judgeSharedKeys finds webhook keys that stand in more than one Onboarder: the receiver of either could sign for the other.
func judgeSharedKeys(candidates []*candidate) {
	holders := map[string]map[*candidate]bool{}
	for _, c := range candidates {
		for _, key := range c.keys {
			if holders[string(key)] == nil {
				holders[string(key)] = map[*candidate]bool{}
			}
			holders[string(key)][c] = true
		}
	}
	for _, sharers := range holders {
		if len(sharers) < 2 {
			continue
		}
		for c := range sharers {
			if c.fault == nil {
				c.fault = faultf(v1alpha1.ReasonWebhookKeyShared, "another Onboarder has one of these webhook keys")
			}
		}
	}
}
