package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// Epoch is when every simulation begins.
var Epoch = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

const (
	registrarName = "names"
	className     = "indie-site"
	onboarderName = "hallo"
	secretName    = "hallo-token"
	tokenValue    = "mwf_the-token-of-the-simulation-with-enough-characters"
	// CallbackURL is where orders are called back.
	CallbackURL = "https://hallo.example/mwf"
	// RegistrationDeadline is the SiteClass's.
	RegistrationDeadline = time.Hour
	// SetupDeadline is the SiteClass's.
	SetupDeadline = 10 * time.Minute
	// FailedSiteTTL is the SiteClass's.
	FailedSiteTTL = 2 * time.Hour
	// RegistrationsPerDay is the Registrar's limit.
	RegistrationsPerDay = 6
)

// New makes a factory that is ready for orders, with one manager and one front end, in a pair of namespaces of its own. They stay behind, as envtest has
// no controller that could finish deleting a namespace.
func New(ctx context.Context, api client.WithWatch, seed uint64) (*World, error) {
	w := &World{
		Clock: clocktesting.NewFakePassiveClock(Epoch), Seed: seed, Script: Undisturbed,
		Registry: newRegistry(), Receiver: &Receiver{}, onboarder: onboarderName,
		ctx: ctx, api: api, scheme: api.Scheme(), store: newStore(), calls: map[Call]int{}, ordered: map[string]int{},
		queue: queue{tries: map[passKey]int{}}, Depths: map[Call]int{}, closed: map[*Process]time.Time{},
	}
	w.Citizen = &Citizen{world: w}
	keys, err := orderdigest.NewKeys(map[string][]byte{"k1": []byte(strings.Repeat("simulation", 4))})
	if err != nil {
		return nil, err
	}
	w.keys = digestKeys{keys}
	for prefix, name := range map[string]*string{"factory-": &w.Factory, "sites-": &w.Sites} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}
		if err := api.Create(ctx, namespace); err != nil {
			return nil, fmt.Errorf("make a namespace: %w", err)
		}
		*name = namespace.Name
	}
	for _, o := range w.configuration() {
		if err := w.Create(o); err != nil {
			return nil, err
		}
	}
	w.NewManager()
	w.NewFrontEnd()
	if err := w.Run(time.Minute, w.configured); err != nil {
		return nil, fmt.Errorf("the factory does not get ready: %w\n%s", err, strings.Join(w.trace, "\n"))
	}
	w.calls, w.log, w.trace = map[Call]int{}, nil, nil
	w.store.settle()
	w.OnDeath = w.replace
	return w, nil
}

// Close frees what the API server has only so many of: addresses of Services.
func (w *World) Close() error {
	if w.shop != nil && w.shop.Close != nil {
		w.shop.Close()
	}
	return w.api.DeleteAllOf(w.ctx, &corev1.Service{}, client.InNamespace(w.Sites))
}

// replace starts another process for one that died.
func (w *World) replace(dead *Process) {
	if dead.desk != nil {
		w.NewFrontEnd()
		return
	}
	w.NewManager()
}

func (w *World) configuration() []client.Object {
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name, Namespace: w.Factory} }
	perDay, size, nginx := int32(RegistrationsPerDay), resource.MustParse("1Gi"), "nginx"
	return []client.Object{
		&corev1.Secret{ObjectMeta: meta(secretName), Data: map[string][]byte{v1alpha1.SecretKeyToken: []byte(tokenValue)}},
		&v1alpha1.Registrar{ObjectMeta: meta(registrarName), Spec: v1alpha1.RegistrarSpec{
			Provider: v1alpha1.RegistrarProvider{Test: &v1alpha1.TestProvider{}}, Suffixes: []string{"gent"},
			Limits: v1alpha1.RegistrarLimits{MaxPrice: v1alpha1.Price{Amount: "12.50", Currency: "EUR"}, RegistrationsPerDay: &perDay},
		}},
		&v1alpha1.Onboarder{ObjectMeta: meta(onboarderName), Spec: v1alpha1.OnboarderSpec{
			TokenSecretRef: v1alpha1.LocalReference{Name: secretName}, SiteClassName: className,
			Callback: v1alpha1.OnboarderCallback{URLPrefixes: []string{CallbackURL}}, Dialects: []v1alpha1.Dialect{v1alpha1.DialectBearer},
		}},
		&v1alpha1.SiteClass{ObjectMeta: meta(className), Spec: v1alpha1.SiteClassSpec{
			Image: "indie-site:1", Port: 8080, DataPath: "/data",
			Files:   []v1alpha1.SiteFile{{Path: "/home/nonroot/.indie/installer-secret.json", Content: "InstallerSecret"}},
			Storage: v1alpha1.SiteStorage{Size: &size},
			Route:   v1alpha1.SiteRoute{Ingress: &v1alpha1.IngressRoute{ClassName: &nginx}},
			TLS:     v1alpha1.SiteTLS{CertManager: &v1alpha1.CertManagerTLS{IssuerRef: v1alpha1.IssuerReference{Name: "letsencrypt"}}},
			DNS:     v1alpha1.SiteDNS{Unmanaged: &v1alpha1.UnmanagedDNS{}},
			Deadlines: v1alpha1.SiteDeadlines{
				Registration: &metav1.Duration{Duration: RegistrationDeadline}, Setup: &metav1.Duration{Duration: SetupDeadline},
			},
			FailedSiteTTL: &metav1.Duration{Duration: FailedSiteTTL},
		}},
	}
}

func (w *World) configured() error {
	ready := map[string]bool{}
	for _, e := range w.store.all() {
		var conditions []metav1.Condition
		switch o := e.object.(type) {
		case *v1alpha1.Registrar:
			conditions = o.Status.Conditions
		case *v1alpha1.Onboarder:
			conditions = o.Status.Conditions
		case *v1alpha1.SiteClass:
			conditions = o.Status.Conditions
		}
		ready[e.key.Kind] = apimeta.IsStatusConditionTrue(conditions, v1alpha1.ConditionReady)
	}
	for _, kind := range []string{v1alpha1.KindRegistrar, v1alpha1.KindOnboarder, v1alpha1.KindSiteClass} {
		if !ready[kind] {
			return fmt.Errorf("%s is not Ready", kind)
		}
	}
	return nil
}

// Create makes an object as an admin does.
func (w *World) Create(o client.Object) error {
	if err := w.api.Create(w.ctx, o); err != nil {
		return fmt.Errorf("create %T %s: %w", o, o.GetName(), err)
	}
	w.wrote(o)
	return nil
}

// Change changes an object as an admin does.
func (w *World) Change(o client.Object, change func()) error {
	before := o.DeepCopyObject().(client.Object)
	change()
	if err := w.api.Patch(w.ctx, o, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("change %T %s: %w", o, o.GetName(), err)
	}
	w.wrote(o)
	return nil
}

// Rotate changes the onboarder's token, as an admin does: the new one, and the old one as the one before.
func (w *World) Rotate(token string) error {
	secret := &corev1.Secret{}
	if err := w.api.Get(w.ctx, client.ObjectKey{Namespace: w.Factory, Name: secretName}, secret); err != nil {
		return err
	}
	return w.Change(secret, func() {
		secret.Data = map[string][]byte{v1alpha1.SecretKeyToken: []byte(token), v1alpha1.SecretKeyPreviousToken: []byte(tokenValue)}
	})
}

// Suspend stops the Registrar's buying, or lets it go on.
func (w *World) Suspend(suspend bool) error {
	names := w.Registrar()
	return w.Change(names, func() { names.Spec.Suspend = suspend })
}

// Cap changes what a name may cost at most.
func (w *World) Cap(amount string) error {
	names := w.Registrar()
	return w.Change(names, func() { names.Spec.Limits.MaxPrice.Amount = amount })
}

// DeleteSite deletes an IndieSite as an admin does.
func (w *World) DeleteSite(name string) error {
	site := w.Website(name)
	if site == nil {
		return nil // a fault kept it from being made yet
	}
	w.tracef("an admin deletes the site %s", name)
	key := objectKey{factoryKind(v1alpha1.KindIndieSite), client.ObjectKeyFromObject(site)}
	if err := w.api.Delete(w.ctx, site.DeepCopy()); err != nil {
		return fmt.Errorf("delete IndieSite %s: %w", name, err)
	}
	return w.observe(w.ctx, key)
}

type digestKeys struct{ keys *orderdigest.Keys }

// Keys gives the keys.
func (k digestKeys) Keys() (*orderdigest.Keys, error) { return k.keys, nil }

// Reload has nothing to do.
func (digestKeys) Reload() error { return nil }

// letters makes the random ends of the names of Secrets.
func (w *World) letters() string {
	w.random++
	return fmt.Sprintf("x%04d", w.random)
}
