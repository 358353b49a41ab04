package site

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/resources"
)

func TestAnUnboughtSiteIsReleasedAfterItsTime(t *testing.T) {
	for name, tc := range map[string]struct {
		told     bool
		release  bool
		byHand   bool
		becoming string
	}{
		"once the onboarder knows":                  {told: true, release: true, becoming: v1alpha1.ReasonTaken},
		"never while the onboarder does not know":   {told: false, release: false, becoming: v1alpha1.ReasonTaken},
		"without anybody to tell, for one by hand":  {byHand: true, release: true, becoming: v1alpha1.ReasonRefused},
		"never while it may be bought nevertheless": {told: true, release: false, becoming: ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.claim(func(s *v1alpha1.IndieSite) {
				if tc.byHand {
					s.Spec.OnboarderName, s.Spec.Callback, s.Finalizers = nil, nil, nil
				}
			})
			w.reconcile()
			if tc.becoming != "" {
				w.domainIs(metav1.ConditionFalse, tc.becoming)
			} else {
				w.passes(24 * time.Hour)
			}
			w.reconcile()
			w.callbackFroze(v1alpha1.OutcomeTaken, tc.told)
			result := w.reconcile()
			if tc.release && result.RequeueAfter != resources.FailedSiteTTL(nil) {
				t.Errorf("comes back after %s", result.RequeueAfter)
			}
			w.passes(resources.FailedSiteTTL(nil))
			if _, err := w.reconcileOnce(); err != nil {
				t.Fatal(err)
			}
			gone := !w.has(sitesNamespace, domainName, &v1alpha1.IndieSite{})
			if released := gone || !w.site().DeletionTimestamp.IsZero(); released != tc.release {
				t.Errorf("released: %t, want %t", released, tc.release)
			}
			if !gone {
				return
			}
			w.reconcile() // for the site that is gone
			if w.domain().DeletionTimestamp.IsZero() {
				t.Error("the unbought Domain stays on the books")
			}
		})
	}
}

func TestDeletingASiteKeepsItsVolumeAndItsName(t *testing.T) {
	w := newWorld(t)
	w.standing()
	w.remove(w.site()) // the callback duty's finalizer holds it
	w.reconcile()
	w.expectWorkload(false)
	w.expectRoute(false)
	w.expectVolume("k1:first", true)
	w.domain()
	w.expect(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonDeleting)
	w.expectQuiet()
}
