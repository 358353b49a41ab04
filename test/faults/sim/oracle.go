package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/callback"
	"magicwebsitefactory.gent/internal/registrar"
)

// What must never happen, beside [ErrBoughtTwice].
var (
	// ErrBoughtForNobody: an order went out although site, Secret or Registrar had said no before the fence was written.
	ErrBoughtForNobody = errors.New("a name was ordered that nobody wanted any more")
	// ErrOverLimit: more orders went out on one day than the Registrar's limit.
	ErrOverLimit = errors.New("more names were ordered than the limit allows")
	// ErrUntold: an accepted order ended untold.
	ErrUntold = errors.New("an accepted order was not told how it ended")
	// ErrContradiction: an accepted order was told two different outcomes.
	ErrContradiction = errors.New("an accepted order was told two outcomes")
	// ErrStale: an older outcome arrived after a newer one.
	ErrStale = errors.New("an older outcome was told after a newer one")
	// ErrUntrue: an outcome that is not so.
	ErrUntrue = errors.New("an outcome was told that is not true")
	// ErrOrphan: something is left that belongs to nobody.
	ErrOrphan = errors.New("something is left over")
	// ErrRestless: a write although everything stands.
	ErrRestless = errors.New("something was written although nothing was left to do")
	// ErrAttention: a person is asked although looking could tell.
	ErrAttention = errors.New("a person is asked for without need")
)

// calm is how long what is settled may still be tidied up.
const calm = 15 * time.Minute

const (
	// quiet is longer than anybody waits but the duty that buys.
	quiet = 90 * time.Minute
	// quietBooks is longer than that one waits: names that are ours are looked up every twelve hours or so.
	quietBooks = 14 * time.Hour
)

// askBuyable judges an order at the moment at which it goes out. What changed after its fence was written may come too late for it.
func (w *World) askBuyable(t *Task, o registrar.Order) {
	day := w.Clock.Now().UTC().Format(time.DateOnly)
	if w.ordered[day]++; w.ordered[day] > RegistrationsPerDay {
		w.fail(fmt.Errorf("%w: %d on %s", ErrOverLimit, w.ordered[day], day))
	}
	fenced := t.fenced
	if fenced == 0 {
		fenced = w.store.changes // there was no fence
	}
	if why := w.unwanted(o.Domain, fenced); why != "" {
		w.fail(fmt.Errorf("%w: %s: %s", ErrBoughtForNobody, o.Domain, why))
	}
}

// unwanted says why a name was not to be bought at that change; empty where it was.
func (w *World) unwanted(name string, change int) string {
	site, _ := w.store.at(objectKey{factoryKind(v1alpha1.KindIndieSite), types.NamespacedName{Namespace: w.Sites, Name: name}}, 0, change).(*v1alpha1.IndieSite)
	names, _ := w.store.at(objectKey{factoryKind(v1alpha1.KindRegistrar), types.NamespacedName{Namespace: w.Factory, Name: registrarName}}, 0, change).(*v1alpha1.Registrar)
	domain, _ := w.store.at(objectKey{factoryKind(v1alpha1.KindDomain), types.NamespacedName{Namespace: w.Factory, Name: name}}, 0, change).(*v1alpha1.Domain)
	switch {
	case site == nil:
		return "there is no site"
	case !site.DeletionTimestamp.IsZero():
		return "the site is being deleted"
	case stalled(site):
		return "the site is stalled"
	case ended(site) && site.Status.Outcome.Code != v1alpha1.OutcomeCreated:
		return fmt.Sprintf("the outcome is %d", site.Status.Outcome.Code)
	case names == nil || names.Spec.Suspend:
		return "the Registrar is suspended"
	case domain == nil || !domain.DeletionTimestamp.IsZero():
		return "the Domain is being deleted"
	case w.store.at(objectKey{secretKind, types.NamespacedName{Namespace: w.Sites, Name: site.Spec.InstallerSecretRef.Name}}, 0, change) == nil:
		return "the installer Secret is not there"
	}
	return ""
}

func stalled(site *v1alpha1.IndieSite) bool {
	return site.Status.Attempt != nil && site.Status.Attempt.Number == site.Spec.SetupAttempt &&
		apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionStalled)
}

func ended(site *v1alpha1.IndieSite) bool {
	return site.Status.Outcome != nil && site.Status.Outcome.Attempt == site.Spec.SetupAttempt
}

// judgeTold compares what is told with the registry's own books, at the moment at which it is told.
func (w *World) judgeTold(told Told) {
	e := w.Registry.entry(told.Domain)
	switch {
	case w.refused != nil:
		w.fail(fmt.Errorf("%w: %d, while the credentials are refused and nobody can know", ErrUntrue, told.Code))
	case told.Code == int(v1alpha1.OutcomeCreated) && !e.Held:
		w.fail(fmt.Errorf("%w: 201, and the name is not ours", ErrUntrue))
	case told.Code == int(v1alpha1.OutcomeTaken) && !e.HeldByOther:
		w.fail(fmt.Errorf("%w: 409, and nobody else has the name", ErrUntrue))
	}
	for _, earlier := range w.Receiver.Ledger {
		if earlier.Domain != told.Domain {
			continue
		}
		if earlier.UID == told.UID && earlier.Attempt == told.Attempt && earlier.Code != told.Code {
			w.fail(fmt.Errorf("%w: %s attempt %d: %d and %d", ErrContradiction, told.Domain, told.Attempt, earlier.Code, told.Code))
		}
		if w.older(told, earlier) {
			w.fail(fmt.Errorf("%w: %s: attempt %d (%d) after attempt %d (%d)", ErrStale, told.Domain, told.Attempt, told.Code, earlier.Attempt, earlier.Code))
		}
	}
}

// older says whether a belongs to an older acceptance than b.
func (w *World) older(a, b Told) bool {
	if a.UID == b.UID {
		return a.Attempt < b.Attempt
	}
	born, than := w.store.born[a.UID], w.store.born[b.UID]
	return born.Before(&than)
}

// Settled says in an error what is still to come: nothing when every order is answered and told, and everything stands or is cleaned away.
func (w *World) Settled() error {
	switch {
	case w.Citizen.Open():
		return errors.New("an order has no answer")
	case w.pending > 0:
		return errors.New("something is still to happen")
	case len(w.paused) > 0:
		return errors.New("somebody stands still")
	}
	for _, site := range w.Websites() {
		if err := w.settledSite(site); err != nil {
			return fmt.Errorf("the site %s: %w", site.Name, err)
		}
	}
	for _, e := range w.store.all() {
		if domain, ok := e.object.(*v1alpha1.Domain); ok {
			if err := w.settledDomain(domain); err != nil {
				return fmt.Errorf("the Domain %s: %w", domain.Name, err)
			}
		}
	}
	return w.orphans()
}

func (w *World) settledSite(site *v1alpha1.IndieSite) error {
	delivered := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	switch {
	case !site.DeletionTimestamp.IsZero():
		return errors.New("is being deleted")
	case !ended(site):
		return errors.New("has no outcome")
	case delivered == nil || delivered.Status != metav1.ConditionTrue:
		return errors.New("its onboarder is not told")
	case len(site.Finalizers) > 0:
		return errors.New("it is held back")
	case site.Status.Outcome.Code == v1alpha1.OutcomeCreated && !apimeta.IsStatusConditionTrue(site.Status.Conditions, v1alpha1.ConditionReady):
		return errors.New("it is not Ready")
	case site.Status.Outcome.Code != v1alpha1.OutcomeCreated && !w.Registry.entry(site.Name).Held && !w.Registry.entry(site.Name).Open:
		return errors.New("it is not released")
	}
	return nil
}

func (w *World) settledDomain(domain *v1alpha1.Domain) error {
	if apimeta.IsStatusConditionTrue(domain.Status.Conditions, v1alpha1.ConditionNeedsAttention) {
		if w.Registry.entry(domain.Name).Open {
			return nil // nobody can tell
		}
		return errors.New("waits for a person")
	}
	if !apimeta.IsStatusConditionTrue(domain.Status.Conditions, v1alpha1.ConditionRegistered) {
		if w.Registry.entry(domain.Name).Open && w.Registry.Play[domain.Name] == NeverReady {
			return nil
		}
		return errors.New("is neither ours nor gone")
	}
	switch {
	case !w.Registry.entry(domain.Name).Held:
		return errors.New("is said to be ours, and is not")
	case !domain.DeletionTimestamp.IsZero():
		return errors.New("is paid for, and is to be deleted")
	case w.shop != nil:
		return w.Renewed(domain.Name)
	}
	return nil
}

// orphans finds what no site owns any more. Volumes and what was paid for stay.
func (w *World) orphans() error {
	for _, e := range w.store.all() {
		name, annotated := e.object.GetAnnotations()[v1alpha1.AnnotationDomain]
		restored := w.restored > 0 && e.key.Kind == "Secret" && len(e.object.GetOwnerReferences()) == 0 // from a backup, and left to the admin
		if !annotated || restored || e.key.Kind == "PersistentVolumeClaim" {
			continue
		}
		site := w.Website(name)
		switch {
		case site == nil:
			return fmt.Errorf("%w: %s", ErrOrphan, e.key)
		case e.key.Kind != "Secret" && site.Status.Outcome.Code != v1alpha1.OutcomeCreated:
			return fmt.Errorf("%w: %s of a site that failed", ErrOrphan, e.key)
		}
	}
	for name, e := range w.Registry.Entries {
		if e.Held && w.Domain(name) == nil {
			return fmt.Errorf("%w: %s is paid for, and not on the books", ErrOrphan, name)
		}
	}
	return nil
}

// Verify judges a run that has settled.
func (w *World) Verify() error {
	errs := []error{w.Err(), w.verifyPaid()}
	for _, a := range w.Citizen.Accepted {
		errs = append(errs, w.verifyTold(a))
	}
	return errors.Join(errs...)
}

func (w *World) verifyTold(a Acceptance) error {
	for _, told := range w.Receiver.Ledger {
		if told.UID == a.UID && told.Attempt == a.Attempt && told.Answer == 200 {
			return nil
		}
	}
	for _, later := range w.Citizen.Accepted {
		if later.UID == a.UID && later.Attempt > a.Attempt {
			return nil // the callback names no attempt, so an outcome that was not told yet is not told after the next order
		}
	}
	called := slices.ContainsFunc(w.Receiver.Ledger, func(t Told) bool {
		return t.UID == a.UID && t.Attempt == a.Attempt && !t.At.Before(w.store.doomed[a.UID].Time)
	})
	if at, gone := w.store.removed[a.UID]; gone && called && at.Sub(w.store.doomed[a.UID].Time) >= callback.DefaultFarewell {
		return nil // nobody waits longer for a receiver that answers anything but 200
	}
	return fmt.Errorf("%w: %s, attempt %d", ErrUntold, a.Domain, a.Attempt)
}

// Quiet has everybody look at everything again, for longer than any of them waits, and says whether that led to a write.
func (w *World) Quiet() error {
	w.Script = Undisturbed
	if err := w.RunFor(calm); err != nil {
		return err
	}
	if err := w.Settled(); err != nil {
		return fmt.Errorf("it had settled, and now %w", err)
	}
	if err := w.pastMidnight(); err != nil {
		return err
	}
	traced := len(w.log)
	w.Resync()
	if err := w.RunFor(quiet); err != nil {
		return err
	}
	w.Only(DutyDomain)
	defer w.Only("")
	if err := w.RunFor(quietBooks - quiet); err != nil {
		return err
	}
	for _, m := range w.log[traced:] {
		if w.shop != nil && w.shop.KeepsAutoRenew && m.Call.Verb == verbRenew {
			continue
		}
		if !m.Call.Read() && m.Moment == Before {
			return fmt.Errorf("%w: %s", ErrRestless, m.Call)
		}
	}
	return errors.Join(w.Err(), w.verifyPaid())
}

// pastMidnight goes on to the next day where it is near: then a Registrar begins its usage anew, which is a write.
func (w *World) pastMidnight() error {
	now := w.Clock.Now().UTC()
	if left := now.Truncate(24*time.Hour).AddDate(0, 0, 1).Sub(now); left <= quiet {
		return w.RunFor(left + time.Minute)
	}
	return nil
}
