package callback

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/delivery"
)

// The wish to send an outcome again meets an attempt that is under way, or the end of the delivery.

const day = 24 * time.Hour

// tellingSo is a site that stands, with the delivery of that at some point.
func tellingSo(d v1alpha1.Delivery) edit {
	return func(s *v1alpha1.IndieSite) {
		ready(s)
		s.Status.Outcome = &v1alpha1.Outcome{Attempt: 1, Code: v1alpha1.OutcomeCreated, Time: metav1.NewTime(start)}
		s.Status.Delivery = &d
	}
}

// unanswered is a delivery whose last attempt is on record without an answer.
func unanswered(first, last time.Time) v1alpha1.Delivery {
	d := delivery.Begin(delivery.Start(1, first, ""), first, 0.5)
	d.Attempts = 35
	return delivery.Begin(d, last, 0.5)
}

// dueForTheLastTime is a delivery whose attempt at the start is the last one that its schedule has.
func dueForTheLastTime() v1alpha1.Delivery {
	d := unanswered(start.Add(-delivery.Lifetime+day/2), start.Add(-day))
	return delivery.End(d, start.Add(-day), delivery.Answered(503, 0), 0.5)
}

// An attempted is an attempt: how long after the start it came, and which one it was by its record.
type attempted struct {
	After time.Duration
	Count int32
}

func TestAWishToSendAgainOutlivesTheAnswerOfTheAttemptUnderWay(t *testing.T) {
	busy, asksForLess := delivery.Answered(503, 0), delivery.Answered(429, time.Hour)
	for name, tc := range map[string]struct {
		before v1alpha1.Delivery
		answer delivery.Answer
		want   []attempted // within a minute
	}{
		"that is no":           {delivery.Start(1, start, ""), busy, []attempted{{0, 1}, {0, 2}}},
		"that asks for less":   {delivery.Start(1, start, ""), asksForLess, []attempted{{0, 1}, {0, 2}}},
		"that is the last no":  {dueForTheLastTime(), busy, []attempted{{0, 37}, {0, 1}, {5 * time.Second, 2}}},
		"unless that is a 200": {delivery.Start(1, start, ""), delivery.Answered(200, 0), []attempted{{0, 1}}},
	} {
		for who, noted := range map[string]bool{"another leader noted it": true, "nobody noted it yet": false} {
			if tc.answer.Success() && !noted {
				continue // then it is one to send again what is delivered
			}
			t.Run(name+", "+who, func(t *testing.T) {
				w := newWorld(t, site(tellingSo(tc.before)))
				var got []attempted
				w.receiver.answer = func(n int, _ delivery.Request) delivery.Answer {
					got = append(got, attempted{w.clock.Now().Sub(start), w.site().Status.Delivery.Attempts})
					if n > 1 {
						return busy
					}
					w.change(again("now"))
					if noted {
						w.restart()
						w.settle()
						if d := w.site().Status.Delivery; d.SendAgain != "now" || d.LastResponse != "" {
							t.Fatalf("%+v; want the wish to be noted during the attempt", d)
						}
					}
					return tc.answer
				}
				result, err := w.reconcile()
				if err != nil {
					t.Fatal(err)
				}
				if noted && !tc.answer.Success() && result.RequeueAfter != latePause { // nothing else wakes it
					t.Errorf("it comes back after %s, want %s", result.RequeueAfter, latePause)
				}
				w.pass(time.Minute)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
				if d := w.site().Status.Delivery; d.SendAgain != "now" || delivery.Delivered(*d) != tc.answer.Success() {
					t.Errorf("the record is %+v", d)
				}
				if noted {
					w.wantEvents(v1alpha1.ReasonExhausted, 0)
				}
			})
		}
	}
}

func TestAWishToSendAgainThatMeetsTheEndBeginsAnew(t *testing.T) {
	for name, tc := range map[string]struct {
		before v1alpha1.Delivery
		// blocked says that nobody can be told until three days after the start.
		blocked bool
		want    []attempted // within four days, up to the second
	}{
		"as the next attempt was never made, and would be too late now": {
			before: unanswered(start.Add(-delivery.Lifetime-2*day), start.Add(-2*day)), want: []attempted{{0, 1}, {5 * time.Second, 2}},
		},
		"as an attempt would be too late, though none is due yet": {
			before: unanswered(start.Add(-delivery.Lifetime-time.Second), start.Add(-time.Hour)), want: []attempted{{0, 1}, {5 * time.Second, 2}},
		},
		"as it will be too late once the attempt under way is over": {
			before: unanswered(start.Add(-delivery.Lifetime+time.Second), start.Add(-time.Second)),
			want:   []attempted{{delivery.Hold - time.Second, 1}, {delivery.Hold + 4*time.Second, 2}},
		},
		"as nobody could be told for so long": {
			before: delivery.Start(1, start.Add(-delivery.Lifetime), ""), blocked: true, want: []attempted{{3 * day, 1}, {3*day + 5*time.Second, 2}},
		},
		"unless the last attempt is still to be made": {
			before: dueForTheLastTime(), want: []attempted{{0, 37}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			edits := []edit{tellingSo(tc.before), again("please")}
			if tc.blocked {
				edits = append(edits, condition(v1alpha1.ConditionCallbackDelivered, v1alpha1.ReasonOnboarderNotReady, 1))
			}
			w := newWorld(t, site(edits...))
			var got []attempted
			w.receiver.answer = func(int, delivery.Request) delivery.Answer {
				if got = append(got, attempted{w.clock.Now().Sub(start), w.site().Status.Delivery.Attempts}); len(got) == 2 {
					return delivery.Answered(200, 0)
				}
				return delivery.Answered(503, 0)
			}
			if tc.blocked {
				w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Status.Conditions[0].Status = metav1.ConditionFalse })
				w.settle()
				w.wantCondition(metav1.ConditionFalse, v1alpha1.ReasonOnboarderNotReady)
				w.pass(3 * day)
				w.changeOnboarder(func(o *v1alpha1.Onboarder) { o.Status.Conditions[0].Status = metav1.ConditionTrue })
			}
			w.pass(day)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("attempts (-want +got):\n%s", diff)
			}
			if d := w.site().Status.Delivery; d.SendAgain != "please" {
				t.Errorf("the record is %+v", d)
			}
		})
	}
}
