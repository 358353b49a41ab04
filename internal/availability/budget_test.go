package availability

import (
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestWhatFitsIntoABudget(t *testing.T) {
	price := func(amount, currency string) *v1alpha1.Price {
		return &v1alpha1.Price{Amount: amount, Currency: currency}
	}
	for name, tc := range map[string]struct {
		price, spent, budget *v1alpha1.Price
		want                 bool
	}{
		"nothing was spent":                {price("20.00", "EUR"), nil, price("20.00", "EUR"), true},
		"a cent too much":                  {price("20.01", "EUR"), nil, price("20.00", "EUR"), false},
		"what is left is just enough":      {price("20.00", "EUR"), price("80.00", "EUR"), price("100.00", "EUR"), true},
		"what is left is a cent too small": {price("20.00", "EUR"), price("80.01", "EUR"), price("100.00", "EUR"), false},
		"more was spent than the budget":   {price("0.00", "EUR"), price("100.01", "EUR"), price("100.00", "EUR"), false},
		"a budget of nothing":              {price("20.00", "EUR"), nil, price("0.00", "EUR"), false},
		"a budget in another currency":     {price("20.00", "EUR"), nil, price("100.00", "USD"), false},
		"spent in another currency":        {price("20.00", "EUR"), price("1.00", "USD"), price("100.00", "EUR"), false},
		"no price":                         {price("twenty", "EUR"), nil, price("100.00", "EUR"), false},
		"no budget":                        {price("20.00", "EUR"), nil, price("", "EUR"), false},
		"no sum":                           {price("20.00", "EUR"), price("much", "EUR"), price("100.00", "EUR"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Fits(*tc.price, tc.spent, *tc.budget); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestWhichDaysUsageCountsToday(t *testing.T) {
	evening := time.Date(2026, 11, 23, 0, 30, 0, 0, time.FixedZone("CET", 3600)) // on the 22nd, 23:30 UTC
	for name, tc := range map[string]struct {
		date   string
		counts bool
	}{
		"today's, by UTC":                             {"2026-11-22", true},
		"not the day before's, which is over":         {"2026-11-21", false},
		"the next day's, as a clock may be ahead":     {"2026-11-23", true},
		"not the day after that: that clock is wrong": {"2026-11-24", false},
		"nor next year's":                             {"2027-11-22", false},
		"nor what is no date":                         {"soon", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := v1alpha1.RegistrarUsage{Date: tc.date, Registrations: 3, Spent: &v1alpha1.Price{Amount: "1.00", Currency: "EUR"}}
			want := v1alpha1.RegistrarUsage{Date: "2026-11-22"}
			if tc.counts {
				want = before
			}
			if got := UsedToday(&before, evening); got != want {
				t.Errorf("%+v, want %+v", got, want)
			}
		})
	}
	if got := UsedToday(nil, evening); got != (v1alpha1.RegistrarUsage{Date: "2026-11-22"}) {
		t.Errorf("nothing was used, and that is %+v", got)
	}
}
