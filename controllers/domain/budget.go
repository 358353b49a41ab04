package domain

import (
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/registrar"
)

const defaultRegistrationsPerDay = 100

// shortage is why a limit of the day does not allow a call, as a clause for people that names the field; empty where it does.
type shortage string

// reserve takes one of the day's registrations.
func reserve(usage *v1alpha1.RegistrarUsage, limit int32, now time.Time) (v1alpha1.RegistrarUsage, bool) {
	u := availability.UsedToday(usage, now)
	if u.Registrations >= limit {
		return u, false
	}
	u.Registrations++
	return u, true
}

func limitOf(r *v1alpha1.Registrar) int32 {
	if r.Spec.Limits.RegistrationsPerDay == nil {
		return defaultRegistrationsPerDay
	}
	return *r.Spec.Limits.RegistrationsPerDay
}

// spend takes what a call may cost from the day's budget. Without a budget the sum is kept all the same, for people to see and for a budget that
// is set later in the day. What cannot be added up, in a currency that the limits had earlier in the day, leaves nothing of a budget.
func spend(u v1alpha1.RegistrarUsage, budget *v1alpha1.Price, cost registrar.Money) (v1alpha1.RegistrarUsage, bool) {
	sum := cost
	if u.Spent != nil {
		spent, err := registrar.MoneyOf(*u.Spent)
		if err == nil {
			sum, err = spent.Plus(cost)
		}
		if err != nil {
			return u, budget == nil
		}
	}
	if budget != nil && !within(sum, *budget) {
		return u, false
	}
	price := sum.Price()
	u.Spent = &price
	return u, true
}

func within(sum registrar.Money, budget v1alpha1.Price) bool {
	most, err := registrar.MoneyOf(budget)
	if err != nil {
		return false
	}
	c, err := sum.Compare(most)
	return err == nil && c <= 0
}

// reservation is what the act takes from the limits of the day, and the most that it may cost; false where it takes nothing, or may not.
func (f *facts) reservation(act action) (v1alpha1.RegistrarUsage, registrar.Money, bool) {
	var usage v1alpha1.RegistrarUsage
	var most registrar.Money
	var short shortage
	var err error
	switch act {
	case actBuy:
		usage, short = f.reservePurchase()
		most, err = f.priceCap()
	case actExtend:
		usage, short = f.reserveRenewal()
		most, err = f.renewalCap()
	default:
		return usage, most, false
	}
	return usage, most, short == "" && err == nil
}

// reservePurchase is what a purchase of the name takes from the limits of the day.
func (f *facts) reservePurchase() (v1alpha1.RegistrarUsage, shortage) {
	usage, ok := reserve(f.registrar.Status.Usage, limitOf(f.registrar), f.now)
	if !ok {
		return usage, shortage("today's registrations of Registrar " + f.registrar.Name + " are used up (limits.registrationsPerDay)")
	}
	most, err := f.priceCap()
	if err != nil {
		return usage, shortage("what Registrar " + f.registrar.Name + " may spend cannot be told: " + err.Error())
	}
	return f.reserveMoney(usage, most)
}

// reserveRenewal is what an extension of the name takes from the budget of the day.
func (f *facts) reserveRenewal() (v1alpha1.RegistrarUsage, shortage) {
	usage := availability.UsedToday(f.registrar.Status.Usage, f.now)
	most, err := f.renewalCap()
	if err != nil {
		return usage, shortage("what Registrar " + f.registrar.Name + " may spend cannot be told: " + err.Error())
	}
	return f.reserveMoney(usage, most)
}

func (f *facts) reserveMoney(usage v1alpha1.RegistrarUsage, most registrar.Money) (v1alpha1.RegistrarUsage, shortage) {
	usage, ok := spend(usage, f.registrar.Spec.Limits.SpendingPerDay, most)
	if !ok {
		return usage, shortage("today's budget of Registrar " + f.registrar.Name + " leaves less than the name may cost (limits.spendingPerDay)")
	}
	return usage, ""
}

// priceCap is the most that the name may cost: what was decided when the Domain was made, or what the Registrar's limit says today, whichever is less.
func (f *facts) priceCap() (registrar.Money, error) {
	decided, err := registrar.MoneyOf(f.domain.Spec.MaxPrice)
	if err != nil {
		return registrar.Money{}, err
	}
	now, err := f.renewalCap()
	if err != nil {
		return registrar.Money{}, err
	}
	return decided.Min(now)
}

// renewalCap is the most that another year may cost: what the Registrar's limit says today. What was decided when the Domain was made cannot be
// changed any more, and prices rise.
func (f *facts) renewalCap() (registrar.Money, error) {
	return registrar.MoneyOf(f.registrar.Spec.Limits.MaxPrice)
}
