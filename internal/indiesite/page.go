package indiesite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	templates  = template.Must(template.ParseFS(web, "web/*.html"))
	styleSheet = mustRead("web/style.css")
)

func mustRead(name string) string {
	data, err := web.ReadFile(name)
	if err != nil {
		panic(err) // the file is part of the binary
	}
	return string(data)
}

// view is what the pages show; html/template escapes all of it.
type view struct {
	Words    words
	Host     string
	Title    string
	HasCode  bool
	SignedIn bool
	Owned    bool
	Bundled  bool
	Script   string // addresses within the bundle
	Worker   string
	Style    string
	Settings Settings
	Heading  string
	Monogram string
	Picture  string
	Colour   string
	Limits   limits
}

type limits struct{ Name, Bio int }

func (s *site) view(r *http.Request) view {
	v := s.look(r)
	v.Words = wordsFor(v.Settings.Language, r.Header.Get("Accept-Language"))
	v.Host = hostOf(r)
	v.HasCode = s.Code.IsSet()
	v.Bundled = theBundle().complete()
	v.Worker, v.Style = theBundle().paths[workerKeys], theBundle().paths[styleOwner]
	v.Heading = v.Settings.Name
	if v.Heading == "" {
		v.Heading = v.Host
	}
	v.Title = v.Heading
	if v.Host != "" && v.Host != v.Heading {
		v.Title += " · " + v.Host
	}
	v.Monogram = monogram(v.Settings.Name)
	v.Colour = s.colour()
	v.Limits = limits{MaxNameLength, MaxBioLength}
	return v
}

// page is the person's page; before there is an owner it asks for a password,
// and before there are settings it waits for them.
func (s *site) page(w http.ResponseWriter, r *http.Request) {
	v := s.view(r)
	_, known := s.Store.Settings()
	w.Header().Add("Vary", "Accept-Language, Cookie")
	switch {
	case v.Owned:
		s.show(w, r, "page.html", v)
	case known:
		s.welcomePage(w, r, v)
	default:
		v.Title = titled(v.Words.Page.WaitingTitle, v.Host)
		v.Script = theBundle().paths[scriptWaiting]
		allowScript(w)
		s.show(w, r, "waiting.html", v)
	}
}

func (s *site) show(w http.ResponseWriter, r *http.Request, name string, v view) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, v); err != nil {
		s.Logger.Error("the page could not be made", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	serveCached(w, r, "text/html; charset=utf-8", page.Bytes())
}

// style adds the owner's colours to the style sheet; in the page itself they would
// need an exception in the Content-Security-Policy.
func (s *site) style(w http.ResponseWriter, r *http.Request) {
	settings, _ := s.Store.Settings()
	serveCached(w, r, "text/css; charset=utf-8", []byte(themed(settings)+styleSheet))
}

func (s *site) favicon(w http.ResponseWriter, r *http.Request) {
	colour := s.colour()
	picture := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">`+
		`<rect width="32" height="32" rx="8" fill="%s"/><path d="M7 16.5 16 8l9 8.5V25h-6v-6h-6v6H7z" fill="%s"/></svg>`,
		colour, textOn(colour))
	serveCached(w, r, "image/svg+xml", []byte(picture))
}

func (s *site) colour() string {
	settings, _ := s.Store.Settings()
	return settings.colour()
}

// serveCached lets a browser keep the content but ask each time whether it is
// still the same, so that new settings show at once.
func serveCached(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	digest := sha256.Sum256(content)
	w.Header().Set("Content-Type", contentType)
	if w.Header().Get("Cache-Control") == "" {
		w.Header().Set("Cache-Control", "no-cache")
	}
	w.Header().Set("ETag", `"`+hex.EncodeToString(digest[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// hostOf is the site's own domain as the visitor wrote it, without a port.
func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}

func titled(title, host string) string {
	if host == "" {
		return title
	}
	return title + " · " + host
}

// monogram is the first letter of a name, "" where it starts otherwise.
func monogram(name string) string {
	first, _ := utf8.DecodeRuneInString(name)
	if !unicode.IsLetter(first) {
		return ""
	}
	return strings.ToUpper(string(first))
}
