package hallo

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Limits of the callback listener.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 10 * time.Second
	writeTimeout    = 30 * time.Second
	idleTimeout     = 60 * time.Second
	maxHeaderBytes  = 16 << 10
	shutdownTimeout = 5 * time.Second
)

// Listener serves a Receiver over TLS.
type Listener struct {
	server *http.Server
	done   chan struct{}
}

// Listen serves the handler on the listener with the certificate until Close.
// Handshakes that fail are told to note: a factory that does not trust the
// certificate shows there and nowhere else.
func Listen(listener net.Listener, certificate tls.Certificate, handler http.Handler, note func(string)) *Listener {
	l := &Listener{done: make(chan struct{}), server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:          log.New(noteWriter(note), "", 0),
	}}
	go func() {
		defer close(l.done)
		if err := l.server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			note(fmt.Sprintf("the listener ended: %v", err))
		}
	}()
	return l
}

// Close lets calls under way be answered, for at most five seconds: an answer
// that is cut off would be asked for again.
func (l *Listener) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if l.server.Shutdown(ctx) != nil {
		_ = l.server.Close() // nothing is left to be done about it
	}
	<-l.done
}

// CallbackAddress is the host:port of a callback URL, the natural place to
// listen on.
func CallbackAddress(callback string) (string, error) {
	u, err := httpsURL(callback)
	if err != nil {
		return "", fmt.Errorf("callback: %w", err)
	}
	return net.JoinHostPort(u.Hostname(), portOf(u)), nil
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return "443"
}

type noteWriter func(string)

// Write passes one line of a server's log on, fit to be printed.
func (n noteWriter) Write(line []byte) (int, error) {
	n(scrub(string(bytes.TrimSpace(line))))
	return len(line), nil
}
