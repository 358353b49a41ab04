package registrar

import (
	"errors"
	"math"
	"strings"
	"testing"

	"magicwebsitefactory.gent/api/v1alpha1"
)

func TestMoneyIsReadAndWrittenToTheCent(t *testing.T) {
	for _, amount := range []string{"0.00", "0.01", "0.10", "1.00", "12.50", "999999999.99"} {
		m, err := MoneyOf(v1alpha1.Price{Amount: amount, Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Price().Amount; got != amount {
			t.Errorf("%s comes back as %s", amount, got)
		}
	}
	if m, _ := MoneyOf(v1alpha1.Price{Amount: "12.05", Currency: "EUR"}); m.Minor != 1205 || m.String() != "12.05 EUR" {
		t.Errorf("12.05 EUR is %d minor units, %q", m.Minor, m)
	}
}

func TestWhatIsNoPriceIsRefused(t *testing.T) {
	for _, p := range []v1alpha1.Price{
		{Amount: "", Currency: "EUR"}, {Amount: "1", Currency: "EUR"}, {Amount: "1.0", Currency: "EUR"}, {Amount: "1.000", Currency: "EUR"},
		{Amount: "-1.00", Currency: "EUR"}, {Amount: "01.00", Currency: "EUR"}, {Amount: "1,00", Currency: "EUR"}, {Amount: "1e3.00", Currency: "EUR"},
		{Amount: "9999999999.00", Currency: "EUR"}, {Amount: "1.00", Currency: ""}, {Amount: "1.00", Currency: "eur"}, {Amount: "1.00\n", Currency: "EUR"},
	} {
		if m, err := MoneyOf(p); err == nil {
			t.Errorf("%+v is read as %s", p, m)
		}
	}
}

func TestAmountsOfDifferentCurrenciesAreNotCompared(t *testing.T) {
	var currency *CurrencyError
	if _, err := (Money{1, "EUR"}).Compare(Money{2, "USD"}); !errors.As(err, &currency) {
		t.Errorf("compared EUR with USD: %v", err)
	}
	if _, err := (Money{1, "EUR"}).Min(Money{2, "USD"}); !errors.As(err, &currency) {
		t.Errorf("took the smaller of EUR and USD: %v", err)
	}
	for _, tc := range []struct{ a, b, c int64 }{{1, 2, -1}, {2, 1, 1}, {2, 2, 0}} {
		if c, err := (Money{tc.a, "EUR"}).Compare(Money{tc.b, "EUR"}); err != nil || int64(c) != tc.c {
			t.Errorf("%d against %d: %d, %v", tc.a, tc.b, c, err)
		}
	}
}

func TestMultiplyingMoneyDoesNotWrapAround(t *testing.T) {
	if m := (Money{Minor: math.MaxInt64 / 2, Currency: "EUR"}).Times(100); m.Minor != math.MaxInt64 {
		t.Errorf("%d", m.Minor)
	}
	if m := (Money{Minor: 1000, Currency: "EUR"}).Times(100); m.Minor != 100_000 {
		t.Errorf("%d", m.Minor)
	}
}

func TestMoneyIsAddedUp(t *testing.T) {
	for name, tc := range map[string]struct{ a, b, sum Money }{
		"cents to cents":                  {Money{1, "EUR"}, Money{2, "EUR"}, Money{3, "EUR"}},
		"to nothing":                      {Money{0, "EUR"}, Money{1205, "EUR"}, Money{1205, "EUR"}},
		"up to what the API can hold":     {Money{MaxAmount - 1, "EUR"}, Money{1, "EUR"}, Money{MaxAmount, "EUR"}},
		"and no further":                  {Money{MaxAmount, "EUR"}, Money{1, "EUR"}, Money{MaxAmount, "EUR"}},
		"also where it would wrap around": {Money{math.MaxInt64, "EUR"}, Money{math.MaxInt64, "EUR"}, Money{MaxAmount, "EUR"}},
	} {
		t.Run(name, func(t *testing.T) {
			sum, err := tc.a.Plus(tc.b)
			if err != nil || sum != tc.sum {
				t.Errorf("%+v, %v", sum, err)
			}
			if _, err := MoneyOf(sum.Price()); err != nil {
				t.Errorf("the sum is no price: %v", err)
			}
		})
	}
	var currency *CurrencyError
	if sum, err := (Money{1, "EUR"}).Plus(Money{1, "USD"}); !errors.As(err, &currency) {
		t.Errorf("added USD to EUR: %v, %v", sum, err)
	}
}

func TestAnOrderIsAffordable(t *testing.T) {
	order := Order{MaxPrice: Money{Minor: 2000, Currency: "EUR"}}
	// What the amounts are in is somebody's configuration, and nothing that the name can help.
	inAnotherCurrency := func(no Rejected) bool {
		return no.Reason == RejectedPostponed && strings.Contains(no.Detail, "USD") && strings.Contains(no.Detail, "EUR")
	}
	for name, tc := range map[string]struct {
		price   Money
		premium bool
		ok      bool
		reason  Rejection
	}{
		"up to the cap":                       {price: Money{2000, "EUR"}, ok: true},
		"not a cent over it":                  {price: Money{2001, "EUR"}, reason: RejectedTooDear},
		"never a premium name":                {price: Money{1, "EUR"}, premium: true, reason: RejectedPremium},
		"nor one at no comparable price":      {price: Money{1, "USD"}, premium: true, reason: RejectedPremium},
		"not a price that cannot be compared": {price: Money{1, "USD"}, reason: RejectedPostponed},
	} {
		t.Run(name, func(t *testing.T) {
			no, ok := order.Affordable(tc.price, tc.premium)
			if ok != tc.ok || no.Reason != tc.reason {
				t.Errorf("%+v, %v", no, ok)
			}
			if !ok && !no.Reason.Final() && !inAnotherCurrency(no) {
				t.Errorf("a price is no passing matter: %+v", no)
			}
			if again, okAgain := (Renewal{MaxPrice: order.MaxPrice}).Affordable(tc.price, tc.premium); again != no || okAgain != ok {
				t.Errorf("an extension is judged otherwise: %+v, %v", again, okAgain)
			}
		})
	}
}

func TestWhatIsNotKnownToBeFinalIsNotFinal(t *testing.T) {
	for _, r := range []Rejection{RejectedExists, RejectedPostponed, "", "something new"} {
		if r.Final() {
			t.Errorf("%q is final", r)
		}
	}
}
