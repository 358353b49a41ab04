// Package siteclass is the duty that makes SiteClasses work: it validates what the API server cannot, keeps snapshots of each class as
// ControllerRevisions, so that a changed class does not touch the sites that stand, and says in Ready whether new sites can be built from it.
package siteclass

import (
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=siteclasses,verbs=get;list;watch;patch,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=siteclasses/status,verbs=get;patch,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=siteclasses/finalizers,verbs=update,namespace=factory
// +kubebuilder:rbac:groups=apps,resources=controllerrevisions,verbs=get;list;watch;create;patch;delete,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites,verbs=get;list;watch,namespace=sites
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get;list;watch,namespace=factory
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch,namespace=factory

// Reconciler keeps the SiteClasses of one factory.
type Reconciler struct {
	client.Client
	// Reader reads past the cache.
	Reader client.Reader
	// Clock gives the times of conditions.
	Clock clock.PassiveClock
	// Recorder publishes events about SiteClasses.
	Recorder events.EventRecorder
	// FactoryNamespace holds the SiteClasses and their ControllerRevisions.
	FactoryNamespace string
	// SitesNamespace holds the IndieSites that refer to them.
	SitesNamespace string
}

// scope is what the steps work on.
type scope struct {
	now    metav1.Time
	before *v1alpha1.SiteClass
	class  *v1alpha1.SiteClass
	// sites that refer to the class.
	sites []v1alpha1.IndieSite
	// problems are filled in by validate.
	problems field.ErrorList
	// key is filled in by credentials.
	key keyProblem
	// revisions of the class, and the one that holds its spec, are filled in by snapshot.
	revisions []appsv1.ControllerRevision
	current   string
}

func (s *scope) deleting() bool { return !s.class.DeletionTimestamp.IsZero() }

// Reconcile brings one SiteClass up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if request.Namespace != r.FactoryNamespace {
		return ctrl.Result{}, nil
	}
	s, err := r.load(ctx, request)
	if err != nil || s == nil {
		return ctrl.Result{}, err
	}
	outcome, err := duty.Run(ctx, s, r.hold, r.validate, r.credentials, r.snapshot, r.prune)
	if werr := r.write(ctx, s); werr != nil {
		return duty.Result(duty.Continue(), werr)
	}
	return duty.Result(outcome, err)
}

// load reads the class and the sites that refer to it; nil when there is no such class.
func (r *Reconciler) load(ctx context.Context, request ctrl.Request) (*scope, error) {
	class := &v1alpha1.SiteClass{}
	if err := r.Get(ctx, request.NamespacedName, class); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	var sites v1alpha1.IndieSiteList
	if err := r.List(ctx, &sites, client.InNamespace(r.SitesNamespace), client.MatchingFields{indexClass: class.Name}); err != nil {
		return nil, fmt.Errorf("list the sites of SiteClass %s: %w", class.Name, err)
	}
	return &scope{now: metav1.NewTime(r.Clock.Now()), before: class, class: class.DeepCopy(), sites: sites.Items}, nil
}

// hold keeps a class that sites refer to from going away, as its snapshots would go with it, and lets it go when none does.
func (r *Reconciler) hold(ctx context.Context, s *scope) (duty.Outcome, error) {
	changed := s.class.DeepCopy()
	switch inUse := len(s.sites) > 0; {
	case inUse && !s.deleting():
		controllerutil.AddFinalizer(changed, v1alpha1.FinalizerInUse)
	case !inUse && s.deleting():
		used, err := r.usedLive(ctx, s.class.Name)
		if err != nil || used {
			return duty.StopFor(collectedAfter), err
		}
		controllerutil.RemoveFinalizer(changed, v1alpha1.FinalizerInUse)
	case !inUse:
		controllerutil.RemoveFinalizer(changed, v1alpha1.FinalizerInUse)
	}
	if controllerutil.ContainsFinalizer(changed, v1alpha1.FinalizerInUse) == controllerutil.ContainsFinalizer(s.class, v1alpha1.FinalizerInUse) {
		return duty.Continue(), nil
	}
	patch := client.MergeFromWithOptions(s.class, client.MergeFromWithOptimisticLock{})
	if err := r.Patch(ctx, changed, patch); apierrors.IsNotFound(err) {
		s.class = nil
		return duty.Stop(), nil
	} else if err != nil {
		return duty.Stop(), fmt.Errorf("change the finalizer of SiteClass %s: %w", s.class.Name, err)
	}
	s.before, s.class = changed, changed.DeepCopy()
	if s.deleting() && len(s.class.Finalizers) == 0 {
		s.class = nil // gone
		return duty.Stop(), nil
	}
	return duty.Continue(), nil
}

// usedLive looks past the cache for a site of the class: one that was made just now must keep it.
func (r *Reconciler) usedLive(ctx context.Context, class string) (bool, error) {
	var sites v1alpha1.IndieSiteList
	if err := r.Reader.List(ctx, &sites, client.InNamespace(r.SitesNamespace)); err != nil {
		return false, fmt.Errorf("list the IndieSites before SiteClass %s goes: %w", class, err)
	}
	return slices.ContainsFunc(sites.Items, func(s v1alpha1.IndieSite) bool { return s.Spec.SiteClassName == class }), nil
}

func (r *Reconciler) validate(_ context.Context, s *scope) (duty.Outcome, error) {
	s.problems = Validate(&s.class.Spec)
	return duty.Continue(), nil
}
