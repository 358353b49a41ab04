package domain

import (
	"strings"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	"magicwebsitefactory.gent/internal/registrar"
)

// This file alone says what a Domain's status looks like in each state. None of it holds anything that changes while the state does not.

const (
	messageRegistered = "in our account"
	messageKept       = "in our account; paid for, so this Domain stays although its deletion was asked for"
	messageRequested  = "a purchase was begun; what came of it is being looked up"
	messagePending    = "the registrar has accepted the order and works on it"
	messageAwaited    = "its Registrar buys nothing: the name is ours once it leads here"
	messageUndecided  = "looking up cannot tell whether the name was bought: " + howToDecide
	messageMoved      = "the purchase was begun with another account than the Registrar has now, and only that account could tell what came of it: " + howToDecide
	messageUnasked    = "the registrar cannot be asked whether the name was bought: mend the Registrar, or " + howToDecide
	howToDecide       = "see the registrar's own pages, then set the annotation " +
		v1alpha1.AnnotationDecision + " to " + v1alpha1.DecisionRegistered + ", " + v1alpha1.DecisionAbsent + " or " + v1alpha1.DecisionTaken
)

// unchanged is the status as it is, for the generation as it is.
func (f *facts) unchanged() v1alpha1.DomainStatus {
	status := *f.domain.Status.DeepCopy()
	status.ObservedGeneration = f.domain.Generation
	return status
}

// conclude sets Registered, and takes back that a person was needed.
func (f *facts) conclude(is metav1.ConditionStatus, reason, message string) v1alpha1.DomainStatus {
	status := f.unchanged()
	f.set(&status, v1alpha1.ConditionRegistered, is, reason, message)
	apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionNeedsAttention)
	return status
}

func (f *facts) set(status *v1alpha1.DomainStatus, kind string, is metav1.ConditionStatus, reason, message string) {
	duty.SetCondition(&status.Conditions, f.domain.Generation, metav1.NewTime(f.now), metav1.Condition{
		Type: kind, Status: is, Reason: reason, Message: message,
	})
}

// waiting says that nothing was bought and no call is under way. What a call that came to nothing left behind is cleared but for its number.
func (f *facts) waiting(reason, message string) v1alpha1.DomainStatus {
	status := f.conclude(metav1.ConditionFalse, reason, message)
	status.ReservedTry = lastTry(&status)
	status.Call, status.Reference = nil, ""
	return status
}

// ended says that the name will not be bought.
func (f *facts) ended(reason, message string) v1alpha1.DomainStatus {
	status := f.conclude(metav1.ConditionFalse, reason, message)
	status.Reference = ""
	return status
}

// fenced is the status that is written before a call.
func (f *facts) fenced(try int32, now time.Time) v1alpha1.DomainStatus {
	status := f.conclude(metav1.ConditionUnknown, v1alpha1.ReasonRequested, messageRequested)
	status.Call, status.ReservedTry, status.Reference = newCall(try, now), try, ""
	status.Call.Account = f.account
	return status
}

// underWay says that a call was made whose result is not known.
func (f *facts) underWay() v1alpha1.DomainStatus {
	if f.domain.Status.Reference != "" {
		return f.pending("")
	}
	return f.conclude(metav1.ConditionUnknown, v1alpha1.ReasonRequested, messageRequested)
}

// pending says that the registrar works on the order.
func (f *facts) pending(reference string) v1alpha1.DomainStatus {
	status := f.conclude(metav1.ConditionUnknown, v1alpha1.ReasonPending, messagePending)
	if status.Call != nil && reference != "" {
		status.Reference = reference
	}
	return status
}

// undecided asks for a person.
func (f *facts) undecided(message string) v1alpha1.DomainStatus {
	reason := v1alpha1.ReasonRequested
	switch {
	case f.domain.Status.Call != nil:
	case f.sighting == nil:
		reason = v1alpha1.ReasonRegistrarNotReady
	default:
		reason = v1alpha1.ReasonWaiting
	}
	status := f.unchanged()
	f.set(&status, v1alpha1.ConditionRegistered, metav1.ConditionUnknown, reason, "it is not known whether the name is ours")
	f.set(&status, v1alpha1.ConditionNeedsAttention, metav1.ConditionTrue, v1alpha1.ReasonUndecidable, message)
	return status
}

// registered says that the name is ours. lost is that the account does not list it now.
func (f *facts) registered(h registrar.Holding, lost bool) v1alpha1.DomainStatus {
	message := messageRegistered
	if f.deleting() {
		message = messageKept
	}
	status := f.conclude(metav1.ConditionTrue, v1alpha1.ReasonRegistered, message)
	if known := status.RegisteredTime; known == nil || ahead(*known, f.now) {
		at := metav1.NewTime(f.now.UTC().Truncate(time.Second))
		status.RegisteredTime = &at
	}
	if !h.Expiry.IsZero() {
		at := metav1.NewTime(h.Expiry.UTC().Truncate(time.Second))
		if status.ExpiryTime == nil || !status.ExpiryTime.Equal(&at) {
			status.ExpiryTime = &at
		}
	}
	if h.AutoRenew != nil {
		on := *h.AutoRenew
		status.AutoRenew = &on
	}
	status.Renewal = f.renewalSeen()
	f.setDelegated(&status)
	f.setRenewing(&status, lost)
	return status
}

// setRenewing compares what the registrar says of renewal with what is wanted.
func (f *facts) setRenewing(status *v1alpha1.DomainStatus, lost bool) {
	if lost {
		f.set(status, v1alpha1.ConditionRenewing, metav1.ConditionFalse, v1alpha1.ReasonLostByAccount, "the account does not list the name any more")
		return
	}
	is, reason, message := f.renewing(status)
	near := alarmOf(status.ExpiryTime, f.now)
	if near == &runOut && f.autoRenewWanted() {
		is = metav1.ConditionFalse
	}
	if near != nil && is != metav1.ConditionTrue {
		reason, message = near.reason, message+"; "+near.words
	}
	f.set(status, v1alpha1.ConditionRenewing, is, reason, message)
}

func (f *facts) renewing(status *v1alpha1.DomainStatus) (metav1.ConditionStatus, string, string) {
	wanted := f.autoRenewWanted()
	switch on := status.AutoRenew; {
	case on == nil:
		return metav1.ConditionUnknown, v1alpha1.ReasonProgressing, "the registrar has not said whether it renews the name"
	case *on && wanted:
		return metav1.ConditionTrue, v1alpha1.ReasonAutoRenewOn, "the registrar renews the name by itself"
	case *on:
		return metav1.ConditionFalse, v1alpha1.ReasonAutoRenewOn, "the registrar still renews the name, although its site is gone"
	case wanted:
		return metav1.ConditionFalse, v1alpha1.ReasonAutoRenewOff, "the registrar does not renew the name by itself" + f.extensionNote(status)
	default:
		return metav1.ConditionTrue, v1alpha1.ReasonAutoRenewOff, "the site is gone, and the name runs out"
	}
}

const (
	noteNoExtension = ", and the factory cannot: "
	noteByHand      = ". Renew it at the registrar's own pages"
)

// noExtension is why the factory cannot renew the name: as was just seen, or else as was said last.
func (f *facts) noExtension(status *v1alpha1.DomainStatus) string {
	if s := f.sighting; s != nil && s.InAccount == registrar.Yes {
		return s.NoExtension
	}
	before := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionRenewing)
	if before == nil {
		return ""
	}
	_, said, _ := strings.Cut(before.Message, noteNoExtension)
	said, _, _ = strings.Cut(said, noteByHand)
	return said
}

// extensionNote says how far the factory's own renewal is.
func (f *facts) extensionNote(status *v1alpha1.DomainStatus) string {
	if why := f.noExtension(status); why != "" {
		return noteNoExtension + why + noteByHand
	}
	renewal := status.Renewal
	if status.ExpiryTime == nil || !sameExpiry(renewal, status.ExpiryTime.Time) {
		return ", and the factory extends it in the last 30 days"
	}
	switch renewal.Outcome {
	case v1alpha1.RenewalDone:
		return "; it was extended, which does not show yet"
	case v1alpha1.RenewalPending:
		return "; the registrar has accepted to extend it and works on that"
	case v1alpha1.RenewalRejected:
		return sentence("; it turned an extension down, which is tried again", renewal.Detail)
	default:
		return sentence("; an extension was sent, and what came of it is not known", renewal.Detail)
	}
}

// age is how long the purchase has been under way.
func (f *facts) age() time.Duration {
	if call := f.domain.Status.Call; call != nil {
		return f.now.Sub(call.StartedTime.Time)
	}
	if c := apimeta.FindStatusCondition(f.domain.Status.Conditions, v1alpha1.ConditionRegistered); c != nil {
		return f.now.Sub(c.LastTransitionTime.Time)
	}
	return 0
}
