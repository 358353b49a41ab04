package verify

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

var problems = []Check{
	{Number: 70, Section: Problems, Each: true, Sentence: "Errors are application/problem+json (RFC 9457).", run: func(ctx context.Context, s *session) error {
		return s.eachError(ctx, func(a answer) error {
			if !hasMediaType(a, "application/problem+json") {
				return a.fails("Content-Type: application/problem+json")
			}
			return nil
		})
	}},
	{Number: 71, Section: Problems, Each: true, Sentence: "Errors are … (RFC 9457): a status in them is that of the answer.", run: func(ctx context.Context, s *session) error {
		return s.eachError(ctx, func(a answer) error {
			if p, ok := problemIn(a); !ok || p.Status != 0 && p.Status != a.status {
				return a.fails("a problem document with status %d, or without one", a.status)
			}
			return nil
		})
	}},
	{Number: 72, Section: Problems, Each: true, Sentence: "Errors are … with a stable type.", run: stableTypes},
	{Number: 73, Section: Problems, Each: true, Sentence: "Answers are no-store, those that are errors too.", run: func(ctx context.Context, s *session) error {
		return s.eachError(ctx, func(a answer) error {
			if !strings.Contains(strings.ToLower(a.header.Get("Cache-Control")), "no-store") {
				return a.fails("Cache-Control: no-store")
			}
			return nil
		})
	}},
}

// provoke makes errors of several kinds, as far as they can be had. What comes to a question stands in its place; what is no error, as nothing.
func (s *session) provoke(ctx context.Context) ([]answer, error) {
	name, err := s.unsold()
	if err != nil {
		return nil, err
	}
	all := []answer{
		s.send(ctx, nobody, http.StatusUnauthorized),
		s.send(ctx, s.body(s.order(name).without("domain").encode())),
	}
	if s.config.Callback != "" {
		all = append(all, s.post(ctx, s.order(name)))
	}
	if s.test {
		all = append(all, s.get(ctx, domainPath(alwaysUnknown), http.StatusServiceUnavailable))
	}
	for i, a := range all {
		if a.err != nil {
			return nil, a.fails("an answer")
		}
		if a.status < http.StatusBadRequest { // whether they are the right ones is for other checks
			all[i] = answer{}
		}
	}
	return all, nil
}

// provoked makes them once: failed authentications are counted.
func (s *session) provoked(ctx context.Context) ([]answer, error) {
	defer hold(ctx)()
	s.provoking.Do(func() {
		ctx, cancel := within(context.WithoutCancel(ctx), s.config.Timeout) // others wait for them too
		defer cancel()
		s.errors, s.errorsErr = s.provoke(ctx)
	})
	return s.errors, s.errorsErr
}

func (s *session) eachError(ctx context.Context, look func(answer) error) error {
	errs, err := s.provoked(ctx)
	if err != nil {
		return err
	}
	for _, a := range errs {
		if a.status == 0 {
			continue
		}
		if err := look(a); err != nil {
			return err
		}
	}
	return nil
}

// stableTypes makes the errors twice. A type that never changes and says nothing is about:blank; kinds of errors with different statuses
// have different types.
func stableTypes(ctx context.Context, s *session) error {
	earlier, err := s.provoked(ctx)
	if err != nil {
		return err
	}
	again, err := s.provoke(ctx)
	if err != nil {
		return err
	}
	byType := map[string]int{}
	for i, a := range append(slices.Clone(earlier), again...) {
		if a.status == 0 {
			continue
		}
		p, ok := problemIn(a)
		_, err := url.Parse(p.Type)
		before := earlier[i%len(earlier)]
		first, _ := problemIn(before)
		status, used := byType[p.Type]
		switch {
		case !ok || p.Type == "" || p.Type == "about:blank" || err != nil:
			return a.fails("a type that names the problem, as a URI")
		case before.status == a.status && first.Type != p.Type && a.status != http.StatusServiceUnavailable: // which may be about the question, or about how often one asks
			return a.fails("the type of the time before, %s", s.scrub(first.Type))
		case used && status != a.status:
			return a.fails("another type than an answer %d has", status)
		}
		byType[p.Type] = a.status
	}
	return nil
}
