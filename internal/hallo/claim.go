package hallo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Claim is one person's order of a site, from the question whether the name is
// free to the page that shows their name.
type Claim struct {
	Order    Order
	Settings OwnerSettings
	Factory  *Factory
	// Receiver must be served at Order.Callback before Run is called.
	Receiver *Receiver
	Site     *Site
	Report   *Report
	// Resume orders even if the name is not free, to go on with an order of
	// earlier: the factory knows it by its code and takes it again.
	Resume bool
	// Clock paces the questions how far the site is, while the callback is
	// waited for; without one none are asked.
	Clock clock.Clock

	ordered atomic.Bool
	owned   atomic.Bool
	crossed atomic.Bool
	outcome *Call // one that came before the order was answered
}

// How often it is asked how far the site is, and after how many times a person
// is told that nothing is new.
const (
	progressPause   = 2 * time.Second
	progressTimeout = 5 * time.Second
	quietPauses     = 15
)

// Ordered reports whether an order was sent, so that a site may exist that
// takes its owner's settings with the code.
func (c *Claim) Ordered() bool { return c.ordered.Load() }

// Crossed reports whether an outcome came while the order was still being sent:
// a repetition that met a 500 is a new order, of which nobody knows.
func (c *Claim) Crossed() bool { return c.crossed.Load() }

// Owned reports whether the site had its owner already, who needs no code.
func (c *Claim) Owned() bool { return c.owned.Load() }

// Run plays the claim and reports each step. Its error is, or wraps,
// ErrNotAvailable, ErrFactoryFailed, the context's cause, or says what else
// kept the claim from ending well. It has been reported.
func (c *Claim) Run(ctx context.Context) error {
	calls := c.Receiver.Expect(c.Order.Domain)
	steps := []struct {
		step Step
		do   func(context.Context) error
	}{
		{StepAvailability, c.ask},
		{StepOrder, func(ctx context.Context) error {
			forget(calls)
			return c.order(ctx, calls)
		}},
		{StepCallback, func(ctx context.Context) error { return c.await(ctx, calls) }},
		{StepSettings, c.introduce},
		{StepPage, c.look},
	}
	for _, s := range steps {
		c.Report.begin(s.step)
		if err := s.do(ctx); err != nil {
			c.Report.Failed(s.step, err)
			return err
		}
	}
	return nil
}

// forget drops outcomes that came before the order: they are of an earlier one,
// whose delivery was still owed.
func forget(calls <-chan Call) {
	for {
		select {
		case <-calls:
		default:
			return
		}
	}
}

func (c *Claim) ask(ctx context.Context) error {
	available, err := c.Factory.Available(ctx, c.Order.Domain)
	switch {
	case err != nil:
		return err
	case available:
		c.Report.Done(StepAvailability, "%s is free", c.Order.Domain)
		return nil
	case c.Resume:
		c.Report.Note(StepAvailability, "%s is not free; going on with the order of earlier", c.Order.Domain)
		return nil
	}
	return fmt.Errorf("%s: %w", c.Order.Domain, ErrNotAvailable)
}

// order sends the order until it is answered. A callback is an answer too: to
// ask again after a 500 would be a new order.
func (c *Claim) order(ctx context.Context, calls <-chan Call) error {
	c.ordered.Store(true) // before it is sent: the answer may be lost
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	answered := make(chan error, 1)
	go func() { answered <- c.Factory.Order(ctx, c.Order) }()
	select {
	case call := <-calls:
		stop()
		if err := <-answered; err != nil {
			c.Report.Note(StepOrder, "the order was not answered before the callback")
			c.crossed.Store(true)
		}
		c.outcome = &call
	case err := <-answered:
		if err != nil {
			c.ordered.Store(!errors.Is(err, ErrRefused))
			return err
		}
	}
	c.Report.Done(StepOrder, "the factory took the order; it calls back at %s", c.Order.Callback)
	return nil
}

func (c *Claim) await(ctx context.Context, calls <-chan Call) error {
	call, err := c.outcomeOf(ctx, calls)
	if err != nil {
		return err
	}
	switch call.Outcome {
	case http.StatusConflict:
		return fmt.Errorf("the factory called back with 409: %w", ErrNotAvailable)
	case http.StatusInternalServerError:
		return fmt.Errorf("the factory called back with 500: %w", ErrFactoryFailed)
	}
	c.Report.Done(StepCallback, "the factory called back: %s is there", c.Order.Domain)
	return nil
}

// outcomeOf waits for the callback, and tells meanwhile how far the site is.
func (c *Claim) outcomeOf(ctx context.Context, calls <-chan Call) (Call, error) {
	if c.outcome != nil {
		return *c.outcome, nil
	}
	var tick <-chan time.Time
	wait := func() {
		if c.Clock != nil {
			tick = c.Clock.After(progressPause)
		}
	}
	wait()
	told, quiet, mute := map[string]bool{}, 0, false
	for {
		select {
		case call := <-calls:
			return call, nil
		case <-ctx.Done():
			return Call{}, fmt.Errorf("wait for the callback: %w", context.Cause(ctx))
		case <-tick:
			wait()
		}
		news := false
		if !mute {
			news, mute = c.tellProgress(ctx, told)
		}
		if quiet++; news {
			quiet = 0
		} else if quiet == quietPauses {
			quiet = 0
			c.Report.Note(StepCallback, "still waiting for the factory to call back")
		}
	}
}

var progressWords = []struct{ reached, words string }{
	{DomainRegistered, "the name is registered"},
	{SiteAvailable, "the site runs"},
	{DNSPublished, "the name leads to the site"},
	{CertificateIssued, "the site has its certificate"},
}

// tellProgress notes what was reached since it was last asked. mute is true of
// a factory that does not tell.
func (c *Claim) tellProgress(ctx context.Context, told map[string]bool) (news, mute bool) {
	ctx, cancel := context.WithTimeout(ctx, progressTimeout)
	defer cancel()
	progress, err := c.Factory.Progress(ctx, c.Order.Domain)
	if err != nil {
		return false, errors.Is(err, ErrNoProgress)
	}
	for _, p := range progressWords {
		if !told[p.reached] && slices.Contains(progress.Reached, p.reached) {
			told[p.reached], news = true, true
			c.Report.Note(StepCallback, "%s", p.words)
		}
	}
	return news, false
}

func (c *Claim) introduce(ctx context.Context) error {
	err := c.Site.Introduce(ctx, c.Order.Code, c.Settings)
	if errors.Is(err, ErrAlreadyOwned) {
		c.owned.Store(true)
		c.Report.Done(StepSettings, "the site has its owner already, whose settings stand")
		return nil
	}
	if err != nil {
		return err
	}
	c.Report.Done(StepSettings, "the site knows its owner")
	return nil
}

func (c *Claim) look(ctx context.Context) error {
	if c.Owned() { // who may have another name by now
		if err := c.Site.Shows(ctx, ""); err != nil {
			return err
		}
		c.Report.Done(StepPage, "%s answers over verified TLS", c.Site.URL())
		return nil
	}
	if err := c.Site.Shows(ctx, c.Settings.Name); err != nil {
		return err
	}
	c.Report.Done(StepPage, "%s answers over verified TLS and shows %q", c.Site.URL(), c.Settings.Name)
	return nil
}
