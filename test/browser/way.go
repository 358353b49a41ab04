package browser

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// way is the one way out of a Chromium: a proxy that leads to the hosts of its Options and nowhere else. What goes through is encrypted.
type way map[string]string

// open serves the way at a listener until the test ends.
func (w way) open(t testing.TB, listener net.Listener) {
	t.Helper()
	server := &http.Server{Handler: w, ReadHeaderTimeout: patience}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with the test
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
}

// ServeHTTP answers CONNECT (RFC 9110, section 9.3.6).
func (w way) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	host, _, err := net.SplitHostPort(request.Host)
	address, leads := w[host]
	if err != nil || request.Method != http.MethodConnect || !leads {
		http.Error(answer, "no way leads there", http.StatusBadGateway)
		return
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	there, err := dialer.DialContext(request.Context(), "tcp", address)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = there.Close() }()
	// The server looks whether more comes as long as the connection is its own, so the answer, on which more will come, goes out only then.
	here, sent, err := http.NewResponseController(answer).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = here.Close() }()
	if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() {
		defer func() { _ = there.Close() }()
		_, _ = io.Copy(there, sent)
	}()
	_, _ = io.Copy(here, there)
}
