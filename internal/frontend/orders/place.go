package orders

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/orderdigest"
)

// maxTries bounds how often a lost race is decided anew. Each loss means that somebody else got through, so more than a few are a fault.
const maxTries = 5

// Place takes an order, or says in a *NotAvailable or *CannotTake why not. It may be called any number of times with the same order, also
// after a crash between its two writes, and from several replicas at once.
func (d *Desk) Place(ctx context.Context, onboarder *v1alpha1.Onboarder, o Order) (Result, error) {
	for range maxTries {
		result, err := d.place(ctx, onboarder, o)
		if !errors.Is(err, errLost) {
			return result, err
		}
	}
	return "", &CannotTake{Why: "The name is being ordered by many at once.", RetryAfter: soon}
}

func (d *Desk) place(ctx context.Context, onboarder *v1alpha1.Onboarder, o Order) (Result, error) {
	claim, err := d.Claims.Get(ctx, o.Domain)
	switch {
	case err != nil:
		return "", clusterFailed(err)
	case claim == nil:
		return d.claim(ctx, onboarder, o)
	case leaving(claim):
		return "", &CannotTake{Why: "An earlier site of that name is being removed.", RetryAfter: later}
	case !ownedBy(claim, onboarder.Name):
		return "", ErrClaimed
	case d.beginsAnew(claim):
		return d.raise(ctx, onboarder, claim, o)
	}
	return d.repeat(ctx, onboarder, claim, o)
}

// claim makes a claim to a free name.
func (d *Desk) claim(ctx context.Context, onboarder *v1alpha1.Onboarder, o Order) (Result, error) {
	if err := d.sellable(ctx, o.Domain); err != nil {
		return "", err
	}
	keys, err := d.Keys.Keys()
	if err != nil {
		return "", clusterFailed(err)
	}
	digest := keys.Sum(o.digestOf(onboarder.Name, ""))
	claim := newClaim(d.SitesNamespace, onboarder, o, digest, secretName(o.Domain, 1, d.Random()))
	err = d.underQuota(ctx, onboarder, func() error { return d.Claims.Create(ctx, claim) })
	switch {
	case apierrors.IsAlreadyExists(err):
		return "", errLost
	case err != nil:
		return "", failed("create IndieSite", claim, err)
	}
	return Claimed, d.complete(ctx, claim, o)
}

// raise begins a new attempt on a claim whose attempt has ended. The API server refuses it if the claim has changed since.
func (d *Desk) raise(ctx context.Context, onboarder *v1alpha1.Onboarder, claim *v1alpha1.IndieSite, o Order) (Result, error) {
	attempt := claim.Spec.SetupAttempt + 1
	digest, err := d.nextDigest(onboarder, claim, o)
	if err != nil {
		return "", err
	}
	next := nextAttempt(claim, o, digest, secretName(o.Domain, attempt, d.Random()))
	err = d.Claims.Raise(ctx, next)
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return "", errLost
	case err != nil:
		return "", failed("raise the attempt of IndieSite", claim, err)
	}
	return NewAttempt, d.complete(ctx, next, o)
}

// nextDigest keeps the digest for the same order, whatever key is the newest now: the volume belongs to it.
func (d *Desk) nextDigest(onboarder *v1alpha1.Onboarder, claim *v1alpha1.IndieSite, o Order) (string, error) {
	keys, err := d.Keys.Keys()
	if err != nil {
		return "", clusterFailed(err)
	}
	if d.startsOver(claim) {
		return keys.Sum(o.digestOf(onboarder.Name, epochOf(claim, claim.Spec.SetupAttempt+1))), nil
	}
	same, err := d.isSame(onboarder, claim, o)
	switch {
	case err != nil:
		return "", err
	case same:
		return claim.Spec.RequestDigest, nil
	}
	return keys.Sum(o.digestOf(onboarder.Name, "")), nil
}

// repeat answers an order on a claim that stands, under way or ended for good: the same order is accepted again, any other is not.
func (d *Desk) repeat(ctx context.Context, onboarder *v1alpha1.Onboarder, claim *v1alpha1.IndieSite, o Order) (Result, error) {
	same, err := d.isSame(onboarder, claim, o)
	switch {
	case err != nil:
		return "", err
	case !same:
		return "", ErrClaimed
	}
	code, over := ended(claim)
	if over && code == v1alpha1.OutcomeTaken {
		return "", ErrEnded
	}
	// The crash between the two writes is mended here, and a Secret that somebody deleted is made again.
	if err := d.complete(ctx, claim, o); err != nil {
		return "", err
	}
	if !over || !told(claim) || sendingAgain(claim) {
		return Repeated, nil
	}
	err = d.Claims.SendAgain(ctx, claim, d.Clock.Now().UTC().Format(time.RFC3339Nano))
	switch {
	case apierrors.IsConflict(err) || apierrors.IsNotFound(err):
		return "", errLost
	case err != nil:
		return "", failed("ask to send the outcome again on IndieSite", claim, err)
	}
	return SentAgain, nil
}

// isSame says whether the order is the one that the claim was made, or raised, for. An attempt that started over has an epoch in its digest.
func (d *Desk) isSame(onboarder *v1alpha1.Onboarder, claim *v1alpha1.IndieSite, o Order) (bool, error) {
	for _, epoch := range []string{"", epochOf(claim, claim.Spec.SetupAttempt)} {
		same, err := d.matches(claim.Spec.RequestDigest, o.digestOf(onboarder.Name, epoch))
		if err != nil || same {
			return same, err
		}
	}
	return false, nil
}

// matches looks for new keys once when a digest was made with one that is not at hand: another replica may have seen it first. Without the
// key nobody knows whether the order is the same, so it is neither accepted nor refused.
func (d *Desk) matches(digest string, o orderdigest.Order) (bool, error) {
	keys, err := d.Keys.Keys()
	if err != nil {
		return false, clusterFailed(err)
	}
	same, err := keys.Matches(digest, o)
	if err == nil {
		return same, nil
	}
	if err := d.Keys.Reload(); err != nil {
		return false, clusterFailed(err)
	}
	if keys, err = d.Keys.Keys(); err != nil {
		return false, clusterFailed(err)
	}
	if same, err = keys.Matches(digest, o); err != nil {
		return false, clusterFailed(err)
	}
	return same, nil
}

// complete makes the Secret, and then looks whether the claim still stands. A claim whose Secret does not come is removed after a while; whoever makes the
// Secret at that very moment must not say that the order is accepted. The duty that removes it looks in the other order, first saying
// so in the claim and then for the Secret, so at least one of the two sees the other.
func (d *Desk) complete(ctx context.Context, claim *v1alpha1.IndieSite, o Order) error {
	if err := d.makeSecret(ctx, claim, o); err != nil {
		return err
	}
	now, err := d.Claims.Get(ctx, o.Domain)
	switch {
	case err != nil:
		return clusterFailed(err)
	case now == nil || now.UID != claim.UID:
		return errLost
	case leaving(now) || givenUp(now):
		return &CannotTake{Why: "An earlier site of that name is being removed.", RetryAfter: later}
	}
	return nil
}

// makeSecret makes the Secret that the claim names. One that is there already was made for this very order: its name is random and
// stands in this claim only.
func (d *Desk) makeSecret(ctx context.Context, claim *v1alpha1.IndieSite, o Order) error {
	secret, err := installerSecret(claim, o.Code)
	if err != nil {
		return err
	}
	if err := d.Claims.CreateSecret(ctx, secret); err != nil && !apierrors.IsAlreadyExists(err) {
		return failed("create the installer Secret of IndieSite", claim, err)
	}
	return nil
}

func failed(doing string, claim *v1alpha1.IndieSite, err error) error {
	var mine *CannotTake
	if errors.As(err, &mine) {
		return err
	}
	return clusterFailed(fmt.Errorf("%s %s: %w", doing, claim.Name, err))
}
