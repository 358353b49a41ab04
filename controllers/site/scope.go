package site

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/resources"
)

// scope is what the steps work on. load fills in what is there; the steps change what they name in their comment, and conditions.go reads it all.
type scope struct {
	now      time.Time
	lookedUp time.Time           // by then what was under way when this process began to work is known, or has to be given up
	before   *v1alpha1.IndieSite // as it was read, or written last
	site     *v1alpha1.IndieSite
	domain   *v1alpha1.Domain // nil where there is none

	volume      *corev1.PersistentVolumeClaim
	policy      *networkingv1.NetworkPolicy
	service     *corev1.Service
	statefulSet *appsv1.StatefulSet
	ingress     *networkingv1.Ingress
	certificate *unstructured.Unstructured // by ensureCertificate

	class         *v1alpha1.SiteClassSpec    // by snapshot; nil where there is none
	secret        bool                       // by installer: the installer Secret is there, and this site's
	stall         *verdict                   // by judge
	notSold       bool                       // by order: no Registrar sells the suffix
	current       bool                       // by ensureStatefulSet: the StatefulSet is as this attempt wants it
	trouble       *trouble                   // by inspectPods
	noCertManager bool                       // by ensureCertificate
	endpoint      *unstructured.Unstructured // by ensureEndpoint
	records       records                    // by the steps of DNS
	visit         *visit                     // by probe: what the site said last; nil while it is not asked
	noAddress     bool                       // by probe
	unasked       bool                       // by probe and the steps of DNS: a visit is due, and there was no place to ask from

	conflict string // by the ensuring steps: a child that belongs to something else
	awaited  string // what a step waits for
	refused  string // what the API server refused
	gone     bool   // by abandon and end: the site was deleted, so there is no status to write
}

// verdict is why an attempt has failed for good.
type verdict struct{ reason, message string }

// is says whether there is a verdict, and this one.
func (v *verdict) is(reason string) bool { return v != nil && v.reason == reason }

// load reads the site and everything that belongs to it from the cache; nil when there is no such site.
func (r *Reconciler) load(ctx context.Context, key client.ObjectKey) (*scope, error) {
	site, err := fetch(ctx, r, key, &v1alpha1.IndieSite{})
	if err != nil || site == nil {
		return nil, err
	}
	s := &scope{now: r.Clock.Now(), lookedUp: r.firstSeen().Add(lookUpTime), before: site, site: site.DeepCopy()}
	child := client.ObjectKey{Namespace: site.Namespace, Name: names.Child(site.Spec.Domain)}
	if s.domain, err = fetch(ctx, r, r.domainKey(site.Spec.Domain), &v1alpha1.Domain{}); err != nil {
		return nil, err
	}
	if s.volume, err = fetch(ctx, r, claimKey(site), &corev1.PersistentVolumeClaim{}); err != nil {
		return nil, err
	}
	if s.policy, err = fetch(ctx, r, child, &networkingv1.NetworkPolicy{}); err != nil {
		return nil, err
	}
	if s.service, err = fetch(ctx, r, child, &corev1.Service{}); err != nil {
		return nil, err
	}
	if s.statefulSet, err = fetch(ctx, r, child, &appsv1.StatefulSet{}); err != nil {
		return nil, err
	}
	s.ingress, err = fetch(ctx, r, child, &networkingv1.Ingress{})
	return s, err
}

// fetch reads an object; nil when there is none.
func fetch[T client.Object](ctx context.Context, from client.Reader, key client.ObjectKey, into T) (T, error) {
	var none T
	switch err := from.Get(ctx, key, into); {
	case apierrors.IsNotFound(err):
		return none, nil
	case err != nil:
		return none, fmt.Errorf("get %T %s: %w", into, key, err)
	}
	return into, nil
}

func claimKey(site *v1alpha1.IndieSite) client.ObjectKey {
	return client.ObjectKey{Namespace: site.Namespace, Name: resources.ClaimName(site)}
}

func (s *scope) deleting() bool { return !s.site.DeletionTimestamp.IsZero() }

// begun says whether the status speaks of the attempt that the spec asks for.
func (s *scope) begun() bool {
	a := s.site.Status.Attempt
	return a != nil && a.Number == s.site.Spec.SetupAttempt
}

// outcome of this attempt, once it is frozen.
func (s *scope) outcome() *v1alpha1.Outcome {
	if o := s.site.Status.Outcome; o != nil && o.Attempt == s.site.Spec.SetupAttempt {
		return o
	}
	return nil
}

// ended says whether this attempt came to nothing, so that the workload has to go.
func (s *scope) ended() bool {
	o := s.outcome()
	return o != nil && o.Code != v1alpha1.OutcomeCreated
}

// ready says whether the status says that the site is Ready.
func (s *scope) ready() bool {
	return isTrue(find(s.before.Status.Conditions, v1alpha1.ConditionReady))
}

// registered says whether the name is ours.
func (s *scope) registered() bool {
	return s.domain != nil && isTrue(find(s.domain.Status.Conditions, v1alpha1.ConditionRegistered))
}

// available says whether the pod of this attempt runs and is ready. The status of a StatefulSet counts only once its controller has seen the
// newest spec, or an old pod would be taken for the new one.
func (s *scope) available() bool {
	if !s.current || s.statefulSet == nil || s.site.Spec.Suspend {
		return false
	}
	status := s.statefulSet.Status
	return status.ObservedGeneration >= s.statefulSet.Generation &&
		status.UpdatedReplicas == 1 && status.ReadyReplicas == 1 && status.CurrentRevision == status.UpdateRevision
}

// issued says whether the certificate is there, or none is wanted.
func (s *scope) issued() bool {
	if s.class == nil {
		return false
	}
	return s.class.TLS.CertManager == nil || certificateReady(s.certificate)
}

// notice keeps what a step's error says for the conditions.
func (s *scope) notice(err error) {
	switch {
	case err == nil:
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err):
		s.refused = err.Error()
	case unknown(err):
		s.awaited = "a step that failed to be tried again"
	}
}

// until adds the time of the next deadline to an outcome.
func (s *scope) until(o duty.Outcome) duty.Outcome {
	at, ok := s.nextDeadline()
	if !ok {
		return o
	}
	after := max(at.Sub(s.now), time.Second)
	if o.After() > 0 && o.After() < after {
		return o
	}
	return duty.ContinueAfter(after)
}

func find(conditions []metav1.Condition, conditionType string) *metav1.Condition {
	return apimeta.FindStatusCondition(conditions, conditionType)
}

func isTrue(c *metav1.Condition) bool { return c != nil && c.Status == metav1.ConditionTrue }
