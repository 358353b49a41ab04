// Package availability answers one question: can a stranger register this name now, and for how much? It is public knowledge, so no
// credentials are needed and none are at hand. Who holds a name that is ours is another question, for the registrar's account.
package availability

import (
	"context"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/names"
)

// Verdict is what is known of a name. The zero value is Unknown, so that an answer that nobody filled in never sells anything.
type Verdict int

// The three verdicts.
const (
	// Unknown: nobody could tell. It is never taken for one of the others.
	Unknown Verdict = iota
	// Available: nobody holds it.
	Available
	// Taken: somebody holds it, or the registry keeps it for itself.
	Taken
)

// String names the verdict, for logs and metrics.
func (v Verdict) String() string {
	switch v {
	case Available:
		return "available"
	case Taken:
		return "taken"
	default:
		return "unknown"
	}
}

// Answer is what a Checker found.
type Answer struct {
	// Verdict on the name.
	Verdict Verdict
	// Price of the first year, where the source tells; nil where it does not.
	Price *v1alpha1.Price
	// Premium names cost more than others under the same suffix, every year. They are never bought.
	Premium bool
}

// Checker finds out whether a name can be had.
type Checker interface {
	// Check asks about one name. An error means the same as the verdict Unknown, and says why; it does not hold anything secret. Check may
	// take as long as its context lets it.
	Check(ctx context.Context, name names.Name) (Answer, error)
}

// CheckerFunc makes a Checker of a function.
type CheckerFunc func(ctx context.Context, name names.Name) (Answer, error)

// Check calls the function.
func (f CheckerFunc) Check(ctx context.Context, name names.Name) (Answer, error) { return f(ctx, name) }
