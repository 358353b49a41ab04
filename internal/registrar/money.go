package registrar

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// Money is an amount in hundredths of a currency. Money is never held in floating point, and amounts of different currencies are never
// compared.
type Money struct {
	// Minor units: hundredths.
	Minor int64
	// Currency is the ISO 4217 code.
	Currency string
}

// CurrencyError says that two amounts cannot be compared.
type CurrencyError struct{ A, B string }

func (e *CurrencyError) Error() string { return fmt.Sprintf("cannot compare %s with %s", e.A, e.B) }

var pricePattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.[0-9]{2}$`)
var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

// MoneyOf reads the API's form of an amount.
func MoneyOf(p v1alpha1.Price) (Money, error) {
	if !pricePattern.MatchString(p.Amount) {
		return Money{}, fmt.Errorf("amount %q: must be a number with exactly two decimals, such as 12.50", p.Amount)
	}
	if !currencyPattern.MatchString(p.Currency) {
		return Money{}, fmt.Errorf("currency %q: must be an ISO 4217 code, such as EUR", p.Currency)
	}
	minor, err := strconv.ParseInt(strings.Replace(p.Amount, ".", "", 1), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("amount %q: %w", p.Amount, err)
	}
	return Money{Minor: minor, Currency: p.Currency}, nil
}

// Price writes the amount in the API's form.
func (m Money) Price() v1alpha1.Price {
	return v1alpha1.Price{Amount: fmt.Sprintf("%d.%02d", m.Minor/100, m.Minor%100), Currency: m.Currency}
}

func (m Money) String() string {
	p := m.Price()
	return p.Amount + " " + p.Currency
}

// Compare returns -1, 0 or +1 as m is less than, equal to or more than other, and a [CurrencyError] where the currencies differ.
func (m Money) Compare(other Money) (int, error) {
	switch {
	case m.Currency != other.Currency:
		return 0, &CurrencyError{A: m.Currency, B: other.Currency}
	case m.Minor < other.Minor:
		return -1, nil
	case m.Minor > other.Minor:
		return 1, nil
	default:
		return 0, nil
	}
}

// Min returns the smaller amount, and a [CurrencyError] where the currencies differ.
func (m Money) Min(other Money) (Money, error) {
	c, err := m.Compare(other)
	if err != nil {
		return Money{}, err
	}
	if c <= 0 {
		return m, nil
	}
	return other, nil
}

// MaxAmount is the largest amount that the API's form holds, in hundredths.
const MaxAmount = 999_999_999_99

// Plus adds an amount, and returns a [CurrencyError] where the currencies differ. It stays at the largest amount that the API holds rather than
// wrap around to a small one.
func (m Money) Plus(other Money) (Money, error) {
	if _, err := m.Compare(other); err != nil {
		return Money{}, err
	}
	return Money{Minor: min(min(m.Minor, MaxAmount)+min(other.Minor, MaxAmount), MaxAmount), Currency: m.Currency}, nil
}

// Times multiplies the amount, and stays at the largest there is rather than wrap around to a small one.
func (m Money) Times(n int64) Money {
	if n > 0 && m.Minor > math.MaxInt64/n {
		return Money{Minor: math.MaxInt64, Currency: m.Currency}
	}
	return Money{Minor: m.Minor * n, Currency: m.Currency}
}

// Affordable says whether an order may go out at this price. Premium names never may, and neither may a price in another currency than the order's cap, for as long as
// they differ.
func (o Order) Affordable(price Money, premium bool) (Rejected, bool) {
	return affordable(price, o.MaxPrice, premium)
}

// Affordable says whether an extension may go out at this price, as [Order.Affordable] does for an order.
func (r Renewal) Affordable(price Money, premium bool) (Rejected, bool) {
	return affordable(price, r.MaxPrice, premium)
}

func affordable(price, most Money, premium bool) (Rejected, bool) {
	c, err := price.Compare(most)
	switch {
	case c > 0:
		return Rejected{Reason: RejectedTooDear, Detail: fmt.Sprintf("it costs %s, and at most %s may be spent", price, most)}, false
	case premium:
		return Rejected{Reason: RejectedPremium, Detail: "it is a premium name"}, false
	case err != nil:
		// A Registrar that says another currency than the provider asks for: for an admin to mend, and no fault of the name.
		return Rejected{
			Reason: RejectedPostponed, Detail: fmt.Sprintf("the price is in %s and the most that may be spent in %s: they must be in one currency", price.Currency, most.Currency),
		}, false
	default:
		return Rejected{}, true
	}
}
