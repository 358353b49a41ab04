package epp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// session is a connection on which we are logged in. It is used by one goroutine at a time.
type session struct {
	conn     net.Conn
	greeting *eppwire.Greeting
	// nextID makes transaction identifiers of commands that need no name of their own.
	nextID func() string
	// broken says that nothing more may be sent: an answer may still be under way that would be taken for another's.
	broken bool
	// failed is why the last command got no answer.
	failed error
}

// silence is why the last command got no answer; nil where it got one.
func (s *session) silence() *error {
	if s.failed == nil {
		return nil
	}
	return &s.failed
}

// begin opens a session. Errors are a [registrar.CredentialsError] where the server refuses them, and a [registrar.Throttled] where it has no session left.
func begin(ctx context.Context, conn net.Conn, user, password string, nextID func() string) (*session, error) {
	s := &session{conn: conn, nextID: nextID}
	payload, err := s.exchange(ctx, nil)
	if err != nil {
		return nil, connectionError("wait for the greeting", err)
	}
	if s.greeting, err = eppwire.ParseGreeting(payload); err != nil {
		return nil, notGreeted(payload, err)
	}
	login, err := s.greeting.Login(user, password)
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	r, err := s.do(ctx, login, "")
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	switch code := r.Code(); {
	case code.Success():
		return s, nil
	case code == eppwire.CodeAuthorization, code == eppwire.CodeAuthInfo:
		return nil, &registrar.CredentialsError{Err: fmt.Errorf("log in: %w", &codeError{code: code})}
	default:
		return nil, fmt.Errorf("log in: %w", errorOf(code))
	}
}

// notGreeted is what a server meant that sends something else first: some turn clients away with a result, above all that there are too many sessions.
func notGreeted(payload []byte, err error) error {
	if r, also := eppwire.ParseResponse(payload); also == nil {
		err = errorOf(r.Code())
	}
	return fmt.Errorf("wait for the greeting: %w", err)
}

// do sends a command once and reads its answer. What was sent is not known where it is an error.
func (s *session) do(ctx context.Context, command eppwire.Command, transaction string) (*eppwire.Response, error) {
	if transaction == "" {
		transaction = s.nextID()
	}
	payload, err := eppwire.Marshal(command, transaction)
	if err != nil {
		return nil, err
	}
	if payload, err = s.exchange(ctx, payload); err != nil {
		s.failed = connectionError("wait for the answer", err)
		return nil, s.failed
	}
	r, err := eppwire.ParseResponse(payload)
	if err != nil {
		s.broken = true
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	code := r.Code()
	if named := string(r.ClientTransaction); named != transaction && (named != "" || code.Success()) {
		s.broken = true
		return nil, errors.New("read the answer: it is to another command")
	}
	if code.Closing() || code == eppwire.CodeUse || code == eppwire.CodeAuthentication {
		s.broken = true // the server closes it, or has forgotten that we logged in
	}
	return r, nil
}

// hello asks whether anybody is there.
func (s *session) hello(ctx context.Context) error {
	payload, err := s.exchange(ctx, eppwire.Hello())
	if err == nil {
		_, err = eppwire.ParseGreeting(payload)
	}
	if err != nil {
		s.broken = true
		return connectionError("say hello", err)
	}
	return nil
}

// exchange writes a frame, if there is one, and reads one. It is broken off with the context.
func (s *session) exchange(ctx context.Context, payload []byte) (answer []byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err // and nothing was sent
	}
	stop := context.AfterFunc(ctx, func() { _ = s.conn.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		if !stop() || err != nil {
			s.broken = true
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err()
		}
	}()
	if payload != nil {
		if err := eppwire.WriteFrame(s.conn, payload); err != nil {
			return nil, err
		}
	}
	return eppwire.ReadFrame(s.conn)
}

// end logs out where that can still be done, and closes the connection.
func (s *session) end(ctx context.Context) {
	if !s.broken {
		_, _ = s.do(ctx, eppwire.Logout{}, "")
	}
	drop(s.conn)
}

// drop closes a connection without waiting for the other side, as TLS would.
func drop(conn net.Conn) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
