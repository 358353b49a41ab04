package combelltest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// CallRecords is any call about DNS records, for [registrartest.Faults].
const CallRecords registrartest.Call = "records"

// Refusals is how orders are turned down.
type Refusals int

// The ways.
const (
	// AtOnce: 400 with validation errors. An order that was accepted, and is turned down later, is cancelled.
	AtOnce Refusals = iota
	// Cancelled: every order is accepted, and its job then cancelled.
	Cancelled
	// Failed: every order is accepted, and its job then fails, which is for Combell's support.
	Failed
)

// Server is Combell. Change its fields before it is first called.
type Server struct {
	Book     *registrartest.Book
	Faults   *registrartest.Faults
	Refusals Refusals
	// Limit is how many requests may be made in a minute; 0 for as many as one likes.
	Limit int
	// BriefHangs ends calls that hang at once, as if their time was over. For callers whose clock is not the real one.
	BriefHangs bool

	clock       clock.PassiveClock
	key, secret string

	mu     sync.Mutex
	nonces map[string]bool
	jobs   map[string]*job
	zones  map[string][]Record
	last   int
	// frozen are names whose automatic renewal cannot be changed.
	frozen map[string]bool
	// used counts the requests since the interval began.
	used  int
	since time.Time
	// requests are all that came, without what is secret in them.
	requests []Request
}

// Request is one that came.
type Request struct {
	Method, Target, Body string
}

// New returns a Combell with one account.
func New(book *registrartest.Book, faults *registrartest.Faults, clk clock.PassiveClock, key, secret string) *Server {
	return &Server{
		Book: book, Faults: faults, clock: clk, key: key, secret: secret,
		nonces: map[string]bool{}, jobs: map[string]*job{}, zones: map[string][]Record{}, frozen: map[string]bool{},
	}
}

// Requests are all that came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// FreezeRenewal has automatic renewal of a name be none that can be changed, as a month before it is due.
func (s *Server) FreezeRenewal(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen[domain] = true
}

// reply is an answer before it is sent.
type reply struct {
	status int
	header http.Header
	// body is encoded as JSON, unless it is nil.
	body any
}

func (r reply) with(name, value string) reply {
	if r.header == nil {
		r.header = http.Header{}
	}
	r.header.Set(name, value)
	return r
}

// problem is the one shape of an error, invalid the other.
func problem(status int, code string) reply {
	return reply{status: status, body: map[string]string{"error_code": code, "error_text": "The text may change, and may quote " + quoted}}
}

func invalid(code string) reply {
	return reply{status: http.StatusBadRequest, body: map[string]any{
		"validation_errors": []map[string]string{{"error_code": code, "error_text": "The text may change, and may quote " + quoted}},
	}}
}

// quoted stands in every error text, for tests to look for it where no remote words belong.
const quoted = "what-the-other-side-says"

// ServeHTTP answers, or does wrong what it is to do wrong. A broken connection is [http.ErrAbortHandler], as with net/http.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	s.mu.Lock()
	s.requests = append(s.requests, Request{r.Method, r.URL.RequestURI(), string(body)})
	s.mu.Unlock()
	call, operate := s.route(r, body)
	fault := s.Faults.Take(call)
	switch fault {
	case registrartest.HangsBefore:
		s.hang(r)
	case registrartest.ResetsBefore:
		panic(http.ErrAbortHandler)
	case registrartest.FailsBefore:
		s.send(w, problem(http.StatusInternalServerError, "unexpected_error"))
		return
	case registrartest.Throttles:
		s.send(w, tooMany(registrartest.RetryAfterSeconds*time.Second))
		return
	}
	answer := s.admit(r, string(body), operate)
	if fault == registrartest.Doubles && answer.status < 300 {
		answer = operate()
	}
	switch fault {
	case registrartest.HangsAfter:
		s.hang(r)
	case registrartest.Lingers:
		if !s.Faults.Linger(r.Context().Done()) {
			panic(http.ErrAbortHandler)
		}
	case registrartest.ResetsAfter:
		panic(http.ErrAbortHandler)
	case registrartest.FailsAfter:
		answer = problem(http.StatusServiceUnavailable, "unexpected_error")
	case registrartest.Garbles:
		answer.header, answer.body = http.Header{"Location": {"https://api.combell.com/v2/elsewhere"}}, "<html>"+quoted
	}
	s.send(w, answer)
}

// hang waits until nobody waits for the answer any more.
func (s *Server) hang(r *http.Request) {
	if !s.BriefHangs {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// admit counts the request and checks who sends it.
func (s *Server) admit(r *http.Request, body string, operate func() reply) reply {
	left, reset, ok := s.count()
	if !ok {
		return tooMany(reset)
	}
	answer := problem(http.StatusUnauthorized, "invalid_authorization_header")
	if s.authorized(r, body) {
		answer = operate()
	}
	answer = answer.with("X-RateLimit-Remaining", fmt.Sprint(left)).with("X-RateLimit-Reset", fmt.Sprint(int(reset.Seconds())))
	return answer.with("X-RateLimit-Limit", fmt.Sprint(s.limit())).with("X-RateLimit-Usage", fmt.Sprint(s.limit()-left))
}

func (s *Server) limit() int {
	if s.Limit == 0 {
		return 1_000_000
	}
	return s.Limit
}

// count says how many requests are left, and how long until the next interval, in which all of them may be made again.
func (s *Server) count() (left int, reset time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if s.since.IsZero() || now.Sub(s.since) >= time.Minute {
		s.since, s.used = now, 0
	}
	reset = time.Minute - now.Sub(s.since)
	if s.used >= s.limit() {
		return 0, reset, false
	}
	s.used++
	return s.limit() - s.used, reset, true
}

func tooMany(wait time.Duration) reply {
	seconds := fmt.Sprint(int(wait.Seconds()))
	return reply{status: http.StatusTooManyRequests}.with("Retry-After", seconds).with("X-RateLimit-Remaining", "0").with("X-RateLimit-Reset", seconds)
}

// route finds out what a request asks for, and what kind of call that is.
func (s *Server) route(r *http.Request, body []byte) (registrartest.Call, func() reply) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if strings.ToLower(r.URL.RequestURI()) != r.URL.RequestURI() || len(parts) < 2 || parts[0] != "v2" {
		return "", func() reply {
			return reply{status: http.StatusNotFound, body: map[string]string{"message": "no such route"}}
		}
	}
	parts = parts[1:]
	is := func(method string, want ...string) bool {
		if r.Method != method || len(parts) != len(want) {
			return false
		}
		for i := range want {
			if want[i] != "*" && want[i] != parts[i] {
				return false
			}
		}
		return true
	}
	switch {
	case is(http.MethodGet, "domains"):
		return registrartest.CallCheck, func() reply { return s.listDomains(r) }
	case is(http.MethodPost, "domains", "registrations"):
		return registrartest.CallBuy, func() reply { return s.register(body) }
	case is(http.MethodGet, "domains", "*"):
		return registrartest.CallLookUp, func() reply { return s.domain(parts[1]) }
	case is(http.MethodGet, "provisioningjobs", "*"):
		return registrartest.CallLookUp, func() reply { return s.provisioning(parts[1]) }
	case is(http.MethodPut, "domains", "*", "renew"):
		return registrartest.CallRenew, func() reply { return s.renew(parts[1], body) }
	case is(http.MethodPut, "domains", "*", "nameservers"):
		return registrartest.CallRenew, func() reply { return s.editNameServers(parts[1], body) }
	case len(parts) >= 3 && parts[0] == "dns" && parts[2] == "records":
		return CallRecords, func() reply { return s.records(r, parts[1], parts[3:], body) }
	}
	return "", func() reply { return reply{status: http.StatusMethodNotAllowed} }
}
