package domain

import (
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// reseller is a registrar that holds one name, renews nothing by itself, and takes every extension that it gets.
type reseller struct {
	world  *world
	expiry time.Time
	// charged counts the years that were paid for.
	charged int
	// guarded is that it refuses an extension that does not carry the expiry of now. lag is for how long its books show the old one.
	guarded bool
	lag     time.Duration
	shown   time.Time
	since   time.Time
	// lose are the answers that are lost, by the number of the call; deny the calls that are turned down.
	lose, deny map[int]bool
	calls      int
	seenFrom   []time.Time
}

func (r *reseller) sight(s registrar.Sighting, err error) (registrar.Sighting, error) {
	off, expiry := false, r.expiry
	if r.world.clock.Now().Before(r.since.Add(r.lag)) {
		expiry = r.shown
	}
	s.InAccount, s.ExtendsOnce = registrar.Yes, r.guarded
	s.Holding = registrar.Holding{Expiry: expiry, AutoRenew: &off}
	return s, err
}

func (r *reseller) renew(a registrar.Renewal) registrar.Result {
	no := registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "not here"}
	if a.ExtendFrom.IsZero() {
		return no
	}
	n := r.calls
	r.calls++
	r.seenFrom = append(r.seenFrom, a.ExtendFrom)
	if r.deny[n] {
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: "no credit"}
	}
	if r.guarded && !a.ExtendFrom.Equal(r.expiry) {
		return no
	}
	if a.MaxPrice != (registrar.Money{Minor: 2000, Currency: "EUR"}) || a.OperationID != "operation-1" || a.Try < 1 || !a.AutoRenew {
		r.world.t.Errorf("asked for %+v", a)
	}
	r.charged++
	r.shown, r.since, r.expiry = r.expiry, r.world.clock.Now(), r.expiry.AddDate(1, 0, 0)
	if r.lose[n] {
		return registrar.Unknown{Err: errCrash}
	}
	return registrar.Done{}
}

// expiring is a name that is ours since a year, at such a reseller, and runs out after so many days.
func expiring(t *testing.T, days int, changes ...func(*reseller)) (*world, *reseller) {
	t.Helper()
	w := bought(t, alice)
	w.later(365*oneDay - time.Duration(days)*oneDay)
	r := &reseller{world: w, expiry: start.AddDate(1, 0, 0), guarded: true}
	for _, change := range changes {
		change(r)
	}
	w.sight, w.renew = r.sight, r.renew
	w.restart()
	// A process that has not seen the name before looks it up in the middle of its first twelve hours, as these dice fall.
	result, err := w.pass(alice)
	if err != nil || result.RequeueAfter != keepInterval/2 {
		t.Fatal(result, err)
	}
	w.later(result.RequeueAfter)
	return w, r
}

// live goes on for so many days, through all that the queue would call for, and fails where the pauses are short for long.
func (w *world) live(days int) {
	w.t.Helper()
	end := w.clock.Now().Add(time.Duration(days) * oneDay)
	for range 200 * days {
		result, err := w.pass(alice)
		pause := result.RequeueAfter
		if err != nil {
			pause = time.Second
		}
		if pause == 0 {
			w.t.Fatal("it is never looked up again")
		}
		if w.clock.Now().Add(pause).After(end) {
			return
		}
		w.later(pause)
	}
	w.t.Fatalf("more than 200 passes a day")
}

func (w *world) expectRenewal(r *reseller, charged int) *v1alpha1.DomainRenewal {
	w.t.Helper()
	if r.charged != charged {
		w.t.Fatalf("%d years were paid for, want %d", r.charged, charged)
	}
	w.expectBuys(1)
	return w.domain(alice).Status.Renewal
}

func TestARegistrationThatNobodyRenewsIsExtendedOnceAYear(t *testing.T) {
	w, r := expiring(t, 45)
	w.live(14)
	w.expectRenewal(r, 0)
	w.live(5)
	renewal := w.expectRenewal(r, 1)
	if renewal.Outcome != v1alpha1.RenewalDone || renewal.Try != 1 || !w.domain(alice).Status.ExpiryTime.Time.Equal(start.AddDate(2, 0, 0)) {
		t.Errorf("%+v, expires %s", renewal, w.domain(alice).Status.ExpiryTime)
	}
	if u := w.usage(); u.Registrations != 0 || *u.Spent != *euro("20.00") {
		t.Errorf("usage is %+v %v: an extension takes from the budget, and from no count", u, u.Spent)
	}
	w.live(400)
	w.expectRenewal(r, 2)
	for i, from := range r.seenFrom {
		if !from.Equal(start.AddDate(i+1, 0, 0)) {
			t.Errorf("call %d carries %s", i, from)
		}
	}
}

func TestAnExtensionIsPaidOnceWhateverGoesWrong(t *testing.T) {
	all := map[int]bool{0: true, 1: true, 2: true, 3: true, 4: true}
	for name, change := range map[string]func(*reseller){
		"the answer is lost": func(r *reseller) { r.lose = all },
		"the answer is lost, and the books are three hours late": func(r *reseller) { r.lose, r.lag = all, 3*time.Hour },
		"the answer is lost, and the books are three days late":  func(r *reseller) { r.lose, r.lag = all, 3*oneDay },
		"the books are twenty days late":                         func(r *reseller) { r.lag = 20 * oneDay },
		"it is turned down at first":                             func(r *reseller) { r.deny = map[int]bool{0: true, 1: true} },
		"it is turned down, and then the answer is lost":         func(r *reseller) { r.deny, r.lose, r.lag = map[int]bool{0: true}, all, oneDay },
	} {
		for _, guarded := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, guarded %v", name, guarded), func(t *testing.T) {
				w, r := expiring(t, 29, change, func(r *reseller) { r.guarded = guarded })
				w.live(28)
				w.restart()
				w.live(10)
				if renewal := w.expectRenewal(r, 1); renewal.Outcome != v1alpha1.RenewalDone && renewal.Outcome != v1alpha1.RenewalRejected {
					t.Errorf("%+v", renewal)
				}
				if !w.domain(alice).Status.ExpiryTime.Time.Equal(start.AddDate(2, 0, 0)) {
					t.Errorf("expires %s", w.domain(alice).Status.ExpiryTime)
				}
			})
		}
	}
}

func TestAnExtensionThatIsLostOnTheWayIsSentAgainOnlyWhereThatIsSafe(t *testing.T) {
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("guarded %v", guarded), func(t *testing.T) {
			w, r := expiring(t, 29, func(r *reseller) { r.guarded = guarded })
			dead := false
			w.renew = func(a registrar.Renewal) registrar.Result {
				if !a.ExtendFrom.IsZero() && !dead {
					dead = true
					panic(errCrash)
				}
				return r.renew(a)
			}
			w.live(20)
			if guarded {
				if renewal := w.expectRenewal(r, 1); renewal.Try != 2 || renewal.Outcome != v1alpha1.RenewalDone {
					t.Errorf("%+v", renewal)
				}
				return
			}
			if renewal := w.expectRenewal(r, 0); renewal.Try != 1 || renewal.Detail != detailUnclear {
				t.Errorf("%+v", renewal)
			}
			w.writes = 0
			_, _ = w.pass(alice)
			w.later(13 * time.Hour)
			_, _ = w.pass(alice)
			if w.writes != 0 {
				t.Errorf("%d writes while nothing changed", w.writes)
			}
			r.expiry = r.expiry.AddDate(1, 0, 0) // a person did it
			w.live(1)
			if renewal := w.expectRenewal(r, 0); renewal.Outcome != v1alpha1.RenewalDone || renewal.Detail != "" {
				t.Errorf("%+v", renewal)
			}
		})
	}
}

// TestWheneverTheProcessDiesAYearIsPaidOnce breaks an extension before and after each call to the outside world; and lets another leader in there.
func TestWheneverTheProcessDiesAYearIsPaidOnce(t *testing.T) {
	for _, guarded := range []bool{true, false} {
		t.Run(fmt.Sprintf("guarded %v", guarded), func(t *testing.T) {
			everyMomentOfAnExtension(t, 8, func(t *testing.T) (*world, *reseller) {
				return expiring(t, 29, func(r *reseller) { r.guarded, r.lag = guarded, time.Hour })
			}, func(t *testing.T, w *world, r *reseller) {
				if r.charged > 1 || (guarded && r.charged != 1) {
					t.Errorf("%d years were paid for: %+v", r.charged, w.domain(alice).Status.Renewal)
				}
			})
		})
	}
}

// everyMomentOfAnExtension disturbs the first pass in a world at each of its moments, of which there are so many at least, and checks where that leads.
func everyMomentOfAnExtension(t *testing.T, atLeast int, begin func(*testing.T) (*world, *reseller), check func(*testing.T, *world, *reseller)) {
	t.Helper()
	takeOver := func(t *testing.T, w *world) {
		other := w.newProcess()
		for range 3 {
			if _, err := other.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKey{Namespace: factoryNamespace, Name: alice}}); err != nil {
				t.Error(err)
			}
		}
	}
	for name, disturb := range map[string]func(t *testing.T, w *world){
		"dies": func(*testing.T, *world) { panic(errCrash) }, "two leaders": takeOver,
		"status lost": func(_ *testing.T, w *world) {
			w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} })
		},
	} {
		for moment := 0; ; moment++ {
			happened := false
			t.Run(fmt.Sprintf("%s, moment %d", name, moment), func(t *testing.T) {
				w, r := begin(t)
				w.calls = 0
				w.disturb = func(now int) {
					if now == moment && !happened {
						happened = true
						disturb(t, w)
					}
				}
				_, _ = w.pass(alice)
				w.disturb = nil
				w.live(25)
				check(t, w, r)
			})
			if !happened || t.Failed() {
				if moment < atLeast {
					t.Errorf("only %d moments: this test tries too little", moment)
				}
				break
			}
		}
	}
}

func TestALeaderWithAStaleDomainExtendsNothing(t *testing.T) {
	w, r := expiring(t, 29, func(r *reseller) { r.guarded, r.lag = false, oneDay })
	other := w.newProcess()
	other.Client = &staleReader{Client: w.client, stale: w.domain(alice)}
	key := client.ObjectKey{Namespace: factoryNamespace, Name: alice}
	other.calendar.put(key, appointment{at: w.clock.Now(), autoRenew: true})
	_, _ = w.pass(alice)
	w.expectRenewal(r, 1)
	// The books are late, and the other one's cache is older than the extension.
	for range 3 {
		if _, err := other.Reconcile(t.Context(), ctrl.Request{NamespacedName: key}); err != nil {
			t.Errorf("the loser of a race is not in error: %v", err)
		}
	}
	w.expectRenewal(r, 1)
}

func TestWhatChangesItsMindAfterTheFenceOfAnExtension(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"the Registrar is gone": func(w *world) { w.delete(newRegistrar()) },
		"the name shall run out": func(w *world) {
			w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Spec.AfterSite = v1alpha1.AfterSiteStopRenewing })
			w.delete(newSite(alice))
		},
		"this process stood still":    func(w *world) { w.later(callTimeout) },
		"something could not be read": func(w *world) { w.failRead = registrarsFail(w) },
	} {
		t.Run(name, func(t *testing.T) {
			w, r := expiring(t, 29)
			w.onExtension = func() { change(w) }
			_, _ = w.pass(alice)
			if w.onExtension != nil {
				t.Fatal("there was no fence")
			}
			if renewal := w.expectRenewal(r, 0); renewal != nil {
				t.Errorf("the fence stays: %+v", renewal)
			}
		})
	}
}

func TestALimitThatIsReachedPutsARenewalOffUntilMidnight(t *testing.T) {
	w, r := expiring(t, 29)
	w.changeRegistrar(func(r *v1alpha1.Registrar) {
		r.Spec.Limits.SpendingPerDay = euro("20.00")
		r.Status.Usage = &v1alpha1.RegistrarUsage{Date: day(w.clock.Now()), Registrations: 1, Spent: euro("20.00")}
	})
	for len(w.recorder.Events) > 0 {
		<-w.recorder.Events
	}
	result, err := w.pass(alice)
	if err != nil || result.RequeueAfter != untilTomorrow(w.clock.Now()) {
		t.Errorf("back after %s, %v, want at midnight UTC: %s", result.RequeueAfter, err, untilTomorrow(w.clock.Now()))
	}
	w.expectRenewal(r, 0)
	told := false
	for len(w.recorder.Events) > 0 {
		told = strings.Contains(<-w.recorder.Events, "limits.spendingPerDay") || told
	}
	if !told {
		t.Error("nobody is told what it waits for")
	}
	w.later(result.RequeueAfter)
	_, _ = w.pass(alice)
	w.expectRenewal(r, 1)
}

func TestAlarmsSoundOnceEach(t *testing.T) {
	w, r := expiring(t, 90, func(r *reseller) {
		r.deny = map[int]bool{}
		for i := range 1000 {
			r.deny[i] = true
		}
	})
	for len(w.recorder.Events) > 0 {
		<-w.recorder.Events
	}
	w.live(95)
	w.expectRenewal(r, 0)
	sounded := map[string]int{}
	for len(w.recorder.Events) > 0 {
		sounded[strings.Fields(<-w.recorder.Events)[1]]++
	}
	for _, reason := range []string{
		v1alpha1.ReasonExpiresWithin60Days, v1alpha1.ReasonExpiresWithin30Days, v1alpha1.ReasonExpiresWithin14Days, v1alpha1.ReasonExpired,
	} {
		if sounded[reason] != 1 {
			t.Errorf("%s sounded %d times: %v", reason, sounded[reason], sounded)
		}
	}
	if tries := r.calls; tries < 30 || tries > 70 {
		t.Errorf("%d tries in 35 days: want about one a day, and more in the last ones", tries)
	}
	r.expiry = r.expiry.AddDate(1, 0, 0)
	w.live(1)
	if c := apimeta.FindStatusCondition(w.domain(alice).Status.Conditions, v1alpha1.ConditionRenewing); c.Reason != v1alpha1.ReasonAutoRenewOff {
		t.Errorf("renewed by a person, and it still says %+v", c)
	}
}

func TestAnExtensionThatIsNotSentForWantOfFreshSightReservesNothing(t *testing.T) {
	w, r := expiring(t, 10)
	sight := w.sight
	w.sight = func(s registrar.Sighting, err error) (registrar.Sighting, error) {
		w.later(callTimeout + time.Second)
		return sight(s, err)
	}
	if _, err := w.pass(alice); err != nil {
		t.Fatal(err)
	}
	w.expectRenewal(r, 0)
	if u := w.usage(); u != nil && u.Spent != nil && u.Date == w.clock.Now().UTC().Format(time.DateOnly) {
		t.Errorf("usage is %+v %v", u, u.Spent)
	}
	w.sight = sight
	w.live(1)
	w.expectRenewal(r, 1)
}
