package domain

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestWhichChangesWakeTheDuty(t *testing.T) {
	domain := func(f func(*v1alpha1.Domain)) client.Object { d := newDomain(alice); f(d); return d }
	site := func(f func(*v1alpha1.IndieSite)) client.Object { s := newSite(alice); f(s); return s }
	reg := func(f func(*v1alpha1.Registrar)) client.Object { r := newRegistrar(); f(r); return r }
	now := metav1.NewTime(start)
	for name, tc := range map[string]struct {
		predicate   predicate.Predicate
		before, now client.Object
		wakes       bool
	}{
		"a Domain's spec":            {domainChanges(), newDomain(alice), domain(func(d *v1alpha1.Domain) { d.Generation++ }), true},
		"a Domain's deletion":        {domainChanges(), newDomain(alice), domain(func(d *v1alpha1.Domain) { d.DeletionTimestamp = &now }), true},
		"a person's decision":        {domainChanges(), newDomain(alice), domain(func(d *v1alpha1.Domain) { d.Annotations = map[string]string{v1alpha1.AnnotationDecision: "Absent"} }), true},
		"not its own status":         {domainChanges(), newDomain(alice), domain(func(d *v1alpha1.Domain) { d.Status.Call = newCall(1, start) }), false},
		"not a Domain's label":       {domainChanges(), newDomain(alice), domain(func(d *v1alpha1.Domain) { d.Labels = map[string]string{"a": "b"} }), false},
		"a site's deletion":          {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.DeletionTimestamp = &now }), true},
		"a site that stalls":         {siteChanges(), newSite(alice), site(stall), true},
		"a frozen outcome":           {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: 500} }), true},
		"a new attempt":              {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.Spec.SetupAttempt++ }), true},
		"a new attempt that is seen": {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.Status.Attempt.Number++ }), true},
		"a site that is another":     {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.UID = "another" }), true},
		"not a site's other conditions": {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) {
			s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: "True"}}
		}), false},
		"not a site's delivery":               {siteChanges(), newSite(alice), site(func(s *v1alpha1.IndieSite) { s.Status.Delivery = &v1alpha1.Delivery{Attempt: 1} }), false},
		"a Registrar's spec":                  {registrarChanges(), newRegistrar(), reg(func(r *v1alpha1.Registrar) { r.Generation++ }), true},
		"a Registrar that ceases to be Ready": {registrarChanges(), newRegistrar(), reg(func(r *v1alpha1.Registrar) { r.Status.Conditions[0].Status = metav1.ConditionFalse }), true},
		"not a Registrar's usage":             {registrarChanges(), newRegistrar(), reg(func(r *v1alpha1.Registrar) { r.Status.Usage = &v1alpha1.RegistrarUsage{Date: "2026-11-22"} }), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.predicate.Update(event.UpdateEvent{ObjectOld: tc.before, ObjectNew: tc.now}); got != tc.wakes {
				t.Errorf("wakes: %v", got)
			}
		})
	}
}

func TestARegistrarWakesOnlyTheNamesThatMayWaitForIt(t *testing.T) {
	elsewhere, taken := newDomain("elsewhere.gent"), newDomain("taken.gent")
	elsewhere.Spec.RegistrarName = "another"
	registeredIs(metav1.ConditionFalse, v1alpha1.ReasonTaken)(&facts{domain: taken})
	w := newWorld(t, append(order(alice), elsewhere, taken)...)
	for _, o := range order("ours.gent")[1:] {
		if err := w.client.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	w.run("ours.gent", time.Minute)
	got := w.process.domainsOfRegistrar(t.Context(), newRegistrar())
	if len(got) != 1 || got[0].Name != alice || got[0].Namespace != factoryNamespace {
		t.Errorf("wakes %v", got)
	}
	if site := w.process.domainOfSite(t.Context(), newSite(alice)); len(site) != 1 || site[0].Namespace != factoryNamespace || site[0].Name != alice {
		t.Errorf("a site wakes %v", site)
	}
}

func TestPeopleAreToldWhatChangedOnce(t *testing.T) {
	for name, want := range map[string]string{
		alice:                        "Normal Registered the name is in our account",
		"taken-at-registration.gent": "Warning Taken another holds the name: somebody else was faster",
		"setup-fails.gent":           "Warning Refused the registrar refuses the name: the registry does not give out this name",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(name)...)
			w.run(name, time.Minute)
			w.restart()
			_, _ = w.pass(name)
			if n := len(w.recorder.Events); n != 1 {
				t.Fatalf("%d events, want 1", n)
			}
			if got := <-w.recorder.Events; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestTheCensusCountsStatesAttentionAndWhatRunsOut(t *testing.T) {
	domains := make([]v1alpha1.Domain, 6)
	for i := range domains {
		domains[i] = *newDomain(alice)
	}
	registeredIs(metav1.ConditionFalse, v1alpha1.ReasonTaken)(&facts{domain: &domains[1]})
	attention(&facts{domain: &domains[2]})
	for i, days := range map[int]int{3: 10, 4: 45, 5: 10} {
		ours(&facts{domain: &domains[i]})
		at := metav1.NewTime(start.AddDate(0, 0, days))
		domains[i].Status.ExpiryTime = &at
	}
	domains[5].Status.Conditions = append(domains[5].Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionRenewing, Status: metav1.ConditionTrue})
	states, needy, expiring := count(domains, start)
	if states[domainState{"Unknown", "New"}] != 2 || states[domainState{"False", "Taken"}] != 1 || states[domainState{"True", "Registered"}] != 3 {
		t.Errorf("states: %v", states)
	}
	if needy != 1 {
		t.Errorf("%d need attention", needy)
	}
	if expiring["60"] != 2 || expiring["30"] != 1 || expiring["14"] != 1 {
		t.Errorf("expiring: %v", expiring)
	}
}
