package verify

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
)

var orders = []Check{
	{Number: 100, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "POST /v1/site {domain, callback, …} → 201 accepted.", run: func(ctx context.Context, s *session) error {
		return s.ordered(ctx).answer.is(http.StatusCreated)
	}},
	{Number: 101, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "201 carries Location: /v1/site/<domain>.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		base, err := url.Parse(s.config.URL + "/v1/site")
		if err != nil {
			return err
		}
		// A factory below a path has it in front, a reference may be a relative one, a name is the same in capitals, and so is a path with a slash.
		want, shown := base.Path+"/"+normal(p.name), p.answer.header.Get("Location")
		if location, err := base.Parse(shown); shown == "" || err != nil || normal(strings.TrimRight(location.Path, "/")) != normal(want) || location.RawQuery != "" {
			return p.answer.fails("Location: %s", want)
		}
		return nil
	}},
	{Number: 102, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "Answers are no-store: 201 too.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err == nil && !strings.Contains(strings.ToLower(p.answer.header.Get("Cache-Control")), "no-store") {
			return p.answer.fails("Cache-Control: no-store")
		}
		return err
	}},
	{Number: 103, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "GET /v1/domain/<domain>: false for names that are … claimed.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		return s.unlessEnded(p.name, s.asks(ctx, p.name, false))
	}},
	{Number: 104, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "Own claim with the same digest → 201: the same order again.", run: func(ctx context.Context, s *session) error {
		return s.again(ctx, http.StatusCreated, func(d document) document { return d })
	}},
	{Number: 105, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "Any other claim → 409: with another code.", run: func(ctx context.Context, s *session) error {
		return s.again(ctx, http.StatusConflict, func(d document) document { return s.recoded(d, s.another) })
	}},
	{Number: 106, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "Any other claim → 409: with another callback.", run: func(ctx context.Context, s *session) error {
		return s.again(ctx, http.StatusConflict, func(d document) document { return d.with("callback", s.callback()+"/other") })
	}},
	{Number: 107, Section: Orders, Needs: NeedsOrders | NeedsBothDialects, Sentence: "Any other claim → 409: in the other dialect.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		older := s.sibling(hallo.QuerySecret)
		return s.unlessEnded(p.name, older.post(ctx, older.order(p.name)).is(http.StatusConflict))
	}},
	{Number: 108, Section: Orders, Each: true, Needs: NeedsOrders | NeedsOther, Sentence: "Any other claim → 409: by another onboarder.", run: func(ctx context.Context, s *session) error {
		return s.otherOrders(ctx)
	}},
	{Number: 109, Section: Orders, Each: true, Needs: NeedsOrders | NeedsOther, Sentence: "True means: a new order for it by this onboarder would be accepted: false for another onboarder's.", run: func(ctx context.Context, s *session) error {
		p, err := s.accepted(ctx)
		if err != nil {
			return err
		}
		a := s.send(ctx, s.authenticated(request{method: http.MethodGet, path: domainPath(p.name)}, s.config.OtherToken))
		if a.status == http.StatusUnauthorized {
			return skip(notLetIn)
		}
		if a.err != nil || available(a) != "false" {
			return a.fails(`200 {"available": false}`)
		}
		return nil
	}},
	{Number: 110, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "Names are normalised (Alice.GENT. is alice.gent): a claim is found by each way to write it.", run: func(ctx context.Context, s *session) error {
		upper := func(d document) document {
			name := d.domain()
			return d.with("domain", strings.ToUpper(name)+".")
		}
		if err := s.again(ctx, http.StatusConflict, func(d document) document { return s.recoded(upper(d), s.another) }); err != nil {
			return err
		}
		return s.again(ctx, http.StatusCreated, upper)
	}},
	{Number: 111, Section: Orders, Each: true, Needs: NeedsOrders, Sentence: "A trailing slash on the callback makes no difference.", run: func(ctx context.Context, s *session) error {
		return s.again(ctx, http.StatusCreated, func(d document) document { return d.with("callback", s.callback()+"/") })
	}},
	{Number: 112, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Sentence: "Checker says taken → 409. On a test factory that is unavailable.gent.", run: func(ctx context.Context, s *session) error {
		return s.post(ctx, s.order(alwaysTaken)).is(http.StatusConflict)
	}},
	{Number: 113, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Sentence: "Checker … does not know → 503. On a test factory that is error.gent.", run: func(ctx context.Context, s *session) error {
		return s.post(ctx, s.order(alwaysUnknown), http.StatusServiceUnavailable).is(http.StatusServiceUnavailable)
	}},
	{Number: 114, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Optional: true, Sentence: "Too dear → 409. On a test factory that is premium-*.gent.", run: func(ctx context.Context, s *session) error {
		return s.freshIs(ctx, "premium", http.StatusConflict)
	}},
	{Number: 115, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Optional: true, Sentence: "Exactly one label is sold below a suffix: www.alice.gent is 409.", run: func(ctx context.Context, s *session) error {
		return s.freshIs(ctx, "www.verify", http.StatusConflict)
	}},
	{Number: 116, Section: Orders, Needs: NeedsOrders | NeedsTestNames, Sentence: "Any other claim → 409: of orders that come at once, one is accepted.", run: func(ctx context.Context, s *session) error {
		return s.race(ctx, 1, func(d document, n int) document { return s.recoded(d, fmt.Sprintf("%s-%d", s.code, n)) })
	}},
	{Number: 117, Section: Orders, Needs: NeedsOrders | NeedsTestNames, Sentence: "Own claim with the same digest → 201: the same order many times at once.", run: func(ctx context.Context, s *session) error {
		return s.race(ctx, racers, func(d document, _ int) document { return d })
	}},
	{Number: 118, Section: Orders, Each: true, Needs: NeedsOrders, Waits: 1, Sentence: "Any other claim → 409: also after its 201 outcome.", run: func(ctx context.Context, s *session) error {
		if _, err := s.told(ctx); err != nil {
			return err
		}
		return s.again(ctx, http.StatusConflict, func(d document) document { return s.recoded(d, s.another) })
	}},
	{Number: 119, Section: Orders, Each: true, Needs: NeedsOrders, Waits: 2, Sentence: "Own claim with the same digest → 201 (after a delivered or given-up outcome it is sent again).", run: sentAgain},
	{Number: 120, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 1, Sentence: "True again for the onboarder's own claim after a 500.", run: func(ctx context.Context, s *session) error {
		d, err := s.ended(ctx, "setup-fails", http.StatusInternalServerError)
		if err != nil {
			return err
		}
		name := d.domain()
		return s.asks(ctx, name, true)
	}},
	{Number: 121, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "Own claim after a 500 outcome → a new attempt, 201.", run: func(ctx context.Context, s *session) error {
		return s.startsOver(ctx, "setup-fails", http.StatusInternalServerError, func(d document) document { return s.recoded(d, s.another) })
	}},
	{Number: 122, Section: Orders, Each: true, Needs: NeedsOrders | NeedsTestNames, Waits: 2, Sentence: "On a test factory … a new order for a known name after an outcome starts over.", run: func(ctx context.Context, s *session) error {
		return s.startsOver(ctx, "taken-at-registration", http.StatusConflict, func(d document) document { return d })
	}},
}

const racers = 6

// placed is an order that was sent.
type placed struct {
	name   string    // as it was sent
	time   time.Time // of the answer
	body   document
	answer answer
}

// ordered sends the session's plain order, once. Its name is written in capitals too, and its outcome is answered 200 at once.
func (s *session) ordered(ctx context.Context) *placed {
	defer hold(ctx)()
	s.once.Do(func() {
		ctx, cancel := within(context.WithoutCancel(ctx), s.config.Timeout) // others wait for it too
		defer cancel()
		name, err := s.fresh("verify")
		name = strings.ToUpper(name[:1]) + name[1:]
		s.plain = &placed{name: name, time: time.Now(), body: s.order(name), answer: answer{run: s.run, err: err}}
		if err == nil {
			s.plain.answer = s.send1(ctx, name, s.plain.body, taken)
			s.plain.time = time.Now() // it may have been put off
		}
	})
	return s.plain
}

// send1 sends an order for a name, whose callbacks are answered by the plan.
func (s *session) send1(ctx context.Context, name string, d document, answers plan) answer {
	s.config.Inbox.expect(name, answers)
	s.mu.Lock()
	s.run.ordered++
	s.mu.Unlock()
	return s.post(ctx, d)
}

// taken answers all calls 200.
func taken(int) reply { return reply{status: http.StatusOK} }

// first answers the first call so, and all others 200.
func first(r reply) plan {
	return func(n int) reply {
		if n == 0 {
			return r
		}
		return reply{status: http.StatusOK}
	}
}

// accepted is the plain order, if the factory took it.
func (s *session) accepted(ctx context.Context) (*placed, error) {
	p := s.ordered(ctx)
	if p.answer.err != nil || p.answer.status != http.StatusCreated {
		return p, skip("the order was not accepted: check 100")
	}
	return p, nil
}

// again sends the plain order once more, changed.
func (s *session) again(ctx context.Context, want int, change func(document) document) error {
	p, err := s.accepted(ctx)
	if err != nil {
		return err
	}
	return s.unlessEnded(p.name, s.post(ctx, change(p.body)).is(want))
}

// unlessEnded takes a failure for none where a name that costs money came to nothing meanwhile: such orders are answered otherwise.
func (s *session) unlessEnded(name string, err error) error {
	calls, _ := s.config.Inbox.about(name)
	for _, c := range calls {
		if status := c.query.Get("status"); err != nil && s.config.NamePattern != "" && (status == "409" || status == "500") {
			return skip("the order ended in %s, as one may", status)
		}
	}
	return err
}

// place orders another name, and wants it accepted.
func (s *session) place(ctx context.Context, prefix string, answers plan) (string, document, error) {
	if _, err := s.accepted(ctx); err != nil {
		return "", nil, err
	}
	name, err := s.fresh(prefix)
	if err != nil {
		return "", nil, err
	}
	d := s.order(name)
	return name, d, s.send1(ctx, name, d, answers).is(http.StatusCreated)
}

// await waits for so many callbacks about a name, within the patience.
func (s *session) await(ctx context.Context, name string, calls int) []call {
	return s.config.Inbox.patient(ctx, name, calls, time.Now(), s.config.Patience)
}

// awaitPlain waits for the first callback of the plain order: all who ask for it lose patience together.
func (s *session) awaitPlain(ctx context.Context) []call {
	return s.config.Inbox.patient(ctx, s.plain.name, 1, s.plain.time, s.config.Patience)
}

// told is the first callback of the plain order.
func (s *session) told(ctx context.Context) (call, error) {
	if _, err := s.accepted(ctx); err != nil {
		return call{}, err
	}
	calls := s.awaitPlain(ctx)
	if len(calls) == 0 {
		return call{}, skip("no callback came: check 130")
	}
	return calls[0], nil
}

// firstCall waits for the first callback about another name.
func (s *session) firstCall(ctx context.Context, name string) (call, error) {
	if calls := s.await(ctx, name, 1); len(calls) > 0 {
		return calls[0], nil
	}
	if _, err := s.told(ctx); err != nil {
		return call{}, err
	}
	return call{}, s.silence("an order of "+name, "a callback")
}

// silence is the failure of a callback that does not come.
func (s *session) silence(did, want string) error {
	return &Failure{Sent: did, Came: fmt.Sprintf("nothing until --patience (%s) ran out, which a slow factory or a busy machine may need more of", s.config.Patience), Want: want}
}

// ended orders a name of the test factory and waits for its outcome.
func (s *session) ended(ctx context.Context, prefix string, outcome int) (document, error) {
	name, d, err := s.place(ctx, prefix, taken)
	if err != nil {
		return d, err
	}
	c, err := s.firstCall(ctx, name)
	if err == nil && c.query.Get("status") != fmt.Sprint(outcome) {
		err = skip("the outcome is another one: checks 143 and 144")
	}
	return d, err
}

// startsOver orders a name anew after an outcome, and waits for the outcome of that.
func (s *session) startsOver(ctx context.Context, prefix string, outcome int, change func(document) document) error {
	d, err := s.ended(ctx, prefix, outcome)
	if err != nil {
		return err
	}
	a := s.post(ctx, change(d))
	if err := a.is(http.StatusCreated); err != nil {
		return err
	}
	name := d.domain()
	if len(s.await(ctx, name, 2)) < 2 {
		return s.silence(a.sent+" after the outcome", "a callback with the outcome of the new attempt")
	}
	return nil
}

// sentAgain repeats an order whose outcome was told. A factory may take a moment to write down that it was.
func sentAgain(ctx context.Context, s *session) error {
	name, d, err := s.place(ctx, "verify", taken)
	if err != nil {
		return err
	}
	if _, err := s.firstCall(ctx, name); err != nil {
		return err
	}
	since := time.Now()
	for {
		a := s.post(ctx, d)
		if err := a.is(http.StatusCreated); err != nil {
			return s.unlessEnded(name, err)
		}
		moment, cancel := context.WithTimeout(ctx, s.config.Quiet/2)
		calls := s.config.Inbox.wait(moment, name, 2)
		cancel()
		switch {
		case len(calls) > 1:
			return nil
		case time.Now().After(s.config.Inbox.patienceEnds(since, s.config.Patience)) || ctx.Err() != nil:
			return s.silence(a.sent+" after its outcome was delivered", "the outcome once more")
		}
	}
}

// notLetIn is why nothing is seen of an onboarder that speaks another dialect.
const notLetIn = "the factory does not let the other onboarder in in this dialect"

// otherOrders orders a claimed name as another onboarder, who may have to be called back elsewhere.
func (s *session) otherOrders(ctx context.Context) error {
	p, err := s.accepted(ctx)
	if err != nil {
		return err
	}
	d, header := p.body, http.Header{}
	if s.dialect == hallo.QuerySecret {
		d = d.with("secret", s.config.OtherToken)
	} else {
		header = bearer(s.config.OtherToken)
	}
	header.Set("Content-Type", "application/json")
	a := s.send(ctx, request{method: http.MethodPost, path: "/v1/site", header: header, body: d.encode()})
	switch a.status {
	case http.StatusBadRequest:
		return skip("the other onboarder may not be called back at --callback")
	case http.StatusUnauthorized:
		return skip(notLetIn)
	}
	return a.is(http.StatusConflict)
}

func (s *session) freshIs(ctx context.Context, prefix string, want int) error {
	name, err := s.fresh(prefix)
	if err != nil {
		return err
	}
	return s.send1(ctx, name, s.order(name), taken).is(want)
}

// race orders a name many times at once. So many are accepted, and all others answered 409.
func (s *session) race(ctx context.Context, winners int, change func(document, int) document) error {
	if _, err := s.accepted(ctx); err != nil {
		return err
	}
	name, err := s.fresh("verify")
	if err != nil {
		return err
	}
	answers := make([]answer, racers)
	var running sync.WaitGroup
	for i := range racers {
		running.Go(func() { answers[i] = s.send1(ctx, name, change(s.order(name), i), taken) })
	}
	running.Wait()
	accepted := 0
	for _, a := range answers {
		if err := a.is(http.StatusCreated, http.StatusConflict); err != nil {
			return err
		}
		if a.status == http.StatusCreated {
			accepted++
		}
	}
	if accepted != winners {
		return &Failure{
			Sent: fmt.Sprintf("%d orders of %s at once", racers, name), Came: fmt.Sprintf("201 to %d of them", accepted), Want: fmt.Sprintf("201 to %d", winners),
		}
	}
	return nil
}
