package availability

import (
	"testing"

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
