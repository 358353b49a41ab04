package site

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// createdAfter is when to look again for a Domain that is there but not in the cache yet.
const createdAfter = time.Second

// registrarAfter is when to look again for a Registrar that sells the suffix: one may have come before the status that a watch wakes by was written.
const registrarAfter = time.Minute

// order makes the Domain, which is the decision to buy the name, for a site that has its Secret and whose attempt is still open. A Domain that ended
// unbought for an earlier order is taken off the books first.
func (r *Reconciler) order(ctx context.Context, s *scope) (duty.Outcome, error) {
	switch {
	case s.outcome() != nil || s.registered():
		return duty.Continue(), nil
	case s.domain == nil:
		return r.buy(ctx, s)
	case !s.domain.DeletionTimestamp.IsZero():
		return duty.Continue(), nil
	case endedUnbought(s.domain): // and is no verdict on this attempt, or the site would be stalled
		return duty.Continue(), r.delete(ctx, s.domain, true)
	case waitsForRegistrar(s.domain):
		return r.moveOrder(ctx, s)
	}
	return duty.Continue(), nil
}

// moveOrder takes a Domain off the books that waits for a Registrar while another sells the suffix by now; it is ordered there once it is gone. The
// domain duty lets it go only when nobody was called for it. A Domain that was made by hand stays where it was put.
func (r *Reconciler) moveOrder(ctx context.Context, s *scope) (duty.Outcome, error) {
	if _, ours := s.domain.Annotations[v1alpha1.AnnotationAttempt]; !ours {
		return duty.Continue(), nil
	}
	registrar, err := r.registrar(ctx, s.site.Spec.Domain)
	switch {
	case err != nil:
		return duty.Stop(), err
	case registrar == nil || registrar.Name == s.domain.Spec.RegistrarName:
		return duty.ContinueAfter(registrarAfter), nil
	}
	return duty.Continue(), r.delete(ctx, s.domain, true)
}

func (r *Reconciler) buy(ctx context.Context, s *scope) (duty.Outcome, error) {
	registrar, err := r.registrar(ctx, s.site.Spec.Domain)
	if err != nil {
		return duty.Stop(), err
	}
	if registrar == nil {
		s.notSold = true
		return duty.ContinueAfter(registrarAfter), nil
	}
	if err := r.stillWanted(ctx, s); err != nil {
		return duty.Stop(), err
	}
	operation, err := operationID(r.Random)
	if err != nil {
		return duty.Stop(), err
	}
	domain := &v1alpha1.Domain{
		ObjectMeta: metav1.ObjectMeta{
			Name:        s.site.Spec.Domain,
			Namespace:   r.FactoryNamespace,
			Finalizers:  []string{v1alpha1.FinalizerBooks},
			Annotations: map[string]string{v1alpha1.AnnotationAttempt: attemptID(s.site)},
		},
		Spec: v1alpha1.DomainSpec{
			Domain:        s.site.Spec.Domain,
			RegistrarName: registrar.Name,
			OperationID:   operation,
			Acquisition:   v1alpha1.AcquisitionRegister,
			MaxPrice:      registrar.Spec.Limits.MaxPrice,
			AfterSite:     v1alpha1.AfterSiteRetain,
		},
	}
	switch err := r.Create(ctx, domain); {
	case apierrors.IsAlreadyExists(err):
		return duty.ContinueAfter(createdAfter), nil
	case err != nil:
		return duty.Stop(), fmt.Errorf("create Domain %s: %w", domain.Name, err)
	}
	s.domain = domain
	r.publishOrdered(s.site, domain)
	return duty.Continue(), nil
}

// stillWanted looks past the cache whether the order still stands: what a stale cache shows must not be bought for.
func (r *Reconciler) stillWanted(ctx context.Context, s *scope) error {
	live := &v1alpha1.IndieSite{}
	if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(s.site), live); err != nil {
		return fmt.Errorf("read IndieSite %s before its name is ordered: %w", s.site.Name, err)
	}
	if live.UID != s.site.UID || live.ResourceVersion != s.site.ResourceVersion {
		return apierrors.NewConflict(v1alpha1.Resource("indiesites"), s.site.Name, fmt.Errorf("it changed before its name was ordered"))
	}
	return nil
}

// registrar finds the one that sells the name: a name is registered directly below a suffix, so the suffix is what follows the first label. A
// suspended Registrar sells as well, only later.
func (r *Reconciler) registrar(ctx context.Context, domain string) (*v1alpha1.Registrar, error) {
	var list v1alpha1.RegistrarList
	if err := r.List(ctx, &list, client.InNamespace(r.FactoryNamespace)); err != nil {
		return nil, fmt.Errorf("list the Registrars: %w", err)
	}
	_, suffix, _ := strings.Cut(domain, ".")
	for i := range list.Items {
		registrar := &list.Items[i]
		if !isTrue(find(registrar.Status.Conditions, v1alpha1.ConditionReady)) {
			continue
		}
		for _, sold := range registrar.Spec.Suffixes {
			if sold == suffix {
				return registrar, nil
			}
		}
	}
	return nil, nil
}

// operationID makes a random ID in the form of a UUID, which registrars take as an idempotency key.
func operationID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make an operation ID: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, version 4
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), nil
}

// attemptID is the value of AnnotationAttempt.
func attemptID(site *v1alpha1.IndieSite) string {
	return fmt.Sprintf("%s.%d", site.UID, site.Spec.SetupAttempt)
}

// orderedNow says whether the Domain was made for this attempt. One without the annotation was made by hand: then the times tell.
func (s *scope) orderedNow() bool {
	if id, ok := s.domain.Annotations[v1alpha1.AnnotationAttempt]; ok {
		return id == attemptID(s.site)
	}
	return s.begun() && !s.domain.CreationTimestamp.Time.Before(s.site.Status.Attempt.StartTime.Time)
}

// endedUnbought says whether the name will not be bought by this Domain.
func endedUnbought(d *v1alpha1.Domain) bool {
	c := find(d.Status.Conditions, v1alpha1.ConditionRegistered)
	if c == nil || c.Status != metav1.ConditionFalse {
		return false
	}
	switch c.Reason {
	case v1alpha1.ReasonTaken, v1alpha1.ReasonRefused, v1alpha1.ReasonSiteGone:
		return true
	}
	return false
}

// waitsForRegistrar says whether nobody was called for the Domain, as its Registrar is gone, not Ready, or does not sell the suffix.
func waitsForRegistrar(d *v1alpha1.Domain) bool {
	c := find(d.Status.Conditions, v1alpha1.ConditionRegistered)
	return c != nil && c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonRegistrarNotReady
}
