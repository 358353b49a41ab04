package siteclass

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/test/apiserver"
)

const (
	factoryNamespace = "mwf-system"
	sitesNamespace   = "mwf-sites"
)

var classKey = client.ObjectKey{Namespace: factoryNamespace, Name: "indie-site"}

type world struct {
	client.Client
	t      *testing.T
	r      *Reconciler
	writes atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.Client = fake.NewClientBuilder().WithScheme(apiserver.Scheme()).
		WithStatusSubresource(&v1alpha1.SiteClass{}, &v1alpha1.IndieSite{}).
		WithIndex(&v1alpha1.IndieSite{}, indexClass, classOf).
		WithInterceptorFuncs(interceptor.Funcs{
			Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				w.writes.Add(1)
				return c.Create(ctx, o, opts...)
			},
			Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
				w.writes.Add(1)
				return c.Delete(ctx, o, opts...)
			},
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				w.writes.Add(1)
				return c.Patch(ctx, o, p, opts...)
			},
			SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
				w.writes.Add(1)
				return c.SubResource(sub).Patch(ctx, o, p, opts...)
			},
		}).Build()
	w.r = &Reconciler{
		Client: w.Client, Reader: w.Client, Clock: clocktesting.NewFakePassiveClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)),
		Recorder: events.NewFakeRecorder(100), FactoryNamespace: factoryNamespace, SitesNamespace: sitesNamespace,
	}
	w.must(w.Create(t.Context(), &v1alpha1.SiteClass{
		ObjectMeta: metav1.ObjectMeta{Namespace: classKey.Namespace, Name: classKey.Name, UID: "class", Generation: 1}, Spec: goodSpec(),
	}))
	return w
}

func (w *world) reconcile() {
	w.t.Helper()
	_, err := w.r.Reconcile(w.t.Context(), ctrl.Request{NamespacedName: classKey})
	w.must(err)
}

func (w *world) class() *v1alpha1.SiteClass {
	w.t.Helper()
	class := &v1alpha1.SiteClass{}
	w.must(w.Get(w.t.Context(), classKey, class))
	return class
}

func (w *world) change(change func(*v1alpha1.SiteClassSpec)) {
	w.t.Helper()
	class := w.class()
	class.Generation++
	change(&class.Spec)
	w.must(w.Update(w.t.Context(), class))
}

func (w *world) revisions() map[string]appsv1.ControllerRevision {
	w.t.Helper()
	var list appsv1.ControllerRevisionList
	w.must(w.List(w.t.Context(), &list, client.InNamespace(factoryNamespace)))
	byName := map[string]appsv1.ControllerRevision{}
	for _, c := range list.Items {
		byName[c.Name] = c
	}
	return byName
}

func (w *world) siteOn(revision string) *v1alpha1.IndieSite {
	w.t.Helper()
	site := &v1alpha1.IndieSite{
		ObjectMeta: metav1.ObjectMeta{Namespace: sitesNamespace, Name: "alice.gent"},
		Spec:       v1alpha1.IndieSiteSpec{Domain: "alice.gent", SiteClassName: classKey.Name},
	}
	w.must(w.Create(w.t.Context(), site))
	site.Status.SiteClassRevision = revision
	w.must(w.Status().Update(w.t.Context(), site))
	return site
}

func (w *world) expectReady(status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	c := apimeta.FindStatusCondition(w.class().Status.Conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status != status || c.Reason != reason || c.ObservedGeneration != w.class().Generation {
		w.t.Errorf("Ready is %+v, want %s %s", c, status, reason)
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestAClassHasASnapshotOfItsSpec(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.expectReady(metav1.ConditionTrue, v1alpha1.ReasonSucceeded)
	name := w.class().Status.CurrentRevision
	revision, ok := w.revisions()[name]
	if !ok || !strings.HasPrefix(name, "indie-site-") {
		t.Fatalf("there is no revision %q", name)
	}
	var got v1alpha1.SiteClassSpec
	w.must(json.Unmarshal(revision.Data.Raw, &got))
	if diff := cmp.Diff(goodSpec(), got); diff != "" {
		t.Errorf("the snapshot differs (-want +got):\n%s", diff)
	}
	if revision.Labels[v1alpha1.LabelSiteClass] != "indie-site" || !metav1.IsControlledBy(&revision, w.class()) {
		t.Errorf("labels %v, owners %v", revision.Labels, revision.OwnerReferences)
	}
}

func TestAConvergedClassCausesNoWrites(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.siteOn(w.class().Status.CurrentRevision)
	w.reconcile()
	before := w.writes.Load()
	w.reconcile()
	if n := w.writes.Load() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestAnInvalidChangeLeavesTheLastSnapshotInUse(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	before := w.class().Status.CurrentRevision
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Image = "Not An Image" })
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonInvalid)
	if got := w.class().Status.CurrentRevision; got != before || len(w.revisions()) != 1 {
		t.Errorf("the current revision is %s of %d", got, len(w.revisions()))
	}
	if c := w.class().Status.Conditions[0]; !strings.Contains(c.Message, "spec.image") {
		t.Errorf("the message does not name the field: %s", c.Message)
	}
}

func TestGoingBackFindsTheOldSnapshot(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	first := w.class().Status.CurrentRevision
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Port = 3000 })
	w.reconcile()
	if w.class().Status.CurrentRevision == first {
		t.Error("a changed spec has the old snapshot")
	}
	w.change(func(s *v1alpha1.SiteClassSpec) { s.Port = 0 })
	w.reconcile()
	if got := w.class().Status.CurrentRevision; got != first || len(w.revisions()) != 2 {
		t.Errorf("the current revision is %s of %d, want %s of 2", got, len(w.revisions()), first)
	}
}

func TestOldSnapshotsGoButThoseInUseStay(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	used := w.class().Status.CurrentRevision
	w.siteOn(used)
	for i := range 10 {
		w.change(func(s *v1alpha1.SiteClassSpec) { s.Args = []string{fmt.Sprint(i)} })
		w.reconcile()
	}
	w.reconcile() // the one before stays for one round more: a site may be about to take it
	revisions := w.revisions()
	if _, ok := revisions[used]; !ok {
		t.Error("the revision that a site is built from is gone")
	}
	if _, ok := revisions[w.class().Status.CurrentRevision]; !ok {
		t.Error("the current revision is gone")
	}
	if got, want := len(revisions), keptRevisions+2; got != want {
		t.Errorf("%d revisions, want %d", got, want)
	}
}

func TestADeletedRevisionComesBack(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	revision := w.revisions()[w.class().Status.CurrentRevision]
	w.must(w.Delete(t.Context(), &revision))
	w.reconcile()
	if len(w.revisions()) != 1 {
		t.Error("it did not come back")
	}
}

// blind is a cache that has not seen the sites yet.
type blind struct{ client.Client }

func (b blind) List(ctx context.Context, l client.ObjectList, opts ...client.ListOption) error {
	if _, ok := l.(*v1alpha1.IndieSiteList); ok {
		return nil
	}
	return b.Client.List(ctx, l, opts...)
}

func TestAStaleCacheDoesNotLetAClassGo(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	w.siteOn(w.class().Status.CurrentRevision)
	w.reconcile()
	w.must(w.Delete(t.Context(), w.class()))
	w.r.Client = blind{w.Client}
	w.reconcile()
	if len(w.class().Finalizers) != 1 {
		t.Error("the class was let go")
	}
}

func TestAClassThatSitesReferToIsHeldBack(t *testing.T) {
	w := newWorld(t)
	w.reconcile()
	if len(w.class().Finalizers) != 0 {
		t.Error("a class that nobody uses has a finalizer")
	}
	site := w.siteOn(w.class().Status.CurrentRevision)
	w.reconcile()
	w.must(w.Delete(t.Context(), w.class()))
	w.reconcile()
	w.expectReady(metav1.ConditionFalse, v1alpha1.ReasonDeleting)
	w.must(w.Delete(t.Context(), site))
	w.reconcile()
	if err := w.Get(t.Context(), classKey, &v1alpha1.SiteClass{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("the class is still there: %v", err)
	}
}
