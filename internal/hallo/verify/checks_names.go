package verify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

var names = []Check{
	{Number: 30, Section: Names, Each: true, Sentence: `GET /v1/domain/<domain> → 200 {"available": true|false}, no other members.`, run: exactMembers},
	{Number: 31, Section: Names, Each: true, Sentence: "False for names that are not sold here.", run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		return s.asks(ctx, name, false)
	}},
	{Number: 32, Section: Names, Each: true, Sentence: "False for no domain names at all (people type).", run: func(ctx context.Context, s *session) error {
		return s.allFalse(ctx, append([]string{"hello world", "https://alice.gent/", "a?b=c#d", "%", "<b>", "💚"}, noNames...))
	}},
	{Number: 33, Section: Names, Each: true, Sentence: "Non-ASCII and xn-- names are not sold yet.", run: func(ctx context.Context, s *session) error {
		return s.allFalse(ctx, []string{"élodie.gent", "xn--lodie-9ua.gent"})
	}},
	{Number: 34, Section: Names, Each: true, Needs: NeedsTestNames, Sentence: "On a test factory available.gent always answers GET as the contract says: true.", run: func(ctx context.Context, s *session) error {
		return s.asks(ctx, alwaysFree, true)
	}},
	{Number: 35, Section: Names, Each: true, Needs: NeedsTestNames, Sentence: "On a test factory unavailable.gent always answers GET as the contract says: false.", run: func(ctx context.Context, s *session) error {
		return s.asks(ctx, alwaysTaken, false)
	}},
	{Number: 36, Section: Names, Each: true, Needs: NeedsTestNames, Sentence: `503 when the check cannot be made: "don't know" is never true or false. On a test factory that is error.gent.`, run: func(ctx context.Context, s *session) error {
		return s.get(ctx, domainPath(alwaysUnknown), http.StatusServiceUnavailable).is(http.StatusServiceUnavailable)
	}},
	{Number: 37, Section: Names, Each: true, Needs: NeedsTestNames, Sentence: "Names are normalised (Alice.GENT. is alice.gent).", run: func(ctx context.Context, s *session) error {
		for name, want := range map[string]bool{"Available.GENT": true, "AVAILABLE.gent.": true, "Unavailable.Gent.": false} {
			if err := s.asks(ctx, name, want); err != nil {
				return err
			}
		}
		return nil
	}},
	{Number: 38, Section: Names, Each: true, Needs: NeedsTestNames, Sentence: "True means: a new order for it by this onboarder would be accepted. On a test factory other names are available until claimed.", run: func(ctx context.Context, s *session) error {
		for _, prefix := range []string{"verify", "taken-at-registration", "setup-fails", "slow"} {
			name, err := s.fresh(prefix)
			if err != nil {
				return err
			}
			if err := s.asks(ctx, name, true); err != nil {
				return err
			}
		}
		return nil
	}},
	{Number: 39, Section: Names, Each: true, Optional: true, Needs: NeedsTestNames, Sentence: "On a test factory premium-*.gent is false: too dear.", run: func(ctx context.Context, s *session) error {
		name, err := s.fresh("premium")
		if err != nil {
			return err
		}
		return s.asks(ctx, name, false)
	}},
	{Number: 40, Section: Names, Each: true, Sentence: "Answers are no-store.", run: func(ctx context.Context, s *session) error {
		if a := s.get(ctx, nobody.path); a.err != nil || !strings.Contains(strings.ToLower(a.header.Get("Cache-Control")), "no-store") {
			return a.fails("Cache-Control: no-store")
		}
		return nil
	}},
	{Number: 41, Section: Names, Each: true, Optional: true, Sentence: "The answer's Content-Type is application/json.", run: func(ctx context.Context, s *session) error {
		if a := s.get(ctx, nobody.path); a.err != nil || !hasMediaType(a, "application/json") {
			return a.fails("Content-Type: application/json")
		}
		return nil
	}},
	{Number: 42, Section: Names, Each: true, Optional: true, Needs: NeedsTestNames, Sentence: "503: Retry-After says when to ask again.", run: func(ctx context.Context, s *session) error {
		a := s.get(ctx, domainPath(alwaysUnknown), http.StatusServiceUnavailable)
		if a.err != nil || a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
			return a.fails("503 with Retry-After")
		}
		return nil
	}},
	{Number: 43, Section: Names, Each: true, Optional: true, Needs: NeedsTestNames, Sentence: "Whatever a person types may go into the path, percent-encoded.", run: func(ctx context.Context, s *session) error {
		a := s.get(ctx, "/v1/domain/"+strings.ReplaceAll(url.PathEscape(alwaysFree), ".", "%2E"))
		if a.err != nil || available(a) != "true" {
			return a.fails(`200 {"available": true}, as for %s`, alwaysFree)
		}
		return nil
	}},
}

// noNames can be no domain names, and can be sent in a body as well as in a path. What a careless factory might make of them cannot be sold.
var noNames = []string{
	"alice", "alice..invalid", ".invalid", "-alice.invalid", "alice-.invalid", "al ice.invalid", "al_ice.invalid", "alice.invalid/", "192.0.2.1",
	"alice@hallo.invalid", strings.Repeat("a", 64) + ".invalid", strings.Repeat("a.", 130) + "invalid",
}

// mereNames are those of noNames that the grammar of domain names lets pass, so that a factory may also say that it does not sell them.
var mereNames = []string{"alice", "192.0.2.1"}

func exactMembers(ctx context.Context, s *session) error {
	a := s.get(ctx, nobody.path)
	var members map[string]any
	if a.err == nil && a.status == http.StatusOK && json.Unmarshal(a.body, &members) == nil && len(members) == 1 {
		if _, is := members["available"].(bool); is {
			return nil
		}
	}
	return a.fails(`200 {"available": true|false} and no other members`)
}

func (s *session) allFalse(ctx context.Context, names []string) error {
	for _, name := range names {
		if name == "alice.invalid/" { // in a path, a slash at its end makes no difference
			continue
		}
		if err := s.asks(ctx, name, false); err != nil {
			return err
		}
	}
	return nil
}
