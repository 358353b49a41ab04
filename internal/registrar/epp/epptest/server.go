package epptest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// Calls that only EPP has, for [registrartest.Faults]. CallCheck is the check of a name, CallLookUp info, CallBuy create and CallRenew renew.
const (
	CallLogin  registrartest.Call = "login"
	CallHello  registrartest.Call = "hello"
	CallPoll   registrartest.Call = "poll"
	CallUpdate registrartest.Call = "update"
)

// Server is a registry with one account. Change its fields before it is first called, or with [Server.Configure].
type Server struct {
	Book   *registrartest.Book
	Faults *registrartest.Faults

	// Minor and Currency are what a year of a name costs. A premium name costs half as much again.
	Minor    int64
	Currency string
	// NoFees: it has no extension for fees, and tells no prices.
	NoFees bool
	// HostAttributes: it has no hosts as objects.
	HostAttributes bool
	// HidesPasswords: info shows no authInfo.
	HidesPasswords bool
	// HidesOthers: info says of names of others that one may not know (2201).
	HidesOthers bool
	// SlowRenewals: renew is answered with 1001, until [Server.FinishRenewal].
	SlowRenewals bool
	// MaxSessions at once, 0 for any number; IdleTimeout after which one is closed, 0 for never.
	MaxSessions int
	IdleTimeout time.Duration
	// BriefHangs ends calls that hang at once, as if their time was over. For callers whose clock is not the real one.
	BriefHangs bool

	clock          clock.PassiveClock
	user, password string

	mu       sync.Mutex
	sessions map[*session]bool
	// opened counts the sessions, last the server's transactions.
	opened, last int
	commands     []Command
	reserved     map[string]bool
	leaving      map[string]bool
	signed       map[string]bool
	sponsors     map[string]string
	passwords    map[string]string
	// created is when a name was ordered by the account.
	created map[string]time.Time
	mail    mail
}

// Command is one that came, by its name and its transaction identifier.
type Command struct {
	Name, Transaction, Domain string
}

// New returns a registry whose names cost 10.00 EUR.
func New(book *registrartest.Book, faults *registrartest.Faults, clk clock.PassiveClock, user, password string) *Server {
	return &Server{
		Book: book, Faults: faults, clock: clk, user: user, password: password, Minor: 1000, Currency: "EUR",
		sessions: map[*session]bool{}, reserved: map[string]bool{}, leaving: map[string]bool{}, signed: map[string]bool{}, sponsors: map[string]string{},
		passwords: map[string]string{}, created: map[string]time.Time{}, mail: mail{orders: map[string]transaction{}, renewals: map[string]transaction{}},
	}
}

// Configure changes the server while it runs.
func (s *Server) Configure(change func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// SetPassword changes the account's password, for logins from now on.
func (s *Server) SetPassword(password string) { s.Configure(func(s *Server) { s.password = password }) }

// Reserve has the registry give a name to nobody.
func (s *Server) Reserve(name string) { s.Configure(func(s *Server) { s.reserved[name] = true }) }

// Delete puts a name of the account on its way out of the registry, or takes that back.
func (s *Server) Delete(name string, leaving bool) {
	s.Configure(func(s *Server) { s.leaving[name] = leaving })
}

// Sign gives a name DS records.
func (s *Server) Sign(name string) { s.Configure(func(s *Server) { s.signed[name] = true }) }

// Signed says whether a name has DS records.
func (s *Server) Signed(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signed[name]
}

// BuyForAnother has another factory with the same account hold a name: info shows a password that is marked with its operation.
func (s *Server) BuyForAnother(name string, expiry time.Time) {
	s.Book.GiveToAccount(name, expiry)
	s.Configure(func(s *Server) { s.passwords[name] = "Mw1-another2-" + strings.Repeat("x", 18) })
}

// Sponsor has info show another sponsor for a name of the account than its login.
func (s *Server) Sponsor(name, sponsor string) {
	s.Configure(func(s *Server) { s.sponsors[name] = sponsor })
}

// Commands are all that came on all sessions, hello included, which has no transaction.
func (s *Server) Commands() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Command(nil), s.commands...)
}

// Sessions are how many were opened, and how many are open.
func (s *Server) Sessions() (opened, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened, len(s.sessions)
}

// HangUp breaks all sessions, as a restart of the server does.
func (s *Server) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for each := range s.sessions {
		each.cut()
	}
}

// Dial opens a connection in memory, without TLS. It is an epp.Dialer.
func (s *Server) Dial(context.Context, string, *tls.Config) (net.Conn, error) {
	here, there := net.Pipe()
	go s.Serve(there)
	return here, nil
}

// Listen serves TLS on the loopback interface until the test is over, with a certificate of the authority. It asks for client certificates where the configuration does.
func (s *Server) Listen(t testing.TB, authority *Authority, config *tls.Config) (address string) {
	t.Helper()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config.Certificates = []tls.Certificate{authority.Server(t)}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { s.Serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.HangUp()
		serving.Wait()
	})
	return listener.Addr().String()
}

// Serve speaks on one connection until it ends.
func (s *Server) Serve(conn net.Conn) {
	c := &session{server: s, conn: conn, at: s.clock.Now()}
	s.mu.Lock()
	s.sessions[c] = true
	s.opened++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sessions, c)
		s.mu.Unlock()
		c.cut()
	}()
	if c.write(s.greeting()) != nil {
		return
	}
	for c.serveOne() {
	}
}

// session is one connection.
type session struct {
	server *Server
	conn   net.Conn
	// at is when it was last used.
	at       time.Time
	loggedIn bool
	services map[string]bool
	cutOnce  sync.Once
}

func (c *session) write(document []byte) error { return eppwire.WriteFrame(c.conn, document) }

// cut closes the connection as a broken cable does, without a word.
func (c *session) cut() {
	c.cutOnce.Do(func() {
		conn := c.conn
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn()
		}
		_ = conn.Close()
	})
}

// serveOne answers one frame, and says whether there may be another.
func (c *session) serveOne() bool {
	payload, err := eppwire.ReadFrame(c.conn)
	if err != nil {
		return false
	}
	s := c.server
	s.mu.Lock()
	idle := s.IdleTimeout > 0 && s.clock.Now().Sub(c.at) >= s.IdleTimeout
	c.at = s.clock.Now()
	s.mu.Unlock()
	if idle {
		return false // it was closed long ago, only that nobody looked
	}
	r := parse(payload)
	switch fault := s.Faults.Take(r.call()); fault {
	case registrartest.HangsBefore:
		return c.hang()
	case registrartest.ResetsBefore:
		return false
	case registrartest.FailsBefore:
		return c.say(c.fail(r, 2400))
	case registrartest.Throttles:
		return c.say(c.fail(r, 2502))
	case registrartest.Doubles:
		c.answer(r)
		return c.say(c.answer(r))
	default:
		return c.after(fault, r, c.answer(r))
	}
}

// after does wrong what is wrong after the call.
func (c *session) after(fault registrartest.Fault, r *request, answer reply) bool {
	switch fault {
	case registrartest.HangsAfter:
		return c.hang()
	case registrartest.Lingers:
		c.server.Faults.Linger(nil)
		return c.say(answer)
	case registrartest.ResetsAfter:
		return false
	case registrartest.FailsAfter:
		return c.say(c.fail(r, 2400))
	case registrartest.Garbles:
		answer.document = answer.document[:len(answer.document)/2]
		return c.say(answer)
	default:
		return c.say(answer)
	}
}

// hang waits for the other side to give up.
func (c *session) hang() bool {
	if !c.server.BriefHangs {
		_, _ = bytes.NewBuffer(nil).ReadFrom(c.conn)
	}
	return false
}

// say sends an answer, and says whether the session goes on.
func (c *session) say(r reply) bool {
	return c.write(r.document) == nil && !r.last
}

var errSyntax = errors.New("not a command")

func (s *Server) transaction() string {
	s.last++
	return fmt.Sprintf("epptest-%d", s.last)
}
