package verify

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"magicwebsitefactory.gent/internal/hallo"
)

// bothDialects in the order in which they are spoken.
var bothDialects = []hallo.Dialect{hallo.Bearer, hallo.QuerySecret}

// prepare finds out whom it has to do with.
func (r *run) prepare(ctx context.Context) error {
	for _, made := range []*string{&r.code, &r.another, &r.nobodys} {
		text, err := r.random(20)
		if err != nil {
			return err
		}
		*made = "verify-" + text
	}
	r.secrets = []secret{{r.config.Token, "(token)"}, {r.code, "(code)"}, {r.another, "(another code)"}, {r.nobodys, "(a token that nobody has)"}}
	for text, shown := range map[string]string{r.config.OtherToken: "(the other onboarder's token)", r.config.WebhookKey: "(key)", r.config.CallbackToken: "(the callbacks' token)"} {
		if text != "" {
			r.secrets = append(r.secrets, secret{text, shown})
		}
	}
	r.sessions = map[hallo.Dialect]*session{}
	for _, dialect := range bothDialects {
		r.sessions[dialect] = &session{run: r, dialect: dialect}
	}
	if err := r.chooseDialects(ctx); err != nil {
		return err
	}
	test, err := r.sessions[r.dialects[0]].answersTestNames(ctx)
	r.test = test
	return err
}

// chooseDialects takes those that were asked for, or those in which the factory lets the token in: an onboarder need not be allowed to speak
// both.
func (r *run) chooseDialects(ctx context.Context) error {
	asked := r.config.Dialects
	if len(asked) == 0 {
		asked = bothDialects
	}
	var letIn []hallo.Dialect
	for _, dialect := range asked {
		is, err := r.sessions[dialect].letsIn(ctx)
		if err != nil {
			return err
		}
		if is {
			letIn = append(letIn, dialect)
		}
	}
	switch {
	case len(letIn) == 0:
		return errors.New("the factory does not let the token in (401): is it another factory's, or is this dialect not for it?")
	case len(r.config.Dialects) == 0:
		r.dialects = letIn
	default:
		r.dialects = asked
	}
	for _, dialect := range bothDialects {
		switch {
		case slices.Contains(r.dialects, dialect):
		case slices.Contains(asked, dialect):
			r.barred = "the factory was not seen to let this onboarder speak " + string(dialect)
		default:
			r.barred = "only " + string(r.dialects[0]) + " is spoken"
		}
	}
	return nil
}

// letsIn says whether the factory knows the token in the dialect. Of the older one that is seen by the body of an order that names no domain,
// for a URL stands in the logs of every proxy on the way: the token is put into one only where the factory takes it so, or on demand. A
// factory that answers a stranger's body like the onboarder's shows nothing (check 15 has more to say of it).
func (s *session) letsIn(ctx context.Context) (bool, error) {
	whole := ctx
	ctx, cancel := within(whole, max(s.config.Timeout, requestTimeout))
	defer cancel()
	if s.dialect == hallo.Bearer || len(s.config.Dialects) > 0 {
		if known, err := s.knows(ctx, s.authenticated(nobody, s.config.Token)); known || err != nil {
			return known, err
		}
	}
	known, err := s.knows(ctx, s.nothingOrdered(s.config.Token))
	if !known || err != nil || s.dialect == hallo.Bearer {
		return known, err
	}
	ctx, cancel = within(whole, s.config.Timeout) // strangers may be put off for long
	defer cancel()
	return s.send(ctx, s.nothingOrdered(s.nobodys)).status == http.StatusUnauthorized, nil
}

// knows says whether a request is let in. Who is asked to come later is.
func (s *session) knows(ctx context.Context, q request) (bool, error) {
	a := s.send(ctx, q, http.StatusServiceUnavailable)
	if a.err != nil {
		if ctx.Err() != nil { // the caller's time may be up
			return false, fmt.Errorf("the factory cannot be reached: %w", context.Cause(ctx))
		}
		return false, errors.New("the factory cannot be reached: " + s.scrub(a.err.Error()))
	}
	return a.status != http.StatusUnauthorized, nil
}

// nothingOrdered is an order that lacks the domain. It may be a stranger's.
func (s *session) nothingOrdered(token string) request {
	d := s.order("").without("domain")
	if s.dialect == hallo.QuerySecret {
		d = d.with("secret", token)
	}
	q := s.body(d.encode())
	q.stranger = true
	return q
}

// rounds of questions show that answers do not come by chance.
const rounds = 2

// answersTestNames says whether the factory answers the fixed names always as a test factory does, and whether another name is free there: where
// no check can be made for a while, nobody knows of that one either.
func (s *session) answersTestNames(ctx context.Context) (bool, error) {
	ctx, cancel := within(ctx, max(s.config.Timeout, requestTimeout))
	defer cancel()
	another, err := s.random(12)
	if err != nil {
		return false, err
	}
	for range rounds {
		for _, ask := range []struct{ name, want string }{{alwaysFree, "true"}, {alwaysTaken, "false"}, {"verify-" + another + "." + testSuffix, "true"}} {
			if a := s.get(ctx, domainPath(ask.name)); a.err != nil || available(a) != ask.want {
				return false, nil
			}
		}
		if a := s.get(ctx, domainPath(alwaysUnknown), http.StatusServiceUnavailable); a.err != nil || a.status != http.StatusServiceUnavailable {
			return false, nil
		}
	}
	return true, nil
}
