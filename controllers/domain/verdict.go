package domain

import (
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// verdict is what a look-up means for this Domain.
type verdict int

const (
	// verdictAbsent: not ours, and no call of ours can make it so any more.
	verdictAbsent verdict = iota
	// verdictOurs: in our account, by this Domain's purchase.
	verdictOurs
	// verdictForeign: in our account, but by another way; not this Domain's.
	verdictForeign
	// verdictElsewhere: another holds it.
	verdictElsewhere
	// verdictOpen: the registrar works on it.
	verdictOpen
	// verdictCarriedOut: the registrar has carried our order out, and the account may still come to show it.
	verdictCarriedOut
	// verdictRejected: the registrar turned down our order.
	verdictRejected
	// verdictTooEarly: a call may still be on its way.
	verdictTooEarly
	// verdictAwaited: nothing can be bought, and it may become ours by other means.
	verdictAwaited
	// verdictUndecidable: looking up cannot tell.
	verdictUndecidable
)

// judge says what the sighting means. What a person decided counts only where looking cannot decide.
func judge(f *facts) verdict {
	if v := judgeSighting(f); v != verdictUndecidable {
		return v
	}
	return obey(f)
}

// obey is what a person decided who was asked for; verdictUndecidable as long as they have not. Where nobody can be asked, there is no sighting.
func obey(f *facts) verdict {
	if !f.needsAttention() {
		return verdictUndecidable
	}
	switch word := f.domain.Annotations[v1alpha1.AnnotationDecision]; {
	case word == v1alpha1.DecisionRegistered:
		return verdictOurs
	case word == v1alpha1.DecisionTaken:
		return verdictElsewhere
	case word == v1alpha1.DecisionAbsent && f.sighting != nil && f.sighting.InAccount == registrar.Yes:
		// "Not bought" of a name that the account holds can only mean: not for this Domain.
		return verdictForeign
	case word == v1alpha1.DecisionAbsent && f.sighting != nil && f.sighting.Order == registrar.OrderOpen:
		// Of whatever call it is: nothing is ordered beside it.
		return verdictUndecidable
	case word == v1alpha1.DecisionAbsent:
		return verdictAbsent
	default:
		return verdictUndecidable
	}
}

func judgeSighting(f *facts) verdict {
	d, s := f.domain, f.sighting
	called := d.Status.Call != nil
	if f.moved() {
		return judgeMoved(f)
	}
	if s.InAccount == registrar.Yes {
		return judgeHeld(d, s, called)
	}
	switch {
	case called && s.Order == registrar.OrderRejected && (s.Rejection.Reason.Final() || s.Rejection.Reason == registrar.RejectedPostponed && d.Status.Reference != ""):
		// Without a reference, a rejection that is not final may be an earlier try's, and says nothing of a call that is under way.
		return verdictRejected
	case s.Order == registrar.OrderOpen:
		return verdictOpen
	case !called && s.Order == registrar.OrderImpossible:
		return verdictAwaited
	case called && farAhead(d.Status.Call.NotAfter, f.now):
		return verdictUndecidable
	case called && f.now.Before(callIsOver(d.Status.Call)):
		return verdictTooEarly
	case s.InAccount == registrar.Unanswerable:
		return verdictUndecidable
	case s.Order == registrar.OrderUnclear:
		// With a call or without one: it may be another installation's order, or ours whose record was lost.
		return verdictUndecidable
	case called && s.Order == registrar.OrderFinished && f.mayStillShow():
		return verdictCarriedOut
	case called && (s.Order == registrar.OrderFinished || d.Status.Reference != ""):
		// An order that was accepted does not become nothing: the account has lagged behind for too long, or it is a matter for people.
		return verdictUndecidable
	case called && (s.Order == registrar.OrderUnanswerable || s.Order == registrar.OrderImpossible):
		// Above all where the registry has the name: it may be by our own order, which the account does not show yet.
		return verdictUndecidable
	case phaseOf(d) == phaseNew && s.Order == registrar.OrderUnanswerable && f.noted():
		// An order went out, and the status that knew what came of it was lost.
		return verdictUndecidable
	case s.Registered == registrar.Yes:
		return verdictElsewhere
	case !called:
		return verdictAbsent
	case s.Registered == registrar.Unanswerable:
		return verdictUndecidable
	default:
		return verdictAbsent
	}
}

// judgeHeld says whose a name in our account is. The operation ID tells, where the registrar keeps it. Where it does not, a fence proves that
// we meant to buy; without one, the name may have been in the account before, and giving it to whoever asks first would give it away.
func judgeHeld(d *v1alpha1.Domain, s *registrar.Sighting, called bool) verdict {
	switch {
	case s.OperationID == d.Spec.OperationID:
		return verdictOurs
	case s.OperationID != "":
		return verdictForeign
	case called && couldBeOurs(d, s.Created):
		return verdictOurs
	default:
		return verdictUndecidable
	}
}

// couldBeOurs says whether a registration that began then can be by the last call or one before it. An order that was accepted may be carried out whenever its
// registrar likes; a call whose answer was lost can have made a registration only after the Domain was, and before it was over. A registry that tells the
// day alone is given all of that day.
func couldBeOurs(d *v1alpha1.Domain, created time.Time) bool {
	if created.IsZero() || d.Status.Reference != "" {
		return true
	}
	latest := created
	if created.Equal(created.Truncate(oneDay)) {
		latest = created.Add(oneDay)
	}
	return !latest.Before(d.CreationTimestamp.Add(-clockSkew)) && !created.After(callIsOver(d.Status.Call))
}

// judgeMoved is for a call that went to another account than can be asked now. Only what bears our own operation is ours, and nothing that this account does not know
// is absent: it may be in the other one, and bought a second time.
func judgeMoved(f *facts) verdict {
	d, s := f.domain, f.sighting
	switch {
	case s.InAccount == registrar.Yes && s.OperationID == d.Spec.OperationID:
		return verdictOurs
	case f.now.Before(callIsOver(d.Status.Call)) && !farAhead(d.Status.Call.NotAfter, f.now):
		return verdictTooEarly
	default:
		return verdictUndecidable
	}
}
