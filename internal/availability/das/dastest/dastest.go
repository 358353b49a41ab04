// Package dastest plays DNS Belgium's Domain Availability Service on loopback, with faults that can be switched on.
package dastest

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// Networks are where the server is. Clients let nobody call there but in tests.
var Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// Server answers each connection's one line: NOT AVAILABLE for names that are taken, AVAILABLE for others under .be, and NOT ALLOWED for all else.
type Server struct {
	// Address to connect to.
	Address string

	mu    sync.Mutex
	taken map[string]bool
	fault func(conn net.Conn, query string)
	asked []string
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: listener.Addr().String(), taken: map[string]bool{}}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Wait()
	})
	return s
}

// Take makes somebody hold names.
func (s *Server) Take(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.taken[name] = true
	}
}

// Play answers in this way from now on, or as the service does where it is nil. The connection is closed afterwards.
func (s *Server) Play(fault func(conn net.Conn, query string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

// Asked are the lines that came in, as they were.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *Server) serve(conn net.Conn) {
	defer conn.Close()
	query, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return
	}
	name := strings.TrimRight(query, "\r\n")
	s.mu.Lock()
	s.asked = append(s.asked, query)
	fault, taken := s.fault, s.taken[name]
	s.mu.Unlock()
	status := "AVAILABLE"
	switch {
	case fault != nil:
		fault(conn, name)
		return
	case !strings.HasSuffix(name, ".be"):
		status = "NOT ALLOWED"
	case taken:
		status = "NOT AVAILABLE"
	}
	_, _ = fmt.Fprintf(conn, "RC: 0\r\nDomain: %s\r\nStatus: %s\r\n", name, status)
}

// Say answers with a text.
func Say(text string) func(net.Conn, string) {
	return func(conn net.Conn, _ string) { _, _ = conn.Write([]byte(text)) }
}

// Hang does not answer as long as somebody waits.
func Hang(conn net.Conn, _ string) { _, _ = conn.Read(make([]byte, 1)) }
