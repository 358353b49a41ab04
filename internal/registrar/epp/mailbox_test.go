package epp_test

import (
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
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

	// It lives, and asks again much later: the message goes, and what it said is still known.
	r.clock.Step(6 * time.Minute)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
	r.wantMessages(0)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedRefused)
}

func TestARefusalIsKnownByOurOwnTransactionToo(t *testing.T) {
	r := newRegistry(t)
	r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.wantRejected(r.lookUp(alice, operation, "a reference that the server has forgotten"), registrar.RejectedRefused)
}

func TestANameThatOthersGotAfterOurRefusalIsTaken(t *testing.T) {
	r := newRegistry(t)
	reference := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.server.Messages()
	r.server.Book.GiveToOthers(alice)
	r.wantRejected(r.lookUp(alice, operation, reference), registrar.RejectedTaken)
}

func TestTwoRefusalsAreToldOneAfterTheOther(t *testing.T) {
	r := newRegistry(t)
	first := r.pending(alice, operation)
	r.server.Book.Finish(alice, false)
	r.wantMessages(1)
	const other = "0198c0de-0000-7000-8000-000000000002"
	second := r.pending(bob, other)
	r.server.Book.Finish(bob, false)

	if _, err := r.account().LookUp(t.Context(), registrar.Query{Domain: bob, OperationID: other, Reference: second}); err == nil {
		t.Error("what is behind another order's message is known")
	}
	r.wantRejected(r.lookUp(alice, operation, first), registrar.RejectedRefused)
	r.clock.Step(6 * time.Minute)
	r.wantRejected(r.lookUp(bob, other, second), registrar.RejectedRefused)
	r.wantMessages(1)
}

func TestMessagesThatAreWrittenElsewhereGo(t *testing.T) {
	r := newRegistry(t)
	r.pending(bob, "0198c0de-0000-7000-8000-000000000002")
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
