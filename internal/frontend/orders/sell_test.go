package orders

import (
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestTheDaysLimitHoldsUntilMidnightUTC(t *testing.T) {
	evening := time.Date(2026, 11, 22, 23, 30, 0, 0, time.FixedZone("CET", 3600)) // 22:30 UTC
	limit := func(n int32) *int32 { return &n }
	for name, tc := range map[string]struct {
		limit *int32
		usage *v1alpha1.RegistrarUsage
		want  time.Duration
	}{
		"no limit":                   {nil, &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 1000}, 0},
		"nothing used yet":           {limit(1), nil, 0},
		"one left":                   {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 1}, 0},
		"none left":                  {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 2}, 90 * time.Minute},
		"used up the day before":     {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-21", Registrations: 2}, 0},
		"used up by a clock ahead":   {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-23", Registrations: 2}, 90 * time.Minute},
		"by one that was wrong":      {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-24", Registrations: 2}, 0},
		"a limit of nothing":         {limit(0), nil, 90 * time.Minute},
		"more than the limit allows": {limit(2), &v1alpha1.RegistrarUsage{Date: "2026-11-22", Registrations: 7}, 90 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Desk{Clock: clocktesting.NewFakePassiveClock(evening)}
			r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{Limits: v1alpha1.RegistrarLimits{RegistrationsPerDay: tc.limit}}}
			r.Status.Usage = tc.usage
			if got := d.untilLimitEnds(r); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTheDaysBudgetHoldsUntilMidnightUTC(t *testing.T) {
	evening := time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC)
	euro := func(amount string) *v1alpha1.Price { return &v1alpha1.Price{Amount: amount, Currency: "EUR"} }
	for name, tc := range map[string]struct {
		budget *v1alpha1.Price
		usage  *v1alpha1.RegistrarUsage
		want   time.Duration
	}{
		"no budget":                        {nil, &v1alpha1.RegistrarUsage{Date: "2026-11-22", Spent: euro("999999999.99")}, 0},
		"nothing spent yet":                {euro("50.00"), nil, 0},
		"enough left for the dearest name": {euro("100.00"), &v1alpha1.RegistrarUsage{Date: "2026-11-22", Spent: euro("50.00")}, 0},
		"a cent too little":                {euro("100.00"), &v1alpha1.RegistrarUsage{Date: "2026-11-22", Spent: euro("50.01")}, 90 * time.Minute},
		"spent the day before":             {euro("100.00"), &v1alpha1.RegistrarUsage{Date: "2026-11-21", Spent: euro("100.00")}, 0},
		"spent by a clock ahead":           {euro("100.00"), &v1alpha1.RegistrarUsage{Date: "2026-11-23", Spent: euro("100.00")}, 90 * time.Minute},
		"by one that was wrong":            {euro("100.00"), &v1alpha1.RegistrarUsage{Date: "2027-11-22", Spent: euro("100.00")}, 0},
		"a budget of nothing":              {euro("0.00"), nil, 90 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := &Desk{Clock: clocktesting.NewFakePassiveClock(evening)}
			r := &v1alpha1.Registrar{Spec: v1alpha1.RegistrarSpec{Limits: v1alpha1.RegistrarLimits{MaxPrice: *euro("50.00"), SpendingPerDay: tc.budget}}}
			r.Status.Usage = tc.usage
			if got := d.untilLimitEnds(r); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
