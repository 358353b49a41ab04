package registrar

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
)

var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// desk is a registrar that counts who comes, and says what it is told to.
type desk struct {
	calls  int
	err    error
	result Result
}

func (d *desk) Account() string { return "desk" }

func (d *desk) Check(context.Context) error { d.calls++; return d.err }

func (d *desk) LookUp(context.Context, Query) (Sighting, error) {
	d.calls++
	return Sighting{InAccount: Yes}, d.err
}

func (d *desk) Buy(context.Context, Order) Result { d.calls++; return d.result }

func (d *desk) Renew(context.Context, Renewal) Result { d.calls++; return d.result }

func (d *desk) For(context.Context, *v1alpha1.Registrar) (Registrar, error) { return d, nil }

// queue is a factory of which many work at one account, at once or one after the other.
type queue struct {
	t      *testing.T
	desk   *desk
	clock  *clocktesting.FakePassiveClock
	source Source
	spec   *v1alpha1.Registrar
	names  int
}

func newQueue(t *testing.T, perMinute int32) *queue {
	q := &queue{t: t, desk: &desk{result: Done{}}, clock: clocktesting.NewFakePassiveClock(start), spec: &v1alpha1.Registrar{}}
	q.spec.UID, q.spec.Spec.Limits.CallsPerMinute = "one", ptr.To(perMinute)
	q.source = Limit(q.desk, q.clock, func() float64 { return 0 })
	return q
}

func (q *queue) account() Registrar {
	q.t.Helper()
	a, err := q.source.For(q.t.Context(), q.spec)
	if err != nil {
		q.t.Fatal(err)
	}
	return a
}

// lookUp is how long the look-up of one more name has to wait; zero where it was let through.
func (q *queue) lookUp() time.Duration {
	q.t.Helper()
	q.names++
	return q.lookUpOf(fmt.Sprintf("%d.gent", q.names))
}

func (q *queue) lookUpOf(name string) time.Duration {
	q.t.Helper()
	s, err := q.account().LookUp(q.t.Context(), Query{Domain: name})
	var throttled *Throttled
	switch {
	case err == nil && s.InAccount == Yes:
		return 0
	case errors.As(err, &throttled) && throttled.RetryAfter > 0:
		return throttled.RetryAfter
	}
	q.t.Fatalf("%s: %+v, %v", name, s, err)
	return 0
}

func (q *queue) later(d time.Duration) { q.clock.SetTime(q.clock.Now().Add(d)) }

func TestAnAccountIsCalledOnlySoOften(t *testing.T) {
	q := newQueue(t, 60)
	for range 10 {
		if wait := q.lookUp(); wait != 0 {
			t.Fatalf("a burst of a sixth of a minute's calls is held up for %s", wait)
		}
	}
	for i := range 3 {
		if wait, want := q.lookUp(), time.Duration(i+1)*time.Second; wait != want {
			t.Errorf("the %d. that is turned away shall come back after %s, want %s", i+1, wait, want)
		}
	}
	if q.desk.calls != 10 {
		t.Errorf("%d calls reached the registrar", q.desk.calls)
	}
	for range 3 {
		q.later(time.Second)
		if wait := q.lookUp(); wait != 0 {
			t.Errorf("one that comes back when it was told to is held up for %s", wait)
		}
	}
}

// wantWait looks a name up and compares how long it has to wait.
func (q *queue) wantWait(name string, want time.Duration) {
	q.t.Helper()
	if got := q.lookUpOf(name); got != want {
		q.t.Errorf("%s waits for %s, want %s", name, got, want)
	}
}

func TestWhoComesBeforeItsTimeKeepsIt(t *testing.T) {
	for name, tc := range map[string]struct {
		fill func(q *queue)
		free time.Duration
	}{
		"while all tokens are taken": {func(q *queue) { q.lookUp() }, 6 * time.Second},
		"while the registrar wants to be left alone": {func(q *queue) {
			q.desk.result = Rejected{Reason: RejectedPostponed, RetryAfter: time.Minute}
			q.account().Buy(q.t.Context(), Order{})
		}, time.Minute},
		"after an answer that is not clear": {func(q *queue) {
			q.desk.result = Unknown{Err: &Throttled{RetryAfter: time.Minute, Err: errors.New("503")}}
			q.account().Buy(q.t.Context(), Order{})
		}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t, 10)
			tc.fill(q)
			q.wantWait("alice.gent", tc.free)
			q.wantWait("bob.gent", tc.free+6*time.Second)
			for range 5 {
				q.later(time.Second)
				tc.free -= time.Second
				q.wantWait("alice.gent", tc.free)
			}
			q.wantWait("carol.gent", tc.free+12*time.Second)

			q.later(tc.free)
			q.wantWait("carol.gent", 0)              // and finds a token
			q.wantWait("carol.gent", 18*time.Second) // its slot is spent
			q.wantWait("alice.gent", 24*time.Second) // and alice's is past
			q.wantWait("bob.gent", 6*time.Second)
		})
	}
}

// TestATimeIsKeptAtAnyRate comes at odd moments: the bucket counts in fractions.
func TestATimeIsKeptAtAnyRate(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // the same in each run
	upTo := func(d time.Duration) time.Duration { return 1 + time.Duration(dice.Int64N(int64(d))) }
	for range 3000 {
		perMinute := 1 + dice.Int32N(600)
		q := newQueue(t, perMinute)
		for range max(perMinute/burstShare, 1) {
			q.lookUp()
		}
		q.later(upTo(time.Minute / time.Duration(perMinute+1)))
		wait := q.lookUpOf("alice.gent")
		due := q.clock.Now().Add(wait)
		for q.later(upTo(wait)); due.Sub(q.clock.Now()) > rounding; q.later(upTo(wait)) {
			if moved := q.clock.Now().Add(q.lookUpOf("alice.gent")).Sub(due).Abs(); moved > rounding {
				t.Errorf("at %d a minute its time is moved by %s", perMinute, moved)
			}
		}
	}
}

func TestSlotsThatArePastAreForgotten(t *testing.T) {
	q := newQueue(t, 10)
	for range 100 {
		q.lookUp()
	}
	q.later(time.Hour)
	q.wantWait("alice.gent", 0)
	q.wantWait("bob.gent", 6*time.Second)
	if got := len(q.source.(*limitedSource).gates["one"].slots); got != 1 {
		t.Errorf("%d slots are remembered, want bob's", got)
	}
}

func TestAThousandThatComeAtOnceGetTheirTurn(t *testing.T) {
	q := newQueue(t, 600)
	due := map[int]time.Time{}
	for i := range 1000 {
		due[i] = start
	}
	turnedAway := 0
	for steps := 0; len(due) > 0; steps++ {
		for i := range due {
			if due[i].After(q.clock.Now()) {
				continue
			}
			wait := q.lookUpOf(fmt.Sprintf("%d.gent", i))
			if wait == 0 {
				delete(due, i)
				continue
			}
			turnedAway++
			due[i] = q.clock.Now().Add(wait)
		}
		q.later(100 * time.Millisecond)
		if q.clock.Now().Sub(start) > 2*time.Minute {
			t.Fatalf("%d still wait after two minutes", len(due))
		}
	}
	if took := q.clock.Now().Sub(start); took < 85*time.Second {
		t.Errorf("a thousand calls in %s, at 600 a minute and 100 at once", took)
	}
	if turnedAway > 2000 {
		t.Errorf("turned away %d times: they do not come when it is their turn", turnedAway)
	}
}

func TestWhatWasDecidedGoesOutOnCredit(t *testing.T) {
	q := newQueue(t, 60)
	for q.lookUp() == 0 {
		continue
	}
	before := q.desk.calls
	a := q.account()
	if got := a.Buy(t.Context(), Order{}); got.Outcome() != "done" {
		t.Errorf("%+v", got)
	}
	if got := a.Renew(t.Context(), Renewal{}); got.Outcome() != "done" {
		t.Errorf("%+v", got)
	}
	if err := a.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if q.desk.calls != before+3 {
		t.Errorf("%d calls", q.desk.calls-before)
	}
	q.later(3 * time.Second)
	if q.lookUp() == 0 {
		t.Error("nobody pays for what went out on credit")
	}
}

func TestARegistrarThatAsksToBeLeftAloneIs(t *testing.T) {
	throttled := &Throttled{RetryAfter: 5 * time.Minute, Err: errors.New("429")}
	postponed := Rejected{Reason: RejectedPostponed, RetryAfter: 5 * time.Minute}
	for name, ask := range map[string]func(q *queue){
		"by an answer to a look-up": func(q *queue) { q.desk.err = throttled; q.lookUp() },
		"to a check":                func(q *queue) { q.desk.err = throttled; _ = q.account().Check(q.t.Context()) },
		"to a purchase":             func(q *queue) { q.desk.result = postponed; q.account().Buy(q.t.Context(), Order{}) },
		"to a renewal":              func(q *queue) { q.desk.result = postponed; q.account().Renew(q.t.Context(), Renewal{}) },
		"to a call whose answer is not clear otherwise": func(q *queue) {
			q.desk.result = Unknown{Err: throttled}
			q.account().Buy(q.t.Context(), Order{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue(t, 600)
			ask(q)
			q.desk.err, q.desk.result, q.desk.calls = nil, Done{}, 0
			q.later(4 * time.Minute)
			if wait := q.lookUp(); wait < time.Minute {
				t.Errorf("a look-up shall come back after %s", wait)
			}
			var again *Throttled
			if err := q.account().Check(t.Context()); !errors.As(err, &again) || again.RetryAfter != time.Minute {
				t.Errorf("a check: %v", err)
			}
			for what, got := range map[string]Result{"purchase": q.account().Buy(t.Context(), Order{}), "renewal": q.account().Renew(t.Context(), Renewal{})} {
				if no, ok := got.(Rejected); !ok || no.Reason.Final() || no.RetryAfter != time.Minute {
					t.Errorf("a %s: %+v", what, got)
				}
			}
			if q.desk.calls != 0 {
				t.Errorf("%d calls went out", q.desk.calls)
			}
			q.later(2 * time.Minute)
			if wait := q.lookUp(); wait != 0 {
				t.Errorf("after its time a look-up is held up for %s", wait)
			}
		})
	}
}

func TestHowLongAnAccountIsLeftAloneHasBounds(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0: time.Second, -time.Hour: time.Second, time.Minute: time.Minute, 1000 * time.Hour: time.Hour,
	} {
		q := newQueue(t, 600)
		q.desk.err = &Throttled{RetryAfter: asked, Err: errors.New("429")}
		if got := q.lookUp(); got != want {
			t.Errorf("asked for %s, it comes back after %s, want %s", asked, got, want)
		}
	}
}

func TestThoseWhoWereTurnedAwayDoNotComeBackTogether(t *testing.T) {
	q := newQueue(t, 600)
	q.desk.err = &Throttled{RetryAfter: time.Minute, Err: errors.New("429")}
	seen := map[time.Duration]bool{}
	for range 20 {
		wait := q.lookUp()
		if seen[wait] || wait < time.Minute {
			t.Errorf("two come back after %s", wait)
		}
		seen[wait] = true
	}
	dice := newQueue(t, 600)
	dice.source = Limit(dice.desk, dice.clock, func() float64 { return 0.5 })
	dice.desk.err = q.desk.err
	if wait := dice.lookUp(); wait <= time.Minute+2*time.Second || wait > time.Minute+10*time.Second {
		t.Errorf("with jitter it comes back after %s", wait)
	}
}

func TestEachAccountHasABucketOfItsOwn(t *testing.T) {
	q := newQueue(t, 6)
	if q.lookUp() != 0 || q.lookUp() == 0 {
		t.Fatal("six calls a minute are one at once")
	}
	for _, uid := range []types.UID{"two", "three"} {
		q.spec = q.spec.DeepCopy()
		q.spec.UID = uid
		if wait := q.lookUp(); wait != 0 {
			t.Errorf("Registrar %s is held up by another one, for %s", uid, wait)
		}
	}
	q.spec.UID = "one"
	if q.lookUp() == 0 {
		t.Error("the first one has a new bucket")
	}
}

func TestARateThatIsRaisedHoldsAtOnce(t *testing.T) {
	q := newQueue(t, 1)
	if q.lookUp() != 0 || q.lookUp() == 0 {
		t.Fatal("one call a minute is one")
	}
	q.spec.Spec.Limits.CallsPerMinute = ptr.To[int32](6000)
	q.account()
	q.later(time.Second)
	for range 50 {
		if wait := q.lookUp(); wait != 0 {
			t.Fatalf("held up for %s", wait)
		}
	}
}

func TestARateThatIsRaisedHoldsForThoseBehindALongLineToo(t *testing.T) {
	q := newQueue(t, 1)
	for range 60 {
		q.lookUp()
	}
	q.spec.Spec.Limits.CallsPerMinute = ptr.To[int32](60)
	for wait := time.Duration(0); wait == 0; q.later(time.Millisecond) {
		if wait = q.lookUp(); wait > 2*time.Second {
			t.Errorf("who comes after the rate was raised waits for %s", wait)
		}
	}
}

func TestWhatCannotBeOpenedIsNotLimited(t *testing.T) {
	source := Limit(NewSource(v1alpha1.EnvironmentTest), clocktesting.NewFakePassiveClock(start), nil)
	var spec *SpecError
	if a, err := source.For(t.Context(), &v1alpha1.Registrar{}); a != nil || !errors.As(err, &spec) {
		t.Errorf("%v, %v", a, err)
	}
}
