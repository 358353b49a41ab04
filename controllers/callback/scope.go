package callback

import (
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// scope is what one run of the steps works on.
type scope struct {
	now      time.Time
	farewell time.Duration
	// before is the site as it was read or written last, and site what becomes of it.
	before, site *v1alpha1.IndieSite
	// blocked says why nothing can be sent. It is taken over from the condition, and deliver judges it anew.
	blocked *blocked
	// events to publish after the next write.
	events []announcement
}

type announcement func(events.EventRecorder, *v1alpha1.IndieSite)

// blocked is the error of a delivery that has to wait for the Onboarder to change.
type blocked struct {
	reason, message string
	// gone: there is nobody left to tell.
	gone bool
}

func (b *blocked) Error() string { return b.reason + ": " + b.message }

func newScope(site *v1alpha1.IndieSite, now time.Time, farewell time.Duration) *scope {
	s := &scope{now: now, farewell: farewell, before: site, site: site.DeepCopy()}
	c := apimeta.FindStatusCondition(site.Status.Conditions, v1alpha1.ConditionCallbackDelivered)
	if c != nil && (c.Reason == v1alpha1.ReasonOnboarderNotReady || c.Reason == v1alpha1.ReasonCallbackRefused) {
		s.blocked = &blocked{reason: c.Reason, message: c.Message}
	}
	return s
}

func (s *scope) changed() bool { return !equality.Semantic.DeepEqual(s.before, s.site) }

func (s *scope) deleting() bool { return !s.site.DeletionTimestamp.IsZero() }

func (s *scope) hasOnboarder() bool { return s.site.Spec.OnboarderName != nil }

func (s *scope) held() bool {
	return controllerutil.ContainsFinalizer(s.site, v1alpha1.FinalizerCallback)
}

// ended says whether the current attempt has its outcome.
func (s *scope) ended() bool {
	o := s.site.Status.Outcome
	return o != nil && o.Attempt == attemptOf(s.site)
}

// delivery returns the state of telling the current attempt's outcome; nil before there is one, and where nobody is to be told.
func (s *scope) delivery() *v1alpha1.Delivery {
	d := s.site.Status.Delivery
	if !s.hasOnboarder() || !s.ended() || d == nil || d.Attempt != s.site.Status.Outcome.Attempt {
		return nil
	}
	return d
}

// told says whether the current attempt's outcome is delivered or given up.
func (s *scope) told() bool {
	d := s.delivery()
	return d != nil && delivery.Finished(*d)
}

// due returns how long it is until the next attempt, and whether there is to be one.
func (s *scope) due() (time.Duration, bool) {
	d := s.delivery()
	if d == nil || delivery.Finished(*d) || s.farewellOver() {
		return 0, false
	}
	wait := delivery.Wait(*d, s.now)
	if s.deleting() {
		wait = min(wait, s.farewellLeft())
	}
	return wait, true
}

// farewellLeft lets an attempt that may be under way elsewhere come to its end: once the site is gone the name can be ordered anew, and what is told then
// must not be followed by something older.
func (s *scope) farewellLeft() time.Duration {
	left := s.site.DeletionTimestamp.Add(s.farewell).Sub(s.now)
	if d := s.delivery(); d != nil {
		left = max(left, delivery.Busy(*d, s.now))
	}
	return left
}

func (s *scope) farewellOver() bool { return s.deleting() && s.farewellLeft() <= 0 }

func (s *scope) publishLater(a announcement) { s.events = append(s.events, a) }

func (s *scope) timestamp() metav1.Time { return metav1.NewTime(s.now.Truncate(time.Second)) }

// attemptOf returns the number of the current attempt.
func attemptOf(site *v1alpha1.IndieSite) int32 { return max(site.Spec.SetupAttempt, 1) }
