package epp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

const (
	// settleTime is how long ago a refusal must have been told last before its message is acknowledged. A duty that could not write it down asks again, and within that
	// time: the longest pause of a work queue is 1000 seconds, and a pass takes two minutes at most.
	settleTime = 20 * time.Minute
	// strangerTime is how long a refusal may be first in the queue that nobody here has asked for.
	strangerTime = 24 * time.Hour
	// memoryTime is how long a refusal is remembered after it was told.
	memoryTime = 24 * time.Hour
	// maxRemembered bounds that.
	maxRemembered = 1000
	// maxMessages are read in one look-up.
	maxMessages = 50
)

// mailbox remembers what messages said, by their identifiers. Two lines share one while the account's password changes.
type mailbox struct {
	mu      sync.Mutex
	notices map[string]notice
}

// notice is what a message says of an order.
type notice struct {
	name           string
	client, server string
	done           bool
	// seen is when the message was first read here, told when a look-up was last told of it; zero while it was not.
	seen, told time.Time
}

// of says whether a notice is about the order that is asked for. Where the server gives our own identifier back, that decides, as it names the very try: a late word about
// an earlier one settles nothing. Only where it does not, the server's does.
func (n notice) of(q registrar.Query) bool {
	server, client := namesOf(q.Reference)
	if !eppwire.SameName(eppwire.Token(n.name), q.Domain) {
		return false
	}
	if _, _, ours := tryOf(n.client); ours && client != "" {
		return n.client == client
	}
	return server != "" && n.server == server
}

// superseded says whether a notice turns an earlier try down of what is asked for. That a later one was sent stands in the Domain, so the earlier is settled there.
func (n notice) superseded(q registrar.Query) bool {
	_, client := namesOf(q.Reference)
	asked, now, known := tryOf(client)
	order, try, ours := tryOf(n.client)
	return known && ours && !n.done && order == asked && try < now && eppwire.SameName(eppwire.Token(n.name), q.Domain)
}

// find returns the notice about an order, and marks it as told.
func (m *mailbox) find(q registrar.Query, now time.Time) (notice, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, n := range m.notices {
		if n.of(q) {
			n.told = now
			m.notices[id] = n
			return n, true
		}
	}
	return notice{}, false
}

// keep remembers a notice under its message's identifier, and returns what is known of it.
func (m *mailbox) keep(id string, n notice, now time.Time) notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.notices[id]; ok && known.name == n.name && known.server == n.server {
		return known
	}
	maps.DeleteFunc(m.notices, func(_ string, old notice) bool { return !old.told.IsZero() && now.Sub(old.told) > memoryTime })
	if len(m.notices) >= maxRemembered {
		ids := slices.SortedFunc(maps.Keys(m.notices), func(a, b string) int { return m.notices[a].seen.Compare(m.notices[b].seen) })
		delete(m.notices, ids[0])
	}
	if m.notices == nil {
		m.notices = map[string]notice{}
	}
	n.seen = now
	m.notices[id] = n
	return n
}

// errBehind says that the answer may be behind a message that must not be acknowledged yet.
var errBehind = errors.New("another order's message is first in the queue, and has not been written down yet")

// outcome reads the queue for what became of an order. Messages that are written down elsewhere are taken off it.
func (a *account) outcome(ctx context.Context, s *session, q registrar.Query) (notice, bool, error) {
	for range maxMessages {
		r, err := s.do(ctx, eppwire.Poll{}, "")
		if err != nil {
			return notice{}, false, fmt.Errorf("read the messages: %w", err)
		}
		switch code := r.Code(); {
		case code == eppwire.CodeNoMessages:
			n, found := a.line.mail.find(q, a.now())
			return n, found, nil
		case code != eppwire.CodeMessage:
			return notice{}, false, fmt.Errorf("read the messages: %w", errorOf(code))
		case r.Queue == nil || r.Queue.ID == "":
			s.broken = true
			return notice{}, false, errors.New("read the messages: one without an identifier")
		}
		written, err := a.written(ctx, s, r, q)
		if err != nil {
			return notice{}, false, err
		}
		if !written {
			if n, found := a.line.mail.find(q, a.now()); found {
				return n, true, nil
			}
			return notice{}, false, errBehind
		}
		if err := a.acknowledge(ctx, s, string(r.Queue.ID)); err != nil {
			return notice{}, false, err
		}
	}
	return notice{}, false, errBehind
}

// written says whether what a message says is known elsewhere, so that it may go.
func (a *account) written(ctx context.Context, s *session, r *eppwire.Response, q registrar.Query) (bool, error) {
	now := a.now()
	n, isOne := noticeOf(r)
	if !isOne {
		a.logMessage(ctx, "A message of the registry, about no order, is taken off its queue", r)
		return true, nil
	}
	n = a.line.mail.keep(string(r.Queue.ID), n, now)
	if n.done {
		where, _, _, err := a.info(ctx, s, n.name, "")
		if err != nil {
			return false, err
		}
		if where != standsAbsent && where != standsOrdered {
			return true, nil
		}
	}
	switch {
	case n.of(q):
		return false, nil // and is told now: who asks has not written it down
	case n.superseded(q):
		a.logMessage(ctx, "The refusal of an earlier try is taken off the registry's queue", r)
		return true, nil
	case !n.told.IsZero():
		return now.Sub(n.told) >= settleTime, nil
	case now.Sub(queuedAt(r, n)) >= strangerTime:
		a.logMessage(ctx, "The outcome of an order that nobody asked for is taken off the registry's queue", r, "done", n.done)
		return true, nil
	default:
		return false, nil
	}
}

// logMessage keeps a message in the log that nothing else keeps, before it is acknowledged and so is lost.
func (a *account) logMessage(ctx context.Context, what string, r *eppwire.Response, more ...any) {
	kind, name := r.Subject()
	queued := ""
	if r.Queue.Queued != nil {
		queued = r.Queue.Queued.UTC().Format(time.RFC3339)
	}
	log.FromContext(ctx).Info(what, append(more, "message", a.cleaned(string(r.Queue.ID)), "kind", a.cleaned(kind), "domain", a.cleaned(name),
		"queued", queued, "text", a.cleaned(string(r.Queue.Text)))...)
}

// queuedAt is when a message was put into the queue, as far as that is known.
func queuedAt(r *eppwire.Response, n notice) time.Time {
	if queued := r.Queue.Queued; queued != nil && queued.Before(n.seen) {
		return queued.Time
	}
	return n.seen
}

// noticeOf is what a message says of an order; false where it says nothing of one.
func noticeOf(r *eppwire.Response) (notice, bool) {
	if len(r.Data.Pending) != 1 {
		return notice{}, false
	}
	p := r.Data.Pending[0]
	if p.Name.Value == "" || p.Name.Result == nil {
		return notice{}, false
	}
	n := notice{name: string(p.Name.Value), client: string(p.Transaction.Client), server: string(p.Transaction.Server), done: bool(*p.Name.Result)}
	return n, true
}

func (a *account) acknowledge(ctx context.Context, s *session, id string) error {
	r, err := s.do(ctx, eppwire.Acknowledge{ID: id}, "")
	if err != nil {
		return fmt.Errorf("acknowledge a message: %w", err)
	}
	if code := r.Code(); !code.Success() && code != eppwire.CodeAbsent {
		return fmt.Errorf("acknowledge a message: %w", errorOf(code))
	}
	return nil
}

func (a *account) now() time.Time { return a.line.pool.clock.Now() }
