package serve

import (
	"context"
	"errors"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

const (
	progressEvery   = 2 * time.Second
	progressTimeout = 5 * time.Second
)

// progress is what the factory last told of a site on its way. Nothing is
// decided by it, so it is kept in memory only.
type progress struct {
	reached []string
	work    int // whose progress it is
	asked   time.Time
	asking  bool
	mute    bool // the factory does not tell
}

// Reached is how far the site is, as far as is known. It asks the factory in the
// background, for as long as somebody looks.
func (o *Office) Reached(id string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.find(id)
	if t == nil || t.conversation.Phase != Waiting {
		return nil
	}
	p := &t.progress
	if p.work != t.conversation.Work {
		*p = progress{work: t.conversation.Work, mute: p.mute, asking: p.asking}
	}
	if now := o.Clock.Now(); !p.mute && !p.asking && now.Sub(p.asked) >= progressEvery && o.ctx.Err() == nil {
		p.asking, p.asked = true, now
		domain, work := t.conversation.Domain, p.work
		o.working.Go(func() { o.askProgress(t, domain, work) })
	}
	return p.reached
}

func (o *Office) askProgress(t *talk, domain string, work int) {
	ctx, cancel := context.WithTimeout(o.ctx, progressTimeout)
	defer cancel()
	told, err := o.Questions.Progress(ctx, domain)
	o.mu.Lock()
	defer o.mu.Unlock()
	t.progress.asking = false
	switch {
	case errors.Is(err, hallo.ErrNoProgress):
		t.progress.mute = true
	case err == nil && t.progress.work == work:
		t.progress.reached = told.Reached
	}
}
