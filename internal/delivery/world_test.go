package delivery

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// The servers of the outside world that the tests call.

// sharing gives a server the certificate of another.
func sharing(with *httptest.Server) func(*httptest.Server) {
	return func(s *httptest.Server) { s.TLS = &tls.Config{Certificates: with.TLS.Certificates} }
}

// otherBundle holds a CA that signed none of the servers' certificates; httptest gives all of them the same one.
func otherBundle(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "another CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func closedPort(t *testing.T) string {
	t.Helper()
	listener := listen(t)
	listener.Close()
	return listener.Addr().String()
}

// silentPort takes connections and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	return listen(t).Addr().String()
}

func oldTLS(t *testing.T, with *httptest.Server) string {
	t.Helper()
	server, _ := receiver(t, answering(200), func(s *httptest.Server) {
		s.TLS = &tls.Config{Certificates: with.TLS.Certificates, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // the old server that must not be talked to
	})
	return server.URL
}

func plainServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(answering(200))
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http:", "https:", 1)
}

func cuttingServer(t *testing.T, with *httptest.Server) string {
	t.Helper()
	server, _ := receiver(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, sharing(with))
	return server.URL
}

func longHeader(t *testing.T, with *httptest.Server) string {
	t.Helper()
	server, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 2*MaxAnswer))
	}, sharing(with))
	return server.URL
}

// resolver asks a DNS server of the test's own, which knows the given names and no others.
func resolver(t *testing.T, names map[string]string) *net.Resolver {
	t.Helper()
	return resolving(t, func(name string, _ dnsmessage.Type) []string {
		if address, ok := names[name]; ok {
			return []string{address}
		}
		return nil
	})
}

// resolving asks a DNS server that answers what it is told each time: the addresses of a name, of which those of the right family are given; none for a name
// that there is not.
func resolving(t *testing.T, lookup func(name string, kind dnsmessage.Type) []string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go serveDNS(conn, lookup)
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func serveDNS(conn net.PacketConn, lookup func(string, dnsmessage.Type) []string) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if query.Unpack(buffer[:n]) != nil || len(query.Questions) != 1 {
			continue
		}
		if reply, err := dnsReply(query, lookup); err == nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}

func dnsReply(query dnsmessage.Message, lookup func(string, dnsmessage.Type) []string) ([]byte, error) {
	question := query.Questions[0]
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true},
		Questions: query.Questions,
	}
	known := lookup(strings.TrimSuffix(question.Name.String(), "."), question.Type)
	if len(known) == 0 {
		reply.RCode = dnsmessage.RCodeNameError
		return reply.Pack()
	}
	header := dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: dnsmessage.ClassINET}
	for _, address := range known {
		addr := netip.MustParseAddr(address)
		switch {
		case question.Type == dnsmessage.TypeA && addr.Is4():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: addr.As4()}})
		case question.Type == dnsmessage.TypeAAAA && addr.Is6():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: addr.As16()}})
		}
	}
	return reply.Pack()
}
