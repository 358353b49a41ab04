package orders

import (
	"context"
	"sync"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	// defaultSites is the kind's own default, for an Onboarder written before there was one.
	defaultSites = 10000
	// nearQuota is how close to its quota an onboarder's claims are counted exactly. Counting is then slower, and orders wait for each
	// other, so it is not done further away.
	nearQuota = 100
)

func sitesAllowed(onboarder *v1alpha1.Onboarder) int {
	if n := onboarder.Spec.Quota.Sites; n != nil {
		return int(*n)
	}
	return defaultSites
}

var errOverQuota = &CannotTake{Why: "You have as many sites as you may have.", Quota: true, RetryAfter: minute}

// withinQuota says whether one more site would be within the onboarder's quota, as far as was seen last.
func (d *Desk) withinQuota(ctx context.Context, onboarder *v1alpha1.Onboarder) error {
	count, err := d.Claims.Count(ctx, onboarder.Name)
	return judge(count, err, sitesAllowed(onboarder))
}

// underQuota makes a claim if the quota allows it. Near the quota the claims are counted as they are and one after the other, or orders that
// come at once would all see the same last place. Several replicas may still exceed it by one each.
func (d *Desk) underQuota(ctx context.Context, onboarder *v1alpha1.Onboarder, create func() error) error {
	allowed := sitesAllowed(onboarder)
	count, err := d.Claims.Count(ctx, onboarder.Name)
	if err != nil {
		return clusterFailed(err)
	}
	if count+nearQuota < allowed {
		return create()
	}
	unlock, err := d.counting.lock(ctx, onboarder.Name)
	if err != nil {
		return err
	}
	defer unlock()
	count, err = d.Claims.CountNow(ctx, onboarder.Name)
	if err := judge(count, err, allowed); err != nil {
		return err
	}
	return create()
}

func judge(count int, err error, allowed int) error {
	switch {
	case err != nil:
		return clusterFailed(err)
	case count >= allowed:
		return errOverQuota
	}
	return nil
}

// onboarderLocks has one lock for each onboarder, so that none waits for another.
type onboarderLocks struct{ byName sync.Map }

// lock waits no longer than the context lets it.
func (l *onboarderLocks) lock(ctx context.Context, onboarder string) (unlock func(), err error) {
	value, _ := l.byName.LoadOrStore(onboarder, make(chan struct{}, 1))
	held := value.(chan struct{})
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, &CannotTake{Why: "Too many orders at once.", RetryAfter: soon, Err: ctx.Err()}
	}
}
