package verify

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

var transport = []Check{
	{Number: 1, Section: Transport, Sentence: "HTTPS only.", run: plainIsRefused},
	{Number: 2, Section: Transport, Sentence: "HTTPS only, TLS 1.2 or newer: nothing older is spoken.", run: func(ctx context.Context, s *session) error {
		return s.handshake(ctx, tls.VersionTLS10, tls.VersionTLS11, false)
	}},
	{Number: 3, Section: Transport, Sentence: "TLS 1.2 or newer: TLS 1.2 is spoken.", run: func(ctx context.Context, s *session) error {
		return s.handshake(ctx, tls.VersionTLS12, tls.VersionTLS12, true)
	}},
	{Number: 4, Section: Transport, Sentence: "TLS 1.2 or newer: TLS 1.3 is spoken.", Optional: true, run: func(ctx context.Context, s *session) error {
		return s.handshake(ctx, tls.VersionTLS13, tls.VersionTLS13, true)
	}},
	{Number: 5, Section: Transport, Sentence: "HTTP/1.1 is spoken.", run: func(ctx context.Context, s *session) error {
		return s.speaks(ctx, 1)
	}},
	{Number: 6, Section: Transport, Sentence: "HTTP/2 is spoken.", Optional: true, run: func(ctx context.Context, s *session) error {
		return s.speaks(ctx, 2)
	}},
}

// refusals are what servers of TLS answer to plain HTTP, where they answer at all; some lead to https instead.
var refusals = []int{http.StatusBadRequest, http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusUpgradeRequired}

// plainIsRefused asks without TLS, and without the token.
func plainIsRefused(ctx context.Context, s *session) error {
	const ask = "GET /v1/domain/verify.invalid"
	conn, err := (&net.Dialer{Timeout: requestTimeout}).DialContext(ctx, "tcp", s.address())
	if err != nil {
		return answer{sent: "a connection", run: s.run, err: unanswered(ctx, err)}.fails("somebody who listens")
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(requestTimeout))
	if _, err := fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", ask, s.address()); err != nil {
		return nil // who breaks off has refused
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil // no HTTP came back
	}
	_ = response.Body.Close()
	leadsOn := response.StatusCode/100 == 3 && strings.HasPrefix(strings.ToLower(response.Header.Get("Location")), "https://")
	if leadsOn || slices.Contains(refusals, response.StatusCode) {
		return nil
	}
	return &Failure{
		Sent: ask + " over plain HTTP to the same port", Came: s.scrub(response.Status), Want: "no answer, or one that asks for TLS (400, 403, 421, 426, or on to https)",
	}
}

// address is the factory's host and port.
func (r *run) address() string {
	u, err := url.Parse(r.config.URL)
	if err != nil {
		return "" // it was parsed before
	}
	if u.Port() == "" {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return u.Host
}

// handshake tries TLS within the versions.
func (s *session) handshake(ctx context.Context, least, most uint16, want bool) error {
	host, _, _ := net.SplitHostPort(s.address())
	ctx, cancel := context.WithTimeoutCause(ctx, requestTimeout, errSlow)
	defer cancel()
	sent := fmt.Sprintf("a handshake of %s to %s", tls.VersionName(least), tls.VersionName(most))
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address())
	if err != nil { // that nobody listens refuses no version
		return answer{sent: sent, run: s.run, err: unanswered(ctx, err)}.fails("somebody who listens")
	}
	defer func() { _ = socket.Close() }()
	conn := tls.Client(socket, &tls.Config{RootCAs: s.config.Trust, ServerName: host, MinVersion: least, MaxVersion: most, CipherSuites: ciphers(!want)})
	err = conn.HandshakeContext(ctx)
	_, spoken := errors.AsType[*tls.CertificateVerificationError](err) // which comes after the version
	switch {
	case want && err != nil:
		return answer{sent: sent, run: s.run, err: unanswered(ctx, err)}.fails("a connection with a certificate that verifies")
	case !want && (err == nil || spoken):
		return &Failure{Sent: sent, Came: "a connection of " + tls.VersionName(conn.ConnectionState().Version), Want: "none"}
	}
	return nil
}

// ciphers to offer: those that one uses, or all that there are, as a factory that speaks an old version may speak old ciphers only.
func ciphers(all bool) []uint16 {
	if !all {
		return nil
	}
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, suite.ID)
	}
	return ids
}

// speaks asks with one version of HTTP only.
func (s *session) speaks(ctx context.Context, major int) error {
	client := newClient(&tls.Config{RootCAs: s.config.Trust, MinVersion: tls.VersionTLS12}, major == 2)
	if major == 2 {
		client.Transport.(*http.Transport).Protocols.SetHTTP1(false)
	}
	defer client.CloseIdleConnections()
	a := s.sendWith(ctx, client, s.authenticated(request{method: http.MethodGet, path: domainPath("verify.invalid")}, s.config.Token))
	if a.err != nil {
		return a.fails("an answer in HTTP/%d", major)
	}
	return nil
}
