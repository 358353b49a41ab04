package indiesite

import (
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"k8s.io/utils/clock"
)

// Config is what a site is made of.
type Config struct {
	// Code is the sign-up code; unset, the site takes no owner settings, and
	// whoever comes first can own it.
	Code Code
	// Store keeps what the owner settled.
	Store *Store
	// Logger takes what happened; never a code, a setting, a token or a key.
	Logger *slog.Logger
	// Clock is the time by which wrong codes are slowed down and challenges end.
	Clock clock.Clock
}

type site struct {
	Config
	codes      *pace         // of wrong sign-up codes
	line       chan struct{} // who waits for a place among them
	signatures *pace         // of wrong signatures
	challenges *challenges
	large      chan struct{} // a place for each large body being read
	decoding   chan struct{} // the place for a picture
}

// NewHandler returns the site:
//
//	GET  /                          the owner's page, or what comes before there is one
//	GET  /sign-in, /settings        for the owner
//	GET  /style.css, /favicon.svg   what the pages are drawn with
//	GET  /assets/{name}             what the owner's pages run
//	GET  /picture                   the owner's; PUT and DELETE with a session
//	POST /owner-settings            settings with the sign-up code: 204, until the site is owned
//	POST /owner                     the owner's keys, once: 201
//	GET  /owner, /owner/encrypted-private-signing-key, /owner/public-signing-key
//	POST /session/challenge         what to sign; POST /session with the signature, DELETE /session
//	PUT  /settings                  with a session
//	GET  /healthz, /readyz          the process answers; it can keep settings
//
// Errors are problem documents (RFC 9457).
func NewHandler(config Config) http.Handler {
	s := &site{
		Config: config,
		codes:  newPace(config.Clock), signatures: newPace(config.Clock), line: make(chan struct{}, maxLine),
		challenges: newChallenges(config.Clock),
		large:      make(chan struct{}, maxLargeBodies), decoding: make(chan struct{}, 1),
	}
	mux := http.NewServeMux()
	for path, methods := range s.routes() {
		for method, handler := range methods {
			mux.HandleFunc(method+" "+path, handler)
		}
		mux.HandleFunc(path, methodNotAllowed(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { problemNotFound.write(w) })
	return s.logged(withSecurityHeaders(lean(sameOrigin(mux))))
}

type methods map[string]http.HandlerFunc

func (s *site) routes() map[string]methods {
	return map[string]methods{
		"/{$}":                                 {http.MethodGet: s.page},
		"/sign-in":                             {http.MethodGet: s.signInPage},
		"/style.css":                           {http.MethodGet: s.style},
		"/favicon.svg":                         {http.MethodGet: s.favicon},
		"/assets/{name}":                       {http.MethodGet: s.asset},
		"/owner-settings":                      {http.MethodPost: s.ownerSettings},
		"/owner":                               {http.MethodGet: s.ownerKeys, http.MethodPost: s.claim},
		"/owner/encrypted-private-signing-key": {http.MethodGet: s.encryptedPrivateSigningKey},
		"/owner/public-signing-key":            {http.MethodGet: s.publicSigningKey},
		"/session/challenge":                   {http.MethodPost: s.challenge},
		"/session":                             {http.MethodPost: s.signIn, http.MethodDelete: s.signOut},
		"/settings":                            {http.MethodGet: s.settingsOrSignIn, http.MethodPut: s.owners(s.putSettings)},
		"/picture":                             {http.MethodGet: s.getPicture, http.MethodPut: s.owners(s.putPicture), http.MethodDelete: s.owners(s.deletePicture)},
		"/healthz":                             {http.MethodGet: s.healthz},
		"/readyz":                              {http.MethodGet: s.readyz},
	}
}

func methodNotAllowed(methods methods) http.HandlerFunc {
	names := slices.Collect(maps.Keys(methods))
	if _, get := methods[http.MethodGet]; get {
		names = append(names, http.MethodHead)
	}
	slices.Sort(names)
	allowed := strings.Join(names, ", ")
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

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(text)) // the caller has gone if this fails
}
