package domain

import (
	"context"
	"slices"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// delegation is what came of setting the name servers.
type delegation int

const (
	delegationUntried delegation = iota
	delegationDone
	delegationFailed
	delegationUnsupported
)

const maxDelegationPause = time.Hour

// delegationDue says whether the registrar has not been told of the name servers yet. What it has them be by itself is not looked at: whoever changed them there meant to.
func (f *facts) delegationDue() bool {
	return len(f.domain.Spec.NameServers) > 0 && f.nameServersWanted() != sorted(f.domain.Status.NameServers)
}

// nameServersWanted are the name servers in a word.
func (f *facts) nameServersWanted() string { return sorted(f.domain.Spec.NameServers) }

// nameServersSeenTo are those that need no other look-up than the next.
func (f *facts) nameServersSeenTo() string {
	if f.delegation == delegationUntried {
		return f.nameServersWanted()
	}
	return sorted(f.asked)
}

// delegationPause is how long to wait before name servers are tried again that were not taken: an eighth of the time for which they have not been, from 5 min to an hour, so
// that many such names do not use up the account's calls. Zero where there is nothing to try again.
func (f *facts) delegationPause() time.Duration {
	if f.delegation != delegationFailed {
		return 0
	}
	c := apimeta.FindStatusCondition(f.domain.Status.Conditions, v1alpha1.ConditionDelegated)
	if c == nil || c.Status != metav1.ConditionFalse {
		return maxPollPause
	}
	return min(max(f.now.Sub(c.LastTransitionTime.Time)/8, maxPollPause), maxDelegationPause)
}

func sorted(hosts []string) string {
	return strings.Join(slices.Sorted(slices.Values(hosts)), " ")
}

// delegate sets the name servers. It is safe to repeat, so it needs no fence.
func (r *Reconciler) delegate(ctx context.Context, s *scope) (duty.Outcome, error) {
	if decide(&s.facts).act != actDelegate {
		return duty.Continue(), nil
	}
	keeper, ok := s.account.(registrar.NameServerKeeper)
	if !ok {
		s.facts.delegation = delegationUnsupported
		return duty.Continue(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, setTimeout)
	defer cancel()
	d := s.facts.domain
	s.facts.delegation, s.facts.asked = delegationDone, d.Spec.NameServers
	if err := keeper.PutNameServers(ctx, d.Spec.Domain, d.Spec.NameServers); err != nil {
		s.facts.delegation = delegationFailed
		ctrl.LoggerFrom(ctx).Error(err, "The registrar does not take the name servers", "domain", d.Spec.Domain)
	}
	return duty.Continue(), nil
}

// setDelegated says how far the name servers are. What nobody wants any more is not spoken of.
func (f *facts) setDelegated(status *v1alpha1.DomainStatus) {
	if len(f.domain.Spec.NameServers) == 0 {
		status.NameServers = nil
		apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionDelegated)
		return
	}
	if f.delegation == delegationDone {
		status.NameServers = slices.Clone(f.asked)
	}
	is, reason, message := metav1.ConditionFalse, v1alpha1.ReasonProgressing, "the registrar has not been told yet"
	switch {
	case sorted(status.NameServers) == f.nameServersWanted():
		is, reason, message = metav1.ConditionTrue, v1alpha1.ReasonSucceeded, "the registrar has taken the name servers"
	case f.delegation == delegationUnsupported:
		reason, message = v1alpha1.ReasonDelegationUnsupported, "the Registrar's provider sets no name servers"
	case f.delegation == delegationFailed:
		reason, message = v1alpha1.ReasonDelegationFailed, "the registrar does not take the name servers, which is tried again; the manager's log says why"
	default:
		if before := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionDelegated); before != nil && before.Status == is {
			return // what was said of it last still holds
		}
	}
	f.set(status, v1alpha1.ConditionDelegated, is, reason, message)
}
