package callback

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/duty"
)

// statusPause is how long to wait for an Onboarder's status to follow its Secret.
const statusPause = 2 * time.Second

// request judges whether the site's callback may be called now, on what the API server says now, and builds the call. A hand-made IndieSite must not carry a
// token away, so what the front end checked once is checked again each time. The error is *blocked where only a change of the Onboarder can help.
func (r *Reconciler) request(ctx context.Context, site *v1alpha1.IndieSite) (delivery.Request, error) {
	onboarder, err := r.onboarder(ctx, *site.Spec.OnboarderName)
	if err != nil {
		return delivery.Request{}, err
	}
	target, err := allowedTarget(site, onboarder)
	if err != nil {
		return delivery.Request{}, err
	}
	secret, err := r.secret(ctx, onboarder)
	if err != nil {
		return delivery.Request{}, err
	}
	token, err := tokenOf(onboarder, secret)
	if err != nil {
		return delivery.Request{}, err
	}
	webhook, err := webhookOf(site, onboarder, secret)
	if err != nil {
		return delivery.Request{}, err
	}
	return delivery.Request{
		Target:   target,
		Dialect:  site.Spec.Callback.Dialect,
		Token:    token,
		CABundle: onboarder.Spec.Callback.CABundle,
		Webhook:  webhook,
	}, nil
}

// onboarder returns the Onboarder if it is Ready as it stands now.
func (r *Reconciler) onboarder(ctx context.Context, name string) (*v1alpha1.Onboarder, error) {
	onboarder := &v1alpha1.Onboarder{}
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: r.FactoryNamespace, Name: name}, onboarder)
	if apierrors.IsNotFound(err) {
		return nil, &blocked{reason: v1alpha1.ReasonOnboarderNotReady, message: "there is no Onboarder " + name, gone: true}
	}
	if err != nil {
		return nil, fmt.Errorf("read Onboarder %s: %w", name, err)
	}
	ready := apimeta.FindStatusCondition(onboarder.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != onboarder.Generation {
		return nil, &blocked{reason: v1alpha1.ReasonOnboarderNotReady, message: "the Onboarder " + name + " is not Ready"}
	}
	return onboarder, nil
}

// allowedTarget returns the URL to call, if the Onboarder allows the callback and its dialect.
func allowedTarget(site *v1alpha1.IndieSite, onboarder *v1alpha1.Onboarder) (*url.URL, error) {
	callback := site.Spec.Callback
	refuse := func(message string) error {
		return &blocked{reason: v1alpha1.ReasonCallbackRefused, message: message}
	}
	switch {
	case callback == nil:
		return nil, refuse("the site has no callback")
	case !slices.Contains(onboarder.Spec.Dialects, callback.Dialect):
		return nil, refuse(fmt.Sprintf("the Onboarder %s does not allow the dialect %s", onboarder.Name, callback.Dialect))
	case !callbackurl.Allowed(callback.URL, onboarder.Spec.Callback.URLPrefixes):
		return nil, refuse("the callback lies outside the URL prefixes of the Onboarder " + onboarder.Name)
	case !strings.EqualFold(strings.TrimSuffix(callback.Domain, "."), site.Spec.Domain):
		return nil, refuse("the callback names another domain than the site's")
	}
	target, err := callbackurl.Target(callback.URL, callback.Domain, site.Status.Outcome.Code)
	var invalid *callbackurl.Error
	if errors.As(err, &invalid) {
		return nil, refuse(invalid.Error())
	}
	return target, err
}

// secret reads the onboarder's Secret, at each delivery, so that what was changed is used from the next one on. It is empty where there is none.
func (r *Reconciler) secret(ctx context.Context, onboarder *v1alpha1.Onboarder) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	key := client.ObjectKey{Namespace: r.FactoryNamespace, Name: onboarder.Spec.TokenSecretRef.Name}
	if err := r.Reader.Get(ctx, key, secret); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read Secret %s of Onboarder %s: %w", key.Name, onboarder.Name, err)
	}
	return secret, nil
}

// tokenOf returns what the callback is authenticated with: the onboarder's token for callbacks, or the one that it shows itself. The latter must be one that
// the Onboarder's status knows, so that a Secret that was changed a moment ago is judged before anything of it goes out.
func tokenOf(onboarder *v1alpha1.Onboarder, secret *corev1.Secret) (delivery.Secret, error) {
	if token, ok := secret.Data[v1alpha1.SecretKeyCallbackToken]; ok {
		if delivery.CheckToken(string(token)) == nil {
			return delivery.Secret(token), nil
		}
	} else if token := string(secret.Data[v1alpha1.SecretKeyToken]); knows(onboarder, token) {
		return delivery.Secret(token), nil
	}
	return "", statusBehind(onboarder)
}

// webhookOf returns what makes the callback a Standard Webhook, where the Onboarder asks for it; nil where it does not.
func webhookOf(site *v1alpha1.IndieSite, onboarder *v1alpha1.Onboarder, secret *corev1.Secret) (*delivery.Webhook, error) {
	switch onboarder.Spec.Callback.Signature {
	case "":
		return nil, nil
	case v1alpha1.SignatureStandardWebhooks:
	default:
		return nil, statusBehind(onboarder) // from a newer version of the API; never unsigned instead
	}
	var keys []delivery.WebhookKey
	for _, name := range []string{v1alpha1.SecretKeyWebhookKey, v1alpha1.SecretKeyPreviousWebhookKey} {
		text, ok := secret.Data[name]
		if !ok && name == v1alpha1.SecretKeyPreviousWebhookKey {
			continue
		}
		key, err := delivery.ParseWebhookKey(string(text))
		if err != nil {
			return nil, statusBehind(onboarder)
		}
		if !slices.ContainsFunc(keys, func(k delivery.WebhookKey) bool { return slices.Equal(k, key) }) {
			keys = append(keys, key)
		}
	}
	return delivery.NewWebhook(string(site.UID), site.Spec.Callback.Domain, *site.Status.Outcome, keys)
}

// statusBehind is the error of a Secret that cannot be used, of an Onboarder that is Ready: the duty that judges it has not come to it yet.
func statusBehind(onboarder *v1alpha1.Onboarder) error {
	return &duty.Waiting{For: "the status of the Onboarder " + onboarder.Name + " to follow its Secret", After: statusPause}
}

func knows(onboarder *v1alpha1.Onboarder, token string) bool {
	digest := v1alpha1.TokenDigest{Use: v1alpha1.TokenCurrent, SHA256: delivery.TokenDigest(token)}
	return slices.Contains(onboarder.Status.TokenDigests, digest)
}

// receiverHost is the host that the cap on running attempts is counted by; empty for a callback that will be refused anyway.
func receiverHost(site *v1alpha1.IndieSite) string {
	if site.Spec.Callback == nil || site.Status.Outcome == nil {
		return ""
	}
	target, err := callbackurl.Target(site.Spec.Callback.URL, site.Spec.Callback.Domain, site.Status.Outcome.Code)
	if err != nil {
		return ""
	}
	return target.Host
}
