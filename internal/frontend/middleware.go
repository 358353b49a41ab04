package frontend

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// requestIDHeader is taken from who asks where it is harmless, and always answered.
const requestIDHeader = "X-Request-Id"

var harmlessID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// unmatched stands for the route of requests that have none: a path may hold a secret, a template does not.
const unmatched = "unmatched"

// observe gives each request its ID, record, log line and measurement. The line holds the route's template and never path or query.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := s.clock.Now()
		rec := &record{requestID: r.Header.Get(requestIDHeader)}
		if !harmlessID.MatchString(rec.requestID) {
			rec.requestID = rand.Text()
		}
		w.Header().Set(requestIDHeader, rec.requestID)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
		answer := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			status := answer.Status()
			if status == 0 {
				status = http.StatusOK
			}
			took := s.clock.Since(begun)
			route, method := routeOf(r), methodOf(r)
			s.metrics.request(route, method, status, took)
			s.logRequest(r, rec, slog.String("route", route), slog.String("method", method), slog.Int("status", status),
				slog.Int("bytes", answer.BytesWritten()), slog.Float64("seconds", took.Seconds()))
		}()
		next.ServeHTTP(answer, r)
	})
}

func (s *Server) logRequest(r *http.Request, rec *record, attrs ...slog.Attr) {
	level := slog.LevelInfo
	attrs = append(attrs, slog.String("requestID", rec.requestID), slog.String("client", middleware.GetClientIP(r.Context())), slog.String("protocol", r.Proto))
	if rec.caller.onboarder != nil {
		attrs = append(attrs, slog.String("onboarder", rec.caller.onboarder.Name), slog.String("dialect", string(rec.caller.dialect)))
	}
	if rec.result != "" {
		attrs = append(attrs, slog.String("order", rec.result))
	}
	if rec.problem != nil {
		attrs = append(attrs, slog.String("problem", rec.problem.slug), slog.String("detail", rec.problem.detail))
		if rec.problem.cause != nil {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", rec.problem.cause.Error()))
		}
	}
	s.log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}

func routeOf(r *http.Request) string {
	if route := chi.RouteContext(r.Context()); route != nil {
		if pattern := route.RoutePattern(); pattern != "" && pattern != "/*" {
			return pattern
		}
	}
	return unmatched
}

// methodOf keeps made-up methods out of the labels.
func methodOf(r *http.Request) string {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}, r.Method) {
		return r.Method
	}
	return "other"
}

var errPanic = errors.New("panic; the log line before this one says more")

// recoverPanic answers 500 for a panic. The value is logged only where the runtime made it: any other might hold what was sent.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			value := recover()
			if value == nil {
				return
			}
			err, _ := value.(error)
			if errors.Is(err, http.ErrAbortHandler) {
				panic(value)
			}
			what := fmt.Sprintf("panic with a %T", value)
			if fault, ok := value.(runtime.Error); ok {
				what = fault.Error()
			}
			s.log.ErrorContext(context.WithoutCancel(r.Context()), "panic", "requestID", recordOf(r.Context()).requestID, "what", what, "stack", string(debug.Stack()))
			if begun, ok := w.(middleware.WrapResponseWriter); ok && begun.Status() != 0 {
				panic(http.ErrAbortHandler) // half an answer must not look like a whole one
			}
			s.refuse(w, r, errPanic)
		}()
		next.ServeHTTP(w, r)
	})
}
