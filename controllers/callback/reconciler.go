package callback

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/duty"
)

// DefaultFarewell is how long a site that is being deleted is held back at most while its onboarder does not answer 200.
const DefaultFarewell = time.Hour

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites,verbs=get;list;watch;patch,namespace=sites
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=indiesites/status,verbs=patch,namespace=sites
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,resources=onboarders,verbs=get;list;watch,namespace=factory
// +kubebuilder:rbac:groups="",resources=secrets,verbs=get,namespace=factory
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch,namespace=sites

// Reconciler freezes outcomes and delivers them.
type Reconciler struct {
	client.Client
	// Reader is uncached: what goes out is decided on what is true now.
	Reader client.Reader
	// Clock tells when attempts are due.
	Clock clock.PassiveClock
	// Recorder publishes the events.
	Recorder events.EventRecorder
	// Sender makes the attempts.
	Sender delivery.Sender
	// Random returns numbers in [0, 1) for jitter; a pseudo-random generator if nil.
	Random func() float64

	// FactoryNamespace holds the Onboarders and their Secrets, SitesNamespace the IndieSites.
	FactoryNamespace, SitesNamespace string
	// Farewell bounds the delivery for a site that is being deleted; DefaultFarewell if zero.
	Farewell time.Duration
	// PerHost is how many attempts may run at once per receiver, so that one that hangs holds up no others; DefaultPerHost if zero.
	PerHost int

	slots slots
	// queue of the controller, to wake sites that wait for a slot; nil where there is none.
	queue workqueue.TypedRateLimitingInterface[ctrl.Request]
}

// Reconcile brings one IndieSite a step further. A look into the cache says whether there is anything to do; whatever is then done is decided
// on an uncached read, and written on the condition that it still holds.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	defer func() { r.call(r.slots.came(req.NamespacedName, r.perHost())) }()
	s, err := r.load(ctx, r.Client, req.NamespacedName)
	if s == nil || err != nil {
		return ctrl.Result{}, err
	}
	if after, idle := r.idle(s); idle {
		return ctrl.Result{RequeueAfter: after}, nil
	}
	s, err = r.load(ctx, r.Reader, req.NamespacedName)
	if s == nil || err != nil {
		return ctrl.Result{}, err
	}
	return duty.Result(duty.Run(ctx, s, r.hold, r.record, r.deliver, r.letGo))
}

// load reads the site; nil when there is none.
func (r *Reconciler) load(ctx context.Context, from client.Reader, key types.NamespacedName) (*scope, error) {
	if key.Namespace != r.SitesNamespace {
		return nil, nil
	}
	site := &v1alpha1.IndieSite{}
	if err := from.Get(ctx, key, site); apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read IndieSite %s: %w", key.Name, err)
	}
	return newScope(site, r.Clock.Now(), r.farewell()), nil
}

// idle says whether the steps would change nothing now, and when to look again. The cache may be behind, so it is never believed on when the next attempt is
// due: a later time from an older record would put off the look that was asked for when the newer one was written.
func (r *Reconciler) idle(s *scope) (time.Duration, bool) {
	wait := s.advance()
	s.setCondition()
	if s.changed() || s.mustHold() || s.mayLetGo() {
		return 0, false
	}
	due, owing := s.due()
	switch {
	case !owing:
		return wait, true
	case due > 0:
		return 0, false
	default:
		full := r.slots.full(receiverHost(s.site), client.ObjectKeyFromObject(s.site), r.perHost())
		return pauseForSlot(r.random()), full
	}
}

// record writes the outcome and the state of its delivery before anything is done about them.
func (r *Reconciler) record(ctx context.Context, s *scope) (duty.Outcome, error) {
	wait := s.advance()
	if s.mayLetGo() && s.deleting() {
		return duty.Continue(), nil // nobody will read it
	}
	if err := r.write(ctx, s); err != nil {
		return duty.Continue(), err
	}
	return duty.ContinueAfter(wait), nil
}

// write is the one place that writes the status. Events follow the write that they speak of.
func (r *Reconciler) write(ctx context.Context, s *scope) error {
	s.setCondition()
	wrote, err := duty.WriteStatus(ctx, r.Client, s.before, s.site)
	if err != nil {
		return err
	}
	if wrote {
		s.before = s.site.DeepCopy()
	}
	for _, publish := range s.events {
		publish(r.Recorder, s.site)
	}
	s.events = nil
	return nil
}

func (r *Reconciler) farewell() time.Duration {
	if r.Farewell > 0 {
		return r.Farewell
	}
	return DefaultFarewell
}

func (r *Reconciler) perHost() int {
	if r.PerHost > 0 {
		return r.PerHost
	}
	return DefaultPerHost
}

func (r *Reconciler) random() float64 {
	if r.Random != nil {
		return r.Random()
	}
	return rand.Float64() //nolint:gosec // jitter, nothing to be guessed
}
