package indiesite

import (
	"bytes"
	"crypto/sha256"
	"embed"
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

//go:embed web
var web embed.FS

var (
	pageTemplate = template.Must(template.ParseFS(web, "web/page.html"))
	styleSheet   = mustRead("web/style.css")
)

func mustRead(name string) string {
	data, err := web.ReadFile(name)
	if err != nil {
		panic(err) // the file is part of the binary
	}
	return string(data)
}

// pageData is what the page shows; html/template escapes all of it.
type pageData struct {
	Words    words
	Host     string
	Waiting  bool
	HasCode  bool
	Settings Settings
	Heading  string
	Monogram string
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	settings, known := s.Store.Settings()
	data := pageData{
		Words:    wordsFor(settings.Language, r.Header.Get("Accept-Language")),
		Host:     hostOf(r),
		Waiting:  !known,
		HasCode:  s.Code.IsSet(),
		Settings: settings,
		Heading:  settings.Name,
		Monogram: monogram(settings.Name),
	}
	if data.Heading == "" {
		data.Heading = data.Host
	}
	if data.Waiting {
		data.Heading = data.Words.WaitingTitle
	}
	var page bytes.Buffer
	if err := pageTemplate.Execute(&page, data); err != nil {
		s.Logger.Error("the page could not be made", "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Vary", "Accept-Language")
	serveCached(w, r, "text/html; charset=utf-8", page.Bytes())
}

// style adds the owner's colour to the style sheet; in the page itself it would
// need an exception in the Content-Security-Policy.
func (s *site) style(w http.ResponseWriter, r *http.Request) {
	colour := s.colour()
	sheet := fmt.Sprintf(":root { --accent: %s; --on-accent: %s; }\n%s", colour, textOn(colour), styleSheet)
	serveCached(w, r, "text/css; charset=utf-8", []byte(sheet))
}

func (s *site) favicon(w http.ResponseWriter, r *http.Request) {
	colour := s.colour()
	picture := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">`+
		`<rect width="32" height="32" rx="8" fill="%s"/><path d="M7 16.5 16 8l9 8.5V25h-6v-6h-6v6H7z" fill="%s"/></svg>`,
		colour, textOn(colour))
	serveCached(w, r, "image/svg+xml", []byte(picture))
}

func (s *site) colour() string {
	if settings, _ := s.Store.Settings(); settings.Colour != "" {
		return settings.Colour
	}
	return DefaultColour
}

// serveCached lets a browser keep the content but ask each time whether it is
// still the same, so that new settings show at once.
func serveCached(w http.ResponseWriter, r *http.Request, contentType string, content []byte) {
	digest := sha256.Sum256(content)
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-cache")
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

// monogram is the first letter of a name, "" where it starts otherwise.
func monogram(name string) string {
	first, _ := utf8.DecodeRuneInString(name)
	if !unicode.IsLetter(first) {
		return ""
	}
	return strings.ToUpper(string(first))
}
