package epptest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// transaction names a command, by either side.
type transaction struct{ client, server string }

// mail is the message queue, and what will come into it.
type mail struct {
	queue []message
	last  int
	// orders and renewals that are being worked on, by name.
	orders, renewals map[string]transaction
}

type message struct {
	id, text, data string
	at             time.Time
}

// Messages are the identifiers of those that wait.
func (s *Server) Messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliver()
	ids := []string{}
	for _, m := range s.mail.queue {
		ids = append(ids, m.id)
	}
	return ids
}

// Post puts a message into the queue: what is in its resData.
func (s *Server) Post(data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post(data)
}

// PostText puts a message into the queue that says something in words, and has that in its resData.
func (s *Server) PostText(text, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post(data)
	s.mail.queue[len(s.mail.queue)-1].text = text
}

// PostOutcome tells what became of an order that this server knows nothing else of. It names the order [Elsewhere], and by what the client named it if that is not empty.
func (s *Server) PostOutcome(name, clientTransaction string, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post(pending(name, transaction{client: clientTransaction, server: Elsewhere}, done, s.clock.Now()))
}

// Elsewhere is what orders are named by the server of which it knows nothing else.
const Elsewhere = "elsewhere-1"

// FinishRenewal ends an extension that was answered with 1001.
func (s *Server) FinishRenewal(name string, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.mail.renewals[name]
	if !ok {
		panic("no renewal of " + name + " is open")
	}
	delete(s.mail.renewals, name)
	if done {
		s.Book.Extend(name)
	}
	s.post(pending(name, t, done, s.clock.Now()))
}

func (s *Server) post(data string) {
	s.mail.last++
	s.mail.queue = append(s.mail.queue, message{id: fmt.Sprint(1000 + s.mail.last), text: Quoted, data: data, at: s.clock.Now()})
}

func pending(name string, t transaction, done bool, at time.Time) string {
	result := 0
	if done {
		result = 1
	}
	client := ""
	if t.client != "" {
		client = "<clTRID>" + escape(t.client) + "</clTRID>"
	}
	return inDomain("panData", fmt.Sprintf(
		`<domain:name paResult="%d">%s</domain:name><domain:paTRID>%s<svTRID>%s</svTRID></domain:paTRID><domain:paDate>%s</domain:paDate>`,
		result, escape(name), client, escape(t.server), stamp(at)))
}

// deliver writes messages about the orders that were finished in the books.
func (s *Server) deliver() {
	for _, name := range slices.Sorted(maps.Keys(s.mail.orders)) {
		state := s.Book.Get(name).State
		if state == registrartest.Open {
			continue
		}
		s.post(pending(name, s.mail.orders[name], state == registrartest.Ours, s.clock.Now()))
		delete(s.mail.orders, name)
	}
}

func (c *session) poll(r *request) reply {
	s := c.server
	s.deliver()
	p := r.Command.Poll
	if p.Operation == "ack" {
		if len(s.mail.queue) == 0 || s.mail.queue[0].id != p.ID {
			return c.respond(r, 2303, parts{})
		}
		s.mail.queue = s.mail.queue[1:]
		return c.respond(r, 1000, parts{})
	}
	if len(s.mail.queue) == 0 {
		return c.respond(r, 1300, parts{})
	}
	first := s.mail.queue[0]
	return c.respond(r, 1301, parts{
		queue: fmt.Sprintf(`<msgQ count="%d" id="%s"><qDate>%s</qDate><msg>%s</msg></msgQ>`, len(s.mail.queue), first.id, stamp(first.at), escape(first.text)),
		data:  first.data,
	})
}
