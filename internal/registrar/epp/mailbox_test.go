package epp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/epp/epptest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// pending orders alice.gent, which takes its time, and returns the order's reference.
func (r *registry) pending(name, operation string) string {
	r.t.Helper()
	r.server.Book.SetPlay(name, registrartest.IsSlow)
	result := r.account().Buy(r.t.Context(), registrar.Order{Domain: name, OperationID: operation, Try: 1, MaxPrice: affordable})
	p, ok := result.(registrar.Pending)
	if !ok {
		r.t.Fatalf("%#v", result)
	}
	return p.Reference
}

func (r *registry) wantMessages(n int) {
	r.t.Helper()
	if got := r.server.Messages(); len(got) != n {
		r.t.Errorf("%d messages wait, want %d", len(got), n)
	}
}

func (r *registry) wantRejected(seen registrar.Sighting, reason registrar.Rejection) {
	r.t.Helper()
	if seen.InAccount != registrar.No || seen.Order != registrar.OrderRejected || seen.Rejection.Reason != reason {
		r.t.Errorf("%+v", seen)
	}
}

func TestARefusalIsNotAcknowledgedBeforeItCanBeWrittenDown(t *testing.T) {
	r := newRegistry(t)
	reference := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(1)

	// The process dies before it has written it down.
	r.restart(epp.WithDialer(r.server.Dial))
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(1)

	// It lives, and asks again much later: so it has not been written down, and stays.
	r.clock.Step(time.Hour)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(1)
}

// refuse orders a name that the registry then refuses, and returns the order's reference.
func (r *registry) refuse(name, operation string) string {
	r.t.Helper()
	reference := r.pending(name, operation)
	r.server.Book.Finish(name, false)
	r.server.Messages()
	return reference
}

const bobs = "0198c0de-0000-7000-8000-000000000002"

func TestARefusalIsAcknowledgedOnceNobodyAsksForItAnyMore(t *testing.T) {
	r := newRegistry(t)
	first, second := r.refuse(alice, operation), r.refuse(bob, bobs)
	behind := registrar.Query{Domain: bob, OperationID: bobs, Reference: second}
	r.wantRejected(r.lookUp(alice, operation, first), registrar.RejectedRefused)

	// The status cannot be written for a while, and the duty asks again at growing intervals, as a work queue has them.
	for range 5 {
		r.clock.Step(17 * time.Minute)
		if seen, err := r.account().LookUp(t.Context(), behind); err == nil {
			t.Fatalf("what is behind a refusal that is not written down is known: %+v", seen)
		}
		r.wantRejected(r.lookUp(alice, operation, first), registrar.RejectedRefused)
		r.wantMessages(2)
	}

	// Now it is written, and nobody asks for it any more.
	r.clock.Step(21 * time.Minute)
	r.wantRejected(r.lookUp(bob, bobs, second), registrar.RejectedRefused)
	r.wantMessages(1)
}

func TestARefusalThatIsLostAllTheSameIsForAPerson(t *testing.T) {
	r := newRegistry(t)
	first, second := r.refuse(alice, operation), r.refuse(bob, bobs)
	r.wantRejected(r.lookUp(alice, operation, first), registrar.RejectedRefused)
	r.clock.Step(21 * time.Minute)
	r.wantRejected(r.lookUp(bob, bobs, second), registrar.RejectedRefused)

	// As long as the process lives it is remembered.
	r.wantRejected(r.lookUp(alice, operation, first), registrar.RejectedRefused)

	r.restart(epp.WithDialer(r.server.Dial))
	r.wantRejected(r.lookUp(bob, bobs, second), registrar.RejectedRefused)
	r.clock.Step(21 * time.Minute)
	if seen := r.lookUp(alice, operation, first); seen.InAccount != registrar.No || seen.Order != registrar.OrderUnanswerable {
		t.Errorf("%+v", seen)
	}
}

func TestARefusalIsKnownByOurOwnTransactionToo(t *testing.T) {
	r := newRegistry(t)
	r.refuse(alice, operation)
	r.wantRejected(r.lookUp(alice, operation, "one-that-the-server-has-forgotten "+operation+"-c1"), registrar.RejectedRefused)
}

func TestWhichOrderAMessageIsAbout(t *testing.T) {
	const (
		now    = "S-2 " + operation + "-c2"
		settle = "settles it"
		goes   = "is taken off"
		stays  = "stays, as it may be another's"
	)
	for name, tc := range map[string]struct {
		client    string
		done      bool
		reference string
		want      string
	}{
		"this try's":                                          {operation + "-c2", false, now, settle},
		"the try before, late":                                {operation + "-c1", false, now, goes},
		"the try before, of an extension":                     {operation + "-r20271122-1", false, "renewal/S-2 " + operation + "-r20271122-2", goes},
		"a try that is still to come":                         {operation + "-c3", false, now, stays},
		"the try before, which succeeded and shows nowhere":   {operation + "-c1", true, now, stays},
		"an extension, not the purchase":                      {operation + "-r20271122-2", false, now, stays},
		"another operation's":                                 {bobs + "-c2", false, now, stays},
		"nobody's, by the server's name for it":               {"", false, epptest.Elsewhere + " " + operation + "-c2", settle},
		"nobody's, and the server names another":              {"", false, now, stays},
		"in words of the registry, by the server's name":      {"REGISTRY 42", false, epptest.Elsewhere + " " + operation + "-c2", settle},
		"in words of the registry, and the server's is other": {"REGISTRY 42", false, now, stays},
		"of a reference that only the server gave":            {operation + "-c1", false, epptest.Elsewhere, settle},
		"of a reference that only we gave":                    {operation + "-c1", false, operation + "-c1", settle},
		"another try's, which the server calls the same":      {operation + "-c1", false, epptest.Elsewhere + " " + operation + "-c2", goes},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.server.PostOutcome(alice, tc.client, tc.done)
			seen, err := r.account().LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: operation, Reference: tc.reference})
			got := fmt.Sprintf("%+v, %v", seen, err)
			switch waiting := len(r.server.Messages()); {
			case err != nil && waiting == 1:
				got = stays
			case err == nil && seen.Order == registrar.OrderRejected && waiting == 1:
				got = settle
			case err == nil && seen.Order == registrar.OrderUnanswerable && waiting == 0:
				got = goes
			}
			if got != tc.want {
				t.Errorf("it %s, want: it %s", got, tc.want)
			}
		})
	}
}

func TestTheSecondTryIsSettledByItsOwnMessageWhateverIsSaidOfTheFirst(t *testing.T) {
	r := newRegistry(t)
	r.server.PostOutcome(alice, operation+"-c1", false) // its answer was lost, and then it was refused
	r.server.Book.SetPlay(alice, registrartest.IsSlow)
	p, ok := r.buy(2).(registrar.Pending)
	if !ok {
		t.Fatalf("%#v", p)
	}
	if seen := r.lookUp(alice, operation, p.Reference); seen.Order != registrar.OrderOpen {
		t.Errorf("%+v", seen)
	}
	r.server.Book.Finish(alice, true)
	if seen := r.lookUp(alice, operation, p.Reference); seen.InAccount != registrar.Yes {
		t.Errorf("%+v", seen)
	}
}

func TestMessagesThatNothingReadsAreLoggedBeforeTheyGo(t *testing.T) {
	r := newRegistry(t)
	r.server.PostText("Transfer of bob.gent was requested.\nBy "+user, `<domain:trnData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>bob.gent</domain:name>`+
		`<domain:trStatus>pending</domain:trStatus><domain:authInfo><domain:pw>bobs-secret</domain:pw></domain:authInfo></domain:trnData>`)
	r.server.PostText("Your balance is low: 12.34 EUR", "")
	r.server.PostText("The new auth code of bob.gent is bobs-secret", `<domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>bob.gent</domain:name>`+
		`<domain:clID>x</domain:clID><domain:authInfo><domain:pw>bobs-secret</domain:pw></domain:authInfo></domain:infData>`)
	r.server.PostOutcome("carol.gent", "another-factory-1", false)
	r.clock.Step(25 * time.Hour)

	var lines []string
	var waiting []int
	logger := funcr.New(func(_, args string) {
		lines, waiting = append(lines, args), append(waiting, len(r.server.Messages()))
	}, funcr.Options{})
	reference := r.refuse(alice, operation)
	ctx := log.IntoContext(t.Context(), logger)
	seen, err := r.account().LookUp(ctx, registrar.Query{Domain: alice, OperationID: operation, Reference: reference})
	if err != nil {
		t.Fatal(err)
	}
	r.wantRejected(seen, registrar.RejectedRefused)
	if diff := cmp.Diff([]int{5, 4, 3, 2}, waiting); diff != "" {
		t.Errorf("how many wait when each is logged: %s", diff)
	}
	r.wantMessages(1)
	for i, want := range [][]string{
		{`"message"="1001"`, `"kind"="domain-1.0 trnData pending"`, `"domain"="bob.gent"`, `"queued"="2026-11-22T10:00:00Z"`, `"text"="Transfer of bob.gent was requested. By […]"`},
		{`"message"="1002"`, `"kind"=""`, `"text"="Your balance is low: 12.34 EUR"`},
		{`"message"="1003"`, `"kind"="domain-1.0 infData"`, `"domain"="bob.gent"`, `"text"="[words about a password, which are not repeated]"`},
		{`"message"="1004"`, `"kind"="domain-1.0 panData"`, `"domain"="carol.gent"`, `"done"=false`},
	} {
		for _, part := range want {
			if i >= len(lines) || !strings.Contains(lines[i], part) {
				t.Errorf("message %d is not logged with %s: %v", i, part, lines)
			}
		}
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, "bobs-secret") || strings.Contains(all, user) {
		t.Errorf("a secret is logged: %s", all)
	}
}

func TestANameThatOthersGotAfterOurRefusalIsTaken(t *testing.T) {
	r := newRegistry(t)
	reference := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.server.Messages()
	r.server.Book.GiveToOthers(alice)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedTaken)
}

func TestMessagesThatAreWrittenElsewhereGo(t *testing.T) {
	r := newRegistry(t)
	r.pending(bob, bobs)
	r.server.Book.Finish(bob, true)
	r.server.Messages()
	r.server.Post(`<balance xmlns="urn:example:balance-1.0">12.34</balance>`)
	r.server.Post("")
	reference := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(1)
}

func TestTheMessageOfAnotherFactoryStaysForADay(t *testing.T) {
	r := newRegistry(t)
	r.server.PostOutcome("carol.gent", "another-factory-1", false)
	reference := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	query := registrar.Query{Domain: alice, OperationID: operation, Reference: reference}
	if seen, err := r.account().LookUp(t.Context(), query); err == nil {
		t.Errorf("%+v", seen)
	}
	r.wantMessages(2)
	r.clock.Step(25 * time.Hour)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(1)
}

func TestAnOrderOfWhichNothingIsLeftIsForAPerson(t *testing.T) {
	r := newRegistry(t)
	seen := r.lookUp(alice, operation, "a reference that the server has forgotten")
	if seen.InAccount != registrar.No || seen.Registered != registrar.No || seen.Order != registrar.OrderUnanswerable {
		t.Errorf("%+v", seen)
	}
}

func TestTheQueueIsNotReadWhereTheRegistryItselfTells(t *testing.T) {
	r := newRegistry(t)
	reference := r.pending(alice, operation)
	if seen := r.lookUp(alice, operation, reference); seen.Order != registrar.OrderOpen || seen.OperationID != operation {
		t.Errorf("%+v", seen)
	}
	r.server.Book.Finish(alice, true)
	if seen := r.lookUp(alice, operation, reference); seen.InAccount != registrar.Yes {
		t.Errorf("%+v", seen)
	}
	if n := r.sent("poll"); n != 0 {
		t.Errorf("it was read %d times", n)
	}
}

func TestAnExtensionThatTakesItsTime(t *testing.T) {
	for name, done := range map[string]bool{"is carried out": true, "is turned down": false} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.buy(1)
			before := r.lookUp(alice, operation, "").Holding.Expiry
			r.server.SlowRenewals = true
			extend := registrar.Renewal{Domain: alice, ExtendFrom: before, OperationID: operation, Try: 1, MaxPrice: affordable}
			p, ok := r.account().Renew(t.Context(), extend).(registrar.Pending)
			if !ok {
				t.Fatalf("%#v", p)
			}
			if seen := r.lookUp(alice, operation, p.Reference); seen.Order != registrar.OrderOpen || !seen.Holding.Expiry.Equal(before) {
				t.Errorf("%+v", seen)
			}
			r.server.FinishRenewal(alice, done)
			seen := r.lookUp(alice, operation, p.Reference)
			if done && !seen.Holding.Expiry.After(before) || !done && (seen.Order != registrar.OrderRejected || seen.Reference != p.Reference) {
				t.Errorf("%+v", seen)
			}
			if seen.InAccount != registrar.Yes {
				t.Errorf("%+v", seen)
			}
		})
	}
}
