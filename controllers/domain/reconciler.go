package domain

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=domains,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=domains/status,verbs=patch
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=registrars,verbs=get;list;watch
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=registrars/status,verbs=patch
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=sites,resources=indiesites,verbs=get;list;watch
// +kubebuilder:rbac:groups="",namespace=sites,resources=secrets,verbs=get
// +kubebuilder:rbac:groups="",namespace=factory,resources=configmaps,verbs=get;create;update
// +kubebuilder:rbac:groups=events.k8s.io,namespace=factory,resources=events,verbs=create;patch

// Reconciler is the duty domain.
type Reconciler struct {
	// Client reads from the cache and writes.
	client.Client
	// Reader reads past the cache.
	Reader client.Reader
	// Registrars opens the accounts.
	Registrars registrar.Source
	Clock      clock.PassiveClock
	// Random returns numbers in [0,1) by which work that could be done at any time is spread. It decides about no purchase. Where it is nil,
	// SetupWithManager sets one.
	Random   func() float64
	Recorder events.EventRecorder
	// FactoryNamespace has Domains and Registrars, SitesNamespace IndieSites and their installer Secrets.
	FactoryNamespace, SitesNamespace string

	calendar calendar
}

// scope is what one pass works on.
type scope struct {
	key client.ObjectKey
	// facts are filled by load, added to by lookUp and renew, and read anew by confirm.
	facts facts
	// account is opened by load, where it can be.
	account registrar.Registrar
	// reserved is the act for which limits of the day were reserved in this pass, and most what it may cost. Set by reserve.
	reserved action
	most     registrar.Money
	// fence was written in this pass. Set by fence, and the only thing that lets call go out.
	fence *v1alpha1.DomainCall
	// result of the call. Set by call.
	result registrar.Result
	// extension is the fence that was written in this pass, and previous the record that it took the place of. Set by fenceExtension, and the only
	// thing that lets extend go out. extended is its result.
	extension, previous *v1alpha1.DomainRenewal
	extended            registrar.Result
	// trouble kept an answer away. The status is written all the same, then it is returned. Set by load and lookUp.
	trouble error
}

// Reconcile takes a Domain one step further.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{key: req.NamespacedName}
	return duty.Result(duty.Run(ctx, s,
		r.load, r.hold, r.dropDecision, r.lookUp, r.renew, r.delegate, r.release,
		r.reserve, r.note, r.fence, r.confirm, r.call, r.fenceExtension, r.confirmExtension, r.extend, r.record,
	))
}

// hold puts the finalizer on a Domain that was made without it, before anything can be bought.
func (r *Reconciler) hold(ctx context.Context, s *scope) (duty.Outcome, error) {
	d := s.facts.domain
	if s.facts.deleting() || phaseOf(d) == phaseEnded || controllerutil.ContainsFinalizer(d, v1alpha1.FinalizerBooks) {
		return duty.Continue(), nil
	}
	return duty.Continue(), r.patch(ctx, s, func(d *v1alpha1.Domain) { controllerutil.AddFinalizer(d, v1alpha1.FinalizerBooks) })
}

// dropDecision takes an annotation off that must not decide about anything any more.
func (r *Reconciler) dropDecision(ctx context.Context, s *scope) (duty.Outcome, error) {
	if decide(&s.facts).act != actDropDecision {
		return duty.Continue(), nil
	}
	return duty.Continue(), r.patch(ctx, s, func(d *v1alpha1.Domain) { delete(d.Annotations, v1alpha1.AnnotationDecision) })
}

// release lets a Domain go that is provably not paid for.
func (r *Reconciler) release(ctx context.Context, s *scope) (duty.Outcome, error) {
	if decide(&s.facts).act != actRelease {
		return duty.Continue(), nil
	}
	r.calendar.forget(s.key)
	if !controllerutil.ContainsFinalizer(s.facts.domain, v1alpha1.FinalizerBooks) {
		return duty.Stop(), nil
	}
	return duty.Stop(), r.patch(ctx, s, func(d *v1alpha1.Domain) { controllerutil.RemoveFinalizer(d, v1alpha1.FinalizerBooks) })
}

// patch changes metadata, on the condition that the Domain is as it was read.
func (r *Reconciler) patch(ctx context.Context, s *scope, change func(*v1alpha1.Domain)) error {
	before := s.facts.domain
	after := before.DeepCopy()
	change(after)
	if err := r.Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return fmt.Errorf("patch Domain %s: %w", s.key.Name, err)
	}
	s.facts.domain = after
	return nil
}

// lookUp asks the registrar.
func (r *Reconciler) lookUp(ctx context.Context, s *scope) (duty.Outcome, error) {
	if decide(&s.facts).act != actLookUp {
		return duty.Continue(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	d := s.facts.domain
	sighting, err := s.account.LookUp(ctx, registrar.Query{Domain: d.Spec.Domain, OperationID: d.Spec.OperationID, Reference: referenceOf(d)})
	if err != nil {
		if wait := turn(err); wait > 0 && phaseOf(d) != phaseCalled {
			return duty.StopFor(wait), nil
		}
		s.facts.askFailed, s.trouble = true, fmt.Errorf("look %s up: %w", d.Spec.Domain, err)
		return duty.Continue(), nil
	}
	s.facts.sighting = &sighting
	return duty.Continue(), nil
}

// turn is how long it is until a name's turn where many are looked up at once; zero where the registrar asks for more patience than that. To
// wait one's turn is no state that a status speaks of.
func turn(err error) time.Duration {
	var throttled *registrar.Throttled
	if !errors.As(err, &throttled) || throttled.RetryAfter > waitPause {
		return 0
	}
	return throttled.RetryAfter
}

// referenceOf is the registrar's own name for what it works on. The purchase of a name that is ours is over, and what the registrar still says of it, if anything, is
// nobody's business any more.
func referenceOf(d *v1alpha1.Domain) string {
	switch renewal := d.Status.Renewal; {
	case renewal != nil && renewal.Outcome == v1alpha1.RenewalPending:
		return renewal.Reference
	case phaseOf(d) == phaseOurs:
		return ""
	default:
		return d.Status.Reference
	}
}

// renew sets automatic renewal as it is wanted. It is safe to repeat, so it needs no fence; a registrar that does not take it is asked again
// with the next look-up.
func (r *Reconciler) renew(ctx context.Context, s *scope) (duty.Outcome, error) {
	if decide(&s.facts).act != actRenew {
		return duty.Continue(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, setTimeout)
	defer cancel()
	s.facts.renewed = true
	wanted := s.facts.autoRenewWanted()
	result := s.account.Renew(ctx, registrar.Renewal{Domain: s.facts.domain.Spec.Domain, AutoRenew: wanted})
	if result == nil {
		result = registrar.Unknown{Err: errors.New("the provider returned no result")}
	}
	renewals.WithLabelValues(result.Outcome()).Inc()
	if no, rejected := result.(registrar.Rejected); rejected {
		ctrl.LoggerFrom(ctx).V(1).Info("Automatic renewal was turned down", "domain", s.facts.domain.Spec.Domain, "reason", no.Reason, "detail", no.Detail)
	}
	if unknown, ok := result.(registrar.Unknown); ok {
		s.trouble = fmt.Errorf("set the renewal of %s: %w", s.key.Name, unknown.Err)
	}
	s.facts.answer = result
	return duty.Continue(), nil
}

// record keeps what was found out, or what came of the call.
func (r *Reconciler) record(ctx context.Context, s *scope) (duty.Outcome, error) {
	switch {
	case s.result != nil:
		return r.recordResult(ctx, s)
	case s.extended != nil:
		return r.recordExtension(ctx, s)
	}
	d := decide(&s.facts)
	if d.act != actRest {
		return duty.StopFor(minPollPause), s.trouble
	}
	if err := r.write(ctx, &s.facts, d.status); err != nil {
		return duty.Stop(), errors.Join(err, s.trouble)
	}
	after := d.after + time.Duration(r.Random()*float64(d.spread))
	if phaseOf(s.facts.domain) == phaseOurs {
		after = r.comeBack(s, d.after)
	}
	if d.short != "" {
		r.event(s.facts.domain, corev1.EventTypeWarning, v1alpha1.ReasonLimitReached, "Renew", "the renewal waits: "+string(d.short))
	}
	if s.trouble != nil {
		return duty.Stop(), s.patience(ctx, after)
	}
	return duty.StopFor(after), nil
}

// patience turns the trouble into a pause: the duty's own or the registrar's, not the queue's, which would go on growing to a quarter of an hour
// and keep a registrar that has recovered waiting. The trouble is logged here, as nobody else sees it then.
func (s *scope) patience(ctx context.Context, after time.Duration) error {
	var throttled *registrar.Throttled
	if errors.As(s.trouble, &throttled) {
		return &duty.Waiting{For: "the registrar to take questions again", After: max(throttled.RetryAfter, minPollPause)}
	}
	ctrl.LoggerFrom(ctx).Error(s.trouble, "The registrar does not answer", "after", after.String())
	return &duty.Waiting{For: "the registrar to answer", After: after}
}

// comeBack is when a name that is ours is looked up next, sooner than usual where that was decided.
func (r *Reconciler) comeBack(s *scope, sooner time.Duration) time.Duration {
	switch due, after := r.calendar.due(&s.facts, s.key, r.Random()); {
	case s.facts.due && s.trouble == nil && s.facts.sighting != nil:
		return r.calendar.done(&s.facts, s.key, sooner, r.Random())
	case !due:
		return after
	case s.facts.due:
		// It was due, and nobody could be asked.
		return maxPollPause
	default:
		// It has just become ours, and something about it is still to be asked or set.
		return minPollPause
	}
}

// write is the one place where a Domain's status is written, apart from the fence and its result.
func (r *Reconciler) write(ctx context.Context, f *facts, status v1alpha1.DomainStatus) error {
	before := f.domain
	after := before.DeepCopy()
	after.Status = status
	wrote, err := duty.WriteStatus(ctx, r.Client, before, after)
	if err != nil {
		return err
	}
	f.domain = after
	if wrote {
		r.announce(before, after)
	}
	return nil
}
