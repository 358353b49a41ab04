package frontend

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// caller is who asks, and in which dialect.
type caller struct {
	onboarder *v1alpha1.Onboarder
	dialect   v1alpha1.Dialect
}

// credential is a token, and the dialect of the place where it was found.
type credential struct {
	token   string
	dialect v1alpha1.Dialect
}

// handler answers an authenticated request; body is that of a POST.
type handler func(w http.ResponseWriter, r *http.Request, who caller, body []byte) error

// question wraps a handler of GET requests: the token is in the header or in the query.
func (s *Server) question(limit *httprate.RateLimiter, allowed func(v1alpha1.OnboarderQuota) int, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, err := s.identify(w, r, append(inHeader(r), inQuery(r)...))
		s.serve(w, r, who, err, limit, allowed, func() error { return h(w, r, who, nil) })
	}
}

// order wraps a handler of POST requests: the token is in the header or in the body. A token in the header is judged before the body is
// even read.
func (s *Server) order(limit *httprate.RateLimiter, allowed func(v1alpha1.OnboarderQuota) int, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := inHeader(r)
		var who caller
		var err error
		if len(header) > 0 {
			// A secret in the query is no way to order, but it is one to authenticate in two ways.
			who, err = s.identify(w, r, append(header, inQuery(r)...))
		}
		var body []byte
		var bodyErr error
		if err == nil {
			body, bodyErr = readBody(w, r)
			switch secret := secretIn(body); {
			case len(header) == 0:
				who, err = s.identify(w, r, inBody(secret, r))
			case secret != "":
				err = errTwoWays
			}
		}
		s.serve(w, r, who, err, limit, allowed, func() error {
			if bodyErr != nil {
				return bodyErr
			}
			return h(w, r, who, body)
		})
	}
}

// serve answers for a caller within its rate, or refuses.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, who caller, err error, limit *httprate.RateLimiter, allowed func(v1alpha1.OnboarderQuota) int, answer func() error) {
	if err == nil {
		recordOf(r.Context()).caller = who
		err = withinRate(w, r, limit, who.onboarder.Name, allowed(who.onboarder.Spec.Quota))
	}
	if err == nil {
		err = answer()
	}
	if err != nil {
		s.refuse(w, r, err)
	}
}

var errTwoWays = &problem{kind: kindTwoWays, detail: "Send the token once: in the Authorization header, or as secret in the query of a GET or the body of a POST."}

// identify finds out who presents the credentials.
func (s *Server) identify(w http.ResponseWriter, r *http.Request, presented []credential) (caller, error) {
	switch {
	case len(presented) > 1:
		return caller{}, errTwoWays
	case len(presented) == 0 || presented[0].token == "":
		return caller{}, s.unauthorized(w, r, "Bearer", "Send your token in the Authorization header, as Bearer.")
	}
	shown := presented[0]
	found, err := s.door.find(r.Context(), shown.token)
	switch {
	case err != nil:
		return caller{}, &problem{kind: kindCannotTake, detail: "Tokens cannot be checked now.", retryAfter: 10 * time.Second, cause: err}
	case found == nil:
		s.metrics.authenticated(shown.dialect, "refused")
		return caller{}, s.unauthorized(w, r, `Bearer error="invalid_token"`, "The token is not one that this factory knows.")
	case !speaks(found.onboarder, shown.dialect):
		// The token is good, so this is no guessing and counts for nothing; but who put it into a URL unasked has to hear about it.
		s.metrics.authenticated(shown.dialect, "wrong-dialect")
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_request"`)
		return caller{}, &problem{kind: kindUnauthorized, detail: "You may not send your token in this way."}
	}
	s.metrics.authenticated(shown.dialect, string(found.use))
	return caller{onboarder: found.onboarder, dialect: shown.dialect}, nil
}

// unauthorized counts a failed authentication against the address that it came from. Only these count, and only they are limited: all
// callers may share one address, and a good token always gets through.
func (s *Server) unauthorized(w http.ResponseWriter, r *http.Request, challenge, detail string) error {
	address := httprate.CanonicalizeIP(middleware.GetClientIP(r.Context()))
	if s.limits.failures.OnLimit(w, r, address) {
		return &problem{kind: kindTooManyFailed, detail: "Wait before you try another token."}
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return &problem{kind: kindUnauthorized, detail: detail}
}

// inHeader finds credentials in Authorization headers. A scheme other than Bearer is a credential that matches nobody.
func inHeader(r *http.Request) []credential {
	var found []credential
	for _, value := range r.Header.Values("Authorization") {
		value = strings.TrimSpace(value)
		if value == "" {
			continue
		}
		scheme, token, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			token = ""
		}
		found = append(found, credential{token: strings.TrimSpace(token), dialect: v1alpha1.DialectBearer})
	}
	return found
}

// inQuery finds credentials in the query. An empty one is none, as some clients always send the parameter.
func inQuery(r *http.Request) []credential {
	query, _ := url.ParseQuery(r.URL.RawQuery) // what can be parsed is there also when the rest cannot
	var found []credential
	for _, value := range query["secret"] {
		if value != "" {
			found = append(found, credential{token: value, dialect: v1alpha1.DialectQuerySecret})
		}
	}
	return found
}

// inBody finds the credential of an order. The query is no place for one there, and beside the body it makes two.
func inBody(secret string, r *http.Request) []credential {
	if secret == "" {
		return nil
	}
	return append([]credential{{token: secret, dialect: v1alpha1.DialectQuerySecret}}, inQuery(r)...)
}

// record is what the request log needs to know and only the handlers find out.
type record struct {
	requestID string
	caller    caller
	problem   *problem
	result    string
}

type recordKey struct{}

// recordOf gives the request's record; one that nobody reads where there is none.
func recordOf(ctx context.Context) *record {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec
	}
	return &record{}
}
