package domain

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

func day(now time.Time) string { return now.UTC().Format(time.DateOnly) }

func euro(amount string) *v1alpha1.Price { return &v1alpha1.Price{Amount: amount, Currency: "EUR"} }

func dollar(amount string) *v1alpha1.Price { return &v1alpha1.Price{Amount: amount, Currency: "USD"} }

func TestTheBudgetOfADay(t *testing.T) {
	for name, tc := range map[string]struct {
		spent, budget *v1alpha1.Price
		cost          string
		ok            bool
		after         *v1alpha1.Price
	}{
		"the first call of the day":                           {nil, euro("100.00"), "20.00", true, euro("20.00")},
		"up to the budget":                                    {euro("80.00"), euro("100.00"), "20.00", true, euro("100.00")},
		"not a cent over it":                                  {euro("80.01"), euro("100.00"), "20.00", false, euro("80.01")},
		"a smaller sum fits where a greater one does not":     {euro("80.01"), euro("100.00"), "19.99", true, euro("100.00")},
		"a budget of nothing stops all spending":              {nil, euro("0.00"), "20.00", false, nil},
		"a budget that was lowered during the day":            {euro("80.00"), euro("50.00"), "0.01", false, euro("80.00")},
		"without a budget it is counted all the same":         {euro("80.00"), nil, "20.00", true, euro("100.00")},
		"and stays at the most that can be written":           {euro("999999999.99"), nil, "20.00", true, euro("999999999.99")},
		"which no budget allows":                              {euro("999999999.99"), euro("999999999.00"), "20.00", false, euro("999999999.99")},
		"what was spent in another currency leaves no budget": {dollar("1.00"), euro("100.00"), "20.00", false, dollar("1.00")},
		"and cannot be added to where there is none":          {dollar("1.00"), nil, "20.00", true, dollar("1.00")},
		"a budget in another currency allows nothing":         {nil, dollar("100.00"), "20.00", false, nil},
		"a sum that cannot be read leaves no budget":          {euro("a lot"), euro("100.00"), "20.00", false, euro("a lot")},
		"a budget that cannot be read allows nothing":         {nil, euro("a lot"), "20.00", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cost, err := registrar.MoneyOf(*euro(tc.cost))
			if err != nil {
				t.Fatal(err)
			}
			before := v1alpha1.RegistrarUsage{Date: day(start), Registrations: 3, Spent: tc.spent.DeepCopy()}
			after, ok := spend(before, tc.budget, cost)
			if ok != tc.ok || (after.Spent == nil) != (tc.after == nil) || (tc.after != nil && *after.Spent != *tc.after) {
				t.Errorf("%v and %+v, want %v and %+v", ok, after.Spent, tc.ok, tc.after)
			}
			if after.Registrations != 3 || after.Date != before.Date {
				t.Errorf("spending changed %+v", after)
			}
			if (before.Spent == nil) != (tc.spent == nil) || (tc.spent != nil && *before.Spent != *tc.spent) {
				t.Error("what was read was changed")
			}
		})
	}
}

func spentToday(amount string) func(*facts) {
	return func(f *facts) {
		f.registrar.Status.Usage = &v1alpha1.RegistrarUsage{Date: day(f.now), Registrations: 1, Spent: euro(amount)}
	}
}

func budget(amount string) func(*facts) {
	return func(f *facts) { f.registrar.Spec.Limits.SpendingPerDay = euro(amount) }
}

func TestWhichLimitANameWaitsForIsSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		given *facts
		says  string
	}{
		"the count":                                    {given(sawNothing, used(day(start), 100)), "limits.registrationsPerDay"},
		"the sum":                                      {given(sawNothing, spentToday("80.01"), budget("100.00")), "limits.spendingPerDay"},
		"the count, where both are":                    {given(sawNothing, spentToday("100.00"), budget("100.00"), func(f *facts) { f.registrar.Status.Usage.Registrations = 100 }), "limits.registrationsPerDay"},
		"neither, as the sum fits":                     {given(sawNothing, spentToday("80.00"), budget("100.00")), ""},
		"neither, as it is another day":                {given(sawNothing, spentToday("80.01"), budget("100.00"), func(f *facts) { f.registrar.Status.Usage.Date = "2026-11-21" }), ""},
		"the sum of a day ahead":                       {given(sawNothing, spentToday("80.01"), budget("100.00"), func(f *facts) { f.registrar.Status.Usage.Date = "2026-11-23" }), "limits.spendingPerDay"},
		"neither, as nobody's clock is two days ahead": {given(sawNothing, spentToday("80.01"), budget("100.00"), func(f *facts) { f.registrar.Status.Usage.Date = "2026-11-24" }), ""},
		"neither: the Domain's cap is lower":           {given(sawNothing, spentToday("80.01"), budget("100.00"), func(f *facts) { f.domain.Spec.MaxPrice.Amount = "19.99" }), ""},
		"neither: the limit's cap is lower":            {given(sawNothing, spentToday("80.01"), budget("100.00"), func(f *facts) { f.registrar.Spec.Limits.MaxPrice.Amount = "19.99" }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			if tc.says == "" {
				if d.act != actBuy {
					t.Errorf("action %d, %+v", d.act, registeredOf(&v1alpha1.Domain{Status: d.status}))
				}
				return
			}
			c := registeredOf(&v1alpha1.Domain{Status: d.status})
			if d.act != actRest || c.Reason != v1alpha1.ReasonLimitReached || !strings.Contains(c.Message, tc.says) {
				t.Errorf("action %d, %+v, want it to name %s", d.act, c, tc.says)
			}
			if d.after != untilTomorrow(start) || d.spread != daySpread {
				t.Errorf("it comes back after %s and up to %s", d.after, d.spread)
			}
		})
	}
}

func TestTheDailyBudgetHoldsWhateverTheNamesReallyCost(t *testing.T) {
	r := newRegistrar()
	r.Spec.Limits.SpendingPerDay = euro("50.00")
	w := newWorld(t, r)
	for i := range 5 {
		for _, o := range order(fmt.Sprintf("name-%d.gent", i))[1:] {
			if err := w.client.Create(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
	}
	// At most 20.00 each, so two a day, although each costs only 10.00.
	for i, want := range []int{2, 4, 5} {
		ours := 0
		for n := range 5 {
			name := fmt.Sprintf("name-%d.gent", n)
			w.run(name, 10*time.Second)
			if phaseOf(w.domain(name)) == phaseOurs {
				ours++
			} else {
				w.expect(name, metav1.ConditionFalse, v1alpha1.ReasonLimitReached)
			}
		}
		if ours != want {
			t.Errorf("on day %d %d names are ours, want %d", i+1, ours, want)
		}
		if u := w.usage(); u.Registrations > 2 || u.Spent == nil || *u.Spent != *euro(fmt.Sprintf("%d.00", 20*u.Registrations)) {
			t.Errorf("on day %d usage is %+v, %+v", i+1, u, u.Spent)
		}
		w.later(24 * time.Hour)
	}
	w.expectBuys(5)
}

func TestWhatWasReservedIsNotGivenBack(t *testing.T) {
	for name, breakIt := range map[string]func(w *world){
		"when the process dies after the fence": func(w *world) { w.onFence = func() { panic(errCrash) } },
		"when the fence is taken back":          func(w *world) { w.onFence = func() { w.delete(newSecret(alice)) } },
		"when the registrar turns the order down": func(w *world) {
			w.source = &fixedSource{account: &spy{Registrar: &neverSells{}, world: w}}
			w.restart()
		},
		"when the process dies before the fence": func(w *world) { w.failStatusWrite = domainsFail(w) },
		"when the answer to the call is lost":    func(w *world) { w.afterBuy = func(registrar.Result) registrar.Result { panic(errCrash) } },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, order(alice)...)
			breakIt(w)
			_, _ = w.pass(alice)
			if u := w.usage(); u == nil || u.Registrations != 1 || u.Spent == nil || *u.Spent != *euro("20.00") {
				t.Errorf("usage is %+v", u)
			}
		})
	}
}

func TestNoMoreIsSpentThanWasReserved(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.changeDomain(alice, func(d *v1alpha1.Domain) { d.Spec.MaxPrice = *euro("50.00") })
	w.onFence = func() {
		w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Limits.MaxPrice = *euro("50.00") })
	}
	_, _ = w.pass(alice)
	w.expectBuys(1)
	if w.ordered.MaxPrice != (registrar.Money{Minor: 2000, Currency: "EUR"}) {
		t.Errorf("ordered for at most %s, and 20.00 EUR were reserved", w.ordered.MaxPrice)
	}
}

func TestALimitOfTheDayIsLiftedByRaisingIt(t *testing.T) {
	r := newRegistrar()
	r.Spec.Limits.SpendingPerDay, r.Spec.Limits.RegistrationsPerDay = euro("0.00"), ptr.To[int32](5)
	w := newWorld(t, append(order(alice)[1:], r)...)
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionFalse, v1alpha1.ReasonLimitReached)
	w.expectBuys(0)
	if u := w.usage(); u != nil {
		t.Errorf("reserved although nothing may be spent: %+v", u)
	}
	w.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Limits.SpendingPerDay = nil })
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
}

func TestADayThatAWrongClockMadeIsBegunAnew(t *testing.T) {
	w := newWorld(t, order(alice)...)
	w.changeRegistrar(func(r *v1alpha1.Registrar) {
		r.Status.Usage = &v1alpha1.RegistrarUsage{Date: "2027-11-22", Registrations: 100, Spent: euro("2000.00")}
	})
	w.run(alice, time.Minute)
	w.expect(alice, metav1.ConditionTrue, v1alpha1.ReasonRegistered)
	if u := w.usage(); u.Date != day(start) || u.Registrations != 1 || *u.Spent != *euro("20.00") {
		t.Errorf("usage is %+v, %+v", u, u.Spent)
	}
}
