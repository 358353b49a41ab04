package browser

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// Domain and Code are those of the sites that StartSite starts.
const (
	Domain = "alice.gent"
	Code   = "k7mf-2qzn-xw4p-aaaa-bbbb-cccc"
)

// A Site is the reference Indie Site as a process, behind something that speaks HTTPS for it as the route of a cluster does.
type Site struct {
	// URL is https://alice.gent, which only a Browser with these Options finds.
	URL     string
	Options Options

	server *httptest.Server
	wire   wire
	lose   atomic.Value // method and path of requests whose answers get lost
	tired  atomic.Bool  // the route itself answers in their place
	host   atomic.Value // what the route says in place of the Host header
}

// wire is all that went to the site and came from it.
type wire struct {
	mu   sync.Mutex
	said [][]byte
}

func (w *wire) note(part []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, part)
}

// Holds says whether it went to the site or came from it.
func (s *Site) Holds(needle []byte) bool {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	for _, said := range s.wire.said {
		if holds(said, needle) {
			return true
		}
	}
	return false
}

// Build builds cmd/indie-site into a folder, and returns the program.
func Build(dir string) (string, error) {
	root, err := fromRoot("")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "indie-site")
	command := exec.Command("go", "build", "-o", program, "./cmd/indie-site")
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build indie-site: %w\n%s", err, output)
	}
	return program, nil
}

// StartSite starts the program with an empty data directory and the Code; it ends with the test.
func StartSite(t testing.TB, program string) *Site {
	t.Helper()
	return StartSiteWithCode(t, program, Code)
}

// StartSiteWithCode does the same with another sign-up code.
func StartSiteWithCode(t testing.TB, program, code string) *Site {
	t.Helper()
	secret, err := json.Marshal(map[string]string{"secretSignUpCode": code})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	installer := filepath.Join(dir, "installer-secret.json")
	if err := os.WriteFile(installer, secret, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(dir, "data"), "--installer-file", installer)
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = command.Process.Kill(), command.Wait() }) // killed
	s := &Site{URL: "https://" + Domain}
	s.server = httptest.NewTLSServer(s.proxy(t, address(t, stderr)))
	t.Cleanup(s.server.Close)
	s.Options = Options{
		Hosts:   map[string]string{Domain: s.server.Listener.Addr().String()},
		Trusted: []*x509.Certificate{s.server.Certificate()},
	}
	return s
}

// address reads the log until the site says where it serves.
func address(t testing.TB, stderr io.Reader) *url.URL {
	t.Helper()
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if err := json.Unmarshal(lines.Bytes(), &line); err == nil && line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return &url.URL{Scheme: "http", Host: line.Address}
		}
	}
	t.Fatal("indie-site ended before it served")
	return nil
}

func (s *Site) proxy(t testing.TB, site *url.URL) http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(site)
			r.Out.Host = r.In.Host
			if host, _ := s.host.Load().(string); host != "" {
				r.Out.Host = host
			}
			r.Out.Header.Del("Accept-Encoding") // so that it can be read here
		},
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			head, _ := httputil.DumpResponse(r, false)
			s.wire.note(append(head, body...))
			if s.lose.Load() == r.Request.Method+" "+r.Request.URL.Path {
				if s.tired.Load() {
					return errors.New("the route waited in vain") // 502 Bad Gateway
				}
				panic(http.ErrAbortHandler) // the connection ends
			}
			return err
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := httputil.DumpRequest(r, true)
		if err != nil {
			t.Errorf("read a request: %v", err)
		}
		s.wire.note(request)
		proxy.ServeHTTP(w, r)
	})
}

// LoseAnswers loses the answers to requests, such as POST /owner, until it is told another one: the site has done what was asked, and
// nobody hears of it. One lost answer would not do, as Chromium itself asks again where a connection has just ended.
func (s *Site) LoseAnswers(method, path string) {
	s.tired.Store(false)
	s.lose.Store(method + " " + path)
}

// ReplaceAnswers does the same, but the route says that it had no answer.
func (s *Site) ReplaceAnswers(method, path string) {
	s.lose.Store(method + " " + path)
	s.tired.Store(true)
}

// SetHost has the route change the Host header of every request, as some proxies do unless they are told not to; "" leaves it as it is.
func (s *Site) SetHost(host string) { s.host.Store(host) }

// Post sends a document to the site, as an onboarder does, and returns the status of the answer.
func (s *Site) Post(t testing.TB, path string, document any) int {
	t.Helper()
	body, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = Domain
	response, err := s.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// Get reads a JSON document of the site into it, and returns the status of the answer.
func (s *Site) Get(t testing.TB, path string, into any) int {
	t.Helper()
	response, err := s.server.Client().Get(s.server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return response.StatusCode
}
