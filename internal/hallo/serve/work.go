package serve

import (
	"context"
	"errors"
	"net/http"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

// How long is waited between rounds of tries, each of which takes about a minute,
// and for how long an order is sent again before the person is asked.
const (
	firstRest   = 15 * time.Second
	longestRest = 5 * time.Minute
	orderFor    = time.Hour
)

func (c *Conversation) atWork() bool { return c.Phase == Ordering || c.Phase == Introducing }

// employ has somebody do the conversation's work, if there is any and nobody
// does. The mutex is held.
func (o *Office) employ(t *talk) {
	if t.working || !t.conversation.atWork() || o.ctx.Err() != nil {
		return
	}
	t.working = true
	o.working.Go(func() { o.work(t) })
}

// work goes on until nothing is left to be done for the conversation.
func (o *Office) work(t *talk) {
	rest, last := firstRest, 0
	for {
		ctx, c, ok := o.assignment(t)
		if !ok {
			return
		}
		if c.Work != last {
			rest, last = firstRest, c.Work
		}
		answer := o.attempt(ctx, c)
		if ctx.Err() != nil {
			continue // its aim has changed
		}
		if kept := o.report(t, c, answer); kept && answer != Silent {
			continue
		}
		select {
		case <-o.Clock.After(rest):
		case <-ctx.Done():
		}
		rest = min(2*rest, longestRest)
	}
}

// assignment is what is to be done next, and a context that ends when that changes.
func (o *Office) assignment(t *talk) (context.Context, Conversation, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if t.interrupt != nil {
		t.interrupt()
	}
	if o.ctx.Err() != nil || !t.conversation.atWork() || o.talks[t.key] != t {
		t.working, t.interrupt = false, nil
		return nil, Conversation{}, false
	}
	ctx, interrupt := context.WithCancel(o.ctx)
	t.interrupt = interrupt
	return ctx, t.conversation, true
}

func (o *Office) attempt(ctx context.Context, c Conversation) Answer {
	if c.Phase == Introducing {
		return o.introduce(ctx, c)
	}
	err := o.Orders.Order(ctx, hallo.Order{Domain: c.Domain, Callback: o.Callback, Code: c.Code})
	switch {
	case err == nil:
		return Accepted
	case ctx.Err() != nil:
		return Silent
	}
	o.Logger.Warn("an order was not taken", "domain", c.Domain, "error", err)
	switch {
	case errors.Is(err, hallo.ErrNotAvailable):
		return Taken
	case errors.Is(err, hallo.ErrRefused):
		return Refused
	case o.Clock.Since(c.Changed) > orderFor:
		return GivenUp
	}
	return Silent
}

func (o *Office) introduce(ctx context.Context, c Conversation) Answer {
	err := o.Site(c.Domain).Introduce(ctx, c.Code, c.introduction())
	switch {
	case err == nil:
		return Accepted
	case errors.Is(err, hallo.ErrAlreadyOwned):
		return Owned
	case ctx.Err() != nil:
		return Silent
	}
	o.Logger.Warn("a site did not take its owner's settings", "domain", c.Domain, "error", err)
	refused, ok := errors.AsType[*hallo.StatusError](err)
	switch {
	case ok && refused.Status == http.StatusForbidden:
		return WrongCode
	case ok && (refused.Status == http.StatusBadRequest || refused.Status == http.StatusUnprocessableEntity):
		return BadSettings
	}
	return Silent
}

// introduction is what the site is told: what the owner has left out is filled in.
func (c *Conversation) introduction() hallo.OwnerSettings {
	var settings hallo.OwnerSettings
	if c.Settings != nil {
		settings = *c.Settings
	}
	if settings.Name == "" {
		settings.Name = c.Domain
	}
	if settings.Language == "" {
		settings.Language = c.Language
	}
	return settings
}

// report takes the answer to the work that was assigned as c. If it cannot be
// kept, the work is done again later: to order twice with the same code is to
// order once.
func (o *Office) report(t *talk, c Conversation, answer Answer) (kept bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	next := t.conversation
	if c.Phase == Ordering {
		next.OrderAnswered(c.Work, answer, o.Clock.Now())
	} else {
		next.Introduced(c.Work, answer, o.Clock.Now())
	}
	return o.commit(t, next) == nil
}
