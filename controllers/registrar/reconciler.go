package registrar

import (
	"context"
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
	// retryInterval is between checks of one that does not.
	retryInterval = time.Minute
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
	Clock      clock.PassiveClock
	Recorder   events.EventRecorder
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
	// patience is how long an account that works is to be left alone. Set by look.
	patience time.Duration
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

// look finds the first thing that is wrong. What costs a call to the provider comes last.
func (r *Reconciler) look(ctx context.Context, s *scope) (duty.Outcome, error) {
	account, err := r.Registrars.For(ctx, s.registrar)
	if s.problem = openingProblem(err); s.problem != nil {
		return duty.Continue(), nil
	}
	if s.problem = limitsProblem(s.registrar); s.problem != nil {
		return duty.Continue(), nil
	}
	if s.problem = sharedSuffix(s.registrar, s.all); s.problem != nil {
		return duty.Continue(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err = account.Check(ctx)
	if s.patience = leftAlone(s.registrar, err); s.patience > 0 {
		return duty.Continue(), nil
	}
	if s.problem = checkProblem(err); s.problem != nil {
		ctrl.LoggerFrom(ctx).Info("The Registrar's account does not work", "reason", s.problem.reason, "error", err.Error())
	}
	return duty.Continue(), nil
}

func (r *Reconciler) record(ctx context.Context, s *scope) (duty.Outcome, error) {
	s.count()
	before := s.registrar
	after := before.DeepCopy()
	after.Status.ObservedGeneration = after.Generation
	duty.SetCondition(&after.Status.Conditions, after.Generation, metav1.NewTime(r.Clock.Now()), readyCondition(s.problem))
	wrote, err := duty.WriteStatus(ctx, r.Client, before, after)
	if err != nil {
		return duty.Stop(), err
	}
	if wrote {
		r.announce(before, after)
	}
	switch {
	case s.problem != nil:
		return duty.StopFor(s.problem.retry), nil
	case s.patience > 0:
		return duty.StopFor(s.patience), nil
	default:
		return duty.StopFor(checkInterval), nil
	}
}
