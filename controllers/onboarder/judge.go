package onboarder

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/reach"
)

// minLiveToken is how many characters a token of a live factory has at least.
const minLiveToken = 32

// candidate is an Onboarder under judgement.
type candidate struct {
	onboarder *v1alpha1.Onboarder
	// digests of the tokens that it would let in, also when something else is wrong with it.
	digests []v1alpha1.TokenDigest
	// keys that its callbacks are signed with.
	keys []delivery.WebhookKey
	// fault is what is wrong; nil for nothing.
	fault *fault
	// unread: its Secret could not be read just now.
	unread bool
}

// fault says why an Onboarder is not Ready.
type fault struct{ reason, message string }

func faultf(reason, format string, args ...any) *fault {
	return &fault{reason: reason, message: fmt.Sprintf(format, args...)}
}

// judge looks at one Onboarder by itself. The first fault found is the one that is told.
func (c *candidate) judge(secret *corev1.Secret, environment v1alpha1.Environment) {
	spec := c.onboarder.Spec
	if secret == nil {
		c.fault = faultf(v1alpha1.ReasonSecretMissing, "there is no Secret %s", spec.TokenSecretRef.Name)
		return
	}
	if len(secret.Data[v1alpha1.SecretKeyToken]) == 0 {
		c.fault = faultf(v1alpha1.ReasonSecretMissing, "the Secret %s has no key %s, or an empty one", secret.Name, v1alpha1.SecretKeyToken)
		return
	}
	c.digests = digests(secret)
	c.fault = firstFault(
		func() *fault { return judgeTokens(secret, environment, spec.AllowPublishedToken) },
		func() *fault { return c.judgeSignature(secret) },
		func() *fault { return judgePrefixes(spec.Callback.URLPrefixes) },
		func() *fault { return judgeBundle(spec.Callback.CABundle) },
	)
}

func firstFault(checks ...func() *fault) *fault {
	for _, check := range checks {
		if f := check(); f != nil {
			return f
		}
	}
	return nil
}

// digests are those of the tokens that let an onboarder in; the one for callbacks does not.
func digests(secret *corev1.Secret) []v1alpha1.TokenDigest {
	token, previous := string(secret.Data[v1alpha1.SecretKeyToken]), string(secret.Data[v1alpha1.SecretKeyPreviousToken])
	result := []v1alpha1.TokenDigest{{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(token)}}
	if previous != "" && previous != token {
		result = append(result, v1alpha1.TokenDigest{Use: v1alpha1.TokenPrevious, SHA256: delivery.TokenDigest(previous)})
	}
	return result
}

// judgeTokens judges each token that is there. A key that is there must not be empty.
func judgeTokens(secret *corev1.Secret, environment v1alpha1.Environment, allowPublished bool) *fault {
	for _, key := range []string{v1alpha1.SecretKeyToken, v1alpha1.SecretKeyPreviousToken, v1alpha1.SecretKeyCallbackToken} {
		value, ok := secret.Data[key]
		if !ok {
			continue
		}
		if f := judgeToken(key, string(value), environment, allowPublished); f != nil {
			return f
		}
	}
	return nil
}

func judgeToken(key, token string, environment v1alpha1.Environment, allowPublished bool) *fault {
	live := environment != v1alpha1.EnvironmentTest // whatever is not known to be a test is in earnest
	if err := delivery.CheckToken(token); err != nil {
		return faultf(v1alpha1.ReasonTokenInvalid, "%s %v", key, err)
	}
	if token == v1alpha1.PublishedToken {
		switch {
		case live:
			return faultf(v1alpha1.ReasonPublishedToken, "%s is the published mock token, which a live factory does not take", key)
		case !allowPublished:
			return faultf(v1alpha1.ReasonPublishedToken, "%s is the published mock token, and allowPublishedToken is not set", key)
		}
	}
	if live && len(token) < minLiveToken {
		return faultf(v1alpha1.ReasonTokenInvalid, "%s has fewer than %d characters, which a live factory does not take", key, minLiveToken)
	}
	return nil
}

func judgePrefixes(prefixes []string) *fault {
	if len(prefixes) == 0 {
		return faultf(v1alpha1.ReasonInvalid, "spec.callback.urlPrefixes: at least one is needed")
	}
	for i, prefix := range prefixes {
		if _, err := callbackurl.Parse(prefix); err != nil {
			return faultf(v1alpha1.ReasonInvalid, "spec.callback.urlPrefixes[%d]: %v", i, err)
		}
	}
	return nil
}

func judgeBundle(bundle []byte) *fault {
	if len(bundle) == 0 {
		return nil
	}
	if _, err := reach.ParseCABundle(bundle); err != nil {
		return faultf(v1alpha1.ReasonInvalid, "spec.callback.caBundle: must hold nothing but certificates in PEM form: %v", err)
	}
	return nil
}

// judgeShared finds tokens that stand in more than one Onboarder: neither could be told from the other.
func judgeShared(candidates []*candidate) {
	holders := map[string][]*candidate{}
	for _, c := range candidates {
		for _, d := range c.digests {
			holders[d.SHA256] = append(holders[d.SHA256], c)
		}
	}
	for _, sharers := range holders {
		if len(sharers) < 2 {
			continue
		}
		for _, c := range sharers {
			if c.fault == nil {
				c.fault = faultf(v1alpha1.ReasonTokenShared, "another Onboarder has one of these tokens")
			}
		}
	}
}

// admitted are the digests that let somebody in: none while anything is wrong.
func (c *candidate) admitted() []v1alpha1.TokenDigest {
	if c.fault != nil {
		return nil
	}
	return c.digests
}

func (c *candidate) condition() metav1.Condition {
	if c.fault != nil {
		return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: c.fault.reason, Message: c.fault.message}
	}
	return metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonSucceeded,
		Message: "its tokens are let in, and it can be called back",
	}
}
