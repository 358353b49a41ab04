package siteclass

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// restored makes the class anew as a backup tool does: with another UID and without status, its revisions without owners.
func (w *world) restored() {
	w.t.Helper()
	for _, revision := range w.revisions() {
		revision.OwnerReferences = nil
		w.must(w.Update(w.t.Context(), &revision))
	}
	class := w.class()
	w.must(w.Delete(w.t.Context(), class))
	class.UID, class.ResourceVersion, class.Finalizers, class.Status = "restored", "", nil, v1alpha1.SiteClassStatus{}
	w.must(w.Create(w.t.Context(), class))
}

// hasRevisions makes so many snapshots, the last of which is current, and returns their names from the oldest on.
func (w *world) hasRevisions(n int) []string {
	w.t.Helper()
	names := make([]string, 0, n)
	for i := range n {
		w.change(func(s *v1alpha1.SiteClassSpec) { s.Args = []string{fmt.Sprint(i)} })
		w.reconcile()
		names = append(names, w.class().Status.CurrentRevision)
	}
	return names
}

func (w *world) edit(name string, change func(*appsv1.ControllerRevision)) {
	w.t.Helper()
	revision := w.revisions()[name]
	change(&revision)
	w.must(w.Update(w.t.Context(), &revision))
}

// expectOwned says whether the revision belongs to the class, and to it alone.
func (w *world) expectOwned(name string, want bool) {
	w.t.Helper()
	revision, ok := w.revisions()[name]
	if got := ok && metav1.IsControlledBy(&revision, w.class()) && len(revision.OwnerReferences) == 1; got != want {
		w.t.Errorf("%s belongs to the class: %t, want %t; its owners are %v", name, got, want, revision.OwnerReferences)
	}
}

func (w *world) expectQuiet() {
	w.t.Helper()
	before := w.writes.Load()
	w.reconcile()
	if n := w.writes.Load() - before; n != 0 {
		w.t.Errorf("%d writes", n)
	}
}

func TestARestoredClassTakesItsRevisionsBack(t *testing.T) {
	w := newWorld(t)
	names := w.hasRevisions(3)
	w.restored()
	for _, name := range names {
		w.expectOwned(name, false)
	}
	w.reconcile()
	w.expectReady(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	if got, want := w.class().Status.CurrentRevision, names[len(names)-1]; got != want {
		t.Errorf("the current revision is %s, want %s", got, want)
	}
	for _, name := range names {
		w.expectOwned(name, true)
	}
	w.expectQuiet()
}

func TestARestoredClassNumbersAndPrunesItsRevisionsAsBefore(t *testing.T) {
	w := newWorld(t)
	names := w.hasRevisions(keptRevisions + 1)
	w.restored()
	w.siteOn(names[0])
	w.reconcile()
	highest := w.revisions()[names[len(names)-1]].Revision
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Args = []string{"after"} })
	w.reconcile()
	current := w.revisions()[w.class().Status.CurrentRevision]
	if current.Revision != highest+1 {
		t.Errorf("the new revision is number %d, want %d", current.Revision, highest+1)
	}
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Args = []string{"after that"} })
	w.reconcile()
	w.reconcile()
	w.expectOwned(names[0], true) // a site is built from it
	if _, ok := w.revisions()[names[1]]; ok {
		t.Errorf("%s, which nobody uses, is still there", names[1])
	}
}

func TestWhileTheRestoredSpecIsInvalidTheRevisionsAreTakenBackToo(t *testing.T) {
	w := newWorld(t)
	names := w.hasRevisions(2)
	w.restored()
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Image = "Not An Image" })
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonInvalid)
	for _, name := range names {
		w.expectOwned(name, true)
	}
}

// TestAClassThatTheCacheDoesNotShowAsItIsTakesNothingBack has a cache that has not seen the restore, though it has seen the revisions: what they would be
// given to is gone, and they would go with it.
func TestAClassThatTheCacheDoesNotShowAsItIsTakesNothingBack(t *testing.T) {
	for name, restored := range map[string]func(w *world) (shown *v1alpha1.SiteClass){
		"it was made anew": func(w *world) *v1alpha1.SiteClass { shown := w.class(); w.restored(); return shown },
		"it is gone": func(w *world) *v1alpha1.SiteClass {
			w.restored()
			shown := w.class()
			w.must(w.Delete(t.Context(), shown.DeepCopy()))
			return shown
		},
		"it is going away": func(w *world) *v1alpha1.SiteClass {
			w.restored()
			shown := w.class()
			shown.Finalizers = []string{metav1.FinalizerOrphanDependents}
			w.must(w.Update(t.Context(), shown))
			w.must(w.Delete(t.Context(), shown.DeepCopy()))
			return shown
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			names := w.hasRevisions(2)
			old := restored(w)
			w.r.Client = interceptor.NewClient(w.Client.(client.WithWatch), interceptor.Funcs{
				Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
					if class, ok := o.(*v1alpha1.SiteClass); ok {
						old.DeepCopyInto(class)
						return nil
					}
					return c.Get(ctx, key, o, opts...)
				},
			})
			result, err := w.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: classKey})
			if err != nil || result.RequeueAfter != collectedAfter {
				t.Errorf("%+v, %v; want it to wait for the cache", result, err)
			}
			for _, revision := range names {
				if owners := w.revisions()[revision].OwnerReferences; len(owners) > 0 {
					t.Errorf("%s was given to %v", revision, owners)
				}
			}
			w.r.Client = w.Client // and now it shows it
			w.reconcile()
			for _, revision := range names {
				if owned := len(w.revisions()[revision].OwnerReferences) > 0; owned != (name == "it was made anew") {
					t.Errorf("in the end %s is owned: %t", revision, owned)
				}
			}
		})
	}
}

func TestARevisionIsNotTakenBackWhere(t *testing.T) {
	for name, change := range map[string]func(*appsv1.ControllerRevision){
		"it holds something else than its name says": func(c *appsv1.ControllerRevision) {
			c.Data = runtime.RawExtension{Raw: []byte(`{"image":"registry.example/other:1"}`)}
		},
		"it holds no spec": func(c *appsv1.ControllerRevision) { c.Data = runtime.RawExtension{Raw: []byte(`[]`)} },
		"an earlier class owns it": func(c *appsv1.ControllerRevision) {
			c.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KindSiteClass, Name: classKey.Name, UID: "earlier"}}
		},
		"something else owns it": func(c *appsv1.ControllerRevision) {
			c.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "x", UID: "x"}}
		},
		"it is being deleted": func(c *appsv1.ControllerRevision) { c.Finalizers = []string{"example.org/slow"} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			current := w.hasRevisions(1)[0]
			w.restored()
			w.edit(current, change)
			if revision := w.revisions()[current]; len(revision.Finalizers) > 0 {
				w.must(w.Delete(t.Context(), &revision))
			}
			before := w.revisions()[current]
			result, err := w.r.Reconcile(t.Context(), ctrl.Request{NamespacedName: classKey})
			w.must(err)
			w.expectOwned(current, false)
			if after := w.revisions()[current]; after.ResourceVersion != before.ResourceVersion {
				t.Error("it was written")
			}
			if result.RequeueAfter != collectedAfter {
				t.Errorf("comes back after %s, want %s", result.RequeueAfter, collectedAfter)
			}
			if got := w.class().Status.CurrentRevision; got != "" {
				t.Errorf("%s is current, which is not the class's", got)
			}
		})
	}
}

func TestARevisionOfAnotherClassIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	other := w.hasRevisions(2)[0]
	w.restored()
	w.edit(other, func(c *appsv1.ControllerRevision) { c.Labels[v1alpha1.LabelSiteClass] = "another-class" })
	w.reconcile()
	w.expectOwned(other, false)
}

func TestAClassThatIsGoingAwayTakesNothingBack(t *testing.T) {
	w := newWorld(t)
	names := w.hasRevisions(2)
	w.siteOn(names[0])
	w.restored()
	class := w.class()
	class.Finalizers = []string{v1alpha1.FinalizerInUse, metav1.FinalizerOrphanDependents}
	w.must(w.Update(t.Context(), class))
	w.must(w.Delete(t.Context(), class))
	w.reconcile()
	for _, name := range names {
		w.expectOwned(name, false)
	}
}
