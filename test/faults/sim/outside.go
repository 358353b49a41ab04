package sim

import (
	"context"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/delivery"
	"magicwebsitefactory.gent/internal/names"
	"magicwebsitefactory.gent/internal/reach"
)

// Told is one callback that reached the receiver.
type Told struct {
	// At is when.
	At time.Time
	// Domain as the callback names it, and Code.
	Domain string
	Code   int
	// UID and Attempt are the acceptance that it belongs to, as the factory wrote down before it called.
	UID     types.UID
	Attempt int32
	// Answer that the receiver gave, whether it arrived or not.
	Answer int
	// Arrived is whether the factory got the answer.
	Arrived bool
}

// Receiver is told outcomes, and keeps them.
type Receiver struct {
	// Ledger of all calls; Before those from before the cluster was restored.
	Ledger, Before []Told
	// Answers gives the status code for the next call; nil for 200.
	Answers func(Told) int
}

// sender makes the callbacks of a process.
type sender struct{ world *World }

// Send makes one.
func (s *sender) Send(ctx context.Context, request delivery.Request) delivery.Answer {
	w, t := s.world, taskOf(ctx)
	var answer delivery.Answer
	record, brokenOff := -1, w.deadline(ctx)
	err := t.enter(Call{Verb: verbSend, Kind: "Receiver"}, func(Verdict) error {
		if !w.Clock.Now().Before(brokenOff) {
			return context.DeadlineExceeded
		}
		code, err := strconv.Atoi(request.Target.Query().Get("status"))
		if err != nil {
			return err
		}
		entry := Told{
			At: w.Clock.Now(), Domain: request.Target.Path[strings.LastIndex(request.Target.Path, "/")+1:], Code: code,
			UID: t.telling.uid, Attempt: t.telling.attempt, Answer: 200,
		}
		if w.Receiver.Answers != nil {
			entry.Answer = w.Receiver.Answers(entry)
		}
		w.tracef("told %s %d of attempt %d, answers %d", entry.Domain, entry.Code, entry.Attempt, entry.Answer)
		w.judgeTold(entry)
		w.Receiver.Ledger = append(w.Receiver.Ledger, entry)
		record = len(w.Receiver.Ledger) - 1
		answer = delivery.Answered(entry.Answer, 0)
		return nil
	})
	if err != nil {
		return delivery.Answer{Reason: delivery.ReasonTimeout}
	}
	w.Receiver.Ledger[record].Arrived = true
	return answer
}

// prober asks the sites. One answers when its pod is ready, it has a route and a certificate, and its name is ours.
type prober struct{ world *World }

// Probe asks.
func (p *prober) Probe(ctx context.Context, target reach.Target) error {
	return taskOf(ctx).enter(Call{Verb: verbProbe, Kind: "Site"}, func(Verdict) error {
		if p.world.answers(target.Domain) {
			return nil
		}
		return &reach.Failure{Reason: reach.ReasonRefused, Address: target.Addresses[0]}
	})
}

// checker says what a registry would tell a stranger.
type checker struct{ world *World }

// Check asks about one name.
func (c *checker) Check(ctx context.Context, name names.Name) (availability.Answer, error) {
	answer := availability.Answer{Verdict: availability.Available}
	err := taskOf(ctx).enter(Call{Verb: verbCheck, Kind: "Registry"}, func(Verdict) error {
		if e := c.world.Registry.entry(name.String()); e.Held || e.HeldByOther || e.Open {
			answer.Verdict = availability.Taken
		}
		return nil
	})
	return answer, err
}
