package registrar

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestYesterdaysNumbersDoNotStandThereAsTodays(t *testing.T) {
	euros := &v1alpha1.Price{Amount: "70.00", Currency: "EUR"}
	for name, tc := range map[string]struct{ was, want *v1alpha1.RegistrarUsage }{
		"of the day before":              {&v1alpha1.RegistrarUsage{Date: "2026-11-21", Registrations: 100, Spent: euros}, &v1alpha1.RegistrarUsage{Date: "2026-11-22"}},
		"of today":                       {&v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 7, Spent: euros}, &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 7, Spent: euros}},
		"of a clock that is ahead":       {&v1alpha1.RegistrarUsage{Date: "2026-11-23", Registrations: 7, Spent: euros}, &v1alpha1.RegistrarUsage{Date: "2026-11-23", Registrations: 7, Spent: euros}},
		"of a clock that was wrong":      {&v1alpha1.RegistrarUsage{Date: "2027-11-22", Registrations: 7, Spent: euros}, &v1alpha1.RegistrarUsage{Date: "2026-11-22"}},
		"of a Registrar never bought at": {nil, &v1alpha1.RegistrarUsage{Date: "2026-11-22"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := selling("a", "gent")
			r.Status.Usage = tc.was
			w := newWorld(t, v1alpha1.EnvironmentTest, r)
			w.reconcile("a")
			if diff := cmp.Diff(tc.want, w.get("a").Status.Usage); diff != "" {
				t.Error(diff)
			}
			w.writes = 0
			if w.reconcile("a"); w.writes != 0 {
				t.Errorf("%d writes although nothing changed", w.writes)
			}
		})
	}
}

func TestTheDutyComesBackWhenTheDayIsOver(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
	w.clock.SetTime(time.Date(2026, 11, 23, 0, 59, 50, 0, time.FixedZone("CET", 3600)))
	got := w.reconcile("a")
	if got.RequeueAfter != 10*time.Second {
		t.Fatalf("it comes back after %s", got.RequeueAfter)
	}
	if u := w.get("a").Status.Usage; u.Date != "2026-11-22" || u.Registrations != 7 {
		t.Errorf("before midnight: %+v", u)
	}
	w.clock.SetTime(w.clock.Now().Add(got.RequeueAfter))
	w.reconcile("a")
	if u := w.get("a").Status.Usage; u.Date != "2026-11-23" || u.Registrations != 0 {
		t.Errorf("after midnight: %+v", u)
	}
}

// The first purchase of a day and the duty may both begin it.
func TestANewDayLosesNoReservation(t *testing.T) {
	w := newWorld(t, v1alpha1.EnvironmentTest, selling("a", "gent"))
	w.reconcile("a")
	w.clock.SetTime(start.AddDate(0, 0, 1))
	reserved := &v1alpha1.RegistrarUsage{Date: "2026-11-23", Registrations: 1, Spent: &v1alpha1.Price{Amount: "20.00", Currency: "EUR"}}
	w.meanwhile = func() {
		r := w.get("a")
		r.Status.Usage = reserved.DeepCopy()
		if err := w.client.Status().Update(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.reconcile("a"); got.RequeueAfter == 0 || got.RequeueAfter > time.Second {
		t.Errorf("who lost the race comes back after %s", got.RequeueAfter)
	}
	for range 2 {
		if diff := cmp.Diff(reserved, w.get("a").Status.Usage); diff != "" {
			t.Fatal(diff)
		}
		w.reconcile("a")
	}
}
