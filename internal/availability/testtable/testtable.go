// Package testtable is the Checker of a test factory: the known names of the HTTP contract, with which an onboarder can try every answer.
//
// Some of the known names only make sense once they are ordered; what becomes of them then is played by the test Registrar.
package testtable

import (
	"context"
	"errors"
	"strings"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

const suffix = "gent"

// fixed names answer the same whatever has been ordered.
var fixed = map[names.Name]availability.Verdict{
	"available.gent":   availability.Available,
	"unavailable.gent": availability.Taken,
	"error.gent":       availability.Unknown,
}

// errUnknown is what is said of error.gent.
var errUnknown = errors.New("this name of the test table plays a registry that does not answer")

// premiumPrefix begins the names that are too dear for anybody.
const premiumPrefix = "premium-"

// premiumPrice is a hundred times the test Registrar's usual price.
var premiumPrice = v1alpha1.Price{Amount: "1000.00", Currency: "EUR"}

// restarting are the beginnings of the known names that may be ordered again and again.
var restarting = []string{"taken-at-registration", "setup-fails", "slow"}

// Table is the Checker. The zero value is ready.
type Table struct{}

var _ availability.Checker = Table{}

// Check answers for the known names as the contract says, and that every other name is available.
func (Table) Check(_ context.Context, name names.Name) (availability.Answer, error) {
	verdict, known := fixed[name]
	switch {
	case known && verdict == availability.Unknown:
		return availability.Answer{}, errUnknown
	case known:
		return availability.Answer{Verdict: verdict}, nil
	case begins(name, premiumPrefix):
		price := premiumPrice
		return availability.Answer{Verdict: availability.Available, Price: &price, Premium: true}, nil
	}
	return availability.Answer{Verdict: availability.Available}, nil
}

// Fixed is the answer for the names that always answer a question the same, claimed or not; false for all others.
func (Table) Fixed(name names.Name) (availability.Verdict, bool) {
	verdict, ok := fixed[name]
	return verdict, ok
}

// StartsOver says whether a new order for the name, after an outcome, starts over with an empty volume, even if it is the same order. So the
// known names can be played any number of times.
func (Table) StartsOver(name names.Name) bool {
	if name == "available.gent" {
		return true
	}
	for _, prefix := range restarting {
		if begins(name, prefix) {
			return true
		}
	}
	return false
}

func begins(name names.Name, prefix string) bool {
	return name.Suffix() == suffix && strings.HasPrefix(name.Label(), prefix)
}
