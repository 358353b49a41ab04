package siteclass

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
)

const (
	// keptRevisions is how many snapshots stay that no site refers to, beside the current one: to go back to, and so that a site that is just taking the
	// one before this finds it.
	keptRevisions = 5
	// hashLen is how many hex digits of the spec's SHA-256 a revision's name carries.
	hashLen = 12
	// collectedAfter is when to look again for a revision of an earlier class of the same name that is being garbage-collected.
	collectedAfter = 2 * time.Second
)

// Snapshot builds the ControllerRevision that holds the class's spec as JSON. The same spec always has the same name.
func Snapshot(class *v1alpha1.SiteClass, revision int64) (*appsv1.ControllerRevision, error) {
	data, err := json.Marshal(class.Spec)
	if err != nil {
		return nil, fmt.Errorf("encode the spec of SiteClass %s: %w", class.Name, err)
	}
	sum := sha256.Sum256(data)
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name:            class.Name + "-" + hex.EncodeToString(sum[:])[:hashLen],
			Namespace:       class.Namespace,
			Labels:          map[string]string{v1alpha1.LabelSiteClass: class.Name},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(class, v1alpha1.GroupVersion.WithKind(v1alpha1.KindSiteClass))},
		},
		Data:     runtime.RawExtension{Raw: data},
		Revision: revision,
	}, nil
}

// snapshot makes the revision of a valid spec, if it is not there.
func (r *Reconciler) snapshot(ctx context.Context, s *scope) (duty.Outcome, error) {
	var list appsv1.ControllerRevisionList
	if err := r.List(ctx, &list, client.InNamespace(s.class.Namespace), client.MatchingLabels{v1alpha1.LabelSiteClass: s.class.Name}); err != nil {
		return duty.Stop(), fmt.Errorf("list the revisions of SiteClass %s: %w", s.class.Name, err)
	}
	s.revisions = list.Items
	if s.deleting() {
		return duty.Continue(), nil
	}
	var last int64
	for i := range s.revisions {
		last = max(last, s.revisions[i].Revision)
	}
	want, err := Snapshot(s.class, last+1)
	if err != nil {
		return duty.Stop(), err
	}
	if err := r.takeBack(ctx, s, want); err != nil {
		return duty.Stop(), err
	}
	if len(s.problems) > 0 || s.key.reason != "" {
		return duty.Continue(), nil
	}
	i := slices.IndexFunc(s.revisions, func(c appsv1.ControllerRevision) bool { return c.Name == want.Name })
	if i < 0 {
		if err := r.Create(ctx, want); apierrors.IsAlreadyExists(err) {
			return duty.Stop(), &duty.Waiting{For: "the cache to show ControllerRevision " + want.Name, After: collectedAfter}
		} else if err != nil {
			return duty.Stop(), fmt.Errorf("create ControllerRevision %s: %w", want.Name, err)
		}
		s.current = want.Name
		return duty.Continue(), nil
	}
	found := &s.revisions[i]
	switch {
	case !metav1.IsControlledBy(found, s.class) || !found.DeletionTimestamp.IsZero():
		return duty.Stop(), &duty.Waiting{For: "ControllerRevision " + want.Name + " of an earlier SiteClass to go", After: collectedAfter}
	case !bytes.Equal(found.Data.Raw, want.Data.Raw) && !sameJSON(found.Data.Raw, want.Data.Raw):
		return duty.Stop(), fmt.Errorf("ControllerRevision %s holds something else", want.Name)
	}
	s.current = want.Name
	return duty.Continue(), nil
}

// takeBack makes the class the owner of its revisions again, so that they go with it: a class that comes from a backup has another UID, and what it owned comes
// back without owner. One that has the name of the wanted one and holds something else is left alone. It is not for a class that is going away: that may leave
// its revisions behind on purpose.
func (r *Reconciler) takeBack(ctx context.Context, s *scope, want *appsv1.ControllerRevision) error {
	for i := range s.revisions {
		c := &s.revisions[i]
		if len(c.OwnerReferences) > 0 || !c.DeletionTimestamp.IsZero() || c.Name == want.Name && !sameJSON(c.Data.Raw, want.Data.Raw) {
			continue
		}
		if err := r.stillThis(ctx, s.class); err != nil {
			return err
		}
		before := c.DeepCopy()
		c.OwnerReferences = want.OwnerReferences
		if err := r.Patch(ctx, c, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return fmt.Errorf("take ControllerRevision %s back: %w", c.Name, err)
		}
	}
	return nil
}

// stillThis looks past the cache whether the class that it shows is there. What is given to one of before is garbage; and what is given to one that is going
// away goes with it.
func (r *Reconciler) stillThis(ctx context.Context, class *v1alpha1.SiteClass) error {
	now := &v1alpha1.SiteClass{}
	if err := r.Reader.Get(ctx, client.ObjectKeyFromObject(class), now); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read SiteClass %s: %w", class.Name, err)
	}
	if now.UID != class.UID || !now.DeletionTimestamp.IsZero() {
		return &duty.Waiting{For: "the cache to show SiteClass " + class.Name + " as it is", After: collectedAfter}
	}
	return nil
}

func sameJSON(a, b []byte) bool {
	var x, y v1alpha1.SiteClassSpec
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, err1 := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err1 == nil && err2 == nil && bytes.Equal(p, q)
}

// prune removes old revisions that no site is built from, one after the other.
func (r *Reconciler) prune(ctx context.Context, s *scope) (duty.Outcome, error) {
	for _, old := range superfluous(s) {
		uid := old.UID
		err := r.Delete(ctx, &old, client.Preconditions{UID: &uid})
		if client.IgnoreNotFound(err) != nil {
			return duty.Stop(), fmt.Errorf("delete ControllerRevision %s: %w", old.Name, err)
		}
	}
	return duty.Continue(), nil
}

func superfluous(s *scope) []appsv1.ControllerRevision {
	used := map[string]bool{s.current: true, s.class.Status.CurrentRevision: true}
	for i := range s.sites {
		used[s.sites[i].Status.SiteClassRevision] = true
	}
	var unused []appsv1.ControllerRevision
	for i := range s.revisions {
		if c := &s.revisions[i]; !used[c.Name] && metav1.IsControlledBy(c, s.class) && c.DeletionTimestamp.IsZero() {
			unused = append(unused, *c)
		}
	}
	slices.SortFunc(unused, func(a, b appsv1.ControllerRevision) int { return cmp.Compare(b.Revision, a.Revision) })
	return unused[min(keptRevisions, len(unused)):]
}
