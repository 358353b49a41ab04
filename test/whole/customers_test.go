package whole

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// customer is an onboarder as this test knows it.
type customer struct {
	name, token, callback string
}

// hallo is an onboarder that may do everything: both dialects, two tokens at once, signed callbacks at every receiver.
func (v *vault) hallo() *customer {
	v.t.Helper()
	c := &customer{name: "hallo", token: v.marks.secret("the token"), callback: v.receivers[0].url()}
	var prefixes []string
	for _, rec := range v.receivers {
		prefixes = append(prefixes, rec.prefix())
	}
	slices.Sort(prefixes)
	prefixes = slices.Compact(prefixes)
	o := v.onboarder(c.name, map[string]string{
		v1alpha1.SecretKeyToken:              c.token,
		v1alpha1.SecretKeyPreviousToken:      v.marks.secret("the previous token"),
		v1alpha1.SecretKeyWebhookKey:         v.webhookKey("the webhook key"),
		v1alpha1.SecretKeyPreviousWebhookKey: v.webhookKey("the previous webhook key"),
	}, prefixes...)
	v.awaitReady(o)
	v.await("the front end to know the onboarder", time.Minute, func(context.Context) error {
		if status := v.get(c, v1alpha1.DialectBearer, "/v1/domain/anything.gent"); status != http.StatusOK {
			return fmt.Errorf("it answers %d", status)
		}
		return nil
	})
	return c
}

func (v *vault) webhookKey(what string) string {
	key := webhookKey()
	encoded := strings.TrimPrefix(key, "whsec_")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	v.must(err)
	v.marks.add(what, encoded)
	v.marks.add(what+", decoded", string(decoded))
	return key
}

func (v *vault) onboarder(name string, secret map[string]string, prefixes ...string) *v1alpha1.Onboarder {
	v.t.Helper()
	o := &v1alpha1.Onboarder{ObjectMeta: v.inFactory(name), Spec: v1alpha1.OnboarderSpec{
		TokenSecretRef: v1alpha1.LocalReference{Name: name},
		Callback: v1alpha1.OnboarderCallback{
			URLPrefixes: prefixes, CABundle: v.authority.PEM(), Signature: v1alpha1.SignatureStandardWebhooks,
		},
		Dialects: []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret},
		Quota:    v1alpha1.OnboarderQuota{OrdersPerMinute: ptr.To[int32](10000), ChecksPerMinute: ptr.To[int32](10000)},
	}}
	v.create(&corev1.Secret{ObjectMeta: v.inFactory(name), StringData: secret}, o)
	return o
}

// misconfigure makes Onboarders that are wrong in all ways in which a Secret can be. Each must say so without saying what is in it.
func (v *vault) misconfigure() {
	v.t.Helper()
	shared, key := v.marks.secret("a shared token"), v.webhookKey("a shared webhook key")
	for name, secret := range map[string]map[string]string{
		"blank":         {v1alpha1.SecretKeyToken: v.marks.secret("a token in parts") + " " + v.marks.secret("its other part")},
		"line":          {v1alpha1.SecretKeyToken: v.marks.secret("a token with a line break") + "\n"},
		"long":          {v1alpha1.SecretKeyToken: strings.Repeat(v.marks.secret("a long token"), 100)},
		"foreign":       {v1alpha1.SecretKeyToken: v.marks.secret("a token that is not ASCII") + "é"},
		"previous":      {v1alpha1.SecretKeyToken: v.marks.secret("a good token"), v1alpha1.SecretKeyPreviousToken: v.marks.secret("a bad previous token") + "\x01"},
		"callback":      {v1alpha1.SecretKeyToken: v.marks.secret("a token that is good"), v1alpha1.SecretKeyCallbackToken: v.marks.secret("a bad callback token") + "\t"},
		"shared-1":      {v1alpha1.SecretKeyToken: shared, v1alpha1.SecretKeyWebhookKey: v.webhookKey("a webhook key")},
		"shared-2":      {v1alpha1.SecretKeyToken: shared, v1alpha1.SecretKeyWebhookKey: v.webhookKey("another webhook key")},
		"hook":          {v1alpha1.SecretKeyToken: v.marks.secret("a token beside no webhook key")},
		"hook-bad":      {v1alpha1.SecretKeyToken: v.marks.secret("a token beside a bad webhook key"), v1alpha1.SecretKeyWebhookKey: "whsec_" + v.marks.secret("a bad webhook key")},
		"hook-bare":     {v1alpha1.SecretKeyToken: v.marks.secret("a token beside a bare webhook key"), v1alpha1.SecretKeyWebhookKey: v.marks.secret("a bare webhook key")},
		"hook-shared-1": {v1alpha1.SecretKeyToken: v.marks.secret("one token beside a shared webhook key"), v1alpha1.SecretKeyWebhookKey: key},
		"hook-shared-2": {v1alpha1.SecretKeyToken: v.marks.secret("another token beside a shared webhook key"), v1alpha1.SecretKeyWebhookKey: key},
	} {
		o := v.onboarder(name, secret, v.receivers[0].url())
		v.await("the Onboarder "+name+" to be judged", time.Minute, func(ctx context.Context) error {
			if err := v.client.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
				return err
			}
			if len(o.Status.Conditions) == 0 {
				return errors.New("it has no condition")
			}
			return nil
		})
	}
}
