package sim

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Restore makes everything anew from a backup that was made just now: without status, with other UIDs and without owners, as backup tools do. What
// the factory makes by itself is not in the backup, nor what was being deleted.
func (w *World) Restore() error {
	w.lost()
	for _, p := range slices.Clone(w.alive) {
		w.Crash(p)
	}
	backup := w.store.all()
	for _, e := range backup {
		if err := w.destroy(e); err != nil {
			return err
		}
	}
	renamed := map[types.UID]types.UID{}
	for _, wanted := range []func(client.Object) bool{isConfiguration, isSite, isDomain} {
		for _, e := range backup {
			if !wanted(e.object) || e.object.GetDeletionTimestamp() != nil || lostItsSite(backup, e.object) {
				continue
			}
			o := bare(e.object)
			if err := w.Create(o); err != nil {
				return fmt.Errorf("restore: %w", err)
			}
			renamed[e.object.GetUID()] = o.GetUID()
		}
	}
	w.followUp(renamed)
	return nil
}

// lost is what nobody knows any more once the statuses are lost: how many names were ordered that day.
func (w *World) lost() {
	w.restored++
	clear(w.ordered)
}

// LoseStatus empties every status of the factory's own kinds, but for a frozen outcome, which the API server lets nobody take away.
func (w *World) LoseStatus() error {
	w.lost()
	for _, e := range w.store.all() {
		o := e.object.DeepCopyObject().(client.Object)
		if !clearStatus(o) {
			continue
		}
		o.SetCreationTimestamp(metav1.Time{})
		o.SetDeletionTimestamp(nil)
		err := w.api.Status().Update(w.ctx, o)
		if site, ok := o.(*v1alpha1.IndieSite); ok && apierrors.IsInvalid(err) {
			site.Status.Outcome = e.object.(*v1alpha1.IndieSite).Status.Outcome
			err = w.api.Status().Update(w.ctx, site)
		}
		if err != nil {
			return fmt.Errorf("take the status of %s: %w", e.key, err)
		}
		w.wrote(o)
	}
	return nil
}

func (w *World) destroy(e entry) error {
	o, err := w.newOf(e.key.GroupKind)
	if err != nil {
		return err
	}
	o.SetNamespace(e.key.Namespace)
	o.SetName(e.key.Name)
	if len(e.object.GetFinalizers()) > 0 {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		if err := w.api.Patch(w.ctx, o, patch); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("destroy %s: %w", e.key, err)
		}
	}
	if err := w.api.Delete(w.ctx, o); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("destroy %s: %w", e.key, err)
	}
	return w.observe(w.ctx, e.key)
}

// lostItsSite says whether a Secret belonged to a site that is not in the backup: garbage collection would have had it next.
func lostItsSite(backup []entry, o client.Object) bool {
	if _, secret := o.(*corev1.Secret); !secret || len(o.GetOwnerReferences()) == 0 {
		return false
	}
	return !slices.ContainsFunc(backup, func(e entry) bool {
		return e.object.GetDeletionTimestamp() == nil && e.object.GetUID() == o.GetOwnerReferences()[0].UID
	})
}

func isConfiguration(o client.Object) bool {
	switch o.(type) {
	case *v1alpha1.Registrar, *v1alpha1.Onboarder, *v1alpha1.SiteClass, *appsv1.ControllerRevision, *corev1.Secret, *corev1.PersistentVolumeClaim:
		return true
	}
	return false
}

func isSite(o client.Object) bool { _, ok := o.(*v1alpha1.IndieSite); return ok }

func isDomain(o client.Object) bool { _, ok := o.(*v1alpha1.Domain); return ok }

// bare is an object as a backup tool makes it again.
func bare(o client.Object) client.Object {
	o = o.DeepCopyObject().(client.Object)
	o.SetUID("")
	o.SetResourceVersion("")
	o.SetGeneration(0)
	o.SetCreationTimestamp(metav1.Time{})
	o.SetManagedFields(nil)
	o.SetOwnerReferences(nil)
	clearStatus(o)
	if volume, ok := o.(*corev1.PersistentVolumeClaim); ok {
		volume.Status = corev1.PersistentVolumeClaimStatus{}
	}
	return o
}

func clearStatus(o client.Object) bool {
	switch o := o.(type) {
	case *v1alpha1.IndieSite:
		o.Status = v1alpha1.IndieSiteStatus{}
	case *v1alpha1.Domain:
		o.Status = v1alpha1.DomainStatus{}
	case *v1alpha1.Registrar:
		o.Status = v1alpha1.RegistrarStatus{}
	case *v1alpha1.Onboarder:
		o.Status = v1alpha1.OnboarderStatus{}
	case *v1alpha1.SiteClass:
		o.Status = v1alpha1.SiteClassStatus{}
	default:
		return false
	}
	return true
}

// followUp has the acceptances go on under the UIDs that their sites have now. Nobody can say any more what became of those whose sites are not back.
func (w *World) followUp(renamed map[types.UID]types.UID) {
	var kept []Acceptance
	for _, a := range w.Citizen.Accepted {
		if uid, back := renamed[a.UID]; back {
			a.UID = uid
			kept = append(kept, a)
		}
	}
	w.Citizen.Accepted = kept
	w.Receiver.forget()
}

// forget keeps what was told out of comparisons with what will be: the factory does not know it any more.
func (r *Receiver) forget() { r.Before, r.Ledger = append(r.Before, r.Ledger...), nil }
