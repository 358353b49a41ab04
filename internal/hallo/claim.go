package hallo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
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

	ordered atomic.Bool
}

// Ordered reports whether an order was sent, so that a site may exist that
// takes its owner's settings with the code.
func (c *Claim) Ordered() bool { return c.ordered.Load() }

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
			return c.order(ctx)
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

func (c *Claim) order(ctx context.Context) error {
	c.ordered.Store(true) // before it is sent: the answer may be lost
	if err := c.Factory.Order(ctx, c.Order); err != nil {
		c.ordered.Store(!errors.Is(err, ErrRefused))
		return err
	}
	c.Report.Done(StepOrder, "the factory took the order; it calls back at %s", c.Order.Callback)
	return nil
}

func (c *Claim) await(ctx context.Context, calls <-chan Call) error {
	var call Call
	select {
	case call = <-calls:
	case <-ctx.Done():
		return fmt.Errorf("wait for the callback: %w", context.Cause(ctx))
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

func (c *Claim) introduce(ctx context.Context) error {
	if err := c.Site.Introduce(ctx, c.Order.Code, c.Settings); err != nil {
		return err
	}
	c.Report.Done(StepSettings, "the site knows its owner")
	return nil
}

func (c *Claim) look(ctx context.Context) error {
	if err := c.Site.Shows(ctx, c.Settings.Name); err != nil {
		return err
	}
	c.Report.Done(StepPage, "%s answers over verified TLS and shows %q", c.Site.URL(), c.Settings.Name)
	return nil
}
