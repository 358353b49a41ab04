package verify

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	maxCallbackBody = 64 << 10 // bytes
	maxCalls        = 10_000   // kept; a factory that never ends is found long before
)

// Inbox takes the callbacks of a factory, as an http.Handler that must be served over TLS at the callback's host and port. It is no
// hallo.Receiver, which refuses what breaks the contract: an Inbox takes everything, so that it can be judged.
type Inbox struct {
	digest [sha256.Size]byte

	mu    sync.Mutex
	more  chan struct{} // closed when a call comes
	calls []call
	count map[string]int  // of calls, by the name in normal form
	plans map[string]plan // by the same
	life  time.Time       // when a call about a name came last that was no third one: a factory that is still at work on what it was given
}

// plan is how calls about a name are answered: the n-th, from 0.
type plan func(n int) reply

// reply is a status, or no answer at all.
type reply struct {
	status   int
	location string
	// moved says that the location is another path of the callback.
	moved bool
}

// cutOff ends the connection without an answer.
const cutOff = 0

// call is one request that came.
type call struct {
	time   time.Time
	domain string // the name, in normal form, that it was about
	method string
	path   string // as it was sent, percent-encoding and all
	query  url.Values
	raw    string // query, without secrets
	header http.Header
	body   []byte
	// headers and secrets count the credentials of either dialect; right says that there is one, and it is the token.
	headers, secrets int
	right            bool
}

// NewInbox makes one that knows the token by which calls authenticate.
func NewInbox(token string) *Inbox {
	return &Inbox{digest: sha256.Sum256([]byte(token)), more: make(chan struct{}), count: map[string]int{}, plans: map[string]plan{}}
}

// ServeHTTP takes one call.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCallbackBody))
	if err != nil {
		return // who called is gone
	}
	c := call{time: time.Now(), method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header.Clone(), body: body}
	b.authenticate(&c)
	answer := b.take(c)
	switch {
	case answer.status == cutOff:
		panic(http.ErrAbortHandler) // the documented way to end a connection without an answer
	case answer.location != "":
		w.Header().Set("Location", answer.location)
	}
	w.WriteHeader(answer.status)
}

// authenticate looks at the credentials and takes them out.
func (b *Inbox) authenticate(c *call) {
	var token string
	for _, value := range c.header.Values("Authorization") {
		c.headers++
		if scheme, shown, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			token = shown
		}
	}
	for _, value := range c.query["secret"] {
		c.secrets++
		token = value
	}
	digest := sha256.Sum256([]byte(token))
	c.right = c.headers+c.secrets == 1 && subtle.ConstantTimeCompare(digest[:], b.digest[:]) == 1
	c.header.Del("Authorization")
	c.query.Del("secret")
	c.raw = c.query.Encode()
}

// take keeps the call and decides the answer. Calls about names of no plan are owed from earlier: they are answered 200, so that they end.
func (b *Inbox) take(c call) reply {
	b.mu.Lock()
	defer b.mu.Unlock()
	text, _ := url.PathUnescape(c.path)
	for name := range b.plans {
		if strings.Contains(strings.ToLower(text+"?"+c.raw), name) {
			c.domain = name
		}
	}
	answer := reply{status: http.StatusOK}
	if decide := b.plans[c.domain]; decide != nil {
		answer = decide(b.count[c.domain])
	}
	if b.count[c.domain]++; c.domain != "" && b.count[c.domain] <= 2 {
		b.life = c.time
	}
	if len(b.calls) < maxCalls {
		b.calls = append(b.calls, c)
	}
	close(b.more)
	b.more = make(chan struct{})
	return answer
}

// expect makes a plan for a name.
func (b *Inbox) expect(name string, decide plan) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plans[normal(name)] = decide
}

// about are the calls about a name so far.
func (b *Inbox) about(name string) ([]call, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []call
	for _, c := range b.calls {
		if c.domain == normal(name) {
			found = append(found, c)
		}
	}
	return found, b.more
}

// wait waits until so many calls about a name have come, and returns what there is when the context ends.
func (b *Inbox) wait(ctx context.Context, name string, calls int) []call {
	for {
		found, more := b.about(name)
		if len(found) >= calls {
			return found
		}
		select {
		case <-more:
		case <-ctx.Done():
			return found
		}
	}
}

// mostPatience is how many times the patience may begin anew.
const mostPatience = 3

// patienceEnds says when a wait ends that began at since. All that checks ask for at once, a factory may do one by one: patience begins anew with
// each sign that it is at work.
func (b *Inbox) patienceEnds(since time.Time, patience time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	end, last := since.Add(patience), since.Add(mostPatience*patience)
	if later := b.life.Add(patience); later.After(end) {
		end = later
	}
	if end.After(last) {
		return last
	}
	return end
}

// patient waits for so many calls about a name since something was sent.
func (b *Inbox) patient(ctx context.Context, name string, calls int, since time.Time, patience time.Duration) []call {
	for {
		end := b.patienceEnds(since, patience)
		moment, cancel := context.WithDeadline(ctx, end)
		found := b.wait(moment, name, calls)
		cancel()
		if len(found) >= calls || ctx.Err() != nil || !b.patienceEnds(since, patience).After(end) {
			return found
		}
	}
}

// normal is the form in which names are compared.
func normal(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
