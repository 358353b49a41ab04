package availability

import (
	"regexp"
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

// amountPattern is that of v1alpha1.Price.
var amountPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.[0-9]{2}$`)

// cents reads an amount as v1alpha1.Price has it, with exactly two decimals. Money is never a float.
func cents(amount string) (int64, bool) {
	if !amountPattern.MatchString(amount) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.Replace(amount, ".", "", 1), 10, 64)
	return n, err == nil
}
