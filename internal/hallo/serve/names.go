package serve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// questionTimeout is how long a person waits for ✓ or ✗.
const questionTimeout = 8 * time.Second

// ErrNoName says that something cannot be a name here.
var ErrNoName = errors.New("that cannot be a name here")

// label is what stands before the suffix: letters, digits, and hyphens inside.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// domain is what a person typed as a name that is offered here.
func (o *Office) domain(typed string) (string, error) {
	name := strings.ToLower(strings.TrimSpace(typed))
	before, suffix, _ := strings.Cut(name, ".")
	if !label.MatchString(before) || !slices.Contains(o.Suffixes, suffix) {
		return "", ErrNoName
	}
	return name, nil
}

// Available asks whether a name can be ordered now. A name that somebody is
// ordering here is not asked for.
func (o *Office) Available(ctx context.Context, id, typed string) (domain string, available bool, err error) {
	domain, err = o.domain(typed)
	if err != nil {
		return "", false, err
	}
	o.mu.Lock()
	known, held := o.find(id) != nil, o.heldByOther(keyOf(id), domain)
	o.mu.Unlock()
	switch {
	case !known:
		return "", false, ErrUnknown
	case held:
		return domain, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	available, err = o.Questions.Available(ctx, domain)
	return domain, available, err
}

// Order places an order for a name. Of each name one order is open at a time, as
// a callback names the domain and nothing else.
func (o *Office) Order(id, typed string) (Conversation, error) {
	domain, err := o.domain(typed)
	if err != nil {
		return Conversation{}, err
	}
	return o.place(id, func(c *Conversation, now time.Time) error {
		if o.heldByOther(keyOf(id), domain) {
			return c.Unavailable(domain, now)
		}
		return c.Order(domain, o.failedBefore(domain), now)
	})
}

// AskAgain orders the same name once more, or has work tried again at once.
func (o *Office) AskAgain(id string) (Conversation, error) {
	return o.place(id, func(c *Conversation, now time.Time) error {
		if c.atWork() {
			o.hurry(id)
			return nil
		}
		if c.Phase != Stranded && o.heldByOther(keyOf(id), c.Domain) {
			return c.Unavailable(c.Domain, now)
		}
		return c.AskAgain(now)
	})
}

// place lets a conversation change as Do does, and holds new orders to the limits.
func (o *Office) place(id string, change func(c *Conversation, now time.Time) error) (Conversation, error) {
	return o.Do(id, func(c *Conversation, now time.Time) error {
		placed := len(c.Ordered)
		if err := change(c, now); err != nil || len(c.Ordered) == placed {
			return err
		}
		return o.mayOrder()
	})
}

// hurry has a rest between two rounds of tries ended. The mutex is held.
func (o *Office) hurry(id string) {
	if t := o.find(id); t.interrupt != nil && t.conversation.Trouble != "" {
		t.interrupt()
	}
}

// heldByOther reports whether another conversation's order for the domain is
// open. The mutex is held.
func (o *Office) heldByOther(key, domain string) bool {
	for _, t := range o.talks {
		if t.key != key && t.conversation.Domain == domain && t.conversation.Open() {
			return true
		}
	}
	return false
}

// failedBefore reports whether an order of anybody's for the domain ended in 500. The mutex is held.
func (o *Office) failedBefore(domain string) bool {
	for _, t := range o.talks {
		if t.conversation.Domain == domain && t.conversation.FailedBefore || slices.Contains(t.conversation.FailedPast, domain) {
			return true
		}
	}
	return false
}

// Known reports whether the domain was ever ordered here, so that its callbacks
// are taken, however late.
func (o *Office) Known(domain string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.talks {
		if t.conversation.Domain == domain && len(t.conversation.Ordered) > 0 || slices.Contains(t.conversation.Past, domain) {
			return true
		}
	}
	return false
}

// Take takes an outcome that the factory told. Once it returns nil the outcome is
// kept, and the call can be answered 200.
func (o *Office) Take(domain string, outcome int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.concerned(domain)
	if t == nil {
		return nil // of a conversation that has another name by now
	}
	c := t.conversation
	if !c.Told(outcome, o.Clock.Now()) {
		o.Logger.Info("an outcome that changes nothing", "conversation", t.short(), "domain", domain, "outcome", outcome, "phase", string(c.Phase))
		return nil
	}
	o.Logger.Info("the factory called back", "conversation", t.short(), "domain", domain, "outcome", outcome)
	if err := o.commit(t, c); err != nil {
		return fmt.Errorf("keep the outcome of %s: %w", domain, err)
	}
	return nil
}

// concerned is whose order a callback is about: whoever ordered the name last. Of
// orders before that, none is open. The mutex is held.
func (o *Office) concerned(domain string) *talk {
	var found *talk
	for _, t := range o.talks {
		if t.conversation.Domain != domain || len(t.conversation.Ordered) == 0 {
			continue
		}
		if found == nil || lastOrder(t).After(lastOrder(found)) {
			found = t
		}
	}
	return found
}

func lastOrder(t *talk) time.Time {
	return t.conversation.Ordered[len(t.conversation.Ordered)-1]
}
