package dnsimpletest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// answer is what a call is answered with; a zero body for none.
type answer struct {
	status int
	body   any
}

type message struct {
	Message string `json:"message"`
}

func no(status int, text string) answer { return answer{status, message{text}} }

func data(status int, value any) answer { return answer{status, map[string]any{"data": value}} }

// errReset breaks the connection.
var errReset = errors.New("connection reset")

// ServeHTTP answers a request, or has the fault that was asked for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.serve(r.Context(), w, r); err != nil {
		if err == context.DeadlineExceeded { //nolint:errorlint // serve returns it as it is
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
}

type inProcess struct{ server *Server }

// RoundTrip answers a request in the caller's goroutine.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	if err := t.server.serve(r.Context(), w, r); err != nil {
		return nil, err
	}
	response := w.Result()
	response.Request = r
	return response, nil
}

// serve returns [context.DeadlineExceeded] where the server hangs, and another error where it breaks the connection.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	request, err := s.keep(r)
	if err != nil {
		return err
	}
	if status, body := s.given(request); status != 0 {
		w.WriteHeader(status)
		_, err := io.WriteString(w, body)
		return err
	}
	if r.Header.Get("Authorization") != "Bearer "+Token {
		return write(w, no(http.StatusUnauthorized, "Authentication failed"))
	}
	_, pattern := s.mux.Handler(r)
	carryOut := func() *httptest.ResponseRecorder {
		once := r.Clone(ctx)
		once.Body = io.NopCloser(bytes.NewBufferString(request.Body))
		recorder := httptest.NewRecorder()
		s.mux.ServeHTTP(recorder, once)
		return recorder
	}
	return s.falter(ctx, w, s.Faults.Take(calls[pattern]), carryOut)
}

// falter carries a call out, or not, with a fault.
func (s *Server) falter(ctx context.Context, w http.ResponseWriter, fault registrartest.Fault, carryOut func() *httptest.ResponseRecorder) error {
	switch fault {
	case registrartest.HangsBefore:
		return context.DeadlineExceeded
	case registrartest.ResetsBefore:
		return errReset
	case registrartest.FailsBefore:
		return write(w, no(http.StatusInternalServerError, "something went wrong on our end"))
	case registrartest.Throttles:
		reset := s.clock.Now().Add(registrartest.RetryAfterSeconds * time.Second)
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10))
		return write(w, no(http.StatusTooManyRequests, "quota exceeded"))
	case registrartest.Doubles:
		carryOut()
	case registrartest.None, registrartest.HangsAfter, registrartest.ResetsAfter, registrartest.FailsAfter, registrartest.Garbles, registrartest.Lingers:
	}
	answered := carryOut()
	switch fault {
	case registrartest.HangsAfter:
		return context.DeadlineExceeded
	case registrartest.Lingers:
		if !s.Faults.Linger(ctx.Done()) {
			return context.DeadlineExceeded
		}
	case registrartest.ResetsAfter:
		return errReset
	case registrartest.FailsAfter:
		return write(w, no(http.StatusBadGateway, "something went wrong on our end"))
	case registrartest.Garbles:
		w.WriteHeader(answered.Code)
		_, err := io.WriteString(w, `{"data": {"name": <html>`)
		return err
	case registrartest.None, registrartest.HangsBefore, registrartest.ResetsBefore, registrartest.FailsBefore, registrartest.Throttles, registrartest.Doubles:
	}
	for name, values := range answered.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answered.Code)
	if answered.Body.Len() == 0 {
		return nil // 204 may have none
	}
	_, err := w.Write(answered.Body.Bytes())
	return err
}

// maxRequest is more than any request can have.
const maxRequest = 1 << 16

func (s *Server) keep(r *http.Request) (Request, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxRequest)); err != nil {
			return Request{}, err
		}
	}
	request := Request{Method: r.Method, Path: r.URL.RequestURI(), Body: string(body), Headers: map[string]string{}}
	for _, name := range []string{"Accept", "Content-Type", "User-Agent"} {
		request.Headers[name] = r.Header.Get(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	return request, nil
}

func (s *Server) given(request Request) (int, string) {
	s.mu.Lock()
	says := s.says
	s.mu.Unlock()
	if says == nil {
		return 0, ""
	}
	return says(request)
}

func write(w http.ResponseWriter, a answer) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	if a.body == nil {
		return nil
	}
	return json.NewEncoder(w).Encode(a.body)
}
