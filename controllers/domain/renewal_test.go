package domain

import (
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// kept is a name that is ours since long, was looked up just now, runs out after so many days, and is not renewed by the registrar, which has
// refused to; and what the changes make of it.
func kept(days int, changes ...func(*facts)) *facts {
	return given(append([]func(*facts){ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), renews(false), func(f *facts) {
		known, expiry := metav1.NewTime(f.now.AddDate(-1, 0, 0)), metav1.NewTime(f.now.AddDate(0, 0, days))
		f.domain.Status.RegisteredTime, f.domain.Status.ExpiryTime = &known, &expiry
		f.sighting.Holding.Expiry, f.sighting.ExtendsOnce = expiry.Time, true
		f.renewed, f.answer = true, registrar.Rejected{Reason: registrar.RejectedRefused}
	}}, changes...)...)
}

// sent is that an extension was sent so long ago, of the registration as it stands, with that outcome.
func sent(ago time.Duration, outcome v1alpha1.RenewalOutcome) func(*facts) {
	return func(f *facts) {
		f.domain.Status.Renewal = newRenewal(nil, f.sighting.Holding.Expiry, f.now.Add(-ago))
		f.domain.Status.Renewal.Outcome = outcome
	}
}

func answered(r registrar.Result) func(*facts) { return func(f *facts) { f.answer = r } }

func careless(f *facts) { f.sighting.ExtendsOnce = false }

// promised is that the registrar said for the first time so long ago that it renews the name by itself.
func promised(ago time.Duration) func(*facts) {
	return func(f *facts) { f.promised = f.now.Add(-ago) }
}

func orderOpen(f *facts) { f.sighting.Order = registrar.OrderOpen }

func stopsRenewing(f *facts) { f.domain.Spec.AfterSite = v1alpha1.AfterSiteStopRenewing }

func TestWhenARegistrationIsExtended(t *testing.T) {
	unknown, notNow := registrar.Unknown{Err: errCrash}, registrar.Rejected{Reason: registrar.RejectedPostponed}
	leaveAlone := registrar.Rejected{Reason: registrar.RejectedPostponed, RetryAfter: time.Minute}
	for name, tc := range map[string]struct {
		given   *facts
		extends bool
		// after is when it is looked at again, where that is sooner than usual.
		after time.Duration
	}{
		"in its last 30 days, where the registrar does not take automatic renewal": {given: kept(30), extends: true},
		"not before": {given: kept(31)},
		"not where the registrar renews it by itself":                                             {given: kept(5, renews(true))},
		"not where it was just set to":                                                            {given: kept(29, answered(registrar.Done{}))},
		"not while nobody knows whether it was set":                                               {given: kept(29, answered(unknown))},
		"nor while the registrar works on it":                                                     {given: kept(29, answered(registrar.Pending{}))},
		"but in the last 14 days what was seen counts":                                            {given: kept(14, answered(registrar.Done{})), extends: true},
		"whatever the registrar answers":                                                          {given: kept(14, answered(unknown)), extends: true},
		"not where it asks to come back later, which is no refusal":                               {given: kept(29, answered(notNow))},
		"nor for a reason that is not known to be final":                                          {given: kept(29, answered(registrar.Rejected{Reason: "holiday"}))},
		"in the last 14 days that is reason enough":                                               {given: kept(14, careless, answered(notNow)), extends: true},
		"but not while it wants to be left alone":                                                 {given: kept(4, answered(leaveAlone)), after: 12 * time.Hour},
		"not where one that takes any extension has just said yes, and may have charged for that": {given: kept(14, careless, answered(registrar.Done{}))},
		"nor where nobody knows what it has just said":                                            {given: kept(14, careless, answered(unknown))},
		"nor while it works on it, in the last days too":                                          {given: kept(14, careless, answered(registrar.Pending{}))},
		"also not where it is said to renew by itself, which an earlier look-up may have shown": {given: kept(14, careless, answered(registrar.Done{}), func(f *facts) {
			f.domain.Status.AutoRenew = ptr.To(true)
		})},
		"but where it has said no":                                  {given: kept(14, careless), extends: true},
		"not where it has been saying yes for less than a day":      {given: kept(14, careless, answered(registrar.Done{}), promised(oneDay-time.Second))},
		"but where it has been for a day, and nothing came of that": {given: kept(14, careless, answered(registrar.Done{}), promised(oneDay)), extends: true},
		"not where the registrar has an order open for it":          {given: kept(4, orderOpen), after: 12 * time.Hour},
		"not where nobody knows whether it renews by itself":        {given: kept(5, func(f *facts) { f.sighting.Holding.AutoRenew = nil })},
		"not where nobody knows when it runs out":                   {given: kept(5, func(f *facts) { f.sighting.Holding.Expiry = time.Time{} })},
		"not when the account has lost it":                          {given: kept(5, sawNothing)},
		"not when the account cannot be asked":                      {given: kept(5, func(f *facts) { f.sighting.InAccount = registrar.Unanswerable })},
		"not before it was looked up":                               {given: kept(5, func(f *facts) { f.sighting, f.due = nil, false })},
		"also when it has run out, and the account still has it":    {given: kept(-3), extends: true},
		"also when its site is gone":                                {given: kept(5, siteIsGone), extends: true},
		"not when its site is gone and it shall not be renewed":     {given: kept(5, siteIsGone, stopsRenewing)},
		"but where that site is still there":                        {given: kept(5, stopsRenewing), extends: true},
		"also at a Registrar that is suspended":                     {given: kept(5, func(f *facts) { f.registrar.Spec.Suspend = true }), extends: true},
		"also at one that is not Ready, and can be asked":           {given: kept(5, func(f *facts) { f.registrar.Status.Conditions = nil }), extends: true},
		"also at one that does not sell the suffix any more":        {given: kept(5, func(f *facts) { f.registrar.Spec.Suffixes = []string{"be"} }), extends: true},
		"also when no more names may be bought today":               {given: kept(5, used(day(start), 100)), extends: true},
		"also when the Domain's deletion was asked for":             {given: kept(5, deleting), extends: true},
		"not where the day's budget does not reach":                 {given: kept(5, spentToday("80.01"), budget("100.00")), after: untilTomorrow(start)},
		"not on a name that is known for less than a day":           {given: kept(5, func(f *facts) { f.domain.Status.RegisteredTime = f.domain.Status.ExpiryTime }), after: acquaintance},
		"whatever the Domain's own cap, which was for the first year": {
			given: kept(5, func(f *facts) { f.domain.Spec.MaxPrice.Amount = "0.01" }, spentToday("80.00"), budget("100.00")), extends: true,
		},

		"once: not when it was":                                        {given: kept(29, sent(24*time.Hour, v1alpha1.RenewalDone))},
		"nor when it is being":                                         {given: kept(29, sent(20*24*time.Hour, v1alpha1.RenewalPending))},
		"nor while a call may be under way":                            {given: kept(29, sent(over-time.Second, "")), after: time.Second},
		"nor soon after one whose answer was lost":                     {given: kept(29, sent(over, "")), after: oneDay - over},
		"but a day after, where it is refused if it was carried out":   {given: kept(29, sent(oneDay, "")), extends: true},
		"never where it is not":                                        {given: kept(29, careless, sent(29*oneDay, ""))},
		"also not in the last days":                                    {given: kept(1, careless, sent(29*oneDay, ""))},
		"nor soon after one that was turned down":                      {given: kept(29, sent(time.Hour, v1alpha1.RenewalRejected)), after: 23 * time.Hour},
		"but a day after":                                              {given: kept(29, careless, sent(oneDay, v1alpha1.RenewalRejected)), extends: true},
		"and in the last days more often":                              {given: kept(2, sent(6*time.Hour, v1alpha1.RenewalRejected)), extends: true},
		"at most four times a day":                                     {given: kept(1, sent(6*time.Hour-time.Second, v1alpha1.RenewalRejected)), after: time.Second},
		"on the last day too":                                          {given: kept(0, sent(6*time.Hour, v1alpha1.RenewalRejected)), extends: true},
		"what was turned down by a clock a little ahead is waited for": {given: kept(29, sent(-clockSkew, v1alpha1.RenewalRejected)), after: oneDay + clockSkew},
		"but not for a year, as by one that was a year ahead":          {given: kept(29, careless, sent(-365*oneDay, v1alpha1.RenewalRejected)), extends: true},
		"what may be under way is waited for, whatever the clock was":  {given: kept(29, sent(-365*oneDay, "")), after: 365*oneDay + over},
		"again when it runs out a year later": {given: kept(29, func(f *facts) {
			f.domain.Status.Renewal = newRenewal(nil, f.sighting.Holding.Expiry.AddDate(-1, 0, 0), f.now.AddDate(-1, 0, 0))
			f.domain.Status.Renewal.Outcome = v1alpha1.RenewalDone
		}), extends: true},
		"not when the registrar shows the same day with another time": {given: kept(29, sent(oneDay, v1alpha1.RenewalDone), func(f *facts) {
			f.sighting.Holding.Expiry = f.sighting.Holding.Expiry.Add(13 * time.Hour)
		})},
	} {
		t.Run(name, func(t *testing.T) {
			d := decide(tc.given)
			if (d.act == actExtend) != tc.extends || (!tc.extends && d.act != actRest) {
				t.Fatalf("action %d", d.act)
			}
			if d.after != tc.after {
				t.Errorf("back after %s, want %s", d.after, tc.after)
			}
			if !tc.extends && registeredOf(&v1alpha1.Domain{Status: d.status}).Status != metav1.ConditionTrue {
				t.Error("it is not ours any more")
			}
		})
	}
}

func TestTheFenceOfAnExtensionCountsTheCallsForOneExpiry(t *testing.T) {
	expiry := start.AddDate(0, 0, 20)
	first := newRenewal(nil, expiry, start)
	if first.Try != 1 || !first.ExpiryTime.Time.Equal(expiry) || first.NotAfter.Sub(first.StartedTime.Time) != callTimeout {
		t.Errorf("%+v", first)
	}
	if second := newRenewal(first, expiry, start.Add(oneDay)); second.Try != 2 || second.Outcome != "" {
		t.Errorf("%+v", second)
	}
	if next := newRenewal(first, expiry.AddDate(1, 0, 0), start.AddDate(1, 0, 0)); next.Try != 1 {
		t.Errorf("%+v", next)
	}
}

func TestWhatIsSaidOfRenewal(t *testing.T) {
	for name, tc := range map[string]struct {
		given   *facts
		status  metav1.ConditionStatus
		reason  string
		message string
	}{
		"far away": {kept(300), "False", v1alpha1.ReasonAutoRenewOff, "the registrar does not renew the name by itself, and the factory extends it in the last 30 days"},
		"within 60 days": {
			kept(60), "False", v1alpha1.ReasonExpiresWithin60Days,
			"the registrar does not renew the name by itself, and the factory extends it in the last 30 days; the registration runs out within 60 days",
		},
		"within 30 days, after a refusal": {
			kept(30, sent(time.Hour, v1alpha1.RenewalRejected), func(f *facts) { f.domain.Status.Renewal.Detail = "no credit" }), "False", v1alpha1.ReasonExpiresWithin30Days,
			"the registrar does not renew the name by itself; it turned an extension down, which is tried again: no credit; the registration runs out within 30 days",
		},
		"within 14 days, and a person is needed": {
			kept(14, careless, sent(oneDay, "")), "False", v1alpha1.ReasonExpiresWithin14Days,
			"the registrar does not renew the name by itself; an extension was sent, and what came of it is not known: " + detailUnclear + "; the registration runs out within 14 days",
		},
		"within 30 days, and extended": {
			kept(29, sent(time.Hour, v1alpha1.RenewalDone)), "False", v1alpha1.ReasonExpiresWithin30Days,
			"the registrar does not renew the name by itself; it was extended, which does not show yet; the registration runs out within 30 days",
		},
		"within 30 days, and being extended": {
			kept(29, sent(time.Hour, v1alpha1.RenewalPending)), "False", v1alpha1.ReasonExpiresWithin30Days,
			"the registrar does not renew the name by itself; the registrar has accepted to extend it and works on that; the registration runs out within 30 days",
		},
		"renewed by the registrar, however near": {kept(1, renews(true)), "True", v1alpha1.ReasonAutoRenewOn, "the registrar renews the name by itself"},
		"also on the day after":                  {kept(-1, renews(true)), "True", v1alpha1.ReasonAutoRenewOn, "the registrar renews the name by itself"},
		"but not when it was not": {
			kept(-2, renews(true)), "False", v1alpha1.ReasonExpired, "the registrar renews the name by itself; the registration has run out, as far as the registrar says",
		},
		"nobody knows whether it is renewed": {
			kept(13, func(f *facts) { f.sighting.Holding.AutoRenew = nil }), "Unknown", v1alpha1.ReasonExpiresWithin14Days,
			"the registrar has not said whether it renews the name; the registration runs out within 14 days",
		},
		"a name that shall run out": {kept(5, siteIsGone, stopsRenewing), "True", v1alpha1.ReasonAutoRenewOff, "the site is gone, and the name runs out"},
		"and did":                   {kept(-5, siteIsGone, stopsRenewing), "True", v1alpha1.ReasonAutoRenewOff, "the site is gone, and the name runs out"},
		"one that shall run out and is renewed": {
			kept(40, siteIsGone, stopsRenewing, renews(true)), "False", v1alpha1.ReasonExpiresWithin60Days,
			"the registrar still renews the name, although its site is gone; the registration runs out within 60 days",
		},
		"a name that was lost": {kept(5, sawNothing), "False", v1alpha1.ReasonLostByAccount, "the account does not list the name any more"},
	} {
		t.Run(name, func(t *testing.T) {
			status := tc.given.registered(tc.given.holding(), tc.given.sighting.InAccount == registrar.No)
			c := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ConditionRenewing)
			if c.Status != tc.status || c.Reason != tc.reason || c.Message != tc.message {
				t.Errorf("%s %s %q,\nwant %s %s %q", c.Status, c.Reason, c.Message, tc.status, tc.reason, tc.message)
			}
		})
	}
}

func TestWhatALookUpSaysOfAnExtension(t *testing.T) {
	nextYear := func(f *facts) { f.sighting.Holding.Expiry = f.sighting.Holding.Expiry.AddDate(1, 0, 0) }
	turnedDown := func(f *facts) {
		f.domain.Status.Renewal.Reference, f.sighting.Reference = "job-1", "job-1"
		f.sighting.Order, f.sighting.Rejection = registrar.OrderRejected, registrar.Rejected{Detail: "no credit"}
	}
	for name, tc := range map[string]struct {
		given   *facts
		outcome v1alpha1.RenewalOutcome
		detail  string
	}{
		"it was carried out, although the answer was lost": {kept(20, sent(time.Hour, ""), nextYear), v1alpha1.RenewalDone, ""},
		"so it was where a person was asked":               {kept(20, careless, sent(time.Hour, ""), func(f *facts) { f.domain.Status.Renewal.Detail = detailUnclear }, nextYear), v1alpha1.RenewalDone, ""},
		"it was accepted, and is carried out":              {kept(20, sent(time.Hour, v1alpha1.RenewalPending), nextYear), v1alpha1.RenewalDone, ""},
		"it was accepted, and was turned down":             {kept(20, sent(time.Hour, v1alpha1.RenewalPending), turnedDown), v1alpha1.RenewalRejected, "no credit"},
		"another order was turned down":                    {kept(20, sent(time.Hour, v1alpha1.RenewalPending), turnedDown, func(f *facts) { f.sighting.Reference = "" }), v1alpha1.RenewalPending, ""},
		"it was turned down, and somebody else did it":     {kept(20, sent(time.Hour, v1alpha1.RenewalRejected), nextYear), v1alpha1.RenewalRejected, ""},
		"nothing yet":                                  {kept(20, careless, sent(over-time.Second, "")), "", ""},
		"nothing, and it may be sent again":            {kept(20, sent(over, "")), "", ""},
		"nothing, and only a person may send it again": {kept(20, careless, sent(over, "")), "", detailUnclear},
		"nothing, and a clock was a year ahead when it was sent: a person is told": {kept(20, sent(-365*oneDay, "")), "", detailUnclear},
		"nothing, as the account cannot be asked":                                  {kept(20, careless, sent(over, ""), func(f *facts) { f.sighting.InAccount = registrar.Unanswerable }), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := tc.given.domain.DeepCopy()
			got := tc.given.renewalSeen()
			if got.Outcome != tc.outcome || got.Detail != tc.detail {
				t.Errorf("%+v", got)
			}
			if *before.Status.Renewal != *tc.given.domain.Status.Renewal {
				t.Error("what was read was changed")
			}
		})
	}
}
