package whole

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/hallo/verify"
)

// inspector is an onboarder that holds the factory to the contract.
type inspector struct {
	name, token, callback, key string
	inbox                      *verify.Inbox
	object                     *v1alpha1.Onboarder
}

// inspector makes one. With a key its callbacks are signed; it may be called back at others' callbacks too.
func (w *world) inspector(name string, dialects []v1alpha1.Dialect, key string, callbacks ...string) *inspector {
	w.t.Helper()
	listener := w.listen()
	i := &inspector{name: name, token: rand.Text() + rand.Text(), callback: "https://" + listener.Addr().String() + "/in", key: key}
	i.inbox = verify.NewInbox(i.token)
	serve(w.t, listener, w.authority.Certificate(w.host), i.inbox)
	i.object = &v1alpha1.Onboarder{ObjectMeta: w.inFactory(name), Spec: v1alpha1.OnboarderSpec{
		TokenSecretRef: v1alpha1.LocalReference{Name: name},
		Callback:       v1alpha1.OnboarderCallback{URLPrefixes: append(callbacks, i.callback), CABundle: w.authority.PEM()},
		Dialects:       dialects,
		SiteClassName:  className,
		Quota:          v1alpha1.OnboarderQuota{OrdersPerMinute: ptr.To[int32](10000), ChecksPerMinute: ptr.To[int32](10000)},
	}}
	secret := map[string]string{v1alpha1.SecretKeyToken: i.token}
	if key != "" {
		i.object.Spec.Callback.Signature = v1alpha1.SignatureStandardWebhooks
		secret[v1alpha1.SecretKeyWebhookKey] = key
	}
	w.create(&corev1.Secret{ObjectMeta: w.inFactory(name), StringData: secret}, i.object)
	return i
}

// The factory keeps every sentence of the contract that hallo verify knows, in both dialects, with the real programs on both ends.
func TestTheFactoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.configure(2 * time.Second)
	w.play()
	_, err := w.manager()
	w.must(err)
	both := []v1alpha1.Dialect{v1alpha1.DialectBearer, v1alpha1.DialectQuerySecret}
	plain, modern := w.inspector("plain", both, ""), w.inspector("modern", both[:1], "")
	signed := w.inspector("signed", both, webhookKey(), plain.callback)
	w.awaitReady(plain.object, signed.object, modern.object)

	everything := verify.Config{Orders: true, Exhaust: true, OtherToken: signed.token}
	for name, c := range map[string]struct {
		as     *inspector
		config verify.Config
		kept   int
	}{
		"everything, with orders":                {plain, everything, 210},
		"signed callbacks":                       {signed, verify.Config{Orders: true, Only: selection(t, "130-137,150")}, 18},
		"nothing that could spend":               {plain, verify.Config{}, 115},
		"an onboarder without the older dialect": {modern, verify.Config{Orders: true, Only: selection(t, "10-22,50-66,100-110,130-136")}, 44},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := w.address() // each has a front end of its own: failed authentications are counted by process, and all come from here
			_, err := w.frontend(address)
			w.must(err)
			w.hold(t, address, c.as, c.config, c.kept)
		})
	}
}

func selection(t *testing.T, text string) verify.Selection {
	t.Helper()
	chosen, err := verify.ParseSelection(text)
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

// hold checks the contract, and that nothing is broken or absent.
func (w *world) hold(t *testing.T, address string, as *inspector, config verify.Config, kept int) {
	t.Helper()
	config.URL, config.Trust, config.Token, config.Callback = "https://"+address, w.authority.Pool(), as.token, as.callback
	config.Inbox, config.WebhookKey, config.Random = as.inbox, as.key, rand.Reader
	config.Patience = 3 * time.Minute
	w.await("the front end to answer", time.Minute, func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
		if err != nil {
			return errors.New("nobody listens")
		}
		return conn.Close()
	})
	var shown bytes.Buffer
	reporter := verify.NewReporter(&shown, false)
	summary, err := verify.Run(t.Context(), config, reporter.Show)
	if err != nil {
		t.Fatal(err)
	}
	reporter.End(summary)
	if summary.Broken > 0 || summary.Absent > 0 || summary.Kept < kept || !config.Orders && summary.Ordered > 0 {
		t.Errorf("%+v, want %d kept and none broken or absent\n%s", summary, kept, &shown)
	}
	t.Logf("%+v", summary)
	for _, secret := range []string{as.token, as.key} {
		if secret != "" && strings.Contains(shown.String(), secret) {
			t.Errorf("a secret is shown:\n%s", &shown)
		}
	}
}
