package registrar

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	// checkTimeout bounds the question whether the account works.
	checkTimeout = 15 * time.Second
	// checkInterval is between checks of an account that works: credentials run out without telling anybody.
	checkInterval = 30 * time.Minute
	// retryInterval is between checks of one that does not, and between the passes that failed calls bring about.
	retryInterval = time.Minute
	// busyInterval is after a check whose turn did not come.
	busyInterval = 5 * time.Second
)

// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=registrars,verbs=get;list;watch
// +kubebuilder:rbac:groups=magicwebsitefactory.gent,namespace=factory,resources=registrars/status,verbs=patch
// +kubebuilder:rbac:groups="",namespace=factory,resources=configmaps,verbs=get
// +kubebuilder:rbac:groups="",namespace=factory,resources=secrets,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,namespace=factory,resources=events,verbs=create;patch

// Reconciler is the duty registrar.
type Reconciler struct {
	client.Client
	// Registrars opens the accounts.
	Registrars registrar.Source
	// Failures are noted where the accounts are called, by whatever duty; nil for none.
	Failures *registrar.Failures
	Clock    clock.PassiveClock
	Recorder events.EventRecorder
	// FactoryNamespace has the Registrars.
	FactoryNamespace string
}

// scope is what one pass works on.
type scope struct {
	key client.ObjectKey
	// registrar as it was read, and all there are. Set by load.
	registrar *v1alpha1.Registrar
	all       []v1alpha1.Registrar
	// problem is the first thing that is wrong. Set by look.
	problem *problem
	// undecided says that the account could not be tried, so that what was said of it stands. Set by look.
	undecided bool
	// next is when to look again; zero where only a change of a Registrar can mend it. Set by look.
	next time.Duration
}

// Reconcile says whether a Registrar works.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	s := &scope{key: req.NamespacedName}
	return duty.Result(duty.Run(ctx, s, r.load, r.look, r.record))
}

func (r *Reconciler) load(ctx context.Context, s *scope) (duty.Outcome, error) {
	reg := &v1alpha1.Registrar{}
	if err := r.Get(ctx, s.key, reg); err != nil {
		if apierrors.IsNotFound(err) {
			forget(s.key.Name)
			return duty.Stop(), nil
		}
		return duty.Stop(), fmt.Errorf("read Registrar %s: %w", s.key.Name, err)
	}
	if !reg.DeletionTimestamp.IsZero() {
		return duty.Stop(), nil
	}
	var list v1alpha1.RegistrarList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		return duty.Stop(), fmt.Errorf("list Registrars: %w", err)
	}
	s.registrar, s.all = reg, list.Items
	return duty.Continue(), nil
}

// look finds the first thing that is wrong.
func (r *Reconciler) look(ctx context.Context, s *scope) (duty.Outcome, error) {
	account, err := r.Registrars.For(ctx, s.registrar)
	if s.problem = openingProblem(err); s.problem == nil {
		s.problem = limitsProblem(s.registrar)
	}
	if s.problem == nil {
		s.problem = sharedSuffix(s.registrar, s.all)
	}
	if s.problem == nil {
		r.try(ctx, s, account)
	} else {
		s.next = s.problem.retry
	}
	return duty.Continue(), nil
}

// try asks the provider whether the account works, which comes last, as it costs a call.
func (r *Reconciler) try(ctx context.Context, s *scope, account registrar.Registrar) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := account.Check(ctx)
	if busy := new(registrar.Busy); errors.As(err, &busy) {
		s.undecided, s.next = true, busyInterval
		return
	}
	if s.next = leftAlone(s.registrar, err); s.next > 0 {
		return
	}
	s.next = checkInterval
	if s.problem = checkProblem(err, nextTry(s.registrar, r.Clock.Now())); s.problem != nil {
		s.next = s.problem.retry
		ctrl.LoggerFrom(ctx).Info("The Registrar's account does not work", "reason", s.problem.reason, "error", err.Error())
	}
}

func (r *Reconciler) record(ctx context.Context, s *scope) (duty.Outcome, error) {
	now := r.Clock.Now()
	before := s.registrar
	after := before.DeepCopy()
	if !s.undecided {
		s.count()
		after.Status.ObservedGeneration = after.Generation
		duty.SetCondition(&after.Status.Conditions, after.Generation, metav1.NewTime(now), readyCondition(s.problem))
	}
	after.Status.Sells = unshared(after, s.all)
	after.Status.Usage = usageToday(after.Status.Usage, now)
	after.Status.LastError = r.lastError(after)
	wrote, err := duty.WriteStatus(ctx, r.Client, before, after)
	if err != nil {
		return duty.Stop(), err
	}
	if wrote {
		r.announce(before, after)
	}
	if tomorrow := untilTomorrow(now); s.next == 0 || tomorrow < s.next {
		return duty.StopFor(tomorrow), nil
	}
	return duty.StopFor(s.next), nil
}
