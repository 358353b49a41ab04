package indiesite

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"time"
)

// contentSecurityPolicy lets a page use its own style sheet and pictures and
// nothing else: no script, no third party, no frame around it. The owner's pages
// widen it for themselves.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setSecurityHeaders(w.Header())
		next.ServeHTTP(w, r)
	})
}

func setSecurityHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// Browsers heed this only over HTTPS, which the route in front speaks.
	h.Set("Strict-Transport-Security", "max-age=31536000")
}

// sameOrigin keeps pages of other sites from changing this one with the
// owner's cookies. Owner settings are let through: no cookie matters to them, only
// the sign-up code, and an onboarder may post them from a page of its own.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("POST /owner-settings")
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { problemOrigin.write(w) }))
	return protection.Handler(next)
}

// logged writes one line for each request, with the route and not the path,
// and none for the kubelet's checks as long as they go well.
func (s *site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Clock.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(recorder, r)
		if recorder.status == http.StatusOK && (r.URL.Path == "/healthz" || r.URL.Path == "/readyz") {
			return
		}
		if recorder.status == notYet {
			return
		}
		s.Logger.Info("request", "method", r.Method, "route", r.Pattern, "status", recorder.status,
			"duration", s.Clock.Since(start).Round(time.Microsecond).String())
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

// notYet is the status of what is answered later, without the server.
const notYet = 0

// Hijack notes that there will be no status.
func (r *statusRecorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.status = notYet
	}
	return conn, buffers, err
}

// WriteHeader notes the status on its way.
func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// ReadFrom lets a file go to the connection without a buffer for each that
// fetches it slowly.
func (r *statusRecorder) ReadFrom(content io.Reader) (int64, error) {
	return io.Copy(r.ResponseWriter, content)
}

// Unwrap lets http.MaxBytesReader and http.ResponseController reach the
// connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
