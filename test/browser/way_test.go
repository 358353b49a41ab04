package browser

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// echo answers every connection with what it was sent.
func echo(t *testing.T) string {
	t.Helper()
	listener := loopback(t)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = connection.Close() }()
				_, _ = io.Copy(connection, connection)
			}()
		}
	}()
	return listener.Addr().String()
}

func connect(t *testing.T, way, host string) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := net.Dial("tcp", way)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	context.AfterFunc(ctx, func() { _ = connection.Close() })
	request := &http.Request{Method: http.MethodConnect, Host: host}
	if _, err := io.WriteString(connection, "CONNECT "+host+" HTTP/1.1\r\nHost: "+host+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	received := bufio.NewReader(connection)
	answer, err := http.ReadResponse(received, request)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("answered %s (%v)", answer.Status, err)
	}
	return connection, received
}

// Whatever is sent as soon as the answer is there arrives whole, however slow the way is to let go of the connection.
func TestNothingIsLostOnTheWay(t *testing.T) {
	listener := loopback(t)
	way{"alice.gent": echo(t)}.open(t, listener)
	const sent = "the first words"
	for range 300 {
		connection, received := connect(t, listener.Addr().String(), "alice.gent:443")
		if _, err := io.WriteString(connection, sent); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(sent))
		if _, err := io.ReadFull(received, got); err != nil || string(got) != sent {
			t.Fatalf("of %q there came %q (%v)", sent, got, err)
		}
		_ = connection.Close()
	}
}

func TestTheWayLeadsNowhereElse(t *testing.T) {
	listener := loopback(t)
	way{"alice.gent": echo(t)}.open(t, listener)
	for _, request := range []string{
		"CONNECT bob.gent:443 HTTP/1.1\r\nHost: bob.gent:443\r\n\r\n", "CONNECT alice.gent HTTP/1.1\r\nHost: alice.gent\r\n\r\n",
		"GET http://alice.gent/ HTTP/1.1\r\nHost: alice.gent\r\n\r\n",
	} {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(connection, request); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(connection).ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 502 ") {
			t.Errorf("%q is answered with %q (%v)", request, line, err)
		}
		_ = connection.Close()
	}
}
