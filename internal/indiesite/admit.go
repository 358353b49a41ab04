package indiesite

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

// maxLine is how many attempts can stand in line for a place: each costs some eight
// kilobytes, and the last of them has its turn after ten seconds, for which any
// route in front waits.
const maxLine = 256

// admit calls next once if the code is the right one, and answers the request itself
// if it is not. No code is looked at before its turn, nor for somebody who did not
// wait for that.
func (s *site) admit(w http.ResponseWriter, r *http.Request, secret string, next func(http.ResponseWriter)) {
	guess := digestOf(secret)
	if s.codes.enter() {
		defer waitsInLine(r.Context())()
		defer s.codes.leave()
		s.judge(r.Context(), w, guess, next)
		return
	}
	select {
	case s.line <- struct{}{}:
	default:
		busy(w)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		go s.lineUp(conn, guess, next)
		return
	}
	// It has no connection to itself.
	if err := s.placeInLine(r.Context()); err != nil {
		s.hungUp(w)
		return
	}
	defer s.codes.leave()
	s.judge(r.Context(), w, guess, next)
}

// placeInLine waits for a place, as one of those in line.
func (s *site) placeInLine(ctx context.Context) error {
	defer func() { <-s.line }()
	return s.codes.place(ctx)
}

// lineUp waits with nothing but the connection: what the server has for a
// request, such as its buffers, would take four times the memory.
func (s *site) lineUp(conn net.Conn, guess guess, next func(http.ResponseWriter)) {
	defer func() { _ = conn.Close() }() // whoever it was has their answer, or has gone
	ctx, hangUp := context.WithCancel(context.Background())
	defer hangUp()
	go func() {
		defer hangUp()
		var more [1]byte
		if err := conn.SetReadDeadline(time.Time{}); err == nil {
			_, _ = conn.Read(more[:]) // nothing comes until they hang up
		}
	}()
	if s.placeInLine(ctx) != nil {
		return
	}
	defer s.codes.leave()
	answer := &http.Response{ProtoMajor: 1, ProtoMinor: 1, StatusCode: http.StatusOK, Header: http.Header{}, Close: true}
	setSecurityHeaders(answer.Header)
	answer.Header.Set("Date", s.Clock.Now().UTC().Format(http.TimeFormat))
	s.judge(ctx, &responseWriter{answer: answer}, guess, next)
	if conn.SetWriteDeadline(s.Clock.Now().Add(writeTimeout)) == nil {
		_ = answer.Write(conn) // the caller has gone if this fails
	}
}

// judge looks at a code that has its place.
func (s *site) judge(ctx context.Context, w http.ResponseWriter, guess guess, next func(http.ResponseWriter)) {
	hold, calm, err := s.codes.hold(ctx)
	switch {
	case err != nil:
		s.hungUp(w)
	case s.Code.matches(guess):
		s.codes.right()
		next(w)
	case hold > 0:
		s.Logger.Warn("a wrong sign-up code; there were many", "held", hold.String())
		w.Header().Set("Retry-After", seconds(calm))
		problemTooManyWrong.write(w)
	default:
		s.Logger.Warn("a wrong sign-up code")
		problemWrongCode.write(w)
	}
}

func (s *site) hungUp(w http.ResponseWriter) {
	s.Logger.Info("hung up before a sign-up code was looked at")
	busy(w)
}

// responseWriter makes an answer for a connection that the server has let go.
type responseWriter struct {
	answer *http.Response
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (w *responseWriter) Header() http.Header { return w.answer.Header }

// WriteHeader sets the status of the answer.
func (w *responseWriter) WriteHeader(status int) { w.answer.StatusCode = status }

// Write adds to the body of the answer.
func (w *responseWriter) Write(content []byte) (int, error) {
	n, err := w.body.Write(content)
	w.answer.ContentLength = int64(w.body.Len())
	w.answer.Body = io.NopCloser(&w.body)
	return n, err
}
