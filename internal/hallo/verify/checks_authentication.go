package verify

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"magicwebsitefactory.gent/internal/hallo"
)

var authentication = []Check{
	{Number: 10, Section: Authentication, Each: true, Sentence: "How a request authenticates says which dialect it is in: Authorization: Bearer <token>, or the older ?secret=<token> on GET.", run: tokenIsLetIn},
	{Number: 11, Section: Authentication, Each: true, Needs: NeedsCallback, Sentence: `How a request authenticates says which dialect it is in: Authorization: Bearer <token>, or the older "secret" in the POST body.`, run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		if a := s.post(ctx, s.order(name)); a.err != nil || a.status == http.StatusUnauthorized {
			return a.fails("any other status than 401")
		}
		return nil
	}},
	{Number: 12, Section: Authentication, Sentence: "No usable credential → 401: a GET without a token.", run: func(ctx context.Context, s *session) error {
		return s.expect(ctx, nobody, http.StatusUnauthorized)
	}},
	{Number: 13, Section: Authentication, Sentence: "401 with WWW-Authenticate: Bearer.", run: challenged},
	{Number: 14, Section: Authentication, Each: true, strangers: true, Sentence: "No usable credential → 401: a GET with a token that nobody has.", run: func(ctx context.Context, s *session) error {
		q := s.authenticated(nobody, s.nobodys)
		return s.expect(ctx, q, http.StatusUnauthorized)
	}},
	{Number: 15, Section: Authentication, Each: true, strangers: true, Sentence: "No usable credential → 401: an order with a token that nobody has.", run: func(ctx context.Context, s *session) error {
		return s.strangerOrders(ctx, s.nobodys)
	}},
	{Number: 16, Section: Authentication, Each: true, strangers: true, Sentence: "No usable credential → 401: a token that is empty.", run: emptyToken},
	{Number: 17, Section: Authentication, Sentence: "401 before the body is judged.", run: unauthorizedFirst},
	{Number: 18, Section: Authentication, Sentence: "No usable credential → 401: the token in another scheme than Bearer.", run: func(ctx context.Context, s *session) error {
		q := nobody
		q.header = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("verify:"+s.config.Token))}}
		return s.expect(ctx, q, http.StatusUnauthorized)
	}},
	{Number: 19, Section: Authentication, Sentence: "A secret in the query of a POST is no credential.", run: func(ctx context.Context, s *session) error {
		if !slices.Contains(s.dialects, hallo.QuerySecret) {
			return skip("no token is put into a query: %s", s.barred)
		}
		name, err := s.unsold()
		if err != nil {
			return err
		}
		q := s.sibling(hallo.Bearer).body(s.order(name).without("secret").encode())
		q.header.Del("Authorization")
		q.query, q.stranger = url.Values{"secret": {s.config.Token}}, true
		return s.expect(ctx, q, http.StatusUnauthorized)
	}},
	{Number: 20, Section: Authentication, Sentence: "Two ways to authenticate are 400: a GET with a token in the header and one in the query.", run: func(ctx context.Context, s *session) error {
		return s.twoTokens(s.send(ctx, request{
			method: http.MethodGet, path: nobody.path, header: bearer(s.config.Token), query: url.Values{"secret": {s.nobodys}},
		}))
	}},
	{Number: 21, Section: Authentication, Needs: NeedsCallback, Sentence: "Two ways to authenticate are 400: an order with a token in the header and one in the body.", run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		modern := s.sibling(hallo.Bearer)
		a := s.send(ctx, modern.body(modern.order(name).also("secret", s.nobodys).encode()))
		if a.status == http.StatusConflict && !s.mayOrder() {
			return skip(nameFirst)
		}
		return s.twoTokens(a)
	}},
	{Number: 22, Section: Authentication, Optional: true, Needs: NeedsCallback, Sentence: "Two ways to authenticate are 400: an order with a token in the header, and a secret in the query.", run: func(ctx context.Context, s *session) error {
		name, err := s.unsold()
		if err != nil {
			return err
		}
		modern := s.sibling(hallo.Bearer)
		q := modern.body(modern.order(name).encode())
		q.query = url.Values{"secret": {s.nobodys}}
		return s.twoTokens(s.send(ctx, q))
	}},
	{Number: 23, Section: Authentication, Optional: true, Sentence: "An empty secret counts as none: beside a token in the header it makes no two.", run: func(ctx context.Context, s *session) error {
		a := s.send(ctx, request{method: http.MethodGet, path: nobody.path, header: bearer(s.config.Token), query: url.Values{"secret": {""}}})
		if a.err != nil || available(a) == "neither" {
			return a.fails("200")
		}
		return nil
	}},
	{Number: 24, Section: Authentication, Needs: NeedsExhaust, Last: true, Sentence: "429 is for failed authentication only, by address, and never for a valid token.", run: goodTokenGetsThrough},
	{Number: 25, Section: Authentication, Needs: NeedsExhaust, Last: true, Optional: true, Sentence: "Thirty failed authentications a minute are answered 401, those after them 429, by address.", run: func(ctx context.Context, s *session) error {
		a := s.exhaust(ctx)
		if a.err != nil || a.status != http.StatusTooManyRequests {
			return a.fails("429 after %d failed authentications", exhausting)
		}
		if _, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil {
			return a.fails("429 with Retry-After in seconds")
		}
		return nil
	}},
}

// nobody asks without a token.
var nobody = request{method: http.MethodGet, path: "/v1/domain/verify.invalid", stranger: true}

// exhausting is after how many failed authentications a factory may be expected to have had enough.
const exhausting = 100

// sibling speaks the other dialect, or the same. What it sends need not be let in.
func (s *session) sibling(dialect hallo.Dialect) *session { return s.sessions[dialect] }

// twoTokens wants a 400, unless one of the two may be none to the factory: a member or parameter that it does not know.
func (s *session) twoTokens(a answer) error {
	err := a.is(http.StatusBadRequest)
	if err != nil && !isSkipped(err) && len(s.dialects) < len(bothDialects) {
		return skip("of two tokens the factory need not know one: %s", s.barred)
	}
	return err
}

func tokenIsLetIn(ctx context.Context, s *session) error {
	if a := s.get(ctx, nobody.path); a.err != nil || a.status != http.StatusOK && a.status != http.StatusServiceUnavailable {
		return a.fails("200, or 503")
	}
	return nil
}

func challenged(ctx context.Context, s *session) error {
	a := s.send(ctx, nobody, http.StatusUnauthorized)
	if a.status != http.StatusUnauthorized {
		return skip("a request without a token is not answered 401: check 12")
	}
	for _, challenge := range a.header.Values("WWW-Authenticate") {
		if scheme, _, _ := strings.Cut(challenge, " "); strings.EqualFold(scheme, "Bearer") {
			return nil
		}
	}
	return a.fails("WWW-Authenticate: Bearer")
}

// strangerOrders sends an order with nothing wrong in it but the token.
func (s *session) strangerOrders(ctx context.Context, token string) error {
	name, err := s.unsold()
	if err != nil {
		return err
	}
	d := s.order(name)
	if s.dialect == hallo.QuerySecret {
		d = d.with("secret", token)
	}
	q := s.body(d.encode())
	q.stranger = true
	if s.dialect == hallo.Bearer {
		q.header.Set("Authorization", "Bearer "+token)
	}
	return s.expect(ctx, q, http.StatusUnauthorized)
}

func emptyToken(ctx context.Context, s *session) error {
	if err := s.expect(ctx, s.authenticated(nobody, ""), http.StatusUnauthorized); err != nil {
		return err
	}
	return s.strangerOrders(ctx, "")
}

// unauthorizedFirst sends bodies that would be 400.
func unauthorizedFirst(ctx context.Context, s *session) error {
	for _, body := range []string{"{", `{"domain": 5}`} {
		q := request{method: http.MethodPost, path: "/v1/site", body: []byte(body), stranger: true, header: http.Header{"Content-Type": {"application/json"}}}
		if err := s.expect(ctx, q, http.StatusUnauthorized); err != nil {
			return err
		}
		q.header = bearer(s.nobodys)
		if err := s.expect(ctx, q, http.StatusUnauthorized); err != nil {
			return err
		}
	}
	return nil
}

// exhaust fails to authenticate until it is answered otherwise than 401.
func (s *session) exhaust(ctx context.Context) answer {
	var a answer
	for range exhausting {
		if a = s.sendOnce(ctx, s.authenticated(nobody, s.nobodys)); a.err != nil || a.status != http.StatusUnauthorized {
			break
		}
	}
	return a
}

func goodTokenGetsThrough(ctx context.Context, s *session) error {
	if a := s.exhaust(ctx); a.err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
		return a.fails("401, or 429 at last")
	}
	return tokenIsLetIn(ctx, s)
}
