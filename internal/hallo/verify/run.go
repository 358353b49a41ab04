package verify

import (
	"context"
	"crypto/tls"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

const (
	// waitingAtOnce is how many checks are under way together that wait for callbacks, and quickAtOnce, how many others: a check's time must
	// not pass in a queue.
	waitingAtOnce, quickAtOnce = 100, 6
	// requestsAtOnce is how many requests are.
	requestsAtOnce = 8
)

// Summary counts what came of the checks.
type Summary struct {
	Kept, Broken, Absent, Skipped int
	// Busy are those of the skipped that came to no end in their time: whether these sentences are kept, nobody knows.
	Busy int
	// Ordered is how many names were ordered at most.
	Ordered int
	Took    time.Duration
	// Error is why the checks could not be made, or not all of them; empty if they were. It holds no secret.
	Error string
}

// run is one run of the checks.
type run struct {
	config  Config
	client  *http.Client
	sending chan struct{} // has room for the requests that are under way
	secrets []secret
	code    string // what sites are ordered with
	another string // another code
	nobodys string // a token that nobody has
	// test says that the names of a test factory answer as they should.
	test bool
	// barred says why one of the dialects is not spoken, if it is not.
	barred   string
	dialects []hallo.Dialect
	sessions map[hallo.Dialect]*session

	mu      sync.Mutex // guards ordered and Random
	ordered int
}

// Run makes the checks and shows each result, in the order of their numbers. Its error says why they could not be made at all; a broken
// sentence is none.
func Run(ctx context.Context, config Config, show func(Result)) (Summary, error) {
	summary, err := runChecks(ctx, config, show)
	if err != nil {
		summary.Error = err.Error()
	}
	return summary, err
}

func runChecks(ctx context.Context, config Config, show func(Result)) (Summary, error) {
	config, err := config.complete()
	if err != nil {
		return Summary{}, err
	}
	begun := time.Now()
	r := &run{config: config, sending: make(chan struct{}, requestsAtOnce), client: newClient(&tls.Config{RootCAs: config.Trust, MinVersion: tls.VersionTLS12}, true)}
	defer r.client.CloseIdleConnections()
	if err := r.prepare(ctx); err != nil {
		return Summary{}, err
	}
	summary := r.all(ctx, show)
	summary.Ordered, summary.Took = r.ordered, time.Since(begun)
	if ctx.Err() != nil {
		return summary, context.Cause(ctx)
	}
	return summary, nil
}

// newClient verifies certificates, follows no redirect and uses no proxy.
func newClient(config *tls.Config, http2 bool) *http.Client {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(http2)
	return &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: config, Protocols: protocols, IdleConnTimeout: time.Minute, ExpectContinueTimeout: 2 * time.Second,
		},
	}
}

// job is a check in a dialect.
type job struct {
	check  Check
	in     *session
	result chan Result
}

func (r *run) jobs() []*job {
	var all []*job
	for _, c := range Checks() {
		if !r.config.Only.has(c) {
			continue
		}
		dialects := r.dialects[:1]
		switch {
		case c.strangers && len(r.config.Dialects) == 0:
			dialects = bothDialects // whom the factory lets in in a dialect is one thing; it lets no stranger in in any
		case c.Each:
			dialects = r.dialects
		}
		for _, d := range dialects {
			all = append(all, &job{check: c, in: r.sessions[d], result: make(chan Result, 1)})
		}
	}
	return all
}

func (r *run) all(ctx context.Context, show func(Result)) Summary {
	jobs := r.jobs()
	var first, last []*job
	for _, j := range jobs {
		if j.check.Last && r.lacks(j.check) == nil { // who is skipped keeps nobody waiting
			last = append(last, j)
		} else {
			first = append(first, j)
		}
	}
	go func() {
		waiting, quick := make(chan struct{}, waitingAtOnce), make(chan struct{}, quickAtOnce)
		var working sync.WaitGroup
		for _, j := range first {
			slots := quick
			if j.check.Waits > 0 {
				slots = waiting
			}
			working.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				j.result <- j.do(ctx)
			})
		}
		working.Wait()
		for _, j := range last {
			j.result <- j.do(ctx)
		}
	}()
	var s Summary
	for _, j := range jobs {
		result := <-j.result
		switch result.Verdict {
		case Kept:
			s.Kept++
		case Broken:
			s.Broken++
		case Absent:
			s.Absent++
		case Skipped:
			s.Skipped++
			if result.Busy {
				s.Busy++
			}
		}
		show(result)
	}
	return s
}

// do makes one check within its time.
func (j *job) do(ctx context.Context) Result {
	begun, r := time.Now(), j.in.run
	limit := r.config.Timeout + time.Duration(j.check.Waits)*mostPatience*r.config.Patience
	whole := ctx
	ctx, cancel := within(whole, limit)
	defer cancel()
	result := Result{Check: j.check, Verdict: Kept}
	if j.check.Each {
		result.Dialect = j.in.dialect
	}
	err := r.lacks(j.check)
	if err == nil {
		err = j.check.run(ctx, j.in)
	}
	switch { // what was not seen until then need not be so, and what was may be for want of time
	case whole.Err() != nil:
		err = skip("broken off: %s", context.Cause(whole))
	case ctx.Err() != nil && !isSkipped(err):
		err = &skipped{context.Cause(ctx).Error(), true}
	}
	result.Took = time.Since(begun)
	var not *skipped
	switch {
	case err == nil:
		return result
	case errors.As(err, &not):
		result.Verdict, result.Reason, result.Busy = Skipped, not.reason, not.busy
		return result
	}
	if !errors.As(err, &result.Failure) {
		result.Failure = &Failure{Sent: "what the check is made of", Came: r.scrub(err.Error()), Want: "an end of it"}
	}
	if result.Verdict = Broken; j.check.Optional {
		result.Verdict = Absent
	}
	return result
}

// lacks says why a check cannot be made.
func (r *run) lacks(c Check) error {
	c.Needs |= map[bool]Needs{true: NeedsCallback}[c.Needs&NeedsOrders != 0]
	for _, need := range []struct {
		what Needs
		met  bool
		why  string
	}{
		{NeedsCallback, r.config.Callback != "", "needs a callback that the factory allows: --callback"},
		{NeedsOrders, r.config.Orders, "orders a site: only with --orders"},
		{NeedsTestNames, r.config.NamePattern == "", "needs the names of a test factory, and --name-pattern says that it is none"},
		{NeedsTestNames, r.test || r.config.TestFactory, "the factory does not answer the names of a test factory, and need not: --test-factory says that it is one"},
		{NeedsOrders, r.test || r.config.NamePattern != "", "the factory does not answer the names of a test factory, so nothing is ordered: give --name-pattern for names that may cost money"},
		{NeedsOther, r.config.OtherToken != "", "needs a second onboarder: --other-token-file"},
		{NeedsBothDialects, len(r.dialects) == 2, "needs both dialects: " + r.barred},
		{NeedsWebhookKey, r.config.WebhookKey != "", "callbacks are not signed: no --webhook-key-file"},
		{NeedsExhaust, r.config.Exhaust, "may keep others at this address out for a while: only with --exhaust"},
	} {
		if c.Needs&need.what != 0 && !need.met {
			return skip("%s", need.why)
		}
	}
	return nil
}

// random makes lower-case letters and digits, fit for a label.
func (r *run) random(n int) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw := make([]byte, n)
	if _, err := io.ReadFull(r.config.Random, raw); err != nil {
		return "", fmt.Errorf("make a name: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))[:n], nil
}
