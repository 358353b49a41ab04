package domain

import (
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
	case word == v1alpha1.DecisionAbsent:
		return verdictAbsent
	default:
		return verdictUndecidable
	}
}

func judgeSighting(f *facts) verdict {
	d, s := f.domain, f.sighting
	called := d.Status.Call != nil
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
	case called && (s.Order == registrar.OrderFinished || d.Status.Reference != ""):
		// An order that was accepted does not become nothing: the account lags behind, or it is a matter for people.
		return verdictUndecidable
	case called && (s.Order == registrar.OrderUnanswerable || s.Order == registrar.OrderImpossible):
		// Above all where the registry has the name: it may be by our own order, which the account does not show yet.
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
	case called:
		return verdictOurs
	default:
		return verdictUndecidable
	}
}
