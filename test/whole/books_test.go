package whole

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/hallo"
	"magicwebsitefactory.gent/internal/registrar/testprovider"
)

// boughtTwice finds in the test registrar's ledger what was bought, or tried to be, more than once. The registry refuses to sell a name that it has sold,
// so that somebody tried shows in the orders.
func boughtTwice(ledger map[string]string) []string {
	var found []string
	for domain, text := range ledger {
		var entry testprovider.Entry
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			found = append(found, fmt.Sprintf("the registrar's ledger cannot be read at %s: %v", domain, err))
		}
		if entry.Purchases > 1 || entry.Purchases == 1 && entry.Orders > 1 {
			found = append(found, fmt.Sprintf("%s was bought, or tried to be, more than once: %s", domain, text))
		}
	}
	return found
}

// books are what was accepted.
type books struct {
	mu       sync.Mutex
	accepted []acceptance
}

// acceptance is an order that was answered 201, or is about to be.
type acceptance struct {
	by     *onboarder
	domain string
	// since is when it was first sent. Calls from then on, until the name is ordered again, belong to it.
	since time.Time
	// outcomes that it may have.
	outcomes []int
}

func (b *books) accept(by *onboarder, domain string, outcomes ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, acceptance{by: by, domain: domain, since: time.Now(), outcomes: outcomes})
}

// until is when the next order of the same name was sent.
func (b *books) until(a acceptance, now time.Time) time.Time {
	next := now
	for _, other := range b.accepted {
		if other.domain == a.domain && other.since.After(a.since) && other.since.Before(next) {
			next = other.since
		}
	}
	return next
}

// compare finds the acceptances whose outcome was never taken with 200, and those that were told two things, or something that they cannot have come to. A
// call counts as told however it was answered: the receiver had it.
func (b *books) compare(calls map[*onboarder][]hallo.Call, now time.Time) (lost, contradictory []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.accepted {
		var heard []int
		taken := false
		for _, call := range calls[a.by] {
			if !call.Authenticated || call.Outcome == 0 || call.Domain != a.domain || call.Time.Before(a.since) || !call.Time.Before(b.until(a, now)) {
				continue
			}
			taken = taken || call.Accepted()
			if !slices.Contains(heard, call.Outcome) {
				heard = append(heard, call.Outcome)
			}
		}
		order := fmt.Sprintf("the order of %s at %s", a.domain, a.since.Format(clockFace))
		if !taken {
			lost = append(lost, order+" was never told")
		}
		if len(heard) > 1 || slices.ContainsFunc(heard, func(outcome int) bool { return !slices.Contains(a.outcomes, outcome) }) {
			contradictory = append(contradictory, fmt.Sprintf("%s was told %v, of %v", order, heard, a.outcomes))
		}
	}
	return lost, contradictory
}

// contradictorySignatures goes by the ID of signed callbacks, which says exactly which order a call belongs to. It returns how many orders it knows.
func contradictorySignatures(calls map[*onboarder][]hallo.Call) (orders int, contradictory []string) {
	said := map[string]int{}
	for _, theirs := range calls {
		for _, call := range theirs {
			id := call.Header.Get("Webhook-Id")
			if call.Outcome == 0 || id == "" {
				continue
			}
			if before, known := said[id]; known && before != call.Outcome {
				contradictory = append(contradictory, fmt.Sprintf("%s: the order %s was told %d and %d", call.Domain, id, before, call.Outcome))
			}
			said[id] = call.Outcome
		}
	}
	return len(said), contradictory
}

func TestTheJudgesFindWhatIsWrong(t *testing.T) {
	who, begin := &onboarder{}, time.Now()
	at := func(seconds int, answer, outcome int, id string) hallo.Call {
		call := hallo.Call{
			Time: begin.Add(time.Duration(seconds) * time.Second), Authenticated: true, Domain: "a.gent", Outcome: outcome, Answer: answer, Header: http.Header{},
		}
		if id != "" {
			call.Header.Set("Webhook-Id", id)
		}
		return call
	}
	twice := &books{accepted: []acceptance{
		{by: who, domain: "a.gent", since: begin, outcomes: []int{500}}, {by: who, domain: "a.gent", since: begin.Add(10 * time.Second), outcomes: []int{201, 500}},
	}}
	for name, tc := range map[string]struct {
		calls               []hallo.Call
		lost, contradictory int
	}{
		"each told its own":                          {calls: []hallo.Call{at(1, 200, 500, "1"), at(11, 200, 201, "2")}},
		"told again":                                 {calls: []hallo.Call{at(1, 0, 500, "1"), at(2, 200, 500, "1"), at(11, 200, 201, "2"), at(12, 200, 201, "2")}},
		"the second never told":                      {calls: []hallo.Call{at(1, 200, 500, "1")}, lost: 1},
		"the second told, but not taken":             {calls: []hallo.Call{at(1, 200, 500, "1"), at(11, 500, 201, "2")}, lost: 1},
		"the first told what it cannot have come to": {calls: []hallo.Call{at(1, 200, 201, ""), at(11, 200, 201, "")}, contradictory: 1},
		"the second told two things":                 {calls: []hallo.Call{at(1, 200, 500, ""), at(11, 0, 500, ""), at(12, 200, 201, "")}, contradictory: 1},
		"an old outcome after a newer one":           {calls: []hallo.Call{at(1, 200, 500, "1"), at(11, 200, 201, "2"), at(12, 500, 500, "1")}, contradictory: 1},
		"one ID with two outcomes":                   {calls: []hallo.Call{at(1, 200, 500, "1"), at(11, 200, 201, "1")}, contradictory: 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls := map[*onboarder][]hallo.Call{who: tc.calls}
			lost, contradictory := twice.compare(calls, begin.Add(time.Minute))
			_, mixed := contradictorySignatures(calls)
			if len(lost) != tc.lost || len(contradictory)+len(mixed) != tc.contradictory {
				t.Errorf("lost %v, contradictory %v %v", lost, contradictory, mixed)
			}
		})
	}
	for text, wrong := range map[string]int{
		`{"orders":1,"purchases":1}`: 0, `{"orders":2,"purchases":0}`: 0, `{"orders":2,"purchases":1}`: 1, `{"orders":2,"purchases":2}`: 1, `{`: 1,
	} {
		if found := boughtTwice(map[string]string{"a.gent": text}); len(found) != wrong {
			t.Errorf("%s: %v", text, found)
		}
	}
}
