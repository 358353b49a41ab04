package rdap

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
)

// A router that forgets its connections leaves them open and silent. HTTP/2 would go on asking over such a one until the kernel gives it up, which takes a
// quarter of an hour.
func TestAConnectionThatHasGoneSilentIsGivenUp(t *testing.T) {
	registry := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/help" {
			rdaptest.Say(http.StatusOK, rdaptest.Help)(w, r)
			return
		}
		rdaptest.Say(http.StatusNotFound, `{"errorCode":404}`)(w, r)
	}))
	registry.EnableHTTP2 = true
	registry.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	registry.StartTLS()
	t.Cleanup(registry.Close)
	router := route(t, registry.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(registry.Certificate())
	client, err := New(Config{
		Servers: map[string]*url.URL{"gent": {Scheme: "https", Host: router.address}}, Clock: clocktesting.NewFakePassiveClock(start),
		Exceptions: rdaptest.Networks, Roots: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	config := client.transport.http.Transport.(*http.Transport).HTTP2
	config.SendPingTimeout, config.PingTimeout = config.SendPingTimeout/50, config.PingTimeout/20 // as nobody waits that long here
	t.Cleanup(client.transport.http.CloseIdleConnections)
	if answer, err := client.Check(t.Context(), "alice.gent"); answer.Verdict != availability.Available {
		t.Fatalf("%+v, %v", answer, err)
	}
	router.forget.Store(router.connections.Load())
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for {
		answer, err := client.Check(ctx, "bob.gent")
		if answer.Verdict == availability.Available {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("still asks over the connection that is dead: %v", err)
		}
	}
}

// router passes connections on, and drops what comes over those that it has forgotten: all up to that number.
type router struct {
	address             string
	connections, forget atomic.Int64
}

func route(t *testing.T, to string) *router {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &router{address: listener.Addr().String()}
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", to)
			if err != nil {
				_ = near.Close()
				return
			}
			number := r.connections.Add(1)
			go r.pass(near, far, number)
			go r.pass(far, near, number)
		}
	}()
	return r
}

func (r *router) pass(from, to net.Conn, number int64) {
	defer to.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if r.forget.Load() < number {
			if _, bad := to.Write(buffer[:n]); bad != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
