package frontend

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"magicwebsitefactory.gent/internal/frontend/orders"
)

// problemBase begins the types of all problems. They are names and never change; docs/http-api.md explains each.
const problemBase = "https://magicwebsitefactory.gent/problems/"

// A kind of problem: the end of its type URI, its status code and its title never change.
type kind struct {
	slug   string
	status int
	title  string
}

// All kinds of problems that an answer may have.
var (
	kindMalformed     = kind{"malformed-body", http.StatusBadRequest, "The body is not a JSON document that can be taken"}
	kindInvalid       = kind{"invalid-field", http.StatusBadRequest, "A field is missing or cannot be taken"}
	kindTwoWays       = kind{"two-credentials", http.StatusBadRequest, "The request authenticates in two ways at once"}
	kindUnauthorized  = kind{"unauthorized", http.StatusUnauthorized, "No usable credential"}
	kindNotFound      = kind{"not-found", http.StatusNotFound, "There is nothing here"}
	kindNoSuchSite    = kind{"no-such-site", http.StatusNotFound, "You have no site of that name"}
	kindMethod        = kind{"method-not-allowed", http.StatusMethodNotAllowed, "The method is not allowed here"}
	kindNotAvailable  = kind{"not-available", http.StatusConflict, "The name is not available"}
	kindTooManyFailed = kind{"too-many-failed-authentications", http.StatusTooManyRequests, "Too many failed authentications from your address"}
	kindInternal      = kind{"internal-error", http.StatusInternalServerError, "The front end made a mistake"}
	kindTooFast       = kind{"rate-limit", http.StatusServiceUnavailable, "You ask faster than you may"}
	kindQuota         = kind{"quota", http.StatusServiceUnavailable, "Your quota is reached"}
	kindCannotTake    = kind{"try-again-later", http.StatusServiceUnavailable, "This cannot be done now"}
)

// problem is an error with the form that it is answered in. Nothing in it may be secret, nor repeat what was sent.
type problem struct {
	kind
	detail string
	// field is a JSON pointer to the member of the body that the problem is with.
	field string
	// retryAfter is when to ask again; zero where that would not help or a limiter has said it.
	retryAfter time.Duration
	// cause is for the log.
	cause error
}

func (p *problem) Error() string { return p.title + ": " + p.detail }

func invalidField(pointer, detail string) *problem {
	return &problem{kind: kindInvalid, field: pointer, detail: detail}
}

func malformed(detail string) *problem { return &problem{kind: kindMalformed, detail: detail} }

// problemOf maps every error to a problem. This is the only place that does.
func problemOf(err error) *problem {
	var known *problem
	var not *orders.NotAvailable
	var cannot *orders.CannotTake
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &not):
		return &problem{kind: kindNotAvailable, detail: not.Why}
	case errors.As(err, &cannot):
		k := kindCannotTake
		if cannot.Quota {
			k = kindQuota
		}
		return &problem{kind: k, detail: cannot.Why, retryAfter: cannot.RetryAfter, cause: cannot.Err}
	case errors.Is(err, orders.ErrNoSite):
		return &problem{kind: kindNoSuchSite, detail: "Either nobody ordered it, or somebody else did."}
	default:
		return &problem{kind: kindInternal, detail: "The request ID leads to what is known of it.", cause: err}
	}
}

// document is a problem document (RFC 9457).
type document struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail,omitempty"`
	Errors    []fieldError `json:"errors,omitempty"`
	RequestID string       `json:"requestID,omitempty"`
}

type fieldError struct {
	Pointer string `json:"pointer"`
	Detail  string `json:"detail"`
}

// refuse answers with the problem that the error stands for.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	record := recordOf(r.Context())
	record.problem = p
	doc := document{Type: problemBase + p.slug, Title: p.title, Status: p.status, Detail: p.detail, RequestID: record.requestID}
	if p.field != "" {
		doc.Errors = []fieldError{{Pointer: p.field, Detail: p.detail}}
	}
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	writeJSON(w, p.status, "application/problem+json", doc)
}

func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		// Only types of our own come here, and all of them can be written.
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who asked may be gone
}
