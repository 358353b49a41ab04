package availability

import (
	"strconv"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Within says whether a price is at most the other one. Prices in different currencies, and amounts that are none, cannot be compared: then
// it is false, as nothing may be spent on a guess.
func Within(price, most v1alpha1.Price) bool {
	a, aok := cents(price.Amount)
	b, bok := cents(most.Amount)
	return aok && bok && price.Currency == most.Currency && a <= b
}

// cents reads an amount as v1alpha1.Price has it, with exactly two decimals. Money is never a float.
func cents(amount string) (int64, bool) {
	whole, fraction, ok := strings.Cut(amount, ".")
	if !ok || whole == "" || len(fraction) != 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+fraction, 10, 62)
	return int64(n), err == nil
}
