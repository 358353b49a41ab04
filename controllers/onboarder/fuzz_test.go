package onboarder

import (
	"crypto/x509"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/callbackurl"
	"magicwebsitefactory.gent/internal/delivery"
)

// FuzzJudge looks for an Onboarder, as an admin might fill its Secret and its spec, that is let in although its callbacks could not be made, and for messages that show
// what is in the Secret.
func FuzzJudge(f *testing.F) {
	const key = "whsec_+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7"
	const block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	for _, seed := range []struct{ token, previous, callback, key, prefix, bundle string }{
		{"mwf_Marked_Secret_0123456789abcdef0123456789abcdef", "", "", "", "https://hallo.gent/mwf", ""}, {"ethical-design", "", "", "", "https://hallo.gent", ""},
		{"Marked_Secret", "Marked_Secret", "Marked_Secret", key, "https://hallo.gent", block}, {"Marked_Secret\n", "", "", key + "\n", "https://Marked_Secret@hallo.gent", "Marked_Secret"},
		{"", "a", "", "whsec_Marked_Secret", "", "Marked_Secret\n" + block}, {key, "", "", key, "https://hallo.gent", ""}, {"a b", "", "é", "Marked_Secret", "http://hallo.gent", "-----BEGIN X-----"},
	} {
		f.Add([]byte(seed.token), []byte(seed.previous), []byte(seed.callback), []byte(seed.key), seed.prefix, []byte(seed.bundle), false)
		f.Add([]byte(seed.token), []byte(seed.previous), []byte(seed.callback), []byte(seed.key), seed.prefix, []byte(seed.bundle), true)
	}
	f.Fuzz(func(t *testing.T, token, previous, callback, key []byte, prefix string, bundle []byte, live bool) {
		if len(token)+len(previous)+len(callback)+len(key)+len(prefix)+len(bundle) > 16<<10 {
			return
		}
		environment := v1alpha1.EnvironmentTest
		if live {
			environment = v1alpha1.EnvironmentLive
		}
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "hallo"}, Data: map[string][]byte{v1alpha1.SecretKeyToken: token}}
		for name, value := range map[string][]byte{v1alpha1.SecretKeyPreviousToken: previous, v1alpha1.SecretKeyCallbackToken: callback, v1alpha1.SecretKeyWebhookKey: key} {
			if len(value) > 0 {
				secret.Data[name] = value
			}
		}
		o := &v1alpha1.Onboarder{Spec: v1alpha1.OnboarderSpec{
			AllowPublishedToken: true,
			Callback:            v1alpha1.OnboarderCallback{URLPrefixes: []string{prefix}, CABundle: bundle},
		}}
		if len(key) > 0 {
			o.Spec.Callback.Signature = v1alpha1.SignatureStandardWebhooks
		}
		c := &candidate{onboarder: o}
		c.judge(secret, environment)
		if message := c.condition().Message; strings.Contains(message, "Marked_Secret") {
			t.Fatalf("a secret is in the message %q", message)
		}
		if c.fault != nil {
			if len(c.admitted()) > 0 || len(c.keys) > 0 && c.condition().Status != metav1.ConditionFalse {
				t.Fatalf("%+v lets somebody in", c.fault)
			}
			return
		}
		checkAdmitted(t, c, secret, live)
		if normal, err := callbackurl.Parse(prefix); err != nil || !callbackurl.Allowed(normal, []string{prefix}) {
			t.Fatalf("the prefix %q is taken, and allows nothing: %v", prefix, err)
		}
		if len(bundle) > 0 && !x509.NewCertPool().AppendCertsFromPEM(bundle) {
			t.Fatalf("the bundle %q is taken, and holds nothing that a client would trust", bundle)
		}
		if signed, err := delivery.ParseWebhookKey(string(key)); len(key) > 0 && (err != nil || len(c.keys) != 1 || string(c.keys[0]) != string(signed)) {
			t.Fatalf("the webhook key %q is taken: %v", key, err)
		}
	})
}

// checkAdmitted makes sure that exactly the tokens that let somebody in do, and that each can be sent.
func checkAdmitted(t *testing.T, c *candidate, secret *corev1.Secret, live bool) {
	t.Helper()
	known := map[string]bool{}
	for _, digest := range c.admitted() {
		known[digest.SHA256] = true
	}
	want := map[string]bool{}
	for name, value := range secret.Data {
		if name == v1alpha1.SecretKeyWebhookKey {
			continue
		}
		if err := delivery.CheckToken(string(value)); err != nil || live && (len(value) < 32 || string(value) == v1alpha1.PublishedToken) {
			t.Fatalf("%s is taken: %q", name, value)
		}
		if name != v1alpha1.SecretKeyCallbackToken {
			want[delivery.TokenDigest(string(value))] = true
		}
	}
	if len(known) != len(want) {
		t.Fatalf("%d tokens are known of %d", len(known), len(want))
	}
	for digest := range want {
		if !known[digest] {
			t.Fatalf("the token of %s is not known", digest)
		}
	}
}
