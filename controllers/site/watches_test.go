package site

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestWhichChangesOfASiteWakeTheDuty(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.IndieSite)
		wakes  bool
	}{
		"a changed order": {func(s *v1alpha1.IndieSite) { s.Generation++ }, true},
		"an annotation":   {func(s *v1alpha1.IndieSite) { s.Annotations = map[string]string{"a": "b"} }, true},
		"deletion":        {func(s *v1alpha1.IndieSite) { now := metav1.Now(); s.DeletionTimestamp = &now }, true},
		"the outcome":     {frozenSite, true},
		"that the onboarder was told": {func(s *v1alpha1.IndieSite) {
			s.Status.Conditions = []metav1.Condition{condition(v1alpha1.ConditionCallbackDelivered, "True", "x")}
		}, true},
		"a revision that was taken away": {func(s *v1alpha1.IndieSite) { s.Status.SiteClassRevision = "" }, true},
		"a delivery that is tried":       {func(s *v1alpha1.IndieSite) { s.Status.Delivery = &v1alpha1.Delivery{Attempts: 3} }, false},
		"the duty's own status": {func(s *v1alpha1.IndieSite) {
			s.Status.Conditions = []metav1.Condition{condition(v1alpha1.ConditionReady, "True", "x")}
		}, false},
		"nothing but resourceVersion":  {func(s *v1alpha1.IndieSite) { s.ResourceVersion = "2" }, false},
		"a finalizer, which is others": {func(s *v1alpha1.IndieSite) { s.Finalizers = []string{"x"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := &v1alpha1.IndieSite{Status: v1alpha1.IndieSiteStatus{SiteClassRevision: "indie-site-1"}}
			after := before.DeepCopy()
			tc.change(after)
			if got := siteChanged.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != tc.wakes {
				t.Errorf("wakes: %t, want %t", got, tc.wakes)
			}
		})
	}
}

func frozenSite(s *v1alpha1.IndieSite) { s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: 201} }

func TestAChildWakesItsSite(t *testing.T) {
	r := &Reconciler{SitesNamespace: sitesNamespace, FactoryNamespace: factoryNamespace}
	meta := metav1.ObjectMeta{Namespace: sitesNamespace, Annotations: map[string]string{v1alpha1.AnnotationDomain: domainName}}
	owned := metav1.ObjectMeta{Namespace: sitesNamespace, OwnerReferences: []metav1.OwnerReference{{Kind: v1alpha1.KindIndieSite, Name: domainName}}}
	elsewhere := metav1.ObjectMeta{Namespace: "default", Annotations: meta.Annotations}
	for name, tc := range map[string]struct {
		meta  metav1.ObjectMeta
		wakes int
	}{
		"by its annotation":                {meta, 1},
		"by its owner":                     {owned, 1},
		"not from another namespace":       {elsewhere, 0},
		"not where it belongs to nobody":   {metav1.ObjectMeta{Namespace: sitesNamespace}, 0},
		"once, by annotation and by owner": {metav1.ObjectMeta{Namespace: sitesNamespace, Annotations: meta.Annotations, OwnerReferences: owned.OwnerReferences}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got := r.siteOfChild(t.Context(), &corev1.Service{ObjectMeta: tc.meta})
			if len(got) != tc.wakes || (len(got) > 0 && got[0].NamespacedName != siteKey) {
				t.Errorf("wakes %v", got)
			}
		})
	}
}

func TestTheCensusCountsSitesByState(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.claim(func(s *v1alpha1.IndieSite) {
		s.Name, s.Spec.Domain, s.Spec.InstallerSecretRef.Name = "bob.gent", "bob.gent", "bob.gent-installer-1-abcde"
	})
	want := `
# HELP magicwebsitefactory_sites IndieSites by state.
# TYPE magicwebsitefactory_sites gauge
magicwebsitefactory_sites{state="progressing"} 1
magicwebsitefactory_sites{state="ready"} 1
magicwebsitefactory_sites{state="stalled"} 0
magicwebsitefactory_sites{state="suspended"} 0
`
	if err := testutil.CollectAndCompare(newCensus(w.Client, sitesNamespace), strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestTheTimeToReadyIsMeasuredOncePerAttempt(t *testing.T) {
	site := whole().site
	ready := func(status metav1.ConditionStatus) *v1alpha1.IndieSite {
		s := site.DeepCopy()
		c := condition(v1alpha1.ConditionReady, status, "x")
		c.LastTransitionTime = metav1.NewTime(epoch.Add(20 * time.Second))
		s.Status.Conditions = []metav1.Condition{c}
		return s
	}
	told := ready(metav1.ConditionTrue)
	frozenSite(told)
	observed := func() uint64 {
		var m dto.Metric
		if err := readySeconds.Write(&m); err != nil {
			t.Fatal(err)
		}
		return m.GetHistogram().GetSampleCount()
	}
	before := observed()
	measure(ready(metav1.ConditionFalse), ready(metav1.ConditionTrue))
	measure(ready(metav1.ConditionTrue), ready(metav1.ConditionTrue))
	measure(ready(metav1.ConditionFalse), told)
	measure(ready(metav1.ConditionFalse), ready(metav1.ConditionFalse))
	if got := observed() - before; got != 1 {
		t.Errorf("observed %d times, want once", got)
	}
}
