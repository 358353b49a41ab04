package onboarder

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func signed(o *v1alpha1.Onboarder) {
	o.Spec.Callback.Signature = v1alpha1.SignatureStandardWebhooks
}

// webhookKey is a key in its written form, whose bytes are as many as asked for.
func webhookKey(bytes int, fill string) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(fill, bytes)[:bytes]))
}

func TestTheKeysOfASignedOnboarderAreJudged(t *testing.T) {
	good := webhookKey(32, "marked-key")
	sum := sha256.Sum256([]byte(goodToken))
	for name, tc := range map[string]struct {
		data            []string // of the Secret, beside the token
		edit            edit
		reason, message string
	}{
		"a key":                        {data: []string{"webhook-key", good}},
		"a key and the one before":     {data: []string{"webhook-key", good, "previous-webhook-key", webhookKey(24, "marked-old")}},
		"the shortest key":             {data: []string{"webhook-key", webhookKey(24, "k")}},
		"the longest key":              {data: []string{"webhook-key", webhookKey(64, "k")}},
		"a bad key that nobody uses":   {data: []string{"webhook-key", "marked-nonsense"}, edit: func(*v1alpha1.Onboarder) {}},
		"a way to sign that is not":    {data: []string{"webhook-key", good}, edit: func(o *v1alpha1.Onboarder) { o.Spec.Callback.Signature = "Wax" }, reason: v1alpha1.ReasonInvalid, message: "spec.callback.signature: this factory does not know Wax"},
		"no key":                       {reason: v1alpha1.ReasonSecretMissing, message: "the Secret hallo-token has no key webhook-key"},
		"only the one before":          {data: []string{"previous-webhook-key", good}, reason: v1alpha1.ReasonSecretMissing, message: "has no key webhook-key"},
		"an empty key":                 {data: []string{"webhook-key", ""}, reason: v1alpha1.ReasonSecretMissing, message: "or an empty one"},
		"a key that is too short":      {data: []string{"webhook-key", webhookKey(23, "k")}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "hallo-token: webhook-key has 23 bytes, and must have 24 to 64"},
		"a key that is too long":       {data: []string{"webhook-key", webhookKey(65, "k")}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "webhook-key has 65 bytes"},
		"a key without its prefix":     {data: []string{"webhook-key", strings.TrimPrefix(good, "whsec_")}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "webhook-key does not begin with whsec_"},
		"a key that is not base64":     {data: []string{"webhook-key", "whsec_marked-nonsense"}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "webhook-key is not base64"},
		"a line break at the end":      {data: []string{"webhook-key", good + "\n"}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "webhook-key ends in a line break"},
		"a bad previous key":           {data: []string{"webhook-key", good, "previous-webhook-key", "marked-old"}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "previous-webhook-key does not begin"},
		"an empty previous key":        {data: []string{"webhook-key", good, "previous-webhook-key", ""}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "previous-webhook-key is empty"},
		"a key that is the token":      {data: []string{"webhook-key", "whsec_" + base64.StdEncoding.EncodeToString([]byte(goodToken))}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "webhook-key is made from token"},
		"a key that is its digest":     {data: []string{"webhook-key", "whsec_" + base64.StdEncoding.EncodeToString(sum[:])}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "made from token"},
		"a key that is another token":  {data: []string{"callback-token", nextToken, "webhook-key", "whsec_" + base64.StdEncoding.EncodeToString([]byte(nextToken))}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "made from callback-token"},
		"a previous key that is token": {data: []string{"webhook-key", good, "previous-webhook-key", "whsec_" + base64.StdEncoding.EncodeToString([]byte(goodToken))}, reason: v1alpha1.ReasonWebhookKeyInvalid, message: "previous-webhook-key is made from token"},
	} {
		t.Run(name, func(t *testing.T) {
			change := tc.edit
			if change == nil {
				change = signed
			}
			w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo", change), tokens("hallo", append(tc.data, "token", goodToken)...))
			w.mustReconcile()
			if tc.reason == "" {
				w.wantReady("hallo", goodToken)
			} else {
				w.wantNotReady("hallo", tc.reason, tc.message)
			}
			w.wantNoSecrets()
		})
	}
}

func TestAWebhookKeyInTwoOnboardersSpoilsBoth(t *testing.T) {
	key, own := webhookKey(32, "marked-key"), webhookKey(32, "marked-own")
	w := newWorld(t, v1alpha1.EnvironmentLive,
		onboarder("hallo", signed), tokens("hallo", "token", goodToken, "webhook-key", key),
		onboarder("other", signed), tokens("other", "token", nextToken, "webhook-key", own, "previous-webhook-key", key),
		// has the same key in its Secret, and does not sign
		onboarder("third"), tokens("third", "token", "marked-third-0123456789abcdef-0123456789", "webhook-key", key))
	w.mustReconcile()
	w.wantNotReady("hallo", v1alpha1.ReasonWebhookKeyShared, "another Onboarder")
	w.wantNotReady("other", v1alpha1.ReasonWebhookKeyShared, "another Onboarder")
	w.wantReady("third", "marked-third-0123456789abcdef-0123456789")

	if err := w.client.Update(t.Context(), tokens("other", "token", nextToken, "webhook-key", own)); err != nil {
		t.Fatal(err)
	}
	w.mustReconcile()
	w.wantReady("hallo", goodToken)
	w.wantReady("other", nextToken)
	w.wantNoSecrets()
}

func TestTheSameKeyTwiceInOneSecretIsOne(t *testing.T) {
	key := webhookKey(32, "marked-key")
	w := newWorld(t, v1alpha1.EnvironmentLive, onboarder("hallo", signed), tokens("hallo", "token", goodToken, "webhook-key", key, "previous-webhook-key", key))
	w.mustReconcile()
	w.wantReady("hallo", goodToken)
}
