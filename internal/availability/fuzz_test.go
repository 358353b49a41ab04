package availability

import (
	"math/big"
	"regexp"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// The pattern of an amount in the API.
var kindAmount = regexp.MustCompile(`\A(0|[1-9][0-9]{0,8})\.[0-9]{2}\z`)

// FuzzWithin compares amounts, as a source of prices may write them, with the same ones as fractions. What the API would not take for an amount is within nothing.
func FuzzWithin(f *testing.F) {
	f.Add("10.00", "EUR", "10.00", "EUR")
	f.Add("9.99", "EUR", "10.00", "EUR")
	f.Add("1.00", "USD", "10.00", "EUR")
	f.Add("010.00", "EUR", "10.00", "EUR")
	f.Add("-1.00", "EUR", "10.00", "EUR")
	f.Add("1_0.00", "EUR", "10.00", "EUR")
	f.Add("10.00", "EUR", "9999999999999999.00", "EUR")
	f.Fuzz(func(t *testing.T, price, currency, most, other string) {
		got := Within(v1alpha1.Price{Amount: price, Currency: currency}, v1alpha1.Price{Amount: most, Currency: other})
		want := kindAmount.MatchString(price) && kindAmount.MatchString(most) && currency == other && !more(price, most)
		if got != want {
			t.Fatalf("Within(%q %q, %q %q) = %t", price, currency, most, other, got)
		}
	})
}

// FuzzFits compares what is left of a budget with the same sums as fractions.
func FuzzFits(f *testing.F) {
	f.Add("10.00", "90.00", "100.00", "EUR", "EUR", true)
	f.Add("10.01", "90.00", "100.00", "EUR", "EUR", true)
	f.Add("100.00", "", "100.00", "EUR", "EUR", false)
	f.Add("1.00", "0.00", "100.00", "EUR", "USD", true)
	f.Add("0.00", "100.01", "100.00", "EUR", "EUR", true)
	f.Add("-1.00", "100.00", "100.00", "EUR", "EUR", true)
	f.Add("999999999.99", "999999999.99", "999999999.99", "EUR", "EUR", true)
	f.Fuzz(func(t *testing.T, price, spent, budget, currency, other string, before bool) {
		eur := func(amount string) v1alpha1.Price { return v1alpha1.Price{Amount: amount, Currency: currency} }
		cost, sum := eur(price), (*v1alpha1.Price)(nil)
		valid := kindAmount.MatchString(price) && kindAmount.MatchString(budget)
		if before {
			sum = &v1alpha1.Price{Amount: spent, Currency: other}
			valid = valid && kindAmount.MatchString(spent) && other == currency
		} else {
			spent, valid = "0.00", valid && other == currency
			cost.Currency = other
		}
		got := Fits(cost, sum, eur(budget))
		if want := valid && new(big.Rat).Add(fraction(price), fraction(spent)).Cmp(fraction(budget)) <= 0; got != want {
			t.Fatalf("Fits(%v, %v, %v) = %t", cost, sum, eur(budget), got)
		}
	})
}

func fraction(amount string) *big.Rat {
	r, _ := new(big.Rat).SetString(amount)
	return r
}

func more(a, b string) bool { return fraction(a).Cmp(fraction(b)) > 0 }
