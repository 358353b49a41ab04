package registrartest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

func throttledLookUp(t *testing.T, s Subject) {
	s.Faults.Next(CallLookUp, Throttles)
	_, err := s.Account.LookUp(t.Context(), registrar.Query{Domain: name})
	var throttled *registrar.Throttled
	if !errors.As(err, &throttled) || s.ThrottlesWithRetryAfter && throttled.RetryAfter != RetryAfterSeconds*time.Second {
		t.Errorf("%v", err)
	}
	s.wantAbsent(t)
}

func throttledBuy(t *testing.T, s Subject) {
	s.Faults.Next(CallBuy, Throttles)
	r, ok := s.buy(t, 1).(registrar.Rejected)
	if !ok || r.Reason != registrar.RejectedPostponed || s.ThrottlesWithRetryAfter && r.RetryAfter != RetryAfterSeconds*time.Second {
		t.Errorf("%#v", r)
	}
	s.wantPaid(t, 0)
	s.wantBought(t, s.buy(t, 2))
	s.wantPaid(t, 1)
}

func manyAtOnce(t *testing.T, s Subject) {
	s.wantBought(t, s.buy(t, 1))
	const callers = 16
	errs := make(chan error, callers)
	for range callers {
		go func() {
			got, err := s.Account.LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation})
			if err == nil && got.InAccount != registrar.Yes {
				err = fmt.Errorf("it is seen as %+v", got)
			}
			errs <- err
		}()
	}
	for range callers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// lostPurchase is a purchase without a clear answer. It must be Unknown, or what it claims must be so; a look-up must tell, and no second order may go out by itself.
func lostPurchase(t *testing.T, s Subject, fault Fault) {
	s.Faults.Next(CallBuy, fault)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result := s.Account.Buy(ctx, s.order(1))
	s.wantDiscreet(t, result)
	switch r := result.(type) {
	case registrar.Unknown:
	case registrar.Rejected:
		if fault != FailsBefore && fault != Doubles || r.Reason.Final() {
			t.Errorf("%#v", r)
		}
	case registrar.Done, registrar.Pending:
		if fault != Doubles {
			t.Errorf("%#v", r)
		}
	}
	if fault.Early() {
		s.wantPaid(t, 0)
		s.wantAbsent(t)
		s.wantBought(t, s.buy(t, 2))
	} else {
		s.wantOurs(t, "")
	}
	s.wantPaid(t, 1)
}

func lostLookUp(t *testing.T, s Subject, fault Fault) {
	s.wantBought(t, s.buy(t, 1))
	s.Faults.Next(CallLookUp, fault)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := s.Account.LookUp(ctx, registrar.Query{Domain: name, OperationID: operation})
	if err == nil {
		t.Fatalf("it is seen as %+v", got)
	}
	s.wantDiscreet(t, err.Error())
	if throttled := new(registrar.Throttled); errors.As(err, &throttled) {
		t.Errorf("nobody asked to be left alone: %v", err)
	}
	s.wantOurs(t, "")
}
