package callback

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

func TestVerdictOfAnAttempt(t *testing.T) {
	deleted := func(s *v1alpha1.IndieSite) { now := metav1.NewTime(start); s.DeletionTimestamp = &now; s.Generation++ }
	ended := func(attempt int32) edit {
		return func(s *v1alpha1.IndieSite) {
			s.Status.Outcome = &v1alpha1.Outcome{Attempt: attempt, Code: v1alpha1.OutcomeFailed, Time: metav1.NewTime(start)}
		}
	}
	for name, tc := range map[string]struct {
		site  *v1alpha1.IndieSite
		after time.Duration // since the conditions were set
		want  v1alpha1.OutcomeCode
		wait  time.Duration
	}{
		"Ready is 201":                            {site: site(ready), want: 201},
		"a taken name is 409":                     {site: site(stalled(v1alpha1.ReasonDomainTaken)), want: 409},
		"a refused registration is 500":           {site: site(stalled(v1alpha1.ReasonRegistrationRefused)), want: 500},
		"a late registration is 500":              {site: site(stalled(v1alpha1.ReasonRegistrationDeadlineExceeded)), want: 500},
		"a late set-up is 500":                    {site: site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)), want: 500},
		"a reason that nobody knows is 500":       {site: site(stalled("SomethingNew")), want: 500},
		"stalled beats Ready":                     {site: site(ready, stalled(v1alpha1.ReasonDomainTaken)), want: 409},
		"nothing yet is nothing":                  {site: site()},
		"Ready of an earlier generation is none":  {site: site(func(s *v1alpha1.IndieSite) { s.Generation = 2 }, condition("Ready", "Succeeded", 1))},
		"Stalled of an earlier generation too":    {site: site(func(s *v1alpha1.IndieSite) { s.Generation = 2 }, condition("Stalled", "DomainTaken", 1))},
		"Ready of an earlier attempt is none":     {site: site(ready, func(s *v1alpha1.IndieSite) { s.Spec.SetupAttempt = 2 })},
		"Stalled of an earlier attempt is none":   {site: site(stalled("DomainTaken"), func(s *v1alpha1.IndieSite) { s.Spec.SetupAttempt = 2 })},
		"conditions of no attempt are none":       {site: site(ready, func(s *v1alpha1.IndieSite) { s.Status.Attempt = nil })},
		"Ready of the second attempt is 201":      {site: site(ended(1), attempt(2), ready), want: 201},
		"a site without an onboarder ends as any": {site: site(withoutOnboarder, ready), want: 201},

		"a claim without its Secret waits to be removed":   {site: site(stalled(v1alpha1.ReasonInstallerSecretMissing)), after: 59 * time.Second, wait: time.Second},
		"a claim that nobody removes is 500":               {site: site(stalled(v1alpha1.ReasonInstallerSecretMissing)), after: time.Minute, want: 500},
		"a later attempt without its Secret is 500":        {site: site(ended(1), attempt(2), stalled(v1alpha1.ReasonInstallerSecretMissing)), want: 500},
		"a deleted site is 500":                            {site: site(deleted), want: 500},
		"a site that is deleted as it gets Ready is 500":   {site: site(ready, deleted), want: 500},
		"a site that was seen stalled while deleted":       {site: site(deleted, stalled(v1alpha1.ReasonDomainTaken)), want: 409},
		"a deleted claim that was never accepted has none": {site: site(stalled(v1alpha1.ReasonInstallerSecretMissing), deleted)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScope(tc.site, start.Add(tc.after), DefaultFarewell)
			wait := s.freeze()
			var got v1alpha1.OutcomeCode
			if s.ended() {
				got = s.site.Status.Outcome.Code
			}
			if got != tc.want || wait != tc.wait {
				t.Errorf("the outcome is %d and the wait %s, want %d and %s", got, wait, tc.want, tc.wait)
			}
		})
	}
}

func TestAnOutcomeIsFrozenOnce(t *testing.T) {
	w := newWorld(t, site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)))
	w.receiver.always(delivery.Answered(503, 0))
	w.settle()
	w.wantOutcome(1, v1alpha1.OutcomeFailed)
	frozen := *w.site().Status.Outcome

	w.clock.SetTime(start.Add(time.Hour))
	w.change(attempt(1), ready) // late success: Stalled is gone, and Ready there
	w.settle()
	if got := *w.site().Status.Outcome; got != frozen {
		t.Errorf("the outcome is now %+v, and was %+v", got, frozen)
	}
	w.receiver.always(delivery.Answered(200, 0))
	w.pass(24 * time.Hour)
	for i, call := range w.receiver.calls {
		if call.Target.RawQuery != "status=500" {
			t.Errorf("call %d said %s", i+1, call.Target.RawQuery)
		}
	}
	w.wantEvents(EventEnded, 1)
}

func TestANewAttemptsOutcomeReplacesAnUndeliveredOne(t *testing.T) {
	w := newWorld(t, site(stalled(v1alpha1.ReasonSetupDeadlineExceeded)))
	w.receiver.always(delivery.Answered(503, 0))
	w.pass(time.Hour)
	failed := len(w.receiver.calls)

	w.change(attempt(2))
	w.receiver.always(delivery.Answered(200, 0))
	w.pass(48 * time.Hour)
	w.wantCalls(failed) // a late 500 would be taken for the new order's
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonAwaitingOutcome)
	w.wantHeld(true)

	w.change(ready)
	w.settle()
	w.wantOutcome(2, v1alpha1.OutcomeCreated)
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
	w.wantEvents(EventSuperseded, 1)
	d := w.site().Status.Delivery
	if d.Attempt != 2 || d.Attempts != 1 || w.receiver.calls[failed].Target.RawQuery != "status=201" {
		t.Errorf("delivered %+v with %s", d, w.receiver.calls[failed].Target)
	}
	w.pass(40 * 24 * time.Hour)
	w.wantCalls(failed + 1)
}

func TestASiteWithoutAnOnboarderEndsAndNobodyIsTold(t *testing.T) {
	w := newWorld(t, site(withoutOnboarder, ready))
	w.settle()
	w.wantOutcome(1, v1alpha1.OutcomeCreated)
	w.wantHeld(false)
	w.wantCalls(0)
	if s := w.site(); len(s.Status.Conditions) != 1 || s.Status.Delivery != nil {
		t.Errorf("the status is %+v", s.Status)
	}
	w.wantQuiet()
}

func TestTheFinalizerIsHeldWhileSomethingIsOwed(t *testing.T) {
	w := newWorld(t, site(func(s *v1alpha1.IndieSite) { s.Finalizers = nil }))
	w.settle()
	w.wantHeld(true)
	w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonAwaitingOutcome)

	w.change(stalled(v1alpha1.ReasonDomainTaken))
	w.settle()
	w.wantCondition(metav1.ConditionTrue, v1alpha1.ReasonDelivered)
	w.wantHeld(false)
	w.wantQuiet()

	w.change(attempt(2))
	w.settle()
	w.wantHeld(true)
}
