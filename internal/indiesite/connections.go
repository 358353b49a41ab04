package indiesite

import (
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// The bounds on connections, which are what a site with 20 MB of memory can bear.
const (
	maxConnections = 80 // each costs some 20 kB, and a body
	maxHalfHeaders = 8  // a header takes up to twenty times its size while it is being read: 140 kB
	maxIdle        = 8  // of which each may have half a header too, that came along with the last request
	maxEnding      = 8  // that were closed, and have somebody at work for them yet

	// headerTime is for how long a half header is let be though others wait. Whole
	// ones come at once, but somebody has to get around to reading them.
	headerTime = 50 * time.Millisecond
)

// connections bounds how many connections there are and lets every new one in all
// the same: in a full house, the one that has been longest in its present state
// is closed for it. So requests that never become whole, however many, take
// the site away from nobody, nor from the probes that tell whether it works: they
// are the first to go, and those that move are let be.
//
// A request that waits for its turn is not what others wait for. It is closed
// only where all do so, and then whoever came last, so that those before them
// have their turns.
type connections struct {
	most [phases]int // in each state

	mu     sync.Mutex
	left   sync.Cond         // a connection has ended, or the listener was closed
	in     [phases]list.List // who is in which state, for the longest time first
	open   int               // connections in these lists
	known  int               // connections that the server is not done with
	halves int               // those of them that were closed with half a header
	steps  uint64
	closed bool
}

// phase is what a connection is at.
type phase int

const (
	silent     phase = iota // nothing has come yet
	halfHeader              // part of a header has come
	idle                    // a request was answered
	active                  // a request is being read or answered
	inLine                  // one waits for its turn
	phases
	gone = phases // it was closed
)

func newConnections(most int) *connections {
	c := &connections{most: [phases]int{most, maxHalfHeaders, maxIdle, most, most}}
	c.left.L = &c.mu
	return c
}

// serve makes the server keep to the bounds on the listener.
func (c *connections) serve(server *http.Server, listener net.Listener) error {
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, conn)
	}
	server.ConnState = c.changed
	return server.Serve(&boundedListener{listener, c})
}

// changed is the ConnState of a server.
func (c *connections) changed(conn net.Conn, now http.ConnState) {
	k := conn.(*connection) // as the listener gave it
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now {
	case http.StateNew:
		if c.open == c.most[active] {
			c.longest().evict()
		}
		c.open++
		k.enter(silent)
	case http.StateActive:
		k.moveTo(active)
	case http.StateIdle:
		k.moveTo(idle)
	case http.StateClosed, http.StateHijacked:
		k.leave()
		c.known--
		if k.half {
			c.halves--
		}
		c.left.Broadcast()
	}
}

// longest is the connection to close for another; the caller holds mu.
func (c *connections) longest() *connection {
	var longest *connection
	for s := range inLine {
		if first := c.in[s].Front(); first != nil {
			if k := first.Value.(*connection); longest == nil || k.since < longest.since {
				longest = k
			}
		}
	}
	if longest == nil {
		longest = c.in[inLine].Back().Value.(*connection)
	}
	return longest
}

// connection is one that a boundedListener took.
type connection struct {
	net.Conn
	of *connections

	phase phase
	half  bool        // it was closed with half a header
	fresh *time.Timer // runs while its half header is let be, nil afterwards
	place *list.Element
	since uint64 // the step by which it came into its state
}

type connectionKey struct{}

// waitsInLine says of the connection of a request that it waits for its turn, until
// done is called.
func waitsInLine(ctx context.Context) (done func()) {
	k, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return func() {}
	}
	move := func(to phase) {
		k.of.mu.Lock()
		defer k.of.mu.Unlock()
		k.moveTo(to)
	}
	move(inLine)
	return func() { move(active) }
}

// Read sees when a request begins.
func (k *connection) Read(into []byte) (int, error) {
	n, err := k.Conn.Read(into)
	if n > 0 {
		k.begin()
	}
	return n, err
}

// begin waits with reading the header until there is memory for it.
func (k *connection) begin() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	for (k.phase == silent || k.phase == idle) && !k.of.hasRoomForHeader() {
		k.of.left.Wait()
	}
	if k.phase == silent || k.phase == idle {
		k.moveTo(halfHeader)
	}
}

// hasRoomForHeader reports whether another may be read, if only for the end of one
// that had its time; the caller holds mu.
func (c *connections) hasRoomForHeader() bool {
	reading := &c.in[halfHeader]
	return c.halves < maxEnding && (reading.Len() < c.most[halfHeader] || reading.Front().Value.(*connection).fresh == nil)
}

// grow ends the time for which a half header is let be.
func (k *connection) grow() {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	k.fresh = nil
	k.of.left.Broadcast()
}

// ReadFrom lets files go to the connection without a buffer.
func (k *connection) ReadFrom(content io.Reader) (int64, error) { return io.Copy(k.Conn, content) }

// CloseWrite lets the other side read the last answer.
func (k *connection) CloseWrite() error {
	if half, ok := k.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// enter puts the connection last in a state, where the first has to go if that is
// one too many; the caller holds mu.
func (k *connection) enter(s phase) {
	c := k.of
	c.steps++
	k.phase, k.since, k.place = s, c.steps, c.in[s].PushBack(k)
	if s == halfHeader {
		k.fresh = time.AfterFunc(headerTime, k.grow)
	}
	if c.in[s].Len() > c.most[s] {
		c.in[s].Front().Value.(*connection).evict()
	}
}

// moveTo changes the state, unless the connection was closed; the caller holds mu.
func (k *connection) moveTo(s phase) {
	if k.phase != gone {
		k.remove()
		k.enter(s)
	}
}

// remove takes the connection out of the list of its state; the caller holds mu.
func (k *connection) remove() {
	k.of.in[k.phase].Remove(k.place)
	if k.phase == halfHeader {
		k.of.left.Broadcast()
		if k.fresh != nil {
			k.fresh.Stop()
			k.fresh = nil
		}
	}
}

// leave takes the connection out, if it was not yet; the caller holds mu.
func (k *connection) leave() {
	if k.phase != gone {
		k.remove()
		k.of.open--
		k.phase, k.place = gone, nil
	}
}

// evict closes the connection; the caller holds mu.
func (k *connection) evict() {
	if k.phase == halfHeader {
		k.half = true
		k.of.halves++
	}
	k.leave()
	k.of.left.Broadcast()
	_ = k.Close() // whoever it was sees that it ended
}

// boundedListener takes no more connections while too many that were closed have
// not ended yet.
type boundedListener struct {
	net.Listener
	of *connections
}

// Accept waits for the next connection.
func (l *boundedListener) Accept() (net.Conn, error) {
	if err := l.of.admit(); err != nil {
		return nil, err
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		l.of.mu.Lock()
		defer l.of.mu.Unlock()
		l.of.known--
		return nil, err
	}
	return &connection{Conn: conn, of: l.of, phase: gone}, nil
}

// admit waits for the end of those that were closed.
func (c *connections) admit() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.known >= c.most[active]+maxEnding && !c.closed {
		c.left.Wait()
	}
	if c.closed {
		return net.ErrClosed
	}
	c.known++
	return nil
}

// Close lets nobody in any more.
func (l *boundedListener) Close() error {
	l.of.mu.Lock()
	l.of.closed = true
	l.of.left.Broadcast()
	l.of.mu.Unlock()
	return l.Listener.Close()
}
