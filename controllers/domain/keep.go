package domain

import (
	"sync"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// keep looks after a name that is ours. Nothing that it sees can lead to another purchase; what it spends is for another year.
func keep(f *facts) decision {
	s := f.sighting
	switch {
	case s == nil && f.due && f.askable && !f.askFailed:
		return decision{act: actLookUp}
	case s != nil && s.InAccount == registrar.Yes && f.autoRenewDiffers() && !f.renewed:
		return decision{act: actRenew}
	case s != nil && s.InAccount == registrar.Yes && f.delegationDue() && f.delegation == delegationUntried:
		return decision{act: actDelegate}
	case s == nil || s.InAccount == registrar.Unanswerable:
		before := apimeta.FindStatusCondition(f.domain.Status.Conditions, v1alpha1.ConditionRenewing)
		lost := before != nil && before.Reason == v1alpha1.ReasonLostByAccount
		return decision{status: f.registered(registrar.Holding{}, lost)}
	case s.InAccount == registrar.No:
		return decision{status: f.registered(s.Holding, true)}
	}
	d := decision{status: f.registered(f.holding(), false)}
	due, after := f.extension()
	if !due {
		d.after = after
		if pause := f.delegationPause(); pause > 0 && (after == 0 || pause < after) {
			d.after = pause
		}
		return d
	}
	if _, d.short = f.reserveRenewal(); d.short != "" {
		// Without the spread of purchases, so that what is ours comes before what might be.
		d.after = untilTomorrow(f.now)
		return d
	}
	return decision{act: actExtend}
}

// autoRenewDiffers says whether automatic renewal has to be set: it is not as it is wanted. Where the registrar does not say how it is, what it was
// last told counts.
func (f *facts) autoRenewDiffers() bool {
	on := f.sighting.Holding.AutoRenew
	if on == nil {
		on = f.domain.Status.AutoRenew
	}
	return on == nil || *on != f.autoRenewWanted()
}

// calendar remembers when each name that is ours is to be looked up again. It is lost with the process, which only means that the look-ups
// are spread anew.
type calendar struct {
	mu      sync.Mutex
	entries map[client.ObjectKey]appointment
}

type appointment struct {
	at time.Time
	// autoRenew is what was wanted when the registrar was asked last; another wish is a reason to ask at once.
	autoRenew bool
	// nameServers are those that were wanted then.
	nameServers string
	// promised is facts.promised. Without it, in another process, there is only more to wait for.
	promised time.Time
}

// due says whether a name is to be looked up now, and else how long that is off. A name that this process has not seen before gets some time in
// the first interval, unless something is missing in its status.
func (c *calendar) due(f *facts, key client.ObjectKey, random float64) (bool, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, known := c.entries[key]
	if !known {
		a = appointment{at: f.now.Add(time.Duration(random * float64(keepInterval))), autoRenew: f.autoRenewWanted(), nameServers: f.nameServersWanted()}
		if s := &f.domain.Status; s.ExpiryTime == nil || s.AutoRenew == nil || *s.AutoRenew != a.autoRenew || renewalOpen(s) || f.delegationDue() {
			a.at = f.now
		}
		c.put(key, a)
	}
	wait := a.at.Sub(f.now)
	// No appointment is made so far off: the clock was ahead then, and was put back since.
	lost := wait > keepInterval+keepSpread
	if a.autoRenew != f.autoRenewWanted() || a.nameServers != f.nameServersWanted() || wait <= 0 || lost {
		return true, 0
	}
	return false, wait
}

func (c *calendar) promised(key client.ObjectKey) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries[key].promised
}

// done makes the next appointment, sooner than usual where that is asked for.
func (c *calendar) done(f *facts, key client.ObjectKey, sooner time.Duration, random float64) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	after := keepInterval + time.Duration(random*float64(keepSpread))
	if sooner > 0 {
		after = min(after, sooner)
	}
	if s := &f.domain.Status; renewalOpen(s) {
		after = min(after, openPause(f.now.Sub(s.Renewal.StartedTime.Time)))
	}
	c.put(key, appointment{at: f.now.Add(after), autoRenew: f.autoRenewWanted(), nameServers: f.nameServersSeenTo(), promised: f.promise()})
	return after
}

func (c *calendar) put(key client.ObjectKey, a appointment) {
	if c.entries == nil {
		c.entries = map[client.ObjectKey]appointment{}
	}
	c.entries[key] = a
}

func (c *calendar) forget(key client.ObjectKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, key)
}
