package hallo_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/hallo/hallotest"
)

var dialects = []hallo.Dialect{hallo.Bearer, hallo.QuerySecret}

func TestAClaimEndsWithAPageThatShowsItsOwner(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(string(dialect), func(t *testing.T) {
			tn := newTown(t, townConfig{dialect: dialect, domain: "Available.GENT", script: hallotest.Script{
				Availability: free, Orders: accepted, Outcomes: []int{201},
			}})
			if err := tn.claim(t); err != nil {
				t.Fatalf("%v\n%s", err, tn.output)
			}
			if got := tn.owner(); got.Name != "Alice & Bob" || got.Bio != "Drawing houses." {
				t.Errorf("the site knows its owner as %+v", got)
			}
			if got := tn.factory.Delivered(); !slices.Equal(got, []int{200}) {
				t.Errorf("the callback was answered %v", got)
			}
			calls := tn.Receiver.Calls()
			if len(calls) != 1 || calls[0].Path != "/mwf/site/Available.GENT" || calls[0].Outcome != 201 || len(calls[0].Body) != 0 {
				t.Errorf("the receiver got %+v", calls)
			}
			for _, line := range []string{`✓ Available.GENT is free`, `✓ the factory took the order`, `✓ the factory called back`,
				`✓ the site knows its owner`, `✓ https://available.gent/ answers over verified TLS and shows "Alice & Bob"`} {
				if !regexp.MustCompile(`(?m)^ *\d+\.\d s  ` + regexp.QuoteMeta(line)).MatchString(tn.output.String()) {
					t.Errorf("the output lacks %q:\n%s", line, tn.output)
				}
			}
		})
	}
}

func TestAClaimThatCannotEndWellSaysWhy(t *testing.T) {
	undecided := func(status int) []hallotest.Reply {
		return []hallotest.Reply{{Status: status, Body: `{"title": "No ` + token + `"}`}}
	}
	problem := func(status int) []hallotest.Reply {
		return []hallotest.Reply{{Status: status, Body: `{"title": "No", "detail": "because of ` + token + ` and ` + code + "\\u001b[2J" + `"}`}}
	}
	for name, c := range map[string]struct {
		script hallotest.Script
		is     error
		exit   int
		orders int
		says   string
	}{
		"a name that is not free":          {hallotest.Script{Availability: taken, Orders: accepted}, hallo.ErrNotAvailable, 3, 0, "not available"},
		"an order answered 409":            {hallotest.Script{Availability: free, Orders: problem(409)}, hallo.ErrNotAvailable, 3, 1, "409"},
		"an order answered 400":            {hallotest.Script{Availability: free, Orders: problem(400)}, hallo.ErrRefused, 1, 1, "No: because of (secret) and (secret)"},
		"an order answered 401":            {hallotest.Script{Availability: free, Orders: problem(401)}, hallo.ErrRefused, 1, 1, "401"},
		"an order answered 302":            {hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Status: 302, Header: http.Header{"Location": {"https://127.0.0.1:1/"}}}}}, hallo.ErrRefused, 1, 1, "302"},
		"a factory that stays busy":        {hallotest.Script{Availability: free, Orders: problem(503)}, nil, 1, 4, "given up after 4 tries"},
		"answers that are always lost":     {hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Lost: true}}}, nil, 1, 4, "given up after 4 tries"},
		"a check that stays undecided":     {hallotest.Script{Availability: undecided(503), Orders: accepted}, nil, 1, 0, "given up after 4 tries"},
		"a check answered 401":             {hallotest.Script{Availability: undecided(401), Orders: accepted}, nil, 1, 0, "401"},
		"a check that answers nothing":     {hallotest.Script{Availability: []hallotest.Reply{{Status: 200, Body: `{}`}}, Orders: accepted}, nil, 1, 0, "something else"},
		"a check that answers maybe":       {hallotest.Script{Availability: []hallotest.Reply{{Status: 200, Body: `{"available": "maybe"}`}}, Orders: accepted}, nil, 1, 0, "something else"},
		"a callback that tells 409":        {hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{409}}, hallo.ErrNotAvailable, 3, 1, "called back with 409"},
		"a callback that tells 500":        {hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{500}}, hallo.ErrFactoryFailed, 1, 1, "called back with 500"},
		"a 500 after which it is too late": {hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{500, 201}}, hallo.ErrFactoryFailed, 1, 1, "called back with 500"},
	} {
		t.Run(name, func(t *testing.T) {
			tn := newTown(t, townConfig{script: c.script})
			err := tn.claim(t)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || hallo.ExitCode(err) != c.exit {
				t.Errorf("ended with %v, exit code %d, want %d", err, hallo.ExitCode(err), c.exit)
			}
			tn.factory.Delivered()
			if got := len(tn.factory.Orders()); got != c.orders {
				t.Errorf("ordered %d times, want %d", got, c.orders)
			}
			if stands := c.orders > 0 && !errors.Is(err, hallo.ErrRefused); tn.Ordered() != stands {
				t.Errorf("an order may stand: %v, want %v", tn.Ordered(), stands)
			}
			if !strings.Contains(tn.output.String(), "✗ ") || !strings.Contains(tn.output.String(), c.says) || strings.Contains(tn.output.String(), "\x1b") {
				t.Errorf("the output lacks %q:\n%s", c.says, tn.output)
			}
		})
	}
}

func TestALostAnswerIsAskedForAgainWithTheVerySameOrder(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(string(dialect), func(t *testing.T) {
			var tn *town
			script := hallotest.Script{
				Availability: free, Orders: []hallotest.Reply{{Lost: true}, {Status: 502}, {Status: 201}}, Outcomes: []int{201},
				Before: func(string) { // the callback is an answer too
					gomega.NewWithT(t).Eventually(func() int { return len(tn.factory.Orders()) }).WithTimeout(10 * time.Second).Should(gomega.Equal(3))
				},
			}
			tn = newTown(t, townConfig{dialect: dialect, script: script})
			if err := tn.claim(t); err != nil {
				t.Fatalf("%v\n%s", err, tn.output)
			}
			orders := tn.factory.Orders()
			if len(orders) != 3 || orders[0] != orders[1] || orders[1] != orders[2] {
				t.Errorf("ordered with %q", orders)
			}
		})
	}
}

func TestAfterACallbackTheOrderIsNotSentAgainWhoseAnswerWasLost(t *testing.T) {
	for outcome, want := range map[int]error{201: nil, 500: hallo.ErrFactoryFailed} {
		tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: []hallotest.Reply{{Lost: true}, {Status: 201}}, Outcomes: []int{outcome}}})
		tn.clock.still = true
		if err := tn.claim(t); !errors.Is(err, want) {
			t.Errorf("after %d it ended with %v\n%s", outcome, err, tn.output)
		}
		if n := len(tn.factory.Orders()); n != 1 {
			t.Errorf("after %d it was ordered %d times: another order, after a failure", outcome, n)
		}
	}
}

func TestASiteThatHasItsOwnerCountsAsDone(t *testing.T) {
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}}})
	answers := []int{http.StatusForbidden, http.StatusOK}
	tn.Site = tn.siteThat(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(answers[0])
		answers = answers[1:]
		_, _ = io.WriteString(w, `{"type": "https://magicwebsitefactory.gent/problems/indie-site/already-owned", "title": "Owned"}`)
	})
	if err := tn.claim(t); err != nil || !tn.Owned() {
		t.Errorf("ended with %v, owned: %v\n%s", err, tn.Owned(), tn.output)
	}
	if !strings.Contains(tn.output.String(), "✓ the site has its owner already") {
		t.Errorf("the output does not say so:\n%s", tn.output)
	}
}

func TestAPersonHearsHowFarTheSiteIs(t *testing.T) {
	reached := func(types ...string) hallotest.Reply {
		var conditions []string
		for _, name := range types {
			conditions = append(conditions, `{"type": "`+name+`", "status": "True", "reason": "Succeeded"}`)
		}
		return hallotest.Reply{Status: 200, Body: `{"state": "pending", "conditions": [` + strings.Join(conditions, ",") + `]}`}
	}
	told := make(chan struct{})
	script := hallotest.Script{
		Availability: free, Orders: accepted, Outcomes: []int{201}, Before: func(string) { <-told },
		Progress: []hallotest.Reply{reached(), {Status: 503}, reached("DomainRegistered"), reached("DomainRegistered", "SiteAvailable")},
	}
	tn := newTown(t, townConfig{script: script})
	tn.Clock = tn.clock
	var once sync.Once
	tn.clock.passed = func(pauses int) {
		if pauses > len(script.Progress)+2 {
			once.Do(func() { close(told) })
		}
	}
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
	for _, line := range []string{"· the name is registered\n", "· the site runs\n"} {
		if strings.Count(tn.output.String(), line) != 1 {
			t.Errorf("it does not say %q once:\n%s", line, tn.output)
		}
	}
}

func TestAFactoryThatDoesNotTellHowFarItIsIsAskedOnce(t *testing.T) {
	told := make(chan struct{})
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}, Before: func(string) { <-told }}})
	tn.Clock = tn.clock
	var once sync.Once
	tn.clock.passed = func(pauses int) {
		if pauses > 20 {
			once.Do(func() { close(told) })
		}
	}
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
	if n := tn.factory.Followed(); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	if !strings.Contains(tn.output.String(), "still waiting for the factory to call back") {
		t.Errorf("a person who waits hears nothing:\n%s", tn.output)
	}
}

func TestABusyFactoryIsGivenTheTimeItAsksFor(t *testing.T) {
	busy := hallotest.Reply{Status: 503, Header: http.Header{"Retry-After": {"7"}}}
	tn := newTown(t, townConfig{script: hallotest.Script{
		Availability: append([]hallotest.Reply{{Status: 503}}, free...), Orders: append([]hallotest.Reply{busy}, accepted...), Outcomes: []int{201},
	}})
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
	if want := []time.Duration{time.Second, 7 * time.Second}; !slices.Equal(tn.clock.pauses, want) {
		t.Errorf("paused for %v, want %v", tn.clock.pauses, want)
	}
	if !strings.Contains(tn.output.String(), "answered 503 Service Unavailable; again in 7s") {
		t.Errorf("the output does not say so:\n%s", tn.output)
	}
}

func TestStrangersCannotEndAClaim(t *testing.T) {
	var tn *town
	stranger := func(method, url, authorization string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		request.Header.Set("Authorization", authorization)
		status, err := tn.factory.Send(request)
		if err != nil {
			t.Error(err)
		}
		return status
	}
	script := hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}, Before: func(callback string) {
		site := callback + "/site/available.gent"
		for _, call := range []struct {
			method, url, authorization string
			want                       int
		}{
			{"PATCH", site + "?status=500", "", 401},
			{"PATCH", site + "?status=500", "Bearer ", 401},
			{"PATCH", site + "?status=500", "Bearer guess", 401},
			{"PATCH", site + "?status=500&secret=" + token, "", 401},
			{"PATCH", callback + "/site/bob.gent?status=500", "Bearer " + token, 404},
			{"POST", site + "?status=500", "Bearer " + token, 405},
			{"PATCH", site + "?status=204", "Bearer " + token, 400},
		} {
			if got := stranger(call.method, call.url, call.authorization); got != call.want {
				t.Errorf("%s %s was answered %d, want %d", call.method, call.url, got, call.want)
			}
		}
	}}
	tn = newTown(t, townConfig{script: script})
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
	if calls := tn.Receiver.Calls(); len(calls) != 8 || !calls[7].Accepted() {
		t.Errorf("the ledger holds %d calls: %+v", len(calls), calls)
	}
}

func TestAClaimThatNobodyCallsBackTimesOut(t *testing.T) {
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: accepted}})
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, hallo.ErrTimeout)
	defer cancel()
	err := tn.Run(ctx)
	if !errors.Is(err, hallo.ErrTimeout) || hallo.ExitCode(err) != hallo.ExitTimeout || !tn.Ordered() {
		t.Errorf("ended with %v, exit code %d", err, hallo.ExitCode(err))
	}
	tn.checkOutput(t)
}

func TestAnOrderOfEarlierCanBeGoneOnWith(t *testing.T) {
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: taken, Orders: accepted, Outcomes: []int{201, 201}}})
	tn.Resume = true
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
	if got := tn.factory.Delivered(); !slices.Equal(got, []int{200, 200}) {
		t.Errorf("callbacks were answered %v", got)
	}
}

func TestAnOutcomeOwedFromAnEarlierOrderIsTakenButNotMistaken(t *testing.T) {
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}}})
	tn.Receiver.Expect(tn.Order.Domain)
	status, err := tn.factory.Patch(tn.Order.Callback+"/site/"+tn.Order.Domain, 500, true)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the earlier outcome was answered %d, %v", status, err)
	}
	if err := tn.claim(t); err != nil {
		t.Fatalf("%v\n%s", err, tn.output)
	}
}

func TestASiteThatIsNotRightFailsTheClaim(t *testing.T) {
	script := hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}}
	for name, c := range map[string]struct {
		config townConfig
		change func(*town)
		says   string
	}{
		"it does not know the code":            {townConfig{script: script, siteCode: "another"}, nil, "403"},
		"its certificate is for another name":  {townConfig{script: script, siteName: "bob.gent"}, nil, "certificate"},
		"it refuses a setting":                 {townConfig{script: script}, func(tn *town) { tn.Settings.Colour = "red" }, "colour must be"},
		"its page does not show who it is for": {townConfig{script: script}, func(tn *town) { tn.Settings.Name = " Alice " }, "does not show"},
	} {
		t.Run(name, func(t *testing.T) {
			tn := newTown(t, c.config)
			if c.change != nil {
				c.change(tn)
			}
			err := tn.claim(t)
			if hallo.ExitCode(err) != hallo.ExitFailed || !strings.Contains(tn.output.String(), c.says) {
				t.Errorf("ended with %v, want %q", err, c.says)
			}
			if len(tn.clock.pauses) > 0 {
				t.Errorf("tried again after %v what cannot get better", tn.clock.pauses)
			}
		})
	}
}

func TestAFactoryWhoseCertificateDoesNotVerifyIsToldNothing(t *testing.T) {
	tn := newTown(t, townConfig{script: hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}}})
	factory, err := hallo.NewFactory(hallo.FactoryConfig{
		URL: tn.factory.URL, Trust: hallotest.NewAuthority(t).Pool(), Token: token, Dialect: hallo.QuerySecret,
		Retry: hallo.Retry{Tries: 4, Clock: tn.clock, Random: func() float64 { return 0 }},
	})
	if err != nil {
		t.Fatal(err)
	}
	tn.Factory = factory
	if err := tn.claim(t); err == nil || !strings.Contains(err.Error(), "certificate") || len(tn.clock.pauses) > 0 {
		t.Errorf("ended with %v after pauses of %v", err, tn.clock.pauses)
	}
}

func TestWithJSONEveryLineIsAnObject(t *testing.T) {
	tn := newTown(t, townConfig{json: true, script: hallotest.Script{Availability: free, Orders: accepted, Outcomes: []int{201}}})
	if err := tn.claim(t); err != nil {
		t.Fatal(err)
	}
	var steps []hallo.Step
	for line := range strings.Lines(tn.output.String()) {
		var event hallo.Event
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if event.Step == hallo.StepOrder && event.Result == hallo.Noted {
			continue // the callback was faster than the order's answer
		}
		if event.Result != hallo.Done || event.Domain != "available.gent" || event.Message == "" || event.Time.IsZero() {
			t.Errorf("tells %+v", event)
		}
		steps = append(steps, event.Step)
	}
	want := []hallo.Step{hallo.StepAvailability, hallo.StepOrder, hallo.StepCallback, hallo.StepSettings, hallo.StepPage}
	if !slices.Equal(steps, want) {
		t.Errorf("tells of %v, want %v", steps, want)
	}
}
