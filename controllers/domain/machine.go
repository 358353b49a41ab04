package domain

import (
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// action is what is to be done next.
type action int

const (
	// actRest: nothing but to keep the status.
	actRest action = iota
	// actLookUp: ask the registrar for the name, then decide again.
	actLookUp
	// actBuy: reserve, fence, confirm and call.
	actBuy
	// actRenew: set automatic renewal, then decide again.
	actRenew
	// actDelegate: set the name servers, then decide again.
	actDelegate
	// actExtend: reserve, fence, confirm, and buy one more year.
	actExtend
	// actRelease: let the Domain be deleted.
	actRelease
	// actDropDecision: take an annotation off that was obeyed, or that nobody asked for, lest it decide about a later call.
	actDropDecision
)

// decision is what is to be done next and what the status is to say.
type decision struct {
	act action
	// try is the number of the call, for actBuy.
	try int32
	// status to be kept, for actRest and actRelease.
	status v1alpha1.DomainStatus
	// after is when to come back, zero for not by itself; spread is by how much that may be put off so that not all come at once.
	after  time.Duration
	spread time.Duration
	// short is why a renewal that is due has to wait for another day.
	short shortage
}

// decide is the machine: a pure function of what was read.
func decide(f *facts) decision {
	if f.domain.Annotations[v1alpha1.AnnotationDecision] != "" && !f.needsAttention() {
		return decision{act: actDropDecision}
	}
	switch phaseOf(f.domain) {
	case phaseOurs:
		return keep(f)
	case phaseEnded:
		if f.deleting() {
			return decision{act: actRelease, status: f.unchanged()}
		}
		return decision{status: f.unchanged()}
	case phaseNew, phaseCalled:
		// Whatever else is the matter: whether the name is ours comes first.
		if d, settled := observe(f); settled {
			return d
		}
	case phaseIdle:
	}
	if f.domain.Spec.Acquisition == v1alpha1.AcquisitionAdopt {
		return adopt(f)
	}
	if d, held := holdBack(f); held {
		return d
	}
	if d, held := ration(f); held {
		return d
	}
	if d, settled := observe(f); settled {
		return d
	}
	return decision{act: actBuy, try: lastTry(&f.domain.Status) + 1}
}

// observe settles what a look-up can settle. It does not where the name is not ours and nothing is under way.
func observe(f *facts) (decision, bool) {
	if f.sighting == nil {
		if f.askable && !f.askFailed {
			return decision{act: actLookUp}, true
		}
		return unasked(f), true
	}
	if f.domain.Spec.Acquisition == v1alpha1.AcquisitionAdopt && f.domain.Status.Call == nil {
		return adopt(f), true
	}
	switch judge(f) {
	case verdictAbsent:
		return decision{}, false
	case verdictOurs:
		return decision{status: f.registered(f.sighting.Holding, false), after: minPollPause}, true
	case verdictForeign:
		return f.end(v1alpha1.ReasonTaken, "in our account, but bought by another operation than this Domain's"), true
	case verdictElsewhere:
		return f.end(v1alpha1.ReasonTaken, "another holds the name"), true
	case verdictRejected:
		return rejected(f, f.sighting.Rejection), true
	case verdictOpen:
		return decision{status: f.pending(f.sighting.Reference), after: pollPause(f.age())}, true
	case verdictAwaited:
		return awaited(f), true
	case verdictCarriedOut:
		return carriedOut(f), true
	case verdictTooEarly:
		after := min(pollPause(f.age().Abs()), callIsOver(f.domain.Status.Call).Sub(f.now))
		return decision{status: f.underWay(), after: after}, true
	default:
		message := messageUndecided
		if f.moved() {
			message = messageMoved
		}
		return decision{status: f.undecided(message), after: attentionPause}, true
	}
}

// awaited waits for a name that cannot be bought. No call can be under way, so it need not wait for a site that is over, nor keep a Domain from being deleted.
func awaited(f *facts) decision {
	if d, held := holdBack(f); held {
		return d
	}
	return decision{status: f.waiting(v1alpha1.ReasonWaiting, messageAwaited), after: pollPause(f.age())}
}

// adopt takes over what the account holds already, where an admin listed it. It never buys.
func adopt(f *facts) decision {
	switch {
	case f.deleting() && phaseOf(f.domain) == phaseIdle:
		return decision{act: actRelease, status: f.unchanged()}
	case f.sighting == nil && f.askable && !f.askFailed:
		return decision{act: actLookUp}
	case f.sighting == nil:
		return unasked(f)
	case f.sighting.InAccount == registrar.Yes && slices.Contains(f.registrar.Spec.Adoptable, f.domain.Spec.Domain):
		return decision{status: f.registered(f.sighting.Holding, false), after: minPollPause}
	case f.deleting():
		return decision{act: actRelease, status: f.unchanged()}
	case f.sighting.InAccount != registrar.Yes:
		return decision{status: f.waiting(v1alpha1.ReasonWaiting, "to be adopted, but the account does not hold it"), after: attentionPause}
	default:
		return decision{status: f.waiting(v1alpha1.ReasonWaiting, "to be adopted, but the Registrar's spec.adoptable does not list it"), after: attentionPause}
	}
}

// holdBack says why the name is not to be bought, now or ever. It is asked before the fence, and again after it.
func holdBack(f *facts) (decision, bool) {
	if f.deleting() {
		return decision{act: actRelease, status: f.waiting(v1alpha1.ReasonWaiting, "the Domain is being deleted")}, true
	}
	if why := f.siteOver(); why != "" {
		return f.end(v1alpha1.ReasonSiteGone, why+", and nothing was bought"), true
	}
	if what := f.siteUnready(); what != "" {
		return decision{status: f.waiting(v1alpha1.ReasonWaiting, "waiting for "+what), after: waitPause}, true
	}
	if why := f.registrarUnready(); why != "" {
		return decision{status: f.waiting(v1alpha1.ReasonRegistrarNotReady, why), after: maxPollPause}, true
	}
	return decision{}, false
}

// ration holds a purchase back that has to wait for its turn.
func ration(f *facts) (decision, bool) {
	registered := apimeta.FindStatusCondition(f.domain.Status.Conditions, v1alpha1.ConditionRegistered)
	if s := &f.domain.Status; s.Call == nil && s.ReservedTry > 0 && registered != nil && registered.Status == metav1.ConditionFalse {
		since := registered.LastTransitionTime
		if wait := since.Add(buyPause(s.ReservedTry)).Sub(f.now); wait > 0 && !ahead(since, f.now) {
			return decision{status: f.unchanged(), after: wait}, true
		}
	}
	if _, short := f.reservePurchase(); short != "" {
		return decision{
			status: f.waiting(v1alpha1.ReasonLimitReached, string(short)),
			after:  untilTomorrow(f.now), spread: daySpread,
		}, true
	}
	return decision{}, false
}

// settle is what becomes of the result of a call that was made in this pass.
func settle(f *facts, result registrar.Result) decision {
	switch r := result.(type) {
	case registrar.Done:
		return decision{status: f.registered(r.Holding, false), after: minPollPause}
	case registrar.Pending:
		return decision{status: f.pending(r.Reference), after: minPollPause}
	case registrar.Rejected:
		return rejected(f, r)
	default:
		return decision{status: f.underWay(), after: minPollPause}
	}
}

// rejected is what becomes of a clear no.
func rejected(f *facts, r registrar.Rejected) decision {
	switch {
	case r.Reason == registrar.RejectedTaken:
		return f.end(v1alpha1.ReasonTaken, sentence("another holds the name", r.Detail))
	case r.Reason.Final():
		return f.end(v1alpha1.ReasonRefused, sentence("the registrar refuses the name", r.Detail))
	case r.Reason == registrar.RejectedExists:
		// Ours by an earlier call, or somebody else's: to be looked up like a call without an answer.
		return decision{status: f.underWay(), after: minPollPause}
	default:
		// What is not known to be final is not. No call is under way now, and the number of this one is used up.
		status := f.waiting(v1alpha1.ReasonWaiting, sentence("the registrar asks to come back later", r.Detail))
		return decision{status: status, after: max(buyPause(status.ReservedTry), r.RetryAfter)}
	}
}

// end settles that the name will not be bought. A Domain that is being deleted comes back to be let go.
func (f *facts) end(reason, message string) decision {
	d := decision{status: f.ended(reason, message)}
	if f.deleting() {
		d.after = minPollPause
	}
	return d
}

func sentence(text, detail string) string {
	if detail == "" {
		return text
	}
	return text + ": " + detail
}
