package epp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/registrar"
)

const (
	// helloAfter is how long a session may have been idle and still be used without hello.
	helloAfter = 30 * time.Second
	// keepAliveEvery is how often an idle session says hello. Registries close sessions that are idle for some minutes.
	keepAliveEvery = time.Minute
	// keepAliveFor is how long after the last call a session is given up: others may want it.
	keepAliveFor = 10 * time.Minute
	// helloTimeout bounds what no caller waits for.
	helloTimeout = 10 * time.Second
	// callTimeout bounds every call whose caller has no deadline.
	callTimeout = 2 * time.Minute
	// loginPause is how long credentials that were refused are not tried again.
	loginPause = 5 * time.Minute
)

// pool has the lines to all servers.
type pool struct {
	clock  clock.PassiveClock
	timers clock.WithDelayedExecution
	dial   Dialer
	random io.Reader

	// started and counter make transaction identifiers that no other run of this program has used.
	started int64
	counter atomic.Uint64

	mu    sync.Mutex
	lines map[lineKey]*line
}

type lineKey = types.UID

// lineOf is the line of a Registrar; another one once it is reached in another way. The one that was ends its session when nobody is using it.
func (p *pool) lineOf(uid types.UID, a access) *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.lines[uid]
	if before != nil && before.access.fingerprint == a.fingerprint {
		return before
	}
	l := &line{pool: p, access: a, free: make(chan struct{}, 1), mail: &mailbox{}}
	l.free <- struct{}{}
	p.lines[uid] = l
	if before != nil {
		l.mail = before.mail
		go before.retire()
	}
	return l
}

func (p *pool) nextID() string { return fmt.Sprintf("mwf-%x-%d", p.started, p.counter.Add(1)) }

// line is the one way to a server: at most one session, and one caller at a time.
type line struct {
	pool   *pool
	access access
	// free holds something while nobody uses the line.
	free chan struct{}
	mail *mailbox
	// failed is why who had the line last got no answer, or no session; nil where there was one.
	failed atomic.Pointer[error]

	// What follows belongs to whoever has the line.
	session *session
	// spoken is when the server was last heard of, used is when a caller last had the line.
	spoken, used time.Time
	// refused is why the credentials were not taken, at refusedAt.
	refused   error
	refusedAt time.Time
	retired   bool
	timer     clock.Timer
}

// use waits for its turn and calls f with a session that works as far as anybody knows. Where it returns an error that f did not, nothing was sent but hello and login: it is a
// [registrar.Busy] where its turn did not come in time.
func (l *line) use(ctx context.Context, f func(ctx context.Context, s *session) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if !l.turn(ctx) {
		return l.unreached()
	}
	defer l.release()
	l.used = l.pool.clock.Now()
	s, err := l.ready(ctx)
	if err != nil {
		l.failed.Store(&err)
		return err
	}
	err = f(ctx, s)
	l.spoken = l.pool.clock.Now()
	l.failed.Store(s.silence())
	return err
}

// turn waits for the line, for half of the caller's time at most: who got it at the last moment would be broken off in the middle of its call, and an order would come to nobody
// knows what.
func (l *line) turn(ctx context.Context) bool {
	if deadline, ok := ctx.Deadline(); ok {
		half, cancel := context.WithTimeout(ctx, time.Until(deadline)/2) //nolint:forbidigo // a context's deadline is by the real clock
		defer cancel()
		ctx = half
	}
	select {
	case <-l.free:
		return true
	case <-ctx.Done():
		return false
	}
}

// unreached is what is known to who waited for the line in vain: a [registrar.Busy], unless who had it last got no answer. Where nobody does, it would never be anybody's turn,
// and the line always in use.
func (l *line) unreached() error {
	if last := l.failed.Load(); last != nil {
		return fmt.Errorf("wait for the session, while others get no answer: %w", *last)
	}
	return fmt.Errorf("wait for the session: %w", &registrar.Busy{})
}

// release gives the line back, without a session that is broken.
func (l *line) release() {
	l.settle()
	l.free <- struct{}{}
}

// settle ends what must not be used again, and has the rest kept alive.
func (l *line) settle() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	switch {
	case l.session == nil:
	case l.session.broken:
		drop(l.session.conn)
		l.session = nil
	case l.retired:
		l.end()
	case l.pool.timers != nil:
		l.timer = l.pool.timers.AfterFunc(keepAliveEvery, func() { go l.keep() })
	}
}

// ready returns the session, after hello where it has been idle, or begins one.
func (l *line) ready(ctx context.Context) (*session, error) {
	now := l.pool.clock.Now()
	if l.session != nil && now.Sub(l.spoken).Abs() < helloAfter {
		return l.session, nil
	}
	if l.session != nil && l.hello(ctx) {
		return l.session, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("say hello: %w", err)
	}
	if l.refused != nil && now.Sub(l.refusedAt).Abs() < loginPause {
		return nil, l.refused
	}
	conn, err := l.pool.dial(ctx, l.access.server, l.access.config)
	if err != nil {
		return nil, connectionError("connect", err)
	}
	l.session, err = begin(ctx, conn, l.access.user, l.access.password, l.pool.nextID)
	if err != nil {
		drop(conn)
		l.session = nil
		if credentials := new(registrar.CredentialsError); errors.As(err, &credentials) {
			l.refused, l.refusedAt = err, now
		}
		return nil, err
	}
	l.refused, l.spoken = nil, l.pool.clock.Now()
	return l.session, nil
}

// hello says whether the server is still there; if not, the session is gone.
func (l *line) hello(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	if err := l.session.hello(ctx); err != nil {
		drop(l.session.conn)
		l.session = nil
		return false
	}
	l.spoken = l.pool.clock.Now()
	return true
}

// keep is what happens to a session that nobody uses. It comes back as long as there is one, which is not for ever.
func (l *line) keep() {
	select {
	case <-l.free:
	default:
		return // whoever has it gives it back
	}
	defer l.release()
	if l.session == nil || l.retired {
		return
	}
	if l.pool.clock.Now().Sub(l.used) >= keepAliveFor {
		l.end()
		return
	}
	l.hello(context.Background())
}

// retire ends the session once nobody uses it any more, and every later one after its call.
func (l *line) retire() {
	<-l.free
	l.retired = true
	l.release()
}

// end logs out. Nobody waits for that: a caller whose time is over must have its answer.
func (l *line) end() {
	s := l.session
	l.session = nil
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), helloTimeout)
		defer cancel()
		s.end(ctx)
	}()
}
