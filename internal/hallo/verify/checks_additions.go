package verify

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

var additions = []Check{
	{Number: 160, Section: Additions, Each: true, Optional: true, Needs: NeedsOrders, Sentence: "GET /v1/site/<domain> (an addition): how far it is; to the onboarder that asked.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		a := s.get(ctx, sitePath(p.name))
		if state, ok := progressIn(a); !ok || state.Domain != normal(p.name) || state.Attempt < 1 || !slices.Contains(states, state.State) {
			return a.fails("200 with domain, state, attempt and conditions")
		}
		return nil
	}},
	{Number: 161, Section: Additions, Each: true, Optional: true, Needs: NeedsOrders, Waits: 1, Sentence: "GET /v1/site/<domain>: state is ready, and the outcome 201, once that was told.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		if _, err := s.told(ctx); err != nil {
			return err
		}
		a := s.get(ctx, sitePath(p.name))
		if state, ok := progressIn(a); !ok || state.State != "ready" || state.Outcome.Status != http.StatusCreated {
			return a.fails("200 with state ready and outcome 201")
		}
		return nil
	}},
	{Number: 162, Section: Additions, Each: true, Optional: true, Sentence: "GET /v1/site/<domain>: 404 to others: for a name that nobody ordered.", run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		return s.get(ctx, sitePath(name)).is(http.StatusNotFound)
	}},
	{Number: 163, Section: Additions, Each: true, Optional: true, Needs: NeedsOrders | NeedsOther, Sentence: "GET /v1/site/<domain>: 404 to others: for another onboarder's.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		q := s.authenticated(request{method: http.MethodGet, path: sitePath(p.name)}, s.config.OtherToken)
		return s.send(ctx, q).is(http.StatusNotFound)
	}},
	{Number: 164, Section: Additions, Optional: true, Sentence: "requestID is also in the header X-Request-Id of every answer; one that you send is kept.", run: func(ctx context.Context, s *session) error {
		const id = "verify.request-1"
		q := nobody
		q.header = http.Header{"X-Request-Id": {id}}
		a := s.send(ctx, q, http.StatusUnauthorized)
		if p := (additionsIn{}); a.err != nil || !decodes(a.body, &p) || a.header.Get("X-Request-Id") != id || p.RequestID != id {
			return a.fails("X-Request-Id: %s, and the same as requestID", id)
		}
		return nil
	}},
	{Number: 165, Section: Additions, Optional: true, Sentence: "method-not-allowed is 405: Allow names the methods that there are.", run: func(ctx context.Context, s *session) error {
		q := s.authenticated(request{method: http.MethodPut, path: "/v1/site"}, s.config.Token)
		if a := s.send(ctx, q); a.err != nil || a.status != http.StatusMethodNotAllowed || !strings.Contains(a.header.Get("Allow"), http.MethodPost) {
			return a.fails("405 with Allow: POST")
		}
		return nil
	}},
	{Number: 166, Section: Additions, Optional: true, Sentence: "not-found is 404: no such path.", run: func(ctx context.Context, s *session) error {
		return s.get(ctx, "/v1/nothing").is(http.StatusNotFound)
	}},
	{Number: 167, Section: Additions, Each: true, Optional: true, Sentence: "For a field of the body there is errors, with a JSON pointer.", run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		a := s.send(ctx, s.body(s.order(name).without("domain").encode()))
		if p := (additionsIn{}); a.err != nil || !decodes(a.body, &p) || len(p.Errors) == 0 || p.Errors[0].Pointer != "#/domain" {
			return a.fails("errors with the pointer #/domain")
		}
		return nil
	}},
	{Number: 168, Section: Additions, Each: true, Optional: true, Sentence: "Types begin with https://magicwebsitefactory.gent/problems/ and never change.", run: func(ctx context.Context, s *session) error {
		return s.eachError(ctx, func(a answer) error {
			want := "https://magicwebsitefactory.gent/problems/"
			if p, ok := problemIn(a); !ok || !strings.HasPrefix(p.Type, want) || !slices.Contains(types[a.status], strings.TrimPrefix(p.Type, want)) {
				return a.fails("one of the types %s%s", want, strings.Join(types[a.status], ", "))
			}
			return nil
		})
	}},
}

// states that a site may be in.
var states = []string{"pending", "ready", "not-ready", "taken", "failed", "removing"}

// types of problems, by status.
var types = map[int][]string{
	http.StatusBadRequest:         {"malformed-body", "invalid-field", "two-credentials"},
	http.StatusUnauthorized:       {"unauthorized"},
	http.StatusConflict:           {"not-available"},
	http.StatusServiceUnavailable: {"rate-limit", "quota", "try-again-later"},
}

// progress is the answer to GET /v1/site/<domain>.
type progress struct {
	Domain  string `json:"domain"`
	State   string `json:"state"`
	Attempt int    `json:"attempt"`
	Outcome struct {
		Status int `json:"status"`
	} `json:"outcome"`
	Conditions []json.RawMessage `json:"conditions"`
}

func progressIn(a answer) (progress, bool) {
	var p progress
	return p, a.err == nil && a.status == http.StatusOK && decodes(a.body, &p) && p.Conditions != nil
}

func decodes(body []byte, into any) bool { return json.Unmarshal(body, into) == nil }
