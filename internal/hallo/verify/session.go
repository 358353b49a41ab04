package verify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"magicwebsitefactory.gent/internal/hallo"
)

// session speaks one dialect.
type session struct {
	*run
	dialect hallo.Dialect

	once  sync.Once
	plain *placed // the order that most checks of callbacks look at

	provoking sync.Once
	errors    []answer // of several kinds
	errorsErr error
}

// testSuffix is what the names of a test factory end in.
const testSuffix = "gent"

// The names of a test factory that always answer the same.
const (
	alwaysFree    = "available." + testSuffix
	alwaysTaken   = "unavailable." + testSuffix
	alwaysUnknown = "error." + testSuffix
)

func domainPath(name string) string { return "/v1/domain/" + url.PathEscape(name) }
func sitePath(name string) string   { return "/v1/site/" + url.PathEscape(name) }

// available reads an answer of the contract: true or false, and anything else for an answer that is none.
func available(a answer) string {
	var document struct {
		Available *bool `json:"available"`
	}
	if a.status != http.StatusOK || json.Unmarshal(a.body, &document) != nil || document.Available == nil {
		return "neither"
	}
	if *document.Available {
		return "true"
	}
	return "false"
}

// authenticated puts the token where a GET has it in the dialect.
func (s *session) authenticated(q request, token string) request {
	if s.dialect == hallo.QuerySecret {
		q.query = url.Values{"secret": {token}}
	} else {
		q.header = bearer(token)
	}
	return q
}

// get asks as the onboarder.
func (s *session) get(ctx context.Context, path string, hoped ...int) answer {
	return s.send(ctx, s.authenticated(request{method: http.MethodGet, path: path}, s.config.Token), hoped...)
}

// asks holds the availability of a name to what it should be.
func (s *session) asks(ctx context.Context, name string, want bool) error {
	a := s.get(ctx, domainPath(name))
	word := map[bool]string{true: "true", false: "false"}[want]
	if a.err != nil || available(a) != word {
		return a.fails(`200 {"available": %s}`, word)
	}
	return nil
}

// order is a body of POST /v1/site in the dialect, with nothing wrong in it, and the token in the older one.
func (s *session) order(name string) document {
	d := document{{"domain", name}, {"callback", s.callback()}}
	if s.dialect == hallo.QuerySecret {
		return append(document{{"secret", s.config.Token}}, append(d, member{"owner-settings", document{{"secretSignUpCode", s.code}}})...)
	}
	return append(d, member{"installerSecret", s.code})
}

// recoded is an order with another code.
func (s *session) recoded(d document, code any) document {
	if s.dialect == hallo.QuerySecret {
		return d.with("owner-settings", document{{"secretSignUpCode", code}})
	}
	return d.with("installerSecret", code)
}

// callback is the one that was allowed; without one, one that is as good in its form.
func (s *session) callback() string {
	if s.config.Callback == "" {
		return "https://callback.invalid/mwf"
	}
	return s.config.Callback
}

// body makes a request of a body, authenticated by the header where the dialect has it there.
func (s *session) body(body []byte) request {
	q := request{method: http.MethodPost, path: "/v1/site", body: body, header: http.Header{}}
	if s.dialect == hallo.Bearer {
		q.header = bearer(s.config.Token)
	}
	q.header.Set("Content-Type", "application/json")
	if len(body) > largest { // the answer may come before the body is sent, and be lost with a connection that ends meanwhile
		q.header.Set("Expect", "100-continue")
	}
	return q
}

// post sends an order.
func (s *session) post(ctx context.Context, d document, hoped ...int) answer {
	return s.send(ctx, s.body(d.encode()), hoped...)
}

// nameFirst is why nothing is seen of a body with two mistakes.
const nameFirst = "the factory judges the name first, and without --orders only names that nobody sells are sent"

// refuses holds the factory to a 400 for a body. Where the name could not be sold anyway, a factory may say that first.
func (s *session) refuses(ctx context.Context, body []byte, statuses ...int) error {
	a := s.send(ctx, s.body(body))
	if a.status == http.StatusConflict && !s.mayOrder() {
		return skip(nameFirst)
	}
	return a.is(append([]int{http.StatusBadRequest}, statuses...)...)
}

// mayOrder says whether names that could be had may be ordered for nothing.
func (s *session) mayOrder() bool { return s.config.Orders && s.config.NamePattern == "" && s.test }

// harmless is a name for bodies that should be refused for another reason: one that costs nothing even if they are not.
func (s *session) harmless() (string, error) {
	if s.mayOrder() {
		return s.fresh("verify")
	}
	return s.unsold()
}

// unsold is a name that nobody can sell.
func (s *session) unsold() (string, error) {
	text, err := s.random(12)
	return "verify-" + text + ".invalid", err
}

// fresh is a name that nobody has ordered, beginning as a test factory's names do, or made by the pattern.
func (s *session) fresh(prefix string) (string, error) {
	text, err := s.random(12)
	if s.config.NamePattern != "" {
		return strings.Replace(s.config.NamePattern, "*", text, 1), err
	}
	return prefix + "-" + text + "." + testSuffix, err
}
