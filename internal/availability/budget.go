package availability

import (
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

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

// maxAhead is by how much a clock may be ahead of this one and be believed.
const maxAhead = 24 * time.Hour

// UsedToday is what of a Registrar's limits of the day is reserved, which is nothing where the usage is of a day that is over. One of the next day, by a
// process whose clock is ahead, goes on being counted, so that no day begins anew twice. What is dated later than that was written by a clock that was
// wrong, and would otherwise be counted until the day comes.
func UsedToday(usage *v1alpha1.RegistrarUsage, now time.Time) v1alpha1.RegistrarUsage {
	today, last := now.UTC().Format(time.DateOnly), now.Add(maxAhead).UTC().Format(time.DateOnly)
	if usage != nil && today <= usage.Date && usage.Date <= last {
		return *usage
	}
	return v1alpha1.RegistrarUsage{Date: today}
}
