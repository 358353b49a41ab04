package orders

import (
	"context"
	"errors"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

const (
	// maxDomainLength is what the kinds IndieSite and Domain take.
	maxDomainLength = 190
	// checkTimeout bounds one question to the Checker.
	checkTimeout = 10 * time.Second
)

// sellable says whether a name without a claim could be ordered now: nil, *NotAvailable or *CannotTake.
func (d *Desk) sellable(ctx context.Context, name names.Name) error {
	if len(name) > maxDomainLength {
		return ErrNotSold
	}
	ours, err := d.onTheBooks(ctx, name)
	if err != nil || ours {
		return err
	}
	registrar, err := d.seller(ctx, name)
	if err != nil {
		return err
	}
	if registrar.Spec.Provider.External != nil {
		// Its names are held already and nothing is bought: the registry would call them taken.
		return nil
	}
	return d.check(ctx, name, registrar.Spec.Limits.MaxPrice)
}

// onTheBooks says whether the name is ours already: then nothing is bought and nobody needs to be asked.
func (d *Desk) onTheBooks(ctx context.Context, name names.Name) (bool, error) {
	domain, err := d.Books.Domain(ctx, name)
	switch {
	case err != nil:
		return false, clusterFailed(err)
	case domain == nil:
		return false, nil
	}
	registered := apimeta.FindStatusCondition(domain.Status.Conditions, v1alpha1.ConditionRegistered)
	switch {
	case registered == nil || registered.Status == metav1.ConditionFalse:
		// Not bought, or not yet: an order for it is as good as for any other name.
		return false, nil
	case registered.Status == metav1.ConditionTrue:
		return true, nil
	}
	// An order of before is being bought, or nobody knows whether it was. The registry would call our own purchase taken.
	return false, &CannotTake{Why: "An earlier purchase of the name has not ended.", RetryAfter: minute}
}

// seller is the Registrar that sells names of this suffix now.
func (d *Desk) seller(ctx context.Context, name names.Name) (*v1alpha1.Registrar, error) {
	registrars, err := d.Books.Registrars(ctx)
	if err != nil {
		return nil, clusterFailed(err)
	}
	sold := false
	for i := range registrars {
		registrar := &registrars[i]
		if !name.SoldUnder(registrar.Spec.Suffixes) {
			continue
		}
		sold = true
		if !d.works(registrar) {
			continue
		}
		if pause := d.untilLimitEnds(registrar); pause > 0 {
			return nil, &CannotTake{Why: "No more names can be registered today.", RetryAfter: pause}
		}
		return registrar, nil
	}
	if !sold {
		return nil, ErrNotSold
	}
	return nil, &CannotTake{Why: "No names of this sort can be registered now.", RetryAfter: minute}
}

// works says whether a Registrar may be counted on. The environment is enforced here too: a live factory never takes an order that the test
// provider would play.
func (d *Desk) works(registrar *v1alpha1.Registrar) bool {
	playing := registrar.Spec.Provider.Test != nil
	return registrar.DeletionTimestamp.IsZero() && !registrar.Spec.Suspend && playing == (d.Environment == v1alpha1.EnvironmentTest) &&
		apimeta.IsStatusConditionTrue(registrar.Status.Conditions, v1alpha1.ConditionReady)
}

// untilLimitEnds is how long today's limit of registrations or of spending, where one is reached, still holds.
func (d *Desk) untilLimitEnds(registrar *v1alpha1.Registrar) time.Duration {
	limits, today := registrar.Spec.Limits, d.Clock.Now().UTC()
	used := availability.UsedToday(registrar.Status.Usage, today)
	counted := limits.RegistrationsPerDay == nil || used.Registrations < *limits.RegistrationsPerDay
	if counted && (limits.SpendingPerDay == nil || availability.Fits(limits.MaxPrice, used.Spent, *limits.SpendingPerDay)) {
		return 0
	}
	return today.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(today)
}

// check asks whether anybody can register the name, for no more than the Registrar may pay.
func (d *Desk) check(ctx context.Context, name names.Name, most v1alpha1.Price) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	answer, err := d.Checker.Check(ctx, name)
	switch {
	case err != nil:
		return checkFailed(err)
	case answer.Verdict == availability.Taken:
		return ErrTaken
	case answer.Verdict != availability.Available:
		return checkFailed(errors.New("no verdict"))
	case answer.Premium, answer.Price != nil && !availability.Within(*answer.Price, most):
		return ErrTooDear
	}
	return nil
}
