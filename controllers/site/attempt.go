package site

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

// firstAttempt is the number of the order that made the site.
const firstAttempt = 1

// snapshotAfter is when to look again for a snapshot that the cache does not show yet.
const snapshotAfter = time.Second

// begin writes down when an attempt started, before anything is done for it, and forgets what the conditions said of the one before.
func (r *Reconciler) begin(ctx context.Context, s *scope) (duty.Outcome, error) {
	if s.begun() || s.deleting() {
		return duty.Continue(), nil
	}
	start := metav1.NewTime(s.now)
	if s.site.Spec.SetupAttempt == firstAttempt {
		start = s.site.CreationTimestamp
	}
	start = start.Rfc3339Copy()
	status := &s.site.Status
	status.Attempt = &v1alpha1.AttemptStatus{Number: s.site.Spec.SetupAttempt, StartTime: start}
	status.URL = "https://" + s.site.Spec.Domain
	apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStalled)
	if err := r.chooseRevision(ctx, s, true); err != nil {
		return duty.Stop(), err
	}
	if err := r.write(ctx, s); err != nil {
		return duty.Stop(), err
	}
	return duty.Continue(), nil
}

// chooseRevision takes the SiteClass's current snapshot for this attempt. A new attempt takes the newest; where the class is gone it stays on what it has.
func (r *Reconciler) chooseRevision(ctx context.Context, s *scope, anew bool) error {
	if s.site.Status.SiteClassRevision != "" && !anew {
		return nil
	}
	key := client.ObjectKey{Namespace: r.FactoryNamespace, Name: s.site.Spec.SiteClassName}
	class, err := fetch(ctx, r, key, &v1alpha1.SiteClass{})
	if err != nil || class == nil {
		return err
	}
	if class.Status.CurrentRevision != "" {
		s.site.Status.SiteClassRevision = class.Status.CurrentRevision
	}
	return nil
}

// snapshot reads the SiteClass as it was when this attempt began.
func (r *Reconciler) snapshot(ctx context.Context, s *scope) (duty.Outcome, error) {
	if err := r.chooseRevision(ctx, s, false); err != nil {
		return duty.Stop(), err
	}
	name := s.site.Status.SiteClassRevision
	if name == "" {
		return duty.Continue(), nil
	}
	revision, err := fetch(ctx, r, client.ObjectKey{Namespace: r.FactoryNamespace, Name: name}, &appsv1.ControllerRevision{})
	if err != nil {
		return duty.Stop(), err
	}
	if revision == nil {
		return duty.ContinueAfter(snapshotAfter), nil
	}
	class := &v1alpha1.SiteClassSpec{}
	if err := json.Unmarshal(revision.Data.Raw, class); err != nil {
		return duty.Stop(), fmt.Errorf("read the SiteClass in ControllerRevision %s: %w", name, err)
	}
	s.class = class
	return duty.Continue(), nil
}

// installer looks whether the installer Secret is there. Its content is never read. A Secret of an earlier site of the same name, which garbage
// collection has not reached yet, is not this site's.
func (r *Reconciler) installer(ctx context.Context, s *scope) (duty.Outcome, error) {
	var err error
	s.secret, err = installerThere(ctx, r.metadata(), s.site)
	if err != nil {
		return duty.Stop(), err
	}
	return duty.Continue(), nil
}

func installerThere(ctx context.Context, from client.Reader, site *v1alpha1.IndieSite) (bool, error) {
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(secretKind)
	key := client.ObjectKey{Namespace: site.Namespace, Name: site.Spec.InstallerSecretRef.Name}
	secret, err := fetch(ctx, from, key, secret)
	if err != nil || secret == nil || !secret.DeletionTimestamp.IsZero() {
		return false, err
	}
	return duty.OwnsSecret(site, secret), nil
}
