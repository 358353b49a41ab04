package whole

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/output"
)

// logEverything is more than any verbosity that anything logs at.
const logEverything = 100

// vault is a world in which every secret is marked, and everything that the programs let out is kept.
type vault struct {
	*world
	marks    *marks
	manager  *process
	frontend *process
	address  string // of the front end
	health   string
	metrics  map[string]string // addresses of /metrics by program
	scraper  string            // a token with which they may be read

	answers   output.Buffer // of the front end, and of what serves health and metrics
	receivers []*receiver
	lenient   *http.Client    // takes every certificate: that of the manager's metrics is its own
	names     map[string]bool // domains that were ordered
}

// No secret gets out of the Secrets, whatever is asked of the programs and whatever they are answered: not into a log, an event, a status or
// any other object, not into a metric or an answer.
func TestNoSecretGetsOut(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	hallo := v.hallo()
	v.misconfigure()

	for _, rec := range v.receivers {
		for _, dialect := range rec.dialects() {
			v.order(hallo, dialect, rec.domain(dialect), rec.url(), http.StatusCreated)
		}
	}
	v.order(hallo, v1alpha1.DialectBearer, "taken-at-registration-1.gent", hallo.callback, http.StatusCreated)
	v.order(hallo, v1alpha1.DialectQuerySecret, "setup-fails-1.gent", hallo.callback, http.StatusCreated)
	v.ask(hallo)
	v.misbehave(hallo)
	v.handMade(hallo)
	v.awaitTold("taken-at-registration-1.gent")
	v.awaitTold("setup-fails-1.gent")
	v.order(hallo, v1alpha1.DialectQuerySecret, "setup-fails-1.gent", hallo.callback, http.StatusCreated)
	v.rotate(hallo)
	v.breakFiles()
	v.awaitTold("setup-fails-1.gent")
	for _, rec := range v.receivers {
		for _, dialect := range rec.dialects() {
			v.awaitAnswered(rec.domain(dialect))
		}
	}
	standing := v.searchObjects(v.report)
	v.sayFarewell()
	v.awaitComplaints()
	v.knock(hallo)

	v.search(standing)
	v.must(errors.Join(v.manager.terminate(90*time.Second), v.frontend.terminate(time.Minute)))
	v.nothingIn("the manager's output", v.manager.log.String())
	v.nothingIn("the front end's output", v.frontend.log.String())
}

func newVault(t *testing.T) *vault {
	v := &vault{world: newWorld(t), marks: &marks{}, names: map[string]bool{}}
	v.keys = map[string][]byte{"k1": []byte(v.marks.secret("the first key for request digests")), "k2": []byte(v.marks.secret("the second key for request digests"))}
	v.writeFiles()
	text, err := os.ReadFile(v.file("tls.key"))
	v.must(err)
	v.marks.add("the front end's TLS key", v.private(text))
	v.certificateKey = v.marks.secret("the TLS key of a site")
	v.configure(time.Second)
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, ForceAttemptHTTP2: true} //nolint:gosec // what is asked is what comes back, not from whom
	t.Cleanup(transport.CloseIdleConnections)
	v.lenient = &http.Client{Transport: transport, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	v.scraper = v.account("scraper", rbacv1.PolicyRule{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}})
	v.writeKubeconfig(&clientcmdapi.AuthInfo{Token: v.account("programs",
		rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})})

	v.address, v.health = v.world.address(), v.world.address()
	v.metrics = map[string]string{"manager": v.world.address(), "frontend": v.world.address()}
	v.play()
	v.manager, err = v.world.manager("--metrics-bind-address="+v.metrics["manager"], fmt.Sprintf("--zap-log-level=%d", logEverything), "--zap-stacktrace-level=info")
	v.must(err)
	v.frontend, err = v.world.frontend(v.address, "--health-listen="+v.health, "--metrics-listen="+v.metrics["frontend"],
		fmt.Sprintf("--log-level=DEBUG-%d", logEverything), "--trusted-proxies=127.0.0.0/8")
	v.must(err)
	v.receivers = v.newReceivers()
	return v
}

// private is what is secret about a key in PEM form: the rest of it has much in common with certificates.
func (v *vault) private(text []byte) string {
	v.t.Helper()
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	v.must(err)
	secret, err := key.(*ecdsa.PrivateKey).Bytes()
	v.must(err)
	return string(secret)
}

// handMade orders a site past the front end, with a callback that the Onboarder does not allow.
func (v *vault) handMade(c *customer) {
	v.t.Helper()
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: v.sites, Name: "hand-made.gent", Finalizers: []string{v1alpha1.FinalizerCallback}},
		Spec: v1alpha1.IndieSiteSpec{
			Domain: "hand-made.gent", SiteClassName: className, OnboarderName: &c.name, SetupAttempt: 1, RequestDigest: "k1:by-hand",
			InstallerSecretRef: v1alpha1.LocalReference{Name: "hand-made.gent-installer-1-abcde"},
			Callback:           &v1alpha1.SiteCallback{URL: "https://elsewhere.example/in", Domain: "hand-made.gent", Dialect: v1alpha1.DialectQuerySecret},
		},
	}
	v.create(site)
	v.create(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: v.sites, Name: site.Spec.InstallerSecretRef.Name,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(site, v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite))},
		},
		StringData: map[string]string{v1alpha1.SecretKeyInstallerFile: v.marks.secret("an installer file made by hand")},
	})
	v.names["hand-made.gent"] = true
	v.await("the callback of the hand-made site to be refused", time.Minute, func(ctx context.Context) error {
		now, err := v.site(ctx, site.Name)
		if err != nil {
			return err
		}
		for _, condition := range now.Status.Conditions {
			if condition.Reason == v1alpha1.ReasonCallbackRefused {
				return nil
			}
		}
		return fmt.Errorf("%+v", now.Status.Conditions)
	})
}

// rotate changes the token while orders are under way, and takes the old one away.
func (v *vault) rotate(c *customer) {
	v.t.Helper()
	old, next := c.token, v.marks.secret("the next token")
	v.secret(c.name, func(data map[string][]byte) {
		data[v1alpha1.SecretKeyToken], data[v1alpha1.SecretKeyPreviousToken] = []byte(next), []byte(old)
		data[v1alpha1.SecretKeyCallbackToken] = []byte(v.marks.secret("the callback token"))
		data[v1alpha1.SecretKeyWebhookKey] = []byte(v.webhookKey("the next webhook key"))
	})
	c.token = next
	for i, token := range []string{next, old} {
		v.await("the new tokens to be known", time.Minute, func(context.Context) error {
			return v.try(&customer{token: token}, fmt.Sprintf("rotated-%d.gent", i), c.callback)
		})
	}
	v.secret(c.name, func(data map[string][]byte) { delete(data, v1alpha1.SecretKeyPreviousToken) })
	v.await("the old token to be refused", time.Minute, func(context.Context) error {
		if status := v.get(&customer{token: old}, v1alpha1.DialectQuerySecret, "/v1/domain/rotated-9.gent"); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
			return fmt.Errorf("it is answered %d", status)
		}
		return nil
	})
	v.awaitTold("rotated-0.gent")
	v.awaitTold("rotated-1.gent")
}

func (v *vault) secret(name string, change func(map[string][]byte)) {
	v.t.Helper()
	secret := &corev1.Secret{}
	v.must(v.client.Get(v.t.Context(), client.ObjectKey{Namespace: v.factory, Name: name}, secret))
	change(secret.Data)
	v.must(v.client.Update(v.t.Context(), secret))
}

func (v *vault) awaitTold(domain string) {
	v.t.Helper()
	v.await(domain+" to be told", time.Minute, func(ctx context.Context) error {
		site, err := v.site(ctx, domain)
		if err != nil {
			return err
		}
		if !told(site) {
			return fmt.Errorf("delivery %+v", site.Status.Delivery)
		}
		return nil
	})
}

// awaitAnswered waits until it is known how a callback ended. The farewell tries again those that failed.
func (v *vault) awaitAnswered(domain string) {
	v.t.Helper()
	v.await("the receiver of "+domain+" to be called", time.Minute, func(ctx context.Context) error {
		site, err := v.site(ctx, domain)
		switch {
		case err != nil:
			return err
		case told(site), site.Status.Delivery != nil && site.Status.Delivery.LastResponse != "":
			return nil
		}
		return fmt.Errorf("delivery %+v", site.Status.Delivery)
	})
}

// sayFarewell deletes every site. Those whose receiver never answers well stay until their farewell is over.
func (v *vault) sayFarewell() {
	v.t.Helper()
	for _, rec := range v.receivers {
		rec.mend()
	}
	for domain := range v.names {
		v.must(client.IgnoreNotFound(v.client.Delete(v.t.Context(), &v1alpha1.IndieSite{ObjectMeta: metav1.ObjectMeta{Namespace: v.sites, Name: domain}})))
	}
	for domain := range v.names {
		v.await("the farewell of "+domain, time.Minute, func(ctx context.Context) error {
			site, err := v.site(ctx, domain)
			switch {
			case apierrors.IsNotFound(err):
				return nil
			case err != nil:
				return err
			case site.Status.Delivery != nil && site.Status.Delivery.LastAttemptTime != nil && !site.Status.Delivery.LastAttemptTime.Before(site.DeletionTimestamp):
				return nil
			case slices.ContainsFunc(site.Status.Conditions, func(c metav1.Condition) bool { return c.Reason == v1alpha1.ReasonCallbackRefused }):
				return nil
			}
			v.hasten(ctx, site)
			return fmt.Errorf("delivery %+v", site.Status.Delivery)
		})
	}
}

// breakFiles spoils what is mounted into the front end, which goes on with what it has.
func (v *vault) breakFiles() {
	v.t.Helper()
	short := v.marks.secret("a key that is too short")[:window+8]
	v.must(os.WriteFile(filepath.Join(v.dir, "keys", "k3"), []byte(short), 0o600))
	v.must(os.WriteFile(v.file("tls.key"), []byte("-----BEGIN PRIVATE KEY-----\n"+v.marks.secret("a TLS key that is none")+"\n-----END PRIVATE KEY-----\n"), 0o600))
}

// awaitComplaints waits until the front end has seen what is mounted now.
func (v *vault) awaitComplaints() {
	v.t.Helper()
	for _, complaint := range []string{"keys for request digests stay as they were", "error re-reading certificate"} {
		v.await("the front end to complain: "+complaint, time.Minute, func(context.Context) error {
			if !v.frontend.log.Contains(complaint) {
				return errors.New("it does not")
			}
			return nil
		})
	}
}
