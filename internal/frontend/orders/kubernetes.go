package orders

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=sites,resources=indiesites,verbs=get;list;watch;create;update;patch
// +kubebuilder:rbac:groups="",namespace=sites,resources=secrets,verbs=create
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=onboarders;registrars;domains,verbs=get;list;watch

// callTimeout bounds each call to the API server.
const callTimeout = 10 * time.Second

// Kubernetes keeps claims as IndieSites, and reads the books. It uses no more of its clients than the front end's role allows: IndieSites may be
// read, created, updated and patched, Secrets created, and nothing deleted.
type Kubernetes struct {
	// Live goes to the API server each time.
	Live client.Client
	// Cached reads Registrars, Domains, and the metadata of IndieSites, from informers.
	Cached client.Reader

	FactoryNamespace, SitesNamespace string
}

var (
	_ Claims = (*Kubernetes)(nil)
	_ Books  = (*Kubernetes)(nil)
)

// Get reads the claim to a name as it is now; nil if there is none.
func (k *Kubernetes) Get(ctx context.Context, name names.Name) (*v1alpha1.IndieSite, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var claim v1alpha1.IndieSite
	err := k.Live.Get(ctx, client.ObjectKey{Namespace: k.SitesNamespace, Name: name.String()}, &claim)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get IndieSite %s: %w", name, err)
	}
	return &claim, nil
}

// Create makes the claim.
func (k *Kubernetes) Create(ctx context.Context, claim *v1alpha1.IndieSite) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return k.Live.Create(ctx, claim)
}

// Raise writes the claim under the resourceVersion that it was read with.
func (k *Kubernetes) Raise(ctx context.Context, claim *v1alpha1.IndieSite) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return k.Live.Update(ctx, claim)
}

// SendAgain patches the annotation, under the resourceVersion that the claim was read with: a site that was made anew meanwhile has
// nothing to send again.
func (k *Kubernetes) SendAgain(ctx context.Context, claim *v1alpha1.IndieSite, wish string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	wished := claim.DeepCopy()
	metav1.SetMetaDataAnnotation(&wished.ObjectMeta, v1alpha1.AnnotationSendAgain, wish)
	return k.Live.Patch(ctx, wished, client.MergeFromWithOptions(claim, client.MergeFromWithOptimisticLock{}))
}

// CreateSecret makes the Secret that a claim names.
func (k *Kubernetes) CreateSecret(ctx context.Context, secret *corev1.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return k.Live.Create(ctx, secret)
}

// Count counts the onboarder's claims in the cache.
func (k *Kubernetes) Count(ctx context.Context, onboarder string) (int, error) {
	return k.count(ctx, k.Cached, onboarder, client.UnsafeDisableDeepCopy)
}

// CountNow counts them at the API server.
func (k *Kubernetes) CountNow(ctx context.Context, onboarder string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return k.count(ctx, k.Live, onboarder)
}

func (k *Kubernetes) count(ctx context.Context, from client.Reader, onboarder string, opts ...client.ListOption) (int, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIndieSite + "List"))
	opts = append(opts, client.InNamespace(k.SitesNamespace), client.MatchingLabels{v1alpha1.LabelOnboarder: onboarder})
	if err := from.List(ctx, list, opts...); err != nil {
		return 0, fmt.Errorf("count the IndieSites of Onboarder %s: %w", onboarder, err)
	}
	return len(list.Items), nil
}

// Domain reads what is known of a name; nil if it is not on the books.
func (k *Kubernetes) Domain(ctx context.Context, name names.Name) (*v1alpha1.Domain, error) {
	var domain v1alpha1.Domain
	err := k.Cached.Get(ctx, client.ObjectKey{Namespace: k.FactoryNamespace, Name: name.String()}, &domain)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get Domain %s: %w", name, err)
	}
	return &domain, nil
}

// Registrars lists all of them.
func (k *Kubernetes) Registrars(ctx context.Context) ([]v1alpha1.Registrar, error) {
	var list v1alpha1.RegistrarList
	if err := k.Cached.List(ctx, &list, client.InNamespace(k.FactoryNamespace)); err != nil {
		return nil, fmt.Errorf("list Registrars: %w", err)
	}
	return list.Items, nil
}
