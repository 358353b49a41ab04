package domain

import (
	"fmt"
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// facts is everything that a decision is made from.
type facts struct {
	// now is when the reading began, so that what was read is never older than now says.
	now time.Time
	// domain as it was read. Decisions never change it.
	domain *v1alpha1.Domain
	// site of the same name, and its installer Secret; nil where there is none. Not read once the name is ours, unless afterSite asks.
	site   *v1alpha1.IndieSite
	secret *metav1.PartialObjectMetadata
	// registrar that the Domain names; nil where there is none. askable is whether its account could be opened.
	registrar *v1alpha1.Registrar
	askable   bool
	// account that the Registrar has now; empty where it is not askable.
	account string

	// sighting is what a look-up found in this pass; nil before it. askFailed is that it brought no answer.
	sighting  *registrar.Sighting
	askFailed bool
	// due is that a name that is ours is to be looked up again. renewed is that its automatic renewal was set in this pass, or tried to be, and
	// answer is what the registrar said to that.
	due     bool
	renewed bool
	answer  registrar.Result
	// delegation is what came of setting the name servers in this pass, and asked those that the registrar was asked for: the Domain may want others since.
	delegation delegation
	asked      []string
	// promised is since when the registrar has been saying, to this process, that it renews the name by itself, while look-ups say that it does not;
	// zero where it has not.
	promised time.Time
}

// phase is how far a Domain is, as its status says.
type phase int

const (
	// phaseNew: it was never looked up, or its status was lost. It may be ours already.
	phaseNew phase = iota
	// phaseIdle: it was looked up and was not ours, and no call can be under way.
	phaseIdle
	// phaseCalled: there is a fence without a final result.
	phaseCalled
	// phaseOurs: it is in our account. Absorbing.
	phaseOurs
	// phaseEnded: it will not be bought.
	phaseEnded
)

func phaseOf(d *v1alpha1.Domain) phase {
	registered := apimeta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionRegistered)
	switch {
	case registered != nil && registered.Status == metav1.ConditionTrue:
		return phaseOurs
	case registered != nil && registered.Status == metav1.ConditionFalse && endsUnbought(registered.Reason):
		return phaseEnded
	case d.Status.Call != nil:
		return phaseCalled
	case registered != nil && registered.Status == metav1.ConditionFalse:
		return phaseIdle
	default:
		return phaseNew
	}
}

func endsUnbought(reason string) bool {
	return reason == v1alpha1.ReasonTaken || reason == v1alpha1.ReasonRefused || reason == v1alpha1.ReasonSiteGone
}

func (f *facts) deleting() bool { return !f.domain.DeletionTimestamp.IsZero() }

// moved says whether the call went to another account than the one that can be asked now, whose word says nothing of it.
func (f *facts) moved() bool {
	call := f.domain.Status.Call
	return call != nil && call.Account != "" && call.Account != f.account
}

// noted says whether an order may have gone out of which the registrar cannot tell. It says nothing of when that was over: the status does.
func (f *facts) noted() bool { return f.domain.Annotations[v1alpha1.AnnotationOrdered] != "" }

func (f *facts) needsAttention() bool {
	return apimeta.IsStatusConditionTrue(f.domain.Status.Conditions, v1alpha1.ConditionNeedsAttention)
}

// siteOver says why the site will never need the name, or nothing.
func (f *facts) siteOver() string {
	switch {
	case f.site == nil:
		return "there is no IndieSite of this name"
	case !f.site.DeletionTimestamp.IsZero():
		return "the IndieSite is being deleted"
	case f.site.Status.Outcome != nil && f.site.Status.Outcome.Attempt == f.site.Spec.SetupAttempt && f.site.Status.Outcome.Code != v1alpha1.OutcomeCreated:
		return fmt.Sprintf("the IndieSite's attempt %d has ended in %d", f.site.Spec.SetupAttempt, f.site.Status.Outcome.Code)
	case f.siteStalled() && f.attemptSeen():
		return fmt.Sprintf("the IndieSite's attempt %d has stalled", f.site.Spec.SetupAttempt)
	default:
		return ""
	}
}

// siteUnready says what the site lacks for its name to be bought, or nothing.
func (f *facts) siteUnready() string {
	ref := f.site.Spec.InstallerSecretRef.Name
	switch {
	case f.siteStalled():
		return "the IndieSite's new attempt to begin"
	case f.secret == nil, !f.secret.DeletionTimestamp.IsZero():
		return "the installer Secret " + ref
	case !duty.OwnsSecret(f.site, f.secret):
		return "the installer Secret " + ref + " of this IndieSite: the one that is there belongs to something else"
	default:
		return ""
	}
}

func (f *facts) siteStalled() bool {
	return apimeta.IsStatusConditionTrue(f.site.Status.Conditions, v1alpha1.ConditionStalled)
}

// attemptSeen says whether the site's conditions speak of the attempt that is asked for now.
func (f *facts) attemptSeen() bool {
	return f.site.Status.Attempt != nil && f.site.Status.Attempt.Number == f.site.Spec.SetupAttempt
}

// registrarUnready says why nothing can be bought at the Registrar now, or nothing.
func (f *facts) registrarUnready() string {
	name := f.domain.Spec.RegistrarName
	if f.registrar == nil {
		return "there is no Registrar " + name
	}
	switch {
	case !f.registrar.DeletionTimestamp.IsZero():
		return "Registrar " + name + " is being deleted"
	case f.registrar.Spec.Suspend:
		return "Registrar " + name + " is suspended"
	case !ready(f.registrar), !f.askable:
		return "Registrar " + name + " is not Ready"
	case !sells(f.registrar, f.domain.Spec.Domain):
		return "Registrar " + name + " does not sell this suffix"
	}
	if _, err := f.priceCap(); err != nil {
		return fmt.Sprintf("spec.maxPrice and Registrar %s's limits.maxPrice: %v", name, err)
	}
	return ""
}

func sells(r *v1alpha1.Registrar, domain string) bool {
	for _, suffix := range r.Spec.Suffixes {
		if strings.HasSuffix(domain, "."+suffix) {
			return true
		}
	}
	return false
}

// autoRenewWanted is whether the name is to be renewed.
func (f *facts) autoRenewWanted() bool {
	return f.domain.Spec.AfterSite != v1alpha1.AfterSiteStopRenewing || (f.site != nil && f.site.DeletionTimestamp.IsZero())
}
