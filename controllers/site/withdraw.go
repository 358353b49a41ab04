package site

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/dns"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/resources"
)

// withdrawElsewhere takes the records away that a site has where its SiteClass does not publish any more. Where that fails, it is tried again now and then, and
// holds nothing up.
func (r *Reconciler) withdrawElsewhere(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.marked() {
		return duty.Continue(), nil
	}
	here := ""
	if resources.ManagesDNS(s.class) {
		s.findAddresses()
		if want := s.wanted(); want != nil {
			here = want.place()
		} else if s.class.DNS.ExternalDNS == nil {
			return duty.Continue(), nil // the route has no address just now, so it is not known what goes
		}
	}
	return r.clear(ctx, s, here, slowVisit)
}

// withdraw takes all records of a site away whose workload goes. A site that is deleted is held back until it has succeeded, but not for ever: who keeps the
// zone may be gone.
func (r *Reconciler) withdraw(ctx context.Context, s *scope) (duty.Outcome, error) {
	if !s.marked() {
		return duty.Continue(), nil
	}
	r.forgetLook(s)
	since := s.now
	switch {
	case s.deleting():
		since = s.site.DeletionTimestamp.Time
	case s.outcome() != nil:
		since = s.outcome().Time.Time
	}
	outcome, err := r.clear(ctx, s, "", pauseWithin(s.now.Sub(since), slowVisit))
	if err != nil || s.gone || !s.marked() || !s.deleting() {
		return outcome, err
	}
	if rest := since.Add(withdrawTime).Sub(s.now); rest > 0 {
		return duty.ContinueAfter(min(rest, max(outcome.After(), time.Second))), nil
	}
	r.publishLeft(s.site, s.records.owed)
	return duty.Continue(), r.writeMarks(ctx, s, nil)
}

// clear withdraws the records of all marks but those of one place, unless it was tried just now.
func (r *Reconciler) clear(ctx context.Context, s *scope, but string, wait time.Duration) (duty.Outcome, error) {
	marks := marksOf(s.site)
	if len(marks) > 0 && len(withoutMark(marks, but)) == 0 {
		return duty.Continue(), nil
	}
	memory := r.lookup(s)
	if last := memory.clear; last.what == s.leavings(but) && last.trouble != "" {
		if rest := last.due.Sub(s.now); rest > 0 {
			s.records.owed = last.trouble
			return duty.ContinueAfter(rest), nil
		}
	}
	if !r.places().TryAcquire(1) {
		s.records.owed = memory.clear.trouble
		return duty.ContinueAfter(busyAfter), nil
	}
	defer r.places().Release(1)
	left, trouble, soonest := marks, "", time.Duration(0)
	for i := range marks {
		m := &marks[i]
		if m.place() == but {
			continue
		}
		problem, after, err := r.attempt(ctx, m, func(ctx context.Context, p dns.Publisher) error {
			return p.RemoveAddresses(ctx, s.site.Spec.Domain, m.Addresses)
		})
		switch {
		case err != nil:
			return duty.Stop(), err
		case problem == "":
			left = withoutMark(left, m.place())
		case trouble == "":
			trouble, soonest = fmt.Sprintf("%s: %s", m.place(), problem), after
		}
	}
	if len(left) != len(marks) || len(left) == 0 {
		if err := r.writeMarks(ctx, s, left); err != nil || s.gone {
			return duty.Stop(), err
		}
	}
	s.records.owed = trouble
	wait = max(soonest, wait, firstPause)
	memory.clear = try{what: s.leavings(but), at: s.now, due: s.now.Add(wait), trouble: trouble}
	r.remember(s, memory)
	if trouble == "" {
		return duty.Continue(), nil
	}
	return duty.ContinueAfter(wait), nil
}

// leavings sums up what is to be withdrawn, and why.
func (s *scope) leavings(but string) string {
	return strings.Join([]string{but, s.site.Annotations[v1alpha1.AnnotationDNSRecords], strconv.FormatBool(s.deleting())}, " ")
}

// forgetLook has the servers asked anew when the site stands again.
func (r *Reconciler) forgetLook(s *scope) {
	memory := r.lookup(s)
	memory.look, memory.put = nil, try{}
	r.remember(s, memory)
}
