// Package site is the duty that makes a site run and be reachable over HTTPS: it orders the name, builds the children, asks the site whether it
// answers, and says in the conditions of the IndieSite, up to Ready and Stalled, how far it is.
package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/reach"
)

// fieldOwner is the duty's name in server-side apply.
const fieldOwner = client.FieldOwner("magicwebsitefactory-site")

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites,verbs=get;list;watch;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites/status,verbs=get;patch,namespace=sites
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites/finalizers,verbs=update,namespace=sites
// +kubebuilder:rbac:groups=apps,resources=statefulsets,verbs=get;list;watch;create;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=core,resources=services,verbs=get;list;watch;create;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=core,resources=persistentvolumeclaims,verbs=get;list;watch;create;patch,namespace=sites
// +kubebuilder:rbac:groups=core,resources=secrets,verbs=get;list;watch,namespace=sites
// +kubebuilder:rbac:groups=core,resources=pods,verbs=get;list,namespace=sites
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses;networkpolicies,verbs=get;list;watch;create;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=cert-manager.io,resources=certificates,verbs=get;list;watch;create;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=externaldns.k8s.io,resources=dnsendpoints,verbs=get;list;watch;create;patch;delete,namespace=sites
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch,namespace=sites
// +kubebuilder:rbac:groups=core,resources=secrets,verbs=get,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=domains,verbs=get;list;watch;create;delete,namespace=factory
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=registrars;siteclasses,verbs=get;list;watch,namespace=factory
// +kubebuilder:rbac:groups=apps,resources=controllerrevisions,verbs=get;list;watch,namespace=factory

// Reconciler looks after the IndieSites of one factory.
type Reconciler struct {
	client.Client
	// Reader reads past the cache, before what cannot be undone.
	Reader client.Reader
	// Clock gives the time of attempts, deadlines and conditions.
	Clock clock.PassiveClock
	// Recorder publishes events about IndieSites.
	Recorder events.EventRecorder
	// Prober asks a site whether it is there.
	Prober reach.Prober
	// Probes is how many sites are asked at once; zero for half of the workers.
	Probes int
	// DNS publishes names and asks for them, where SiteClasses want that.
	DNS DNS
	// Random makes the operation IDs of purchases.
	Random io.Reader
	// FactoryNamespace holds Domains, Registrars, SiteClasses and their revisions.
	FactoryNamespace string
	// SitesNamespace holds the IndieSites and their children.
	SitesNamespace string

	// cache serves metadata of Secrets and Certificates, which the client would read live; nil before SetupWithManager.
	cache client.Reader
	// certificatesWatched says whether the cluster had cert-manager when the manager started.
	certificatesWatched bool
	// endpointsWatched says whether it had DNSEndpoints then.
	endpointsWatched bool
	visits           memory[visit]
	lookups          memory[lookup]
	probing          *semaphore.Weighted // see places
	probingOnce      sync.Once
	// start is when this process began to work, which is when it got the lease, and not when it came up.
	start     time.Time
	startOnce sync.Once
}

// firstSeen is when this process worked on a site for the first time.
func (r *Reconciler) firstSeen() time.Time {
	r.startOnce.Do(func() { r.start = r.Clock.Now() })
	return r.start
}

// Reconcile takes one site as far as it goes now.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	if request.Namespace != r.SitesNamespace {
		return ctrl.Result{}, nil
	}
	s, err := r.load(ctx, request.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	if s == nil {
		return duty.Result(duty.Continue(), r.forget(ctx, request.NamespacedName))
	}
	outcome, err := duty.Run(ctx, s,
		r.begin, r.snapshot, r.installer, r.judge, r.end, r.abandon, r.order,
		r.ensureVolume, r.ensurePolicy, r.ensureService, r.ensureStatefulSet, r.inspectPods,
		r.ensureIngress, r.withdrawElsewhere, r.ensureEndpoint, r.putRecords, r.askServers, r.repairRecords, r.ensureCertificate, r.probe)
	if s.gone || apierrors.IsConflict(err) || (unknown(err) && s.ready()) {
		// A lost race starts over from what the winner wrote, and a slip of the API server says nothing about a site that stands.
		return duty.Result(outcome, err)
	}
	s.notice(err)
	if werr := r.write(ctx, s); werr != nil {
		return duty.Result(duty.Continue(), client.IgnoreNotFound(werr))
	}
	return duty.Result(s.until(outcome), err)
}

// write computes the conditions and puts them into the status, where they changed, and publishes what happened. It is the one place that writes
// the status.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	s.summarize()
	before := s.before
	wrote, err := duty.WriteStatus(ctx, r.Client, before, s.site)
	if err != nil || !wrote {
		return err
	}
	s.before = s.site.DeepCopy()
	r.publish(before, s.site)
	measure(before, s.site)
	return nil
}

// unknown says whether an error is none of the kinds that the duty expects; a later try may well succeed.
func unknown(err error) bool {
	var waiting *duty.Waiting
	return err != nil && !errors.As(err, &waiting) && !apierrors.IsInvalid(err) && !apierrors.IsForbidden(err)
}

// delete removes an object, if it is still the one that was seen: same UID and, where it matters what it said, same resourceVersion.
func (r *Reconciler) delete(ctx context.Context, o client.Object, asSeen bool) error {
	uid, version := o.GetUID(), o.GetResourceVersion()
	preconditions := client.Preconditions{UID: &uid}
	if asSeen {
		preconditions.ResourceVersion = &version
	}
	if err := r.Delete(ctx, o, preconditions); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %T %s: %w", o, o.GetName(), err)
	}
	return nil
}

// domainKey is where the Domain of a site is.
func (r *Reconciler) domainKey(domain string) client.ObjectKey {
	return client.ObjectKey{Namespace: r.FactoryNamespace, Name: domain}
}

// trueSince returns the condition's time where it has the status True, else now.
func trueSince(s *v1alpha1.IndieSite, condition string, now time.Time) time.Time {
	if c := find(s.Status.Conditions, condition); isTrue(c) {
		return c.LastTransitionTime.Time
	}
	return now
}
