package indiesite

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The pages' own files, and what make web bundles for the browser: in a clean clone that folder is empty but for a
// file that git needs.
//
//go:embed web/*.html web/*.css all:web/dist
var web embed.FS

// The scripts and styles of a bundle, without the digest in their names.
const (
	scriptWaiting  = "waiting.js"
	scriptWelcome  = "welcome.js"
	scriptSignIn   = "sign-in.js"
	scriptSettings = "settings.js"
	workerKeys     = "keys.js"
	styleOwner     = "owner.css"
)

// workerPolicy is the policy of the worker that does the cryptography: it compiles WebAssembly, and may ask nobody
// for anything, so that a key could not leave through it.
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"

// bundled is what make web made, by the name it is served at.
type bundled struct {
	files map[string]asset
	paths map[string]string // of the name without digest
}

type asset struct {
	contentType string
	content     []byte
	compressed  func() []byte
	policy      string
}

var contentTypes = map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}

var assetName = regexp.MustCompile(`\A([a-z-]+)-[a-z0-9]{8}\.(js|css)\z`)

var theBundle = sync.OnceValue(func() bundled {
	dist, err := fs.Sub(web, "web/dist")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	return readBundle(dist)
})

func readBundle(dist fs.FS) bundled {
	b := bundled{files: map[string]asset{}, paths: map[string]string{}}
	names, err := fs.Glob(dist, "*")
	if err != nil {
		panic(err) // only a malformed pattern is an error
	}
	for _, name := range names {
		match := assetName.FindStringSubmatch(name)
		if match == nil {
			continue
		}
		content, err := fs.ReadFile(dist, name)
		if err != nil {
			panic(err) // the file is part of the binary
		}
		plain := match[1] + "." + match[2]
		a := asset{contentType: contentTypes[match[2]], content: content, compressed: sync.OnceValue(func() []byte { return compress(content) })}
		if plain == workerKeys {
			a.policy = workerPolicy
		}
		b.files[name], b.paths[plain] = a, "/assets/"+name
	}
	return b
}

// complete says whether the pages for owners can work.
func (b bundled) complete() bool {
	for _, name := range []string{scriptWaiting, scriptWelcome, scriptSignIn, scriptSettings, workerKeys, styleOwner} {
		if b.paths[name] == "" {
			return false
		}
	}
	return true
}

// BundleMissing says what is missing of the binary and how it is made, or "" if nothing is. Without the bundle a site shows itself and takes settings, but
// nobody can become its owner or sign in.
func BundleMissing() string {
	if theBundle().complete() {
		return ""
	}
	return "this indie-site was built without what its pages run in the browser, so nobody can own it or sign in: run make web, and build it again"
}

// asset serves a file of the bundle. Its name changes with its content, so that a browser keeps it for good.
func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	a, found := theBundle().files[r.PathValue("name")]
	if !found {
		problemNotFound.write(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	if a.policy != "" {
		h.Set("Content-Security-Policy", a.policy)
	}
	content := a.content
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		content = a.compressed()
	}
	h.Set("Content-Length", fmt.Sprint(len(content)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // the caller has gone if this fails
	}
}

// takesGzip heeds a weight of zero, which is how a client says no (RFC 9110, 12.5.3).
func takesGzip(r *http.Request) bool {
	return slices.ContainsFunc(byPreference(r.Header.Get("Accept-Encoding")), func(coding string) bool { return strings.EqualFold(coding, "gzip") })
}

func compress(content []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is one that there is
	}
	_, _ = w.Write(content) // a buffer takes all
	_ = w.Close()
	return out.Bytes()
}
