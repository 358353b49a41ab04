package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"magicwebsitefactory.gent/internal/hallo"
)

// How much strangers may ask of a server that is given little.
const (
	maxBody         = 32 << 10 // bytes
	begunPerMinute  = 20       // conversations, by address
	askedPerMinute  = 600      // requests, by address
	checksPerMinute = 60       // names looked up, by conversation
)

type server struct {
	office *Office
	pages  pages
}

// NewHandler returns Hallobot's page and the conversations behind it, and has
// callbacks taken by the receiver, below its path:
//
//	GET  /                       the page
//	GET  /assets/…               what it is made of
//	GET  /conversation           this browser's conversation; 204 if it has none
//	POST /conversation           begin one
//	POST /conversation/<step>    go on: kept, order, again, another, settings, language
//	GET  /name/<name>            can it be had?
//	GET  /healthz                the process answers
//
// A browser is known by a cookie. Errors are problem documents (RFC 9457).
func NewHandler(office *Office, receiver http.Handler) (http.Handler, error) {
	pages, err := renderPages(office.Suffixes)
	if err != nil {
		return nil, err
	}
	s := &server{office: office, pages: pages}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /assets/{file}", s.asset)
	mux.HandleFunc("GET /conversation", s.look)
	mux.Handle("POST /conversation", httprate.LimitBy(begunPerMinute, time.Minute, byAddress)(http.HandlerFunc(s.begin)))
	mux.HandleFunc("POST /conversation/{step}", s.step)
	mux.Handle("GET /name/{name}", httprate.LimitBy(checksPerMinute, time.Minute, byConversation)(http.HandlerFunc(s.check)))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	people := httprate.LimitBy(askedPerMinute, time.Minute, byAddress)(http.NewCrossOriginProtection().Handler(mux))

	callback, err := url.Parse(office.Callback)
	if err != nil {
		return nil, errors.New("the callback is no URL")
	}
	calls := strings.TrimSuffix(callback.Path, "/") + "/site/"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, calls) {
			receiver.ServeHTTP(w, r)
			return
		}
		secure(w.Header())
		people.ServeHTTP(w, r)
	}), nil
}

// contentSecurityPolicy lets the page use its own files and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func secure(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Cache-Control", "no-store")
}

// cookie names a browser's conversation. Its prefix has browsers hold it to this
// host and to HTTPS.
const cookie = "__Host-hallo"

func conversationID(r *http.Request) string {
	c, err := r.Cookie(cookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// byAddress counts by who is connected, so that nobody can claim to be another;
// behind a proxy, all people count as one.
func byAddress(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return "", fmt.Errorf("read the address of a connection: %w", err)
	}
	return httprate.CanonicalizeIP(host), nil
}

func byConversation(r *http.Request) (string, error) { return keyOf(conversationID(r)), nil }

func (s *server) look(w http.ResponseWriter, r *http.Request) {
	c, err := s.office.Look(conversationID(r))
	if errors.Is(err, ErrUnknown) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.show(w, r, http.StatusOK, c, err)
}

// begin makes a conversation, unless this browser has one that is not at its end:
// another tab may be about to order in it, and its code is shown already.
func (s *server) begin(w http.ResponseWriter, r *http.Request) {
	asked, ok := decode[struct {
		Language string `json:"language"`
	}](w, r)
	if !ok {
		return
	}
	if c, err := s.office.Look(conversationID(r)); err == nil && !c.mayEnd() {
		s.show(w, r, http.StatusOK, c, nil)
		return
	}
	id, c, err := s.office.Begin(language(asked.Language))
	if err == nil {
		http.SetCookie(w, &http.Cookie{
			Name: cookie, Value: id, Path: "/", MaxAge: int(keepWith.Seconds()),
			Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		})
	}
	s.show(w, r, http.StatusCreated, c, err)
}

// mayEnd reports whether nothing is lost if the person turns to another conversation.
func (c *Conversation) mayEnd() bool {
	switch c.Phase {
	case Ready, Stranded:
		return true
	case Failed:
		return !c.MayStand
	}
	return false
}

// request is what the steps take.
type request struct {
	Domain   string              `json:"domain"`
	Language string              `json:"language"`
	Settings hallo.OwnerSettings `json:"settings"`
}

func (s *server) step(w http.ResponseWriter, r *http.Request) {
	asked, ok := decode[request](w, r)
	if !ok {
		return
	}
	id := conversationID(r)
	var c Conversation
	var err error
	switch r.PathValue("step") {
	case "kept":
		c, err = s.office.Do(id, func(c *Conversation, now time.Time) error { return c.KeepCode(now) })
	case "order":
		c, err = s.office.Order(id, asked.Domain)
	case "again":
		c, err = s.office.AskAgain(id)
	case "another":
		c, err = s.office.Do(id, func(c *Conversation, now time.Time) error { return c.ChooseAnother(now) })
	case "settings":
		var settings hallo.OwnerSettings
		if settings, err = checked(asked.Settings); err == nil {
			c, err = s.office.Do(id, func(c *Conversation, now time.Time) error { return c.Customise(settings, now) })
		}
	case "language":
		c, err = s.office.Do(id, func(c *Conversation, _ time.Time) error {
			c.Speak(language(asked.Language))
			return nil
		})
	default:
		refuse(w, http.StatusNotFound, "not-found")
		return
	}
	s.show(w, r, http.StatusOK, c, err)
}

func (s *server) check(w http.ResponseWriter, r *http.Request) {
	domain, available, err := s.office.Available(r.Context(), conversationID(r), r.PathValue("name"))
	switch {
	case errors.Is(err, ErrNoName):
		answer(w, http.StatusOK, checkAnswer{State: "no-name"})
	case errors.Is(err, ErrUnknown):
		refuse(w, http.StatusNotFound, "unknown")
	case err != nil:
		s.office.Logger.Warn("a name could not be looked up", "error", err)
		answer(w, http.StatusOK, checkAnswer{Domain: domain, State: "unsure"})
	case available:
		answer(w, http.StatusOK, checkAnswer{Domain: domain, State: "free"})
	default:
		answer(w, http.StatusOK, checkAnswer{Domain: domain, State: "taken"})
	}
}

// checkAnswer is what is known of a name: free, taken, unsure or no-name.
type checkAnswer struct {
	Domain string `json:"domain,omitempty"`
	State  string `json:"state"`
}

func decode[T any](w http.ResponseWriter, r *http.Request) (T, bool) {
	var asked T
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	if err := decoder.Decode(&asked); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			refuse(w, http.StatusRequestEntityTooLarge, "too-large")
		} else {
			refuse(w, http.StatusBadRequest, "malformed")
		}
		return asked, false
	}
	return asked, true
}
