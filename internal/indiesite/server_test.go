package indiesite

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// caller asks for one page and goes on holding the line.
type caller struct {
	net.Conn
	t *testing.T
}

func call(t *testing.T, address string) caller {
	t.Helper()
	dialer := net.Dialer{Timeout: 5 * time.Second}
	line, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	if _, err := io.WriteString(line, "GET / HTTP/1.1\r\nHost: alice.gent\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return caller{line, t}
}

func (c caller) answeredWithin(wait time.Duration) error {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil {
		_ = response.Body.Close()
	}
	return err
}

func TestOneCallerTooManyWaitsUntilAnotherHasGone(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeText(w, "ok") }), slog.New(slog.DiscardHandler))
	}()
	var first caller
	for i := range maxConnections {
		c := call(t, listener.Addr().String())
		if err := c.answeredWithin(5 * time.Second); err != nil {
			t.Fatalf("caller %d: %v", i+1, err)
		}
		if i == 0 {
			first = c
		}
	}
	late := call(t, listener.Addr().String())
	if err := late.answeredWithin(100 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("caller %d: %v", maxConnections+1, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := late.answeredWithin(5 * time.Second); err != nil {
		t.Errorf("once there was a place: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
}
