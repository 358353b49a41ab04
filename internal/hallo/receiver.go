package hallo

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"k8s.io/utils/clock"
)

const (
	maxCallbackBody = 64 << 10 // bytes
	maxLedger       = 4096     // calls remembered; the oldest are forgotten first
	maxUnread       = 64       // outcomes waiting to be read, per domain
)

// CutOff is what ReceiverConfig.Answer returns to end the connection without an
// answer, so that the caller cannot know whether the call arrived.
const CutOff = 0

// ReceiverConfig says what calls a Receiver takes.
type ReceiverConfig struct {
	// Callback is the https prefix that was given to the factory; calls come to
	// <callback>/site/<domain>.
	Callback string
	// Token is what a call must carry.
	Token string
	// Dialect says where the token must be; Bearer if empty.
	Dialect Dialect
	// WebhookKey, if given, must have signed each call, as Standard Webhooks
	// 1.0.0 has it: whsec_ and base64. Without it signatures are not looked at.
	WebhookKey string
	// Known, if given, says for which domains calls are taken beside those that
	// are expected. Nothing is kept of these calls but the ledger.
	Known func(domain string) bool
	// Clock dates the calls; the real one if nil.
	Clock clock.PassiveClock
	// Answer, if given, decides the status with which a valid call is
	// answered, or CutOff; it may block until its context, the request's,
	// ends. Without it the answer is 200.
	Answer func(context.Context, Call) int
	// Observe, if given, sees every call once its answer is decided.
	Observe func(Call)
}

// Receiver takes the callbacks of a factory, as an http.Handler that must be
// served over TLS. It keeps a ledger of all calls, and hands the accepted ones
// to whoever expects the domain.
//
// A call is refused with 401 without the right token, 404 for any path but that
// of an expected domain, 405 for any method but PATCH, and 400 for a status
// other than 201, 409 and 500, in this order: strangers learn nothing. Where
// there is a WebhookKey, a call that is not signed by it is refused with 401 last.
type Receiver struct {
	config ReceiverConfig
	prefix string
	digest [sha256.Size]byte
	// signature that calls must have; nil if none.
	signature *signature

	mu       sync.Mutex
	ledger   []Call
	expected map[string]chan Call
}

// NewReceiver checks the configuration; an empty token is an error.
func NewReceiver(config ReceiverConfig) (*Receiver, error) {
	callback, err := httpsURL(config.Callback)
	if err != nil {
		return nil, fmt.Errorf("callback: %w", err)
	}
	if config.Token == "" {
		return nil, errors.New("callback: the token is missing")
	}
	if config.Dialect == "" {
		config.Dialect = Bearer
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	receiver := &Receiver{
		config:   config,
		prefix:   strings.TrimSuffix(callback.EscapedPath(), "/") + "/site/",
		digest:   sha256.Sum256([]byte(config.Token)),
		expected: map[string]chan Call{},
	}
	if config.WebhookKey != "" {
		if receiver.signature, err = newSignature(config.WebhookKey); err != nil {
			return nil, fmt.Errorf("callback: %w", err)
		}
	}
	return receiver, nil
}

// Expect makes the receiver take calls for the domain, spelt as it was sent to
// the factory, and returns where the accepted ones appear. Outcomes come again
// when an answer was lost; readers must expect that.
func (v *Receiver) Expect(domain string) <-chan Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.expected[domain] == nil {
		v.expected[domain] = make(chan Call, maxUnread)
	}
	return v.expected[domain]
}

// Calls returns what came so far, refused calls too, oldest first.
func (v *Receiver) Calls() []Call {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.ledger)
}

// ServeHTTP takes one call.
func (v *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := newCall(r, v.config.Clock.Now())
	call.Authenticated = v.authenticated(r, call)
	call.Answer, call.Reason = v.judge(&call, r)
	if call.Answer == http.StatusOK && v.config.Answer != nil {
		call.Answer = v.config.Answer(r.Context(), call)
	}
	v.record(call)
	v.answer(w, call)
}

func (v *Receiver) authenticated(r *http.Request, call Call) bool {
	var token string
	switch {
	case v.config.Dialect == Bearer && call.Authentication == BearerHeader:
		scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(scheme, "Bearer") {
			token = credential
		}
	case v.config.Dialect == QuerySecret && call.Authentication == SecretInQuery:
		token = r.URL.Query().Get("secret")
	}
	digest := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(digest[:], v.digest[:]) == 1
}

// judge decides the answer, and the reason for a refusal, and completes the
// call with what it tells.
func (v *Receiver) judge(call *Call, r *http.Request) (int, string) {
	if !call.Authenticated {
		return http.StatusUnauthorized, "without the right token"
	}
	domain, known := v.domainOf(call.Path)
	if !known {
		return http.StatusNotFound, "for a site that was not ordered"
	}
	if call.Method != http.MethodPatch {
		return http.StatusMethodNotAllowed, "with a method other than PATCH"
	}
	outcome, err := outcomeOf(r.URL.RawQuery)
	if err != nil {
		return http.StatusBadRequest, err.Error()
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCallbackBody))
	if err != nil {
		return http.StatusBadRequest, "with a body that did not arrive whole"
	}
	if v.signature != nil {
		if err := v.signature.check(r.Header, call.Time, domain, outcome, body); err != nil {
			return http.StatusUnauthorized, err.Error()
		}
	}
	call.Domain, call.Outcome, call.Body = domain, outcome, body
	return http.StatusOK, ""
}

func (v *Receiver) domainOf(path string) (string, bool) {
	segment, ok := strings.CutPrefix(path, v.prefix)
	if !ok {
		return "", false
	}
	domain, err := url.PathUnescape(segment)
	if err != nil {
		return "", false
	}
	v.mu.Lock()
	_, known := v.expected[domain]
	v.mu.Unlock()
	return domain, known || v.config.Known != nil && v.config.Known(domain)
}

func outcomeOf(rawQuery string) (int, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return 0, errors.New("with a query that cannot be read")
	}
	if status := query["status"]; len(status) == 1 {
		switch status[0] {
		case "201":
			return http.StatusCreated, nil
		case "409":
			return http.StatusConflict, nil
		case "500":
			return http.StatusInternalServerError, nil
		}
	}
	return 0, errors.New("without exactly one status of 201, 409 or 500")
}

// record keeps the call and hands it on before it is answered: a caller that
// has its 200 must never be told of an outcome that got lost here.
func (v *Receiver) record(call Call) {
	v.mu.Lock()
	if len(v.ledger) == maxLedger {
		v.ledger = v.ledger[1:]
	}
	v.ledger = append(v.ledger, call)
	if call.Accepted() {
		select {
		case v.expected[call.Domain] <- call:
		default: // nobody reads; the ledger has it
		}
	}
	v.mu.Unlock()
	if v.config.Observe != nil {
		v.config.Observe(call)
	}
}

func (v *Receiver) answer(w http.ResponseWriter, call Call) {
	if call.Answer == CutOff {
		panic(http.ErrAbortHandler) // the documented way to end a connection without an answer
	}
	w.Header().Set("Cache-Control", "no-store")
	switch call.Answer {
	case http.StatusUnauthorized:
		if v.config.Dialect == Bearer {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPatch)
	}
	w.WriteHeader(call.Answer)
}
