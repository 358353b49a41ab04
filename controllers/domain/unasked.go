package domain

import (
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// unasked is what can be said while the registrar does not answer.
func unasked(f *facts) decision {
	const message = "the registrar cannot be asked for the name now"
	p := phaseOf(f.domain)
	switch {
	case p == phaseIdle:
		return decision{status: f.waiting(v1alpha1.ReasonRegistrarNotReady, message), after: waitPause}
	case f.nobodyAnswers():
		return unheard(f)
	case p == phaseCalled, f.needsAttention():
		// What is known stays known, and a person who was asked for stays asked for until there is an answer.
		return decision{status: f.unchanged(), after: waitPause}
	default:
		return decision{status: f.conclude(metav1.ConditionUnknown, v1alpha1.ReasonRegistrarNotReady, message), after: waitPause}
	}
}

// nobodyAnswers says whether there is no Registrar to ask, or it has been silent for so long that only a person can tell.
func (f *facts) nobodyAnswers() bool {
	if f.registrar == nil {
		return true
	}
	silent, patience := f.age(), answerPatience
	if phaseOf(f.domain) == phaseCalled {
		// The age of a call says little of how long nobody has answered; the Registrar's own condition says more.
		if ready(f.registrar) {
			patience = readyPatience
		} else if c := apimeta.FindStatusCondition(f.registrar.Status.Conditions, v1alpha1.ConditionReady); c != nil {
			silent = min(silent, f.now.Sub(c.LastTransitionTime.Time))
		}
	}
	return silent >= patience
}

// unheard asks for a person's word, and obeys it although nothing was seen. Nothing is bought on it: "not bought" leads to another look-up
// first, once there is somebody to ask.
func unheard(f *facts) decision {
	asked := decision{status: f.undecided(messageUnasked), after: waitPause}
	if call := f.domain.Status.Call; call != nil && f.now.Before(callIsOver(call)) && !farAhead(call.NotAfter, f.now) {
		// Nobody can know yet what becomes of the call.
		return asked
	}
	switch obey(f) {
	case verdictOurs:
		return decision{status: f.registered(registrar.Holding{}, false), after: minPollPause}
	case verdictElsewhere:
		return f.end(v1alpha1.ReasonTaken, "another holds the name")
	case verdictAbsent:
		// A name to be adopted needs no site.
		if f.deleting() || f.domain.Spec.Acquisition != v1alpha1.AcquisitionAdopt {
			if d, held := holdBack(f); held {
				return d
			}
		}
		return decision{status: f.waiting(v1alpha1.ReasonRegistrarNotReady, "not bought, and the registrar cannot be asked for the name now"), after: waitPause}
	default:
		return asked
	}
}
