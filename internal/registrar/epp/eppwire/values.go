package eppwire

import (
	"math/big"
	"strings"
	"time"
)

// DateTime is a time as a server wrote it.
type DateTime struct {
	time.Time
	// Date is the day in the server's own words: the first ten characters. It is what the server compares curExpDate with (RFC 5731, section 3.2.3), and may be
	// another day than that of Time in UTC.
	Date string
	// Exact says that the server gave the time of day and the offset: otherwise Time may be off by a day.
	Exact bool
}

// layouts in use. The RFCs want the first, in UTC; registries also leave out the colon of the offset, the offset, or the time of day.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly}

// withOffset is how many of the layouts say which time zone they speak of.
const withOffset = 2

// UnmarshalText reads it. Without an offset it is taken for UTC.
func (d *DateTime) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for i, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			*d = DateTime{Time: t, Date: s[:len(time.DateOnly)], Exact: i < withOffset}
			return nil
		}
	}
	return malformed("a time that is none")
}

// maxAmount in hundredths is more than anything costs.
const maxAmount = 1e15

// hundredths reads a decimal (XML Schema) of at most maxLength characters, and rounds up what is smaller than a hundredth.
func hundredths(amount Token) (int64, error) {
	const maxLength = 40
	if len(amount) == 0 || len(amount) > maxLength || strings.Trim(string(amount), "0123456789.+-") != "" {
		return 0, malformed("an amount that is no decimal number")
	}
	rat, ok := new(big.Rat).SetString(string(amount))
	if !ok {
		return 0, malformed("an amount that is no decimal number")
	}
	rat.Mul(rat, big.NewRat(100, 1))
	whole, rest := new(big.Int).DivMod(rat.Num(), rat.Denom(), new(big.Int)) // rounded down, as the denominator is positive
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if !whole.IsInt64() || whole.Int64() > maxAmount || whole.Int64() < -maxAmount {
		return 0, malformed("an amount that is out of all bounds")
	}
	return whole.Int64(), nil
}
