package site

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/resources"
)

// ensureVolume makes the claim of this order, or finds it again. A claim that an admin named is used as it is.
func (r *Reconciler) ensureVolume(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.site.Spec.VolumeClaimName != "" {
		if s.volume == nil {
			s.awaited = fmt.Sprintf("PersistentVolumeClaim %s, which spec.volumeClaimName names", s.site.Spec.VolumeClaimName)
		}
		return duty.Continue(), nil
	}
	found := s.volume
	if found == nil {
		// What the claim is made of depends on whether it is there, so a stale cache must not decide.
		live, err := fetch(ctx, r.Reader, claimKey(s.site), &corev1.PersistentVolumeClaim{})
		if err != nil {
			return duty.Stop(), err
		}
		found = live
	}
	volume, err := ensure(ctx, r, s, resources.PersistentVolumeClaim(s.site, s.class, found), found, &corev1.PersistentVolumeClaim{})
	s.volume = volume
	if found != nil && (apierrors.IsForbidden(err) || apierrors.IsInvalid(err)) {
		s.notice(err) // a volume that cannot grow is still the site's
		return duty.Continue(), nil
	}
	return duty.Continue(), err
}

// ensurePolicy comes before the pod, so that the pod is never without walls.
func (r *Reconciler) ensurePolicy(ctx context.Context, s *scope) (duty.Outcome, error) {
	config, err := resources.NetworkPolicy(s.site, s.class)
	if err != nil {
		return duty.Stop(), fmt.Errorf("build the NetworkPolicy of %s: %w", s.site.Name, err)
	}
	s.policy, err = ensure(ctx, r, s, config, s.policy, &networkingv1.NetworkPolicy{})
	return duty.Continue(), err
}

func (r *Reconciler) ensureService(ctx context.Context, s *scope) (duty.Outcome, error) {
	var err error
	s.service, err = ensure(ctx, r, s, resources.Service(s.site), s.service, &corev1.Service{})
	return duty.Continue(), err
}

func (r *Reconciler) ensureStatefulSet(ctx context.Context, s *scope) (duty.Outcome, error) {
	var err error
	s.statefulSet, err = ensure(ctx, r, s, resources.StatefulSet(s.site, s.class), s.statefulSet, &appsv1.StatefulSet{})
	s.current = err == nil
	return duty.Continue(), err
}
