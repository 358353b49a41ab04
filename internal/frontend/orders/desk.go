package orders

import (
	"context"
	"errors"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// Claims is where claims are kept. Writes give API errors as they come: AlreadyExists and Conflict mean that somebody else was faster.
type Claims interface {
	// Get reads the claim to a name as it is now; nil if there is none.
	Get(ctx context.Context, name names.Name) (*v1alpha1.IndieSite, error)
	// Create makes the claim.
	Create(ctx context.Context, claim *v1alpha1.IndieSite) error
	// Raise writes a raised attempt, if the claim is still as it was read.
	Raise(ctx context.Context, claim *v1alpha1.IndieSite) error
	// SendAgain asks for the outcome to be delivered again, if the claim is still as it was read.
	SendAgain(ctx context.Context, claim *v1alpha1.IndieSite, wish string) error
	// CreateSecret makes the Secret that a claim names.
	CreateSecret(ctx context.Context, secret *corev1.Secret) error
	// Count counts the onboarder's claims as they were seen last: cheap, and a little late.
	Count(ctx context.Context, onboarder string) (int, error)
	// CountNow counts them as they are.
	CountNow(ctx context.Context, onboarder string) (int, error)
}

// Books is what the factory knows of names and of where they are bought. It may be a little late.
type Books interface {
	// Domain reads what is known of a name; nil if it is not on the books.
	Domain(ctx context.Context, name names.Name) (*v1alpha1.Domain, error)
	// Registrars lists all of them.
	Registrars(ctx context.Context) ([]v1alpha1.Registrar, error)
}

// KnownNames are the known names of a test factory.
type KnownNames interface {
	// Fixed is the answer for a name that always answers the same.
	Fixed(name names.Name) (availability.Verdict, bool)
	// StartsOver says whether a new order after an outcome starts over.
	StartsOver(name names.Name) bool
}

// Keys gives the keys for request digests.
type Keys interface {
	Keys() (*orderdigest.Keys, error)
	Reload() error
}

// Desk answers questions and takes orders. All fields are needed, but for Known.
type Desk struct {
	Claims  Claims
	Books   Books
	Checker availability.Checker
	// Known is nil on a live factory.
	Known KnownNames
	Keys  Keys
	Clock clock.PassiveClock
	// Random gives five random lower-case letters and digits.
	Random func() string

	Environment    v1alpha1.Environment
	SitesNamespace string

	counting onboarderLocks
}

// Available says whether a new order for the name by this onboarder would be accepted. A *CannotTake error means that nobody can tell.
func (d *Desk) Available(ctx context.Context, onboarder *v1alpha1.Onboarder, name names.Name) (bool, error) {
	if verdict, ok := d.fixed(name); ok {
		if verdict == availability.Unknown {
			return false, checkFailed(nil)
		}
		return verdict == availability.Available, nil
	}
	claim, err := d.Claims.Get(ctx, name)
	if err != nil {
		return false, clusterFailed(err)
	}
	if claim != nil {
		return !leaving(claim) && ownedBy(claim, onboarder.Name) && d.beginsAnew(claim), nil
	}
	err = d.sellable(ctx, name)
	if err == nil {
		err = d.withinQuota(ctx, onboarder)
	}
	var not *NotAvailable
	if errors.As(err, &not) {
		return false, nil
	}
	return err == nil, err
}

// Progress gives the claim that the onboarder asked for, or ErrNoSite.
func (d *Desk) Progress(ctx context.Context, onboarder *v1alpha1.Onboarder, name names.Name) (*v1alpha1.IndieSite, error) {
	claim, err := d.Claims.Get(ctx, name)
	switch {
	case err != nil:
		return nil, clusterFailed(err)
	case claim == nil || !ownedBy(claim, onboarder.Name):
		return nil, ErrNoSite
	}
	return claim, nil
}

// beginsAnew says whether another order by the same onboarder begins a new attempt.
func (d *Desk) beginsAnew(claim *v1alpha1.IndieSite) bool {
	code, over := ended(claim)
	return over && (code == v1alpha1.OutcomeFailed || d.startsOver(claim))
}

func (d *Desk) startsOver(claim *v1alpha1.IndieSite) bool {
	return d.Known != nil && d.Known.StartsOver(names.Name(claim.Name))
}

func (d *Desk) fixed(name names.Name) (availability.Verdict, bool) {
	if d.Known == nil {
		return availability.Unknown, false
	}
	return d.Known.Fixed(name)
}
