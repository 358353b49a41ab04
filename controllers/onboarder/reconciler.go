package onboarder

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=onboarders,verbs=get;list;watch,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=onboarders/status,verbs=patch,namespace=factory
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch,namespace=factory
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch,namespace=factory

// Reconciler judges the Onboarders of a factory.
type Reconciler struct {
	client.Client
	// Reader is uncached: Secrets are never kept in memory.
	Reader client.Reader
	// Clock dates the transitions.
	Clock clock.PassiveClock
	// Recorder publishes the events.
	Recorder events.EventRecorder

	// Environment of the factory: live asks more of a token, and refuses the published one.
	Environment v1alpha1.Environment
	// FactoryNamespace holds the Onboarders and their Secrets.
	FactoryNamespace string
}

// Reconcile judges all Onboarders, whichever the request names. What keeps one from being judged or written holds up none of the others.
func (r *Reconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	list := &v1alpha1.OnboarderList{}
	if err := r.Reader.List(ctx, list, client.InNamespace(r.FactoryNamespace)); err != nil {
		return ctrl.Result{}, fmt.Errorf("list Onboarders: %w", err)
	}
	candidates, err := r.candidates(ctx, list.Items)
	errs := []error{err}
	judgeShared(candidates)
	judgeSharedKeys(candidates)
	for _, c := range candidates {
		errs = append(errs, r.write(ctx, c))
	}
	return result(errors.Join(errs...))
}

// result looks for a conflict among several errors: apierrors.IsConflict sees only the first.
func result(err error) (ctrl.Result, error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return duty.Result(duty.Continue(), err)
	}
	for _, e := range joined.Unwrap() {
		if !apierrors.IsConflict(e) {
			return duty.Result(duty.Continue(), err)
		}
	}
	return duty.Result(duty.Continue(), joined.Unwrap()[0])
}

// candidates judges each Onboarder by itself. One whose Secret cannot be read just now keeps its status, and its digests count against the others.
func (r *Reconciler) candidates(ctx context.Context, onboarders []v1alpha1.Onboarder) ([]*candidate, error) {
	var candidates []*candidate
	var errs []error
	for i := range onboarders {
		c := &candidate{onboarder: &onboarders[i]}
		secret, err := r.secret(ctx, onboarders[i].Spec.TokenSecretRef.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("onboarder %s: %w", onboarders[i].Name, err))
			c.unread = true
			c.digests = onboarders[i].Status.TokenDigests
		} else {
			c.judge(secret, r.Environment)
		}
		candidates = append(candidates, c)
	}
	return candidates, errors.Join(errs...)
}

// secret returns nil when there is none.
func (r *Reconciler) secret(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := r.Reader.Get(ctx, client.ObjectKey{Namespace: r.FactoryNamespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return secret, nil
}

// write is the one place that writes the status.
func (r *Reconciler) write(ctx context.Context, c *candidate) error {
	if c.unread {
		return nil
	}
	after := c.onboarder.DeepCopy()
	after.Status.ObservedGeneration = after.Generation
	after.Status.TokenDigests = c.admitted()
	duty.SetCondition(&after.Status.Conditions, after.Generation, metav1.NewTime(r.Clock.Now()), c.condition())
	wrote, err := duty.WriteStatus(ctx, r.Client, c.onboarder, after)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if wrote && err == nil {
		announce(r.Recorder, after, apimeta.FindStatusCondition(c.onboarder.Status.Conditions, v1alpha1.ConditionReady))
	}
	return nil
}
