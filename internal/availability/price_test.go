package availability

import (
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestWithinComparesAmountsOfOneCurrency(t *testing.T) {
	eur := func(amount string) v1alpha1.Price { return v1alpha1.Price{Amount: amount, Currency: "EUR"} }
	for _, tc := range []struct {
		price, most v1alpha1.Price
		want        bool
	}{
		{eur("10.00"), eur("10.00"), true},
		{eur("9.99"), eur("10.00"), true},
		{eur("10.01"), eur("10.00"), false},
		{eur("100.00"), eur("99.99"), false},
		{eur("0.00"), eur("0.00"), true},
		{v1alpha1.Price{Amount: "1.00", Currency: "USD"}, eur("10.00"), false},
		{eur("10"), eur("10.00"), false},
		{eur("1.0"), eur("10.00"), false},
		{eur("-1.00"), eur("10.00"), false},
		{eur("99999999999999999999.00"), eur("10.00"), false},
		{eur(""), eur("10.00"), false},
	} {
		if got := Within(tc.price, tc.most); got != tc.want {
			t.Errorf("Within(%v, %v) = %v, want %v", tc.price, tc.most, got, tc.want)
		}
	}
}

func TestAnAnswerThatNobodyFilledInIsUnknown(t *testing.T) {
	if v := (Answer{}).Verdict; v != Unknown || v.String() != "unknown" {
		t.Errorf("the zero Answer says %v", v)
	}
}
