package availability

import "magicwebsitefactory.gent/api/v1alpha1"

// Fits says whether a price can still be spent of a budget from which some was spent already, or nothing. Amounts of different currencies cannot be
// added up, so they never fit.
func Fits(price v1alpha1.Price, spent *v1alpha1.Price, budget v1alpha1.Price) bool {
	cost, ok := cents(price.Amount)
	most, known := cents(budget.Amount)
	if !ok || !known || price.Currency != budget.Currency {
		return false
	}
	if spent == nil {
		return cost <= most
	}
	before, ok := cents(spent.Amount)
	return ok && spent.Currency == budget.Currency && before <= most && cost <= most-before
}
