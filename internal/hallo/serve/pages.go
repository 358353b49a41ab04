package serve

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed web
var web embed.FS

// pages is everything that is served as it is: the page in each language, and its assets.
type pages struct {
	page   map[string][]byte // by language
	assets map[string]asset  // by file name
}

type asset struct {
	content     []byte
	contentType string
	tag         string
}

// languages that the page speaks; the first is the one for everybody else.
var languages = []string{"nl", "en"}

// language is one that the page speaks.
func language(asked string) string {
	for _, l := range languages {
		if strings.EqualFold(asked, l) {
			return l
		}
	}
	return languages[0]
}

var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".json": "application/json", ".svg": "image/svg+xml",
}

func renderPages(suffixes []string) (pages, error) {
	p := pages{page: map[string][]byte{}, assets: map[string]asset{}}
	files, err := fs.ReadDir(web, "web")
	if err != nil {
		return p, fmt.Errorf("read the page's files: %w", err)
	}
	for _, file := range files {
		contentType, served := contentTypes[path.Ext(file.Name())]
		if !served {
			continue
		}
		content, err := web.ReadFile("web/" + file.Name())
		if err != nil {
			return p, fmt.Errorf("read the page's files: %w", err)
		}
		digest := sha256.Sum256(content)
		p.assets[file.Name()] = asset{content, contentType, `"` + hex.EncodeToString(digest[:8]) + `"`}
	}
	for _, l := range languages {
		words, err := wordsOf(l)
		if err != nil {
			return p, err
		}
		page, err := template.New("page.html").Funcs(template.FuncMap{
			"t": func(key string) (string, error) {
				if words[key] == "" {
					return "", fmt.Errorf("no word for %s", key)
				}
				return words[key], nil
			},
		}).ParseFS(web, "web/page.html")
		if err != nil {
			return p, fmt.Errorf("read the page: %w", err)
		}
		var out bytes.Buffer
		if err := page.Execute(&out, map[string]any{"Language": l, "Suffixes": strings.Join(suffixes, " ")}); err != nil {
			return p, fmt.Errorf("make the page: %w", err)
		}
		p.page[l] = out.Bytes()
	}
	return p, nil
}

// wordsOf are all words of a language by their keys.
func wordsOf(language string) (map[string]string, error) {
	data, err := web.ReadFile("web/" + language + ".json")
	if err != nil {
		return nil, fmt.Errorf("read the words: %w", err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		return nil, fmt.Errorf("read the words of %s: %w", language, err)
	}
	return words, nil
}

// languageCookie remembers which language was chosen on the page.
const languageCookie = "__Host-language"

// page is in the language that was chosen, or else the browser's first that it speaks.
func (s *server) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept-Language, Cookie")
	_, _ = w.Write(s.pages.page[preferred(r)]) // the browser has gone if this fails
}

func preferred(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil {
		return language(c.Value)
	}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		primary, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ = strings.Cut(primary, "-")
		for _, l := range languages {
			if strings.EqualFold(primary, l) {
				return l
			}
		}
	}
	return languages[0]
}

// asset is asked for again each time, and sent again only when it has changed.
func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.pages.assets[r.PathValue("file")]
	if !ok {
		refuse(w, http.StatusNotFound, "not-found")
		return
	}
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
}
