package registrartest

import (
	"context"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

// expiring is a context whose time is up when a test says so.
type expiring struct {
	context.Context
	up chan struct{}
}

func (c expiring) Done() <-chan struct{} { return c.up }

func (c expiring) Err() error {
	select {
	case <-c.up:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// late makes a call that the server answers late: after it was carried out, and once meanwhile has let the answer go or ended the caller's time.
func late[T any](t *testing.T, s Subject, c Call, call func(context.Context) T, meanwhile func(letGo, timeIsUp func())) T {
	t.Helper()
	s.Faults.Next(c, Lingers)
	ctx := expiring{t.Context(), make(chan struct{})}
	answered := make(chan T, 1)
	go func() { answered <- call(ctx) }()
	stuck, enough := context.WithTimeout(t.Context(), 10*time.Second)
	defer enough()
	var letGo func()
	select {
	case letGo = <-s.Faults.Lingering():
	case got := <-answered:
		t.Fatalf("answered before the server did: %+v", got)
	case <-stuck.Done():
		t.Fatal("the call does not arrive")
	}
	defer letGo()
	meanwhile(letGo, func() { close(ctx.up) })
	select {
	case got := <-answered:
		return got
	case <-stuck.Done():
		t.Fatal("the call does not return")
		panic("unreachable")
	}
}

func inTime(letGo, _ func())     { letGo() }
func tooLate(_, timeIsUp func()) { timeIsUp() }

func latePurchase(t *testing.T, s Subject) {
	buy := func(ctx context.Context) registrar.Result { return s.Account.Buy(ctx, s.order(1)) }
	s.wantBought(t, late(t, s, CallBuy, buy, inTime))
	s.wantPaid(t, 1)
}

func tooLatePurchase(t *testing.T, s Subject) {
	buy := func(ctx context.Context) registrar.Result { return s.Account.Buy(ctx, s.order(1)) }
	result := late(t, s, CallBuy, buy, tooLate)
	s.wantDiscreet(t, result)
	if _, ok := result.(registrar.Unknown); !ok {
		t.Errorf("%#v", result)
	}
	s.wantOurs(t, "")
	s.wantPaid(t, 1)
}

// seen is what a look-up brought.
type seen struct {
	registrar.Sighting
	err error
}

func (s Subject) see(domain string) func(context.Context) seen {
	return func(ctx context.Context) seen {
		got, err := s.Account.LookUp(ctx, registrar.Query{Domain: domain, OperationID: operation})
		return seen{got, err}
	}
}

func lateLookUp(t *testing.T, s Subject) {
	s.wantBought(t, s.buy(t, 1))
	if got := late(t, s, CallLookUp, s.see(name), inTime); got.err != nil || got.InAccount != registrar.Yes {
		t.Errorf("it is seen as %+v", got)
	}
}

// tooLateLookUp is about another's name, so that its answer would be wrong for the next question.
func tooLateLookUp(t *testing.T, s Subject) {
	s.wantBought(t, s.buy(t, 1))
	s.Book.GiveToOthers("bob.gent")
	got := late(t, s, CallLookUp, s.see("bob.gent"), tooLate)
	if got.err == nil {
		t.Fatalf("it is seen as %+v", got)
	}
	s.wantDiscreet(t, got.err.Error())
	s.wantOurs(t, "")
}
