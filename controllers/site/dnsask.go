package site

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/resources"
)

// askTime bounds one question to all authoritative servers of a name.
const askTime = 20 * time.Second

// askServers asks the authoritative name servers once the records are published: soon and often at first, seldom once they agree, and again when something
// changed that they depend on.
func (r *Reconciler) askServers(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.mayAsk() {
		return duty.Continue(), nil
	}
	memory := r.lookup(s)
	chosen, err := r.delegated(ctx, s)
	if err != nil {
		return duty.Stop(), err
	}
	next := look{about: strings.Join(append([]string{s.recordsAbout()}, chosen.servers...), " ")}
	last := memory.look
	if last != nil && last.about == next.about {
		if rest := last.due.Sub(s.now); rest > 0 {
			s.records.look = last
			return duty.ContinueAfter(rest), nil
		}
	}
	if !r.places().TryAcquire(1) {
		s.unasked = true
		if s.records.look = s.recalled(); last != nil {
			s.records.look = last
		}
		return duty.ContinueAfter(busyAfter), nil
	}
	defer r.places().Release(1)
	r.ask(ctx, s, &next)
	if ctx.Err() != nil {
		return duty.Stop(), ctx.Err() // the manager stops: that says nothing about the name
	}
	// That nobody answers, for once, says nothing about a name that was answered for.
	if silent := !next.agreed && !next.differed; silent && last != nil && last.agreed && last.about == next.about && last.failures+1 < graceVisits {
		next.agreed, next.failures, next.message = true, last.failures+1, ""
	}
	if !next.agreed {
		next.contradiction = chosen.contradicts(next.asked)
	}
	next.due = s.now.Add(s.lookAfter(next))
	memory.look, s.records.look = &next, &next
	r.remember(s, memory)
	return duty.ContinueAfter(next.due.Sub(s.now)), nil
}

func (r *Reconciler) ask(ctx context.Context, s *scope, next *look) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	asker := r.DNS.Names
	if asker == nil {
		asker = &dns.Resolver{}
	}
	answers, err := asker.Ask(ctx, s.site.Spec.Domain)
	next.asked = serversOf(answers, err)
	if err != nil {
		next.message = fmt.Sprintf("The authoritative name servers cannot be asked: %s.", shorten(err.Error()))
		return
	}
	difference, answered := answers.Differ(s.records.want)
	next.agreed, next.differed = difference == "", answered && difference != ""
	switch {
	case next.differed:
		next.message = fmt.Sprintf("The authoritative %s.", difference)
	case !next.agreed:
		next.message = fmt.Sprintf("No authoritative name server answers: %s.", difference)
	}
}

// serversOf are the names of the servers that were asked, or could not be.
func serversOf(answers dns.Answers, err error) []string {
	var names []string
	for i := range answers {
		names = append(names, answers[i].Server)
	}
	if failure := new(dns.Failure); errors.As(err, &failure) {
		names = append(names, failure.Server)
	}
	return names
}

// mayAsk says whether the records are published, so that the servers can know of them.
func (s *scope) mayAsk() bool {
	switch {
	case !resources.ManagesDNS(s.class) || len(s.records.want) == 0:
		return false
	case s.class.DNS.ExternalDNS != nil:
		return s.endpoint != nil
	}
	want := s.wanted()
	mark := markAt(marksOf(s.site), want.place())
	return mark != nil && mark.Published && mark.says(want)
}

// recordsAbout sums up what the answers depend on.
func (s *scope) recordsAbout() string {
	about := dns.Join(s.records.want)
	if s.endpoint != nil {
		about += " " + s.endpoint.GetResourceVersion()
	}
	return about
}

// recalled is what the status still says, where a restart forgot the last look.
func (s *scope) recalled() *look {
	if c := find(s.site.Status.Conditions, v1alpha1.ConditionDNSPublished); isTrue(c) && c.Reason == v1alpha1.ReasonSucceeded {
		return &look{agreed: true}
	}
	return nil
}

// lookAfter is how long after a look the next one is due.
func (s *scope) lookAfter(l look) time.Duration {
	switch {
	case l.agreed && l.failures == 0:
		return slowVisit
	case l.agreed:
		return graceAfter
	}
	return s.dnsPause()
}

// answered says whether the authoritative servers answer as asked for, or need not.
func (s *scope) answered() bool {
	return !resources.ManagesDNS(s.class) || (s.records.look != nil && s.records.look.agreed)
}
