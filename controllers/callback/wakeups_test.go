package callback

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

func TestWhichChangesOfASiteWakeTheDuty(t *testing.T) {
	for name, tc := range map[string]struct {
		change edit
		want   bool
	}{
		"nothing, as in a resync":               {func(*v1alpha1.IndieSite) {}, false},
		"the spec":                              {func(s *v1alpha1.IndieSite) { s.Generation++ }, true},
		"its deletion":                          {func(s *v1alpha1.IndieSite) { now := metav1.NewTime(start); s.DeletionTimestamp = &now }, true},
		"its finalizers":                        {func(s *v1alpha1.IndieSite) { s.Finalizers = nil }, true},
		"another site of that name":             {func(s *v1alpha1.IndieSite) { s.UID = "another" }, true},
		"the annotation to send again":          {again("now"), true},
		"another annotation":                    {func(s *v1alpha1.IndieSite) { s.Annotations = map[string]string{"x": "y"} }, false},
		"a label":                               {func(s *v1alpha1.IndieSite) { s.Labels = nil }, false},
		"Ready":                                 {ready, true},
		"Ready of another generation":           {condition("Ready", "Succeeded", 7), true},
		"Stalled":                               {stalled(v1alpha1.ReasonDomainTaken), true},
		"another condition":                     {condition("SiteAvailable", "Succeeded", 1), false},
		"its own condition":                     {condition("CallbackDelivered", "Delivered", 1), false},
		"the attempt that the status speaks of": {func(s *v1alpha1.IndieSite) { s.Status.Attempt = &v1alpha1.AttemptStatus{Number: 2} }, true},
		"the first sight of an attempt":         {func(s *v1alpha1.IndieSite) { s.Status.Attempt = nil }, true},
		"when the name became ours":             {func(s *v1alpha1.IndieSite) { s.Status.Attempt.DomainTime = ptr.To(metav1.NewTime(start)) }, false},
		"the outcome":                           {func(s *v1alpha1.IndieSite) { s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: 201} }, true},
		"the record of an attempt of its own":   {func(s *v1alpha1.IndieSite) { s.Status.Delivery = ptr.To(delivery.Start(1, start, "")) }, false},
		"the URL":                               {func(s *v1alpha1.IndieSite) { s.Status.URL = "https://alice.gent/" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := site(), site(tc.change)
			if got := siteMatters(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != tc.want {
				t.Errorf("it wakes: %t, want %t", got, tc.want)
			}
		})
	}
}

func TestWhichChangesOfAnOnboarderWakeItsSites(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.Onboarder)
		want   bool
	}{
		"nothing, as in a resync": {func(*v1alpha1.Onboarder) {}, false},
		"the spec":                {func(o *v1alpha1.Onboarder) { o.Generation++ }, true},
		"Ready":                   {func(o *v1alpha1.Onboarder) { o.Status.Conditions[0].Status = "False" }, true},
		"its tokens":              {func(o *v1alpha1.Onboarder) { o.Status.TokenDigests = nil }, true},
		"a label":                 {func(o *v1alpha1.Onboarder) { o.Labels = map[string]string{"x": "y"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := onboarder("hallo", markedToken), onboarder("hallo", markedToken)
			tc.change(after)
			if got := onboarderMatters(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != tc.want {
				t.Errorf("it wakes: %t, want %t", got, tc.want)
			}
		})
	}
}

func TestAnOnboarderWakesItsSitesThatAreNotTold(t *testing.T) {
	outcome := func(s *v1alpha1.IndieSite) { s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: 201} }
	told := condition(v1alpha1.ConditionCallbackDelivered, v1alpha1.ReasonDelivered, 1)
	w := newWorld(t,
		site(named("owed.gent"), outcome),
		site(named("unlabelled.gent"), outcome, func(s *v1alpha1.IndieSite) { s.Labels = nil }),
		site(named("told.gent"), outcome, told),
		site(named("building.gent")),
		site(named("others.gent"), outcome, func(s *v1alpha1.IndieSite) { s.Spec.OnboarderName = ptr.To("other") }),
		site(named("nobodys.gent"), outcome, withoutOnboarder),
	)
	var names []string
	for _, r := range w.reconciler.sitesOf(t.Context(), onboarder("hallo", markedToken)) {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"owed.gent", "unlabelled.gent"}) {
		t.Errorf("woken: %q", names)
	}
}
