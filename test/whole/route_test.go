package whole

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// route answers over TLS for all sites, but for those that are away.
type route struct {
	address string

	mu   sync.Mutex
	away map[string]bool
}

func newRoute(t testing.TB, listener net.Listener, certificate tls.Certificate) *route {
	t.Helper()
	r := &route{address: listener.Addr().String(), away: map[string]bool{}}
	serve(t, listener, certificate, http.HandlerFunc(r.answer))
	return r
}

func (r *route) answer(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away[request.Host] {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// set says whether there is a site behind the route.
func (r *route) set(domain string, there bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away[domain] = !there
}

// serve serves the handler over TLS until the test ends.
func serve(t testing.TB, listener net.Listener, certificate tls.Certificate, handler http.Handler) {
	t.Helper()
	serveProtocols(t, listener, certificate, handler, nil)
}

// serveOld does not speak HTTP/2.
func serveOld(t testing.TB, listener net.Listener, certificate tls.Certificate, handler http.Handler) {
	t.Helper()
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	serveProtocols(t, listener, certificate, handler, protocols)
}

func serveProtocols(t testing.TB, listener net.Listener, certificate tls.Certificate, handler http.Handler, protocols *http.Protocols) {
	t.Helper()
	server := &http.Server{
		Handler: handler, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("a server of the test ended: %v", err)
		}
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = server.Shutdown(ctx)
		_ = server.Close()
		<-done
	})
}
