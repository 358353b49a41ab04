package registrar

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// keptDesk is a desk that keeps everything that can be kept.
type keptDesk struct{ recordDesk }

func (d *keptDesk) PutNameServers(context.Context, string, []string) error { return d.err }

func (d *keptDesk) For(context.Context, *v1alpha1.Registrar) (Registrar, error) { return d, nil }

// noting is an account whose failures are noted.
type noting struct {
	*queue
	desk     *keptDesk
	failures *Failures
}

func newNoting(t *testing.T) *noting {
	n := &noting{queue: newQueue(t, 6000), desk: &keptDesk{}, failures: NewFailures()}
	n.desk.result = Done{}
	n.source = Limit(n.desk, n.clock, func() float64 { return 0 }, NoteFailures(n.failures))
	n.spec.Namespace, n.spec.Name = "factory", "combell"
	return n
}

// last is what is noted, in short.
func (n *noting) last(uid types.UID) string {
	e := n.failures.Last(uid)
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%s %s: %s", e.Time.Sub(start), e.Call, e.Message)
}

// calls are all that can be made.
var calls = map[string]func(ctx context.Context, a Registrar){
	CallCheck:  func(ctx context.Context, a Registrar) { _ = a.Check(ctx) },
	CallLookUp: func(ctx context.Context, a Registrar) { _, _ = a.LookUp(ctx, Query{Domain: "alice.gent"}) },
	CallBuy:    func(ctx context.Context, a Registrar) { a.Buy(ctx, Order{Domain: "alice.gent"}) },
	CallRenew:  func(ctx context.Context, a Registrar) { a.Renew(ctx, Renewal{Domain: "alice.gent"}) },
	CallPutAddresses: func(ctx context.Context, a Registrar) {
		_ = a.(RecordKeeper).PutAddresses(ctx, "alice.gent", nil, time.Hour)
	},
	CallRemoveAddresses: func(ctx context.Context, a Registrar) { _ = a.(RecordKeeper).RemoveAddresses(ctx, "alice.gent", nil) },
	CallPutNameServers: func(ctx context.Context, a Registrar) {
		_ = a.(NameServerKeeper).PutNameServers(ctx, "alice.gent", nil)
	},
}

func TestEveryCallThatFailsIsNoted(t *testing.T) {
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			n := newNoting(t)
			do(t.Context(), n.account())
			if got := n.last("one"); got != "" {
				t.Errorf("a call that went well is noted: %s", got)
			}
			n.desk.err, n.desk.result = errors.New("status 400"), Unknown{Err: errors.New("status 400")}
			n.later(time.Minute)
			do(t.Context(), n.account())
			want := "1m0s " + call + ": status 400"
			if got := n.last("one"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			n.desk.err, n.desk.result = nil, Done{}
			n.later(time.Hour)
			do(t.Context(), n.account())
			if got := n.last("one"); got != want {
				t.Errorf("after one that went well: %q, want %q", got, want)
			}
			if got := n.last("another"); got != "" {
				t.Errorf("another account's: %q", got)
			}
		})
	}
}

func TestWhatIsNoFailureOfACall(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx    context.Context
		err    error
		result Result
		call   string
		noted  string
	}{
		"an account that is in use":          {call: CallCheck, err: fmt.Errorf("wait: %w", &Busy{})},
		"a look-up that we break off":        {call: CallLookUp, err: errors.New("no answer"), ctx: gone},
		"a name that is taken":               {call: CallBuy, result: Rejected{Reason: RejectedTaken}},
		"a name that exists":                 {call: CallBuy, result: Rejected{Reason: RejectedExists}},
		"a premium name":                     {call: CallBuy, result: Rejected{Reason: RejectedPremium, Detail: "premium"}},
		"a name that is too dear":            {call: CallRenew, result: Rejected{Reason: RejectedTooDear, Detail: "dear"}},
		"an order that was taken":            {call: CallBuy, result: Pending{Reference: "1"}},
		"an order that is postponed":         {call: CallBuy, result: Rejected{Reason: RejectedPostponed, Detail: "Combell answers 400"}, noted: "0s Buy: Combell answers 400"},
		"one that is without a word":         {call: CallBuy, result: Rejected{Reason: RejectedPostponed}, noted: "0s Buy: it was postponed"},
		"one for a reason that nobody knows": {call: CallBuy, result: Rejected{Reason: "odd", Detail: "odd"}, noted: "0s Buy: odd"},
		"an answer that makes no sense":      {call: CallBuy, result: Unknown{}, noted: "0s Buy: nobody knows whether it was carried out"},
		"to be asked to come back":           {call: CallLookUp, err: &Throttled{RetryAfter: time.Minute, Err: errors.New("429")}, noted: "0s LookUp: asked to come back after 1m0s: 429"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNoting(t)
			n.desk.err, n.desk.result = tc.err, tc.result
			if tc.ctx == nil {
				tc.ctx = t.Context()
			}
			calls[tc.call](tc.ctx, n.account())
			if got := n.last("one"); got != tc.noted {
				t.Errorf("%q, want %q", got, tc.noted)
			}
		})
	}
}

// To be turned away at our own door is no word of the registrar's, and must not cover the one that closed it.
func TestWhatIsNotSentIsNotNoted(t *testing.T) {
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			n := newNoting(t)
			n.desk.err = &Throttled{RetryAfter: time.Hour, Err: errors.New("429")}
			calls[CallCheck](t.Context(), n.account())
			n.later(time.Minute)
			do(t.Context(), n.account())
			if got := n.last("one"); got != "0s Check: asked to come back after 1h0m0s: 429" {
				t.Error(got)
			}
		})
	}
}

func TestANoteIsShortAndInOneLine(t *testing.T) {
	for text, want := range map[string]int{"one\n\ttwo": 7, strings.Repeat("é", 10_000): maxBrief, "broken \xff\xfe": 9} {
		n := newNoting(t)
		n.desk.err = errors.New(text)
		calls[CallCheck](t.Context(), n.account())
		m := n.failures.Last("one").Message
		if utf8.RuneCountInString(m) != want || strings.ContainsAny(m, "\n\t") || !utf8.ValidString(m) {
			t.Errorf("%d runes: %q", utf8.RuneCountInString(m), m)
		}
	}
}

func TestAStormOfFailuresIsOnePieceOfNews(t *testing.T) {
	n := newNoting(t)
	n.desk.err = errors.New("503")
	news := func() (names []string) {
		for {
			select {
			case e := <-n.failures.News():
				names = append(names, e.Object.GetNamespace()+"/"+e.Object.GetName())
			default:
				return names
			}
		}
	}
	calls[CallCheck](t.Context(), n.account())
	if got := news(); len(got) != 0 {
		t.Errorf("whoever checks is told, and woken again by %v", got)
	}
	for range 3 {
		for range 2 * maxNews {
			calls[CallPutNameServers](t.Context(), n.account())
		}
		if got := news(); len(got) != 1 || got[0] != "factory/combell" {
			t.Errorf("%v", got)
		}
		n.failures.Last("one")
	}
	for i := range 2 * maxNews { // and nobody is held up where nobody listens
		n.spec.UID = types.UID(fmt.Sprint(i))
		calls[CallPutNameServers](t.Context(), n.account())
	}
	if got := news(); len(got) != maxNews {
		t.Errorf("%d events", len(got))
	}
	calls[CallPutNameServers](t.Context(), n.account())
	if got := news(); len(got) != 1 {
		t.Errorf("one that found no place is not sent with the next failure: %v", got)
	}
}
