package domain

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

// given builds facts: an order that is ready to be bought, at a Registrar that can be asked, and what the changes make of it.
func given(changes ...func(*facts)) *facts {
	f := &facts{now: start, domain: newDomain(alice), site: newSite(alice), registrar: newRegistrar(), askable: true}
	f.secret = &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
		Name: "secret", OwnerReferences: []metav1.OwnerReference{{UID: types.UID("site-" + alice)}},
	}}
	for _, change := range changes {
		change(f)
	}
	return f
}

func registeredIs(status metav1.ConditionStatus, reason string) func(*facts) {
	return func(f *facts) {
		f.domain.Status.Conditions = append(f.domain.Status.Conditions, metav1.Condition{
			Type: v1alpha1.ConditionRegistered, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(start),
		})
	}
}

func called(ago time.Duration) func(*facts) {
	return func(f *facts) {
		f.domain.Status.Call, f.domain.Status.ReservedTry = newCall(1, f.now.Add(-ago)), 1
		registeredIs(metav1.ConditionUnknown, v1alpha1.ReasonRequested)(f)
	}
}

func waitingSince(ago time.Duration) func(*facts) {
	return func(f *facts) {
		registeredIs(metav1.ConditionFalse, v1alpha1.ReasonWaiting)(f)
		f.domain.Status.Conditions[0].LastTransitionTime = metav1.NewTime(f.now.Add(-ago))
	}
}

// elsewhereCalled is a call that went to another account than the Registrar has now.
func elsewhereCalled(ago time.Duration) func(*facts) {
	return func(f *facts) {
		called(ago)(f)
		f.domain.Status.Call.Account, f.account = "the one before", "another"
	}
}

// made is a registration that began so long ago, in an account that does not say by which order.
func made(ago time.Duration) func(*facts) {
	return func(f *facts) { f.sighting.OperationID, f.sighting.Created = "", f.now.Add(-ago) }
}

// decidedOn is a Domain that was made so long ago.
func decidedOn(ago time.Duration) func(*facts) {
	return func(f *facts) { f.domain.CreationTimestamp = metav1.NewTime(f.now.Add(-ago)) }
}

func reference(f *facts) { f.domain.Status.Reference = "order-1" }

func deleting(f *facts) {
	at := metav1.NewTime(f.now)
	f.domain.DeletionTimestamp = &at
}

func siteIsGone(f *facts) { f.site, f.secret = nil, nil }

func saw(inAccount registrar.Answer, order registrar.OrderState, registered registrar.Answer) func(*facts) {
	return func(f *facts) {
		f.sighting = &registrar.Sighting{InAccount: inAccount, Order: order, Registered: registered}
		if inAccount == registrar.Yes {
			f.sighting.OperationID = f.domain.Spec.OperationID
		}
	}
}

func sawNothing(f *facts) { saw(registrar.No, registrar.OrderNone, registrar.No)(f) }

func by(operation string) func(*facts) {
	return func(f *facts) { f.sighting.OperationID = operation }
}

func rejectedFor(reason registrar.Rejection) func(*facts) {
	return func(f *facts) { f.sighting.Rejection = registrar.Rejected{Reason: reason} }
}

const over = callTimeout + readTimeout + clockSkew

func TestDecide(t *testing.T) {
	for name, tc := range map[string]struct {
		given  *facts
		act    action
		try    int32
		status metav1.ConditionStatus
		reason string
	}{
		"a new Domain is looked up before anything else":                        {given: given(), act: actLookUp},
		"a new Domain whose site is gone is looked up too, as it may be ours":   {given: given(siteIsGone), act: actLookUp},
		"a new Domain that is being deleted is looked up too":                   {given: given(deleting), act: actLookUp},
		"a new name that is nobody's is bought":                                 {given: given(sawNothing), act: actBuy, try: 1},
		"a new name in our account by this operation is ours":                   {given: given(saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"a new name in our account by another operation is not given away":      {given: given(saw(registrar.Yes, registrar.OrderNone, registrar.Yes), by("other")), status: "False", reason: v1alpha1.ReasonTaken},
		"a new name in our account, nobody knows how, is for a person":          {given: given(saw(registrar.Yes, registrar.OrderNone, registrar.Yes), by("")), status: "Unknown", reason: v1alpha1.ReasonWaiting},
		"a new name that another holds is taken":                                {given: given(saw(registrar.No, registrar.OrderNone, registrar.Yes)), status: "False", reason: v1alpha1.ReasonTaken},
		"a new name is bought where the registry cannot be asked: it would say": {given: given(saw(registrar.No, registrar.OrderUnanswerable, registrar.Unanswerable)), act: actBuy, try: 1},
		"a new name is not bought where the account cannot be asked":            {given: given(saw(registrar.Unanswerable, registrar.OrderNone, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonWaiting},
		"an open order without a fence is waited for":                           {given: given(saw(registrar.No, registrar.OrderOpen, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonPending},
		"a free name whose site is gone is not bought":                          {given: given(siteIsGone, sawNothing), status: "False", reason: v1alpha1.ReasonSiteGone},
		"a name that cannot be bought is waited for":                            {given: given(saw(registrar.No, registrar.OrderImpossible, registrar.Unanswerable)), status: "False", reason: v1alpha1.ReasonWaiting},
		"a name that cannot be bought is ours once it is here":                  {given: given(saw(registrar.Yes, registrar.OrderImpossible, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that cannot be bought is let go with its Domain":                {given: given(deleting, saw(registrar.No, registrar.OrderImpossible, registrar.Unanswerable)), act: actRelease, status: "False", reason: v1alpha1.ReasonWaiting},
		"a name that cannot be bought is not waited for without its site":       {given: given(siteIsGone, saw(registrar.No, registrar.OrderImpossible, registrar.Unanswerable)), status: "False", reason: v1alpha1.ReasonSiteGone},
		"a call at a registrar that has come to buy nothing is for a person":    {given: given(called(over), saw(registrar.No, registrar.OrderImpossible, registrar.Unanswerable)), status: "Unknown", reason: v1alpha1.ReasonRequested},

		"a waiting name is looked up again before it is bought":        {given: given(waitingSince(time.Hour)), act: actLookUp},
		"a waiting name whose site is gone ends without a look-up":     {given: given(waitingSince(time.Hour), siteIsGone), status: "False", reason: v1alpha1.ReasonSiteGone},
		"a waiting Domain that is being deleted is let go":             {given: given(waitingSince(time.Hour), deleting), act: actRelease},
		"a waiting name at a suspended Registrar waits on":             {given: given(waitingSince(time.Hour), func(f *facts) { f.registrar.Spec.Suspend = true }), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a waiting name with a suffix that is no longer sold waits":    {given: given(waitingSince(time.Hour), func(f *facts) { f.registrar.Spec.Suffixes = []string{"be"} }), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a waiting name whose cap is in another currency waits":        {given: given(waitingSince(time.Hour), func(f *facts) { f.registrar.Spec.Limits.MaxPrice.Currency = "USD" }), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a postponed purchase rests for its pause":                     {given: given(waitingSince(29*time.Second), func(f *facts) { f.domain.Status.ReservedTry = 1 }), status: "False", reason: v1alpha1.ReasonWaiting},
		"a postponed purchase goes on after its pause, as a new try":   {given: given(waitingSince(31*time.Second), func(f *facts) { f.domain.Status.ReservedTry = 1 }, sawNothing), act: actBuy, try: 2},
		"its pause is waited for also where a clock is a little ahead": {given: given(waitingSince(-clockSkew), func(f *facts) { f.domain.Status.ReservedTry = 1 }, sawNothing), status: "False", reason: v1alpha1.ReasonWaiting},
		"but not for a year, as by one that was a year ahead":          {given: given(waitingSince(-365*oneDay), func(f *facts) { f.domain.Status.ReservedTry = 1 }, sawNothing), act: actBuy, try: 2},
		"a suffix is whole labels: notgent is not gent":                {given: given(waitingSince(time.Hour), func(f *facts) { f.domain.Spec.Domain = "alice.notgent" }), status: "False", reason: v1alpha1.ReasonRegistrarNotReady},
		"a frozen 201 is no reason not to buy":                         {given: given(frozen(1, v1alpha1.OutcomeCreated), sawNothing), act: actBuy, try: 1},
		"an earlier attempt's outcome is no reason not to buy":         {given: given(frozen(1, v1alpha1.OutcomeFailed), secondAttempt, sawNothing), act: actBuy, try: 1},
		"a name at its Registrar's limit waits for the next day":       {given: given(used(day(start), 100), sawNothing), status: "False", reason: v1alpha1.ReasonLimitReached},
		"yesterday's usage counts no more":                             {given: given(used("2026-11-21", 100), sawNothing), act: actBuy, try: 1},
		"a date ahead of this clock is counted on, not begun anew":     {given: given(used("2026-11-23", 100), sawNothing), status: "False", reason: v1alpha1.ReasonLimitReached},
		"a decision that nobody asked for is taken off first":          {given: given(decided(v1alpha1.DecisionAbsent)), act: actDropDecision},
		"a name that the registrar cannot be asked for is left alone":  {given: given(func(f *facts) { f.askFailed = true }), status: "Unknown", reason: v1alpha1.ReasonRegistrarNotReady},

		"a call without a result is looked up":                                    {given: given(called(time.Second)), act: actLookUp},
		"a call without a result is looked up when the site is gone too":          {given: given(called(time.Second), siteIsGone), act: actLookUp},
		"a call whose name is in our account was carried out":                     {given: given(called(time.Second), saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"so it was where the registrar keeps no operation IDs":                    {given: given(called(time.Second), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), by("")), status: "True", reason: v1alpha1.ReasonRegistered},
		"so it was when the site is gone: what is paid for stays on the books":    {given: given(called(time.Second), siteIsGone, saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"a call that may be under way is waited for":                              {given: given(called(over-time.Second), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"the registry may know of our own call before the account does":           {given: given(called(over-time.Second), saw(registrar.No, registrar.OrderNone, registrar.Yes)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"also where a clock is ahead by more than is allowed for":                 {given: given(called(-answerPatience), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a call that a clock a year ahead has dated is not made again":            {given: given(called(-365*oneDay), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"but on a person's word":                                                  {given: given(called(-365*oneDay), attention, decided(v1alpha1.DecisionAbsent), sawNothing), act: actBuy, try: 2},
		"a person's word does not count while a call may be under way":            {given: given(called(-answerPatience), attention, decided(v1alpha1.DecisionAbsent), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a call that left nothing behind is made again once it must be over":      {given: given(called(over), sawNothing), act: actBuy, try: 2},
		"unless the site is gone by then":                                         {given: given(called(over), siteIsGone, sawNothing), status: "False", reason: v1alpha1.ReasonSiteGone},
		"or the Domain is being deleted":                                          {given: given(called(over), deleting, sawNothing), act: actRelease},
		"or the limit is reached":                                                 {given: given(called(over), used(day(start), 100), sawNothing), status: "False", reason: v1alpha1.ReasonLimitReached},
		"a call that is over, of a name that another holds, came too late":        {given: given(called(over), saw(registrar.No, registrar.OrderNone, registrar.Yes)), status: "False", reason: v1alpha1.ReasonTaken},
		"a call that nobody can tell of is for a person":                          {given: given(called(over), saw(registrar.No, registrar.OrderUnanswerable, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"one that the registry cannot tell of too":                                {given: given(called(over), saw(registrar.No, registrar.OrderNone, registrar.Unanswerable)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"one that the account cannot tell of too":                                 {given: given(called(over), saw(registrar.Unanswerable, registrar.OrderNone, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a final no that a look-up finds is final":                                {given: given(called(time.Second), saw(registrar.No, registrar.OrderRejected, registrar.No), rejectedFor(registrar.RejectedRefused)), status: "False", reason: v1alpha1.ReasonRefused},
		"an earlier try's passing no does not end a call that is under way":       {given: given(called(time.Second), saw(registrar.No, registrar.OrderRejected, registrar.No), rejectedFor(registrar.RejectedPostponed)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"an accepted order is waited for, however long":                           {given: given(called(9*time.Hour), reference, saw(registrar.No, registrar.OrderOpen, registrar.No)), status: "Unknown", reason: v1alpha1.ReasonPending},
		"an accepted order that was cancelled waits for another try":              {given: given(called(time.Hour), reference, saw(registrar.No, registrar.OrderRejected, registrar.No), rejectedFor(registrar.RejectedPostponed)), status: "False", reason: v1alpha1.ReasonWaiting},
		"an accepted order does not become nothing: a person decides":             {given: given(called(time.Hour), reference, sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a finished order that the account does not show is not somebody else's":  {given: given(called(time.Hour), reference, saw(registrar.No, registrar.OrderFinished, registrar.Yes)), status: "Unknown", reason: v1alpha1.ReasonPending},
		"the registry may know of our own order, which the account does not show": {given: given(called(over), saw(registrar.No, registrar.OrderUnanswerable, registrar.Yes)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a call to another account is not made again here":                        {given: given(elsewhereCalled(over), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"nor is its name another's, if this account does not hold it":             {given: given(elsewhereCalled(over), saw(registrar.No, registrar.OrderNone, registrar.Yes)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"nor refused by what this account knows of another order":                 {given: given(elsewhereCalled(over), reference, saw(registrar.No, registrar.OrderRejected, registrar.No), rejectedFor(registrar.RejectedRefused)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"nor ours where this account holds it, nobody knows how":                  {given: given(elsewhereCalled(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), by("")), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"it is ours where this account holds it by our own operation":             {given: given(elsewhereCalled(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"and it is made again on a person's word":                                 {given: given(elsewhereCalled(over), attention, decided(v1alpha1.DecisionAbsent), sawNothing), act: actBuy, try: 2},
		"which does not count while it may be under way":                          {given: given(elsewhereCalled(over-time.Second), attention, decided(v1alpha1.DecisionAbsent), sawNothing), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"a name that was made while our call was under way is ours":               {given: given(decidedOn(over), called(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(over-time.Second)), status: "True", reason: v1alpha1.ReasonRegistered},
		"one that was made before its Domain was is for a person":                 {given: given(decidedOn(over), called(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(over+time.Minute)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"but may be ours where the registry tells only the day":                   {given: given(decidedOn(over), called(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(start.Sub(start.Truncate(oneDay)))), status: "True", reason: v1alpha1.ReasonRegistered},
		"if it is the same day":                                                   {given: given(decidedOn(over), called(over), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(start.Sub(start.Truncate(oneDay))+oneDay)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"one that was made after our call was over is for a person too":           {given: given(decidedOn(time.Hour), called(time.Hour), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(time.Minute)), status: "Unknown", reason: v1alpha1.ReasonRequested},
		"but not where an order was accepted, which is carried out at any time":   {given: given(decidedOn(time.Hour), called(time.Hour), reference, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), made(time.Minute)), status: "True", reason: v1alpha1.ReasonRegistered},
		"a person's word counts where looking cannot tell":                        {given: given(called(over), attention, decided(v1alpha1.DecisionAbsent), saw(registrar.No, registrar.OrderUnanswerable, registrar.No)), act: actBuy, try: 2},
		"nothing is bought that the account holds, whatever a person says":        {given: given(attention, decided(v1alpha1.DecisionAbsent), saw(registrar.Yes, registrar.OrderNone, registrar.Yes), by("")), status: "False", reason: v1alpha1.ReasonTaken},
		"a person's word does not count against what is seen":                     {given: given(called(over), attention, decided(v1alpha1.DecisionAbsent), saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},

		"a name that is ours rests":                              {given: given(ours), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that is ours rests when its site is gone":        {given: given(ours, siteIsGone), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that is ours is never let go":                    {given: given(ours, deleting), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that is ours is looked up when that is due":      {given: given(ours, due), act: actLookUp},
		"a name that was ours and is nobody's now is not bought": {given: given(ours, due, sawNothing), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that was ours and is another's now is not ended": {given: given(ours, due, saw(registrar.No, registrar.OrderNone, registrar.Yes)), status: "True", reason: v1alpha1.ReasonRegistered},
		"a name that the registrar does not renew is set to be":  {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), renews(false)), act: actRenew},
		"one of which it does not say so too":                    {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes)), act: actRenew},
		"until it has taken it":                                  {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), func(f *facts) { f.domain.Status.AutoRenew = ptr.To(true) }), status: "True", reason: v1alpha1.ReasonRegistered},
		"its name servers are set where they were not":           {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), renews(true), toServers("ns1.example", "ns2.example")), act: actDelegate},
		"once": {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), renews(true), toServers("ns1.example", "ns2.example"), setServers("ns2.example", "ns1.example")), status: "True", reason: v1alpha1.ReasonRegistered},
		"but not while the account does not hold it": {given: given(ours, due, sawNothing, toServers("ns1.example", "ns2.example")), status: "True", reason: v1alpha1.ReasonRegistered},
		"once in a pass":     {given: given(ours, due, saw(registrar.Yes, registrar.OrderNone, registrar.Yes), renews(false), func(f *facts) { f.renewed = true }), status: "True", reason: v1alpha1.ReasonRegistered},
		"a taken name rests": {given: given(registeredIs("False", v1alpha1.ReasonTaken)), status: "False", reason: v1alpha1.ReasonTaken},
		"a refused name rests, also when its site asks again": {given: given(registeredIs("False", v1alpha1.ReasonRefused), secondAttempt), status: "False", reason: v1alpha1.ReasonRefused},
		"a taken name's Domain is let go":                     {given: given(registeredIs("False", v1alpha1.ReasonTaken), deleting), act: actRelease},
		"a refused name's Domain is let go although there was a call": {given: given(called(time.Second), func(f *facts) {
			f.domain.Status.Conditions[0].Status, f.domain.Status.Conditions[0].Reason = "False", v1alpha1.ReasonRefused
		}, deleting), act: actRelease},
	} {
		t.Run(name, func(t *testing.T) {
			before := tc.given.domain.DeepCopy()
			d := decide(tc.given)
			if d.act != tc.act || d.try != tc.try {
				t.Fatalf("action %d try %d, want action %d try %d", d.act, d.try, tc.act, tc.try)
			}
			if tc.act == actRest {
				c := registeredOf(&v1alpha1.Domain{Status: d.status})
				if c == nil || c.Status != tc.status || c.Reason != tc.reason {
					t.Errorf("Registered is %+v, want %s %s", c, tc.status, tc.reason)
				}
			}
			if before.ResourceVersion != tc.given.domain.ResourceVersion || len(before.Status.Conditions) != len(tc.given.domain.Status.Conditions) {
				t.Error("deciding changed what was read")
			}
		})
	}
}

func frozen(attempt int32, code v1alpha1.OutcomeCode) func(*facts) {
	return func(f *facts) {
		f.site.Status.Outcome = &v1alpha1.Outcome{Attempt: attempt, Code: code, Time: metav1.NewTime(start)}
	}
}

func secondAttempt(f *facts) { f.site.Spec.SetupAttempt, f.site.Status.Attempt.Number = 2, 2 }

func used(date string, n int32) func(*facts) {
	return func(f *facts) { f.registrar.Status.Usage = &v1alpha1.RegistrarUsage{Date: date, Registrations: n} }
}

func decided(word string) func(*facts) {
	return func(f *facts) { decidedAs(word)(f.domain) }
}

func attention(f *facts) {
	f.domain.Status.Conditions = append(f.domain.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionNeedsAttention, Status: metav1.ConditionTrue})
}

func ours(f *facts) { registeredIs(metav1.ConditionTrue, v1alpha1.ReasonRegistered)(f) }

func toServers(hosts ...string) func(*facts) {
	return func(f *facts) { f.domain.Spec.NameServers = hosts }
}

func setServers(hosts ...string) func(*facts) {
	return func(f *facts) { f.domain.Status.NameServers = hosts }
}

func due(f *facts) { f.due = true }

func renews(on bool) func(*facts) {
	return func(f *facts) { f.sighting.Holding.AutoRenew = &on }
}

func TestWhichOrderIsAskedFor(t *testing.T) {
	purchase := func(f *facts) { f.domain.Status.Reference = "order-1" }
	renewal := func(outcome v1alpha1.RenewalOutcome) func(*facts) {
		return func(f *facts) {
			f.domain.Status.Renewal = &v1alpha1.DomainRenewal{Reference: "renewal-1", Outcome: outcome}
		}
	}
	ours := registeredIs("True", v1alpha1.ReasonRegistered)
	for name, tc := range map[string]struct {
		given *facts
		want  string
	}{
		"a purchase that is under way":             {given(called(time.Minute), purchase), "order-1"},
		"no purchase of a name that is ours":       {given(ours, called(time.Minute), purchase), ""},
		"an extension that is under way":           {given(ours, called(time.Minute), purchase, renewal(v1alpha1.RenewalPending)), "renewal-1"},
		"no extension that is over, nor purchases": {given(ours, called(time.Minute), purchase, renewal(v1alpha1.RenewalDone)), ""},
	} {
		if got := referenceOf(tc.given.domain); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// TestWhateverIsSeenTheMachineBuysOnlyWhenItMay tries every answer of a registrar in every phase, with and without a person's word.
func TestWhateverIsSeenTheMachineBuysOnlyWhenItMay(t *testing.T) {
	phases := map[string]func(*facts){
		"new": func(*facts) {}, "idle": waitingSince(time.Hour), "called": called(time.Second), "called long ago": called(over),
		"called by a clock a year ahead": called(-365 * oneDay), "called elsewhere": elsewhereCalled(over),
		"accepted": func(f *facts) { called(over)(f); reference(f) }, "ours": func(f *facts) { ours(f); due(f) },
		"taken": registeredIs("False", v1alpha1.ReasonTaken), "site gone": registeredIs("False", v1alpha1.ReasonSiteGone),
	}
	answers := []registrar.Answer{registrar.Yes, registrar.No, registrar.Unanswerable}
	orders := []registrar.OrderState{registrar.OrderNone, registrar.OrderOpen, registrar.OrderFinished, registrar.OrderRejected, registrar.OrderUnanswerable, registrar.OrderUnclear, registrar.OrderImpossible}
	words := []string{"", v1alpha1.DecisionAbsent, v1alpha1.DecisionRegistered, v1alpha1.DecisionTaken}
	tried, bought := 0, 0
	for phaseName, phase := range phases {
		for _, in := range answers {
			for _, o := range orders {
				for _, reg := range answers {
					for _, op := range []string{"", "operation-1", "other"} {
						for _, word := range words {
							for _, extra := range []func(*facts){func(*facts) {}, siteIsGone, deleting, ordered} {
								f := given(phase, saw(in, o, reg), by(op), rejectedFor(registrar.RejectedPostponed), extra)
								if word != "" {
									attention(f)
									decided(word)(f)
								}
								tried++
								if checkDecision(t, phaseName, f, decide(f), word).act == actBuy {
									bought++
								}
							}
						}
					}
				}
			}
		}
	}
	if tried < 10_000 || bought == 0 {
		t.Errorf("%d cases, %d of them purchases: this test tries too little", tried, bought)
	}
}

func checkDecision(t *testing.T, phaseName string, f *facts, d decision, word string) decision {
	t.Helper()
	s := f.sighting
	fail := func(what string) {
		t.Fatalf("%s: phase %s, word %q, site %v, deleting %v, sighting %+v", what, phaseName, word, f.site != nil, f.deleting(), *s)
	}
	p := phaseOf(f.domain)
	if d.act == actBuy {
		switch {
		case p == phaseOurs || p == phaseEnded:
			fail("bought what is ours or ended")
		case s.InAccount == registrar.Yes:
			fail("bought what the account holds")
		case s.Order == registrar.OrderOpen:
			fail("bought what is being ordered")
		case s.Order == registrar.OrderImpossible && word != v1alpha1.DecisionAbsent:
			fail("bought where nothing can be bought")
		case f.site == nil || f.deleting():
			fail("bought what nobody needs")
		case word == v1alpha1.DecisionAbsent && p != phaseOurs:
			// A person took that upon themselves.
		case s.Order == registrar.OrderUnclear, p == phaseNew && f.noted() && s.Order == registrar.OrderUnanswerable:
			fail("bought beside the trace of an order")
		case s.InAccount != registrar.No || s.Registered == registrar.Yes:
			fail("bought what another holds, or without knowing whether it is ours")
		case p == phaseCalled && f.moved():
			fail("bought again without asking the account that was called")
		case p == phaseCalled && (f.now.Before(callIsOver(f.domain.Status.Call)) || f.domain.Status.Reference != ""):
			fail("bought while an order may be under way")
		case p == phaseCalled && (s.Registered != registrar.No || s.Order == registrar.OrderUnanswerable || s.Order == registrar.OrderFinished):
			fail("bought again without knowing what came of the call")
		}
		if p == phaseCalled && f.now.Before(callIsOver(f.domain.Status.Call)) && (word == "" || f.domain.Status.Call.StartedTime.Sub(f.now) < oneDay) {
			fail("bought while a call may be under way")
		}
	}
	if d.act == actRelease && (!f.deleting() || p == phaseOurs || s.InAccount == registrar.Yes && p != phaseIdle && p != phaseEnded) {
		fail("let go of what may be paid for")
	}
	if p == phaseCalled && word == "" && s.InAccount != registrar.Yes && s.Order == registrar.OrderUnanswerable && phaseOf(&v1alpha1.Domain{Status: d.status}) == phaseEnded {
		fail("gave up what may be paid for")
	}
	if p != phaseEnded && word != v1alpha1.DecisionTaken && s.InAccount == registrar.No && s.Order == registrar.OrderUnclear && f.site != nil && !f.deleting() &&
		d.act == actRest && phaseOf(&v1alpha1.Domain{Status: d.status}) == phaseEnded {
		fail("gave up what may be ordered")
	}
	if p == phaseOurs && d.act == actRest && registeredOf(&v1alpha1.Domain{Status: d.status}).Status != metav1.ConditionTrue {
		fail("gave up what was ours")
	}
	if p == phaseCalled && s.InAccount == registrar.Yes && s.OperationID == "operation-1" && registeredOf(&v1alpha1.Domain{Status: d.status}).Status != metav1.ConditionTrue {
		fail("did not see what was bought")
	}
	return d
}

func TestPauses(t *testing.T) {
	for name, tc := range map[string]struct{ got, want time.Duration }{
		"a new order is looked up after two seconds":        {pollPause(0), 2 * time.Second},
		"one of twenty seconds soon after":                  {pollPause(20 * time.Second), 2500 * time.Millisecond},
		"one of eight minutes after a minute":               {pollPause(8 * time.Minute), time.Minute},
		"one of a day every five minutes":                   {pollPause(24 * time.Hour), 5 * time.Minute},
		"the first postponed try waits half a minute":       {buyPause(1), 30 * time.Second},
		"the third two minutes":                             {buyPause(3), 2 * time.Minute},
		"no try more than an hour":                          {buyPause(1000), time.Hour},
		"a clock that went back does not make pauses short": {pollPause(-time.Hour), 2 * time.Second},
		"the day ends at midnight UTC":                      {untilTomorrow(time.Date(2026, 12, 31, 23, 59, 0, 0, time.UTC)), time.Minute},
		"wherever this machine is":                          {untilTomorrow(time.Date(2027, 1, 1, 0, 59, 0, 0, time.FixedZone("CET", 3600))), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.got != tc.want {
				t.Errorf("%s, want %s", tc.got, tc.want)
			}
		})
	}
}
