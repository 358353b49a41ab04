package indiesite

import (
	"errors"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"k8s.io/utils/clock"
)

const (
	maxBody = 1 << 20 // bytes read of a request body

	// Settings fit in a small body. Larger ones, or ones of unknown length, are
	// read only so many at a time: strangers must not fill the memory of a
	// process that is given as little as this one.
	smallBody      = 64 << 10 // bytes
	maxLargeBodies = 4
)

// Config is what a site is made of.
type Config struct {
	// Code is the sign-up code; unset, the site takes no owner settings.
	Code Code
	// Store keeps the owner settings.
	Store *Store
	// Logger takes what happened; never a code or a setting.
	Logger *slog.Logger
	// Clock is the time by which wrong codes are slowed down.
	Clock clock.Clock
}

type site struct {
	Config
	pace  *pace
	large chan struct{} // a place for each large body being read
}

// NewHandler returns the site:
//
//	GET  /                          the owner's page
//	GET  /style.css, /favicon.svg   what the page is drawn with
//	POST /owner-settings            settings with the sign-up code: 204
//	GET  /owner/public-signing-key  404 until the owner has claimed the site
//	GET  /healthz, /readyz          the process answers; it can keep settings
//
// Errors are problem documents (RFC 9457).
func NewHandler(config Config) http.Handler {
	s := &site{Config: config, pace: newPace(config.Clock), large: make(chan struct{}, maxLargeBodies)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /style.css", s.style)
	mux.HandleFunc("GET /favicon.svg", s.favicon)
	mux.HandleFunc("POST /owner-settings", s.ownerSettings)
	mux.HandleFunc("GET /owner/public-signing-key", s.publicSigningKey)
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)

	mux.HandleFunc("/owner-settings", methodNotAllowed("POST"))
	mux.HandleFunc("/{$}", methodNotAllowed("GET, HEAD"))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { problemNotFound.write(w) })
	return s.logged(withSecurityHeaders(mux))
}

func methodNotAllowed(allowed string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", allowed)
		problemMethod.because("Allowed: " + allowed).write(w)
	}
}

func (s *site) healthz(w http.ResponseWriter, _ *http.Request) { writeText(w, "ok\n") }

func (s *site) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.Store.Writable(); err != nil {
		s.Logger.Error("the data directory cannot be written", "error", err)
		http.Error(w, "the data directory cannot be written", http.StatusServiceUnavailable)
		return
	}
	writeText(w, "ok\n")
}

// publicSigningKey is how it shows from outside that a site is not claimed.
func (s *site) publicSigningKey(w http.ResponseWriter, _ *http.Request) { problemNotClaimed.write(w) }

// ownerSettings judges the code before the settings, so that a stranger learns
// nothing about what the site takes.
func (s *site) ownerSettings(w http.ResponseWriter, r *http.Request) {
	if !s.Code.IsSet() {
		problemNoCode.write(w)
		return
	}
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		select {
		case s.large <- struct{}{}:
			defer func() { <-s.large }()
		default:
			busy(w)
			return
		}
	}
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	secret, settings, err := parseOwnerSettings(body)
	if err != nil {
		problemMalformed.because(err.Error()).write(w)
		return
	}
	if s.admit(w, r, secret) {
		s.save(w, settings)
	}
}

// readBody answers the request itself unless the body arrived whole.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		return body, true
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		problemTooLarge.because("A body may have up to " + strconv.Itoa(maxBody) + " bytes").write(w)
	} else {
		problemUnreadable.write(w)
	}
	return nil, false
}

func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", seconds(maxHold))
	problemBusy.write(w)
}

// admit answers the request itself unless the code is the right one.
func (s *site) admit(w http.ResponseWriter, r *http.Request, secret string) bool {
	if !s.pace.enter() {
		busy(w)
		return false
	}
	defer s.pace.leave()

	right := s.Code.Matches(secret)
	if !right {
		s.pace.wrong()
	}
	hold, calm := s.pace.slowed()
	s.pace.wait(r.Context(), hold)
	switch {
	case right:
		return true
	case hold > 0:
		s.Logger.Warn("a wrong sign-up code; there were many", "held", hold.String())
		w.Header().Set("Retry-After", seconds(calm))
		problemTooManyWrong.write(w)
	default:
		s.Logger.Warn("a wrong sign-up code")
		problemWrongCode.write(w)
	}
	return false
}

func (s *site) save(w http.ResponseWriter, settings Settings) {
	settings, err := settings.Normalised()
	if err != nil {
		problemSetting.because(err.Error()).write(w)
		return
	}
	if err := s.Store.Save(settings); err != nil {
		s.Logger.Error("owner settings could not be kept", "error", err)
		problemStorage.write(w)
		return
	}
	s.Logger.Info("owner settings kept")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// seconds is a duration as Retry-After has it: whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text)) // the caller has gone if this fails
}
