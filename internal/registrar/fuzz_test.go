package registrar

import (
	"math/big"
	"regexp"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// The patterns of Price in the API.
var (
	kindAmount   = regexp.MustCompile(`\A(0|[1-9][0-9]{0,8})\.[0-9]{2}\z`)
	kindCurrency = regexp.MustCompile(`\A[A-Z]{3}\z`)
)

// FuzzMoney compares amounts with the same ones as fractions: what is read is what is written, and no price gets below a cap by the way it is written.
func FuzzMoney(f *testing.F) {
	f.Add("12.50", "EUR", "12.05", "EUR")
	f.Add("999999999.99", "EUR", "0.00", "EUR")
	f.Add("1.00", "EUR", "1.00", "USD")
	f.Add("-1.00", "EUR", "01.00", "eur")
	f.Add("+1.00", "EUR", "1.0٠", "EUR")
	f.Add("1.00\n", "EUR", "1e2.00", "EUR\n")
	f.Add("9999999999.00", "EUR", "0x1.00", "EUR")
	f.Fuzz(func(t *testing.T, amount1, currency1, amount2, currency2 string) {
		a, aok := read(t, v1alpha1.Price{Amount: amount1, Currency: currency1})
		b, bok := read(t, v1alpha1.Price{Amount: amount2, Currency: currency2})
		if !aok || !bok {
			return
		}
		c, err := a.Compare(b)
		back, backErr := b.Compare(a)
		if (err == nil) != (currency1 == currency2) || (backErr == nil) != (err == nil) || c != -back {
			t.Fatalf("%s against %s: %d, %v; the other way round %d, %v", a, b, c, err, back, backErr)
		}
		no, affordable := Order{MaxPrice: b}.Affordable(a, false)
		if affordable != (err == nil && c <= 0) || !affordable && no.Reason.Final() != (err == nil) {
			t.Fatalf("%s under a cap of %s: %t, %+v", a, b, affordable, no)
		}
		if err != nil {
			return
		}
		if want := fraction(t, amount1).Cmp(fraction(t, amount2)); c != want {
			t.Fatalf("%s against %s: %d, want %d", a, b, c, want)
		}
		if least, err := a.Min(b); err != nil || c <= 0 && least != a || c >= 0 && least != b {
			t.Fatalf("the smaller of %s and %s is %s, %v", a, b, least, err)
		}
		if premium := a.Times(100); a.Minor > 0 && premium.Minor <= a.Minor {
			t.Fatalf("a hundred times %s is %s", a, premium)
		}
	})
}

func read(t *testing.T, price v1alpha1.Price) (Money, bool) {
	t.Helper()
	m, err := MoneyOf(price)
	if valid := kindAmount.MatchString(price.Amount) && kindCurrency.MatchString(price.Currency); (err == nil) != valid {
		t.Fatalf("MoneyOf(%+v) = %s, %v", price, m, err)
	}
	if err != nil {
		return m, false
	}
	if m.Price() != price || m.String() != price.Amount+" "+price.Currency {
		t.Fatalf("%+v comes back as %+v, %q", price, m.Price(), m)
	}
	return m, true
}

func fraction(t *testing.T, amount string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(amount)
	if !ok {
		t.Fatalf("%q is no fraction", amount)
	}
	return r
}
