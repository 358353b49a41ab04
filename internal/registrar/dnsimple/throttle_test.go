package dnsimple

import (
	"errors"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestWhenTheHourIsUsedUpItIsLeftAloneAndThenGoesOn(t *testing.T) {
	w := newWorld(t)
	p := New(secretReader{secret: w.secret}, w.clock, WithTransport(w.transport), WithBaseURL(w.baseURL))
	source := registrar.Limit(registrar.NewSource(v1alpha1.EnvironmentLive, p), w.clock, func() float64 { return 0 })
	lookUp := func() error {
		a, err := source.For(t.Context(), w.registrar)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation})
		return err
	}
	w.Faults.Next(registrartest.CallLookUp, registrartest.Throttles)
	for _, second := range []int{0, 20, 39} {
		w.clock.SetTime(start.Add(time.Duration(second) * time.Second))
		if late := new(registrar.Throttled); !errors.As(lookUp(), &late) {
			t.Errorf("after %d s it is asked", second)
		}
	}
	if got := len(w.Requests()); got != 1 {
		t.Errorf("%d requests went out", got)
	}
	w.clock.SetTime(start.Add(registrartest.RetryAfterSeconds * time.Second))
	if err := lookUp(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// An order is turned down without a reason, so the account is looked at, and the registry is asked: each may be one request too many.
func TestToBeLeftAloneIsHeardAfterANoAsWell(t *testing.T) {
	for _, looks := range [][]registrartest.Fault{
		{registrartest.None, registrartest.Throttles},
		{registrartest.None, registrartest.None, registrartest.Throttles},
	} {
		w := newWorld(t)
		w.Book.SetPlay(name, registrartest.SoldMeanwhile)
		w.Faults.Next(registrartest.CallLookUp, looks...)
		unknown, _ := w.buy().(registrar.Unknown)
		if late := new(registrar.Throttled); !errors.As(unknown.Err, &late) || late.RetryAfter != registrartest.RetryAfterSeconds*time.Second {
			t.Errorf("%v: %v", looks, unknown.Err)
		}
	}
}

func TestToBeLeftAloneIsHeardAfterAnExtensionWasTurnedDown(t *testing.T) {
	w := newWorld(t)
	w.buy()
	w.answers(map[string]reply{"POST " + registrarPath + "/renewals": {400, `{"message":"alice.gent may not be renewed at this time"}`}})
	w.Faults.Next(registrartest.CallLookUp, registrartest.None, registrartest.Throttles)
	unknown, _ := w.extend(w.Book.Get(name).Expiry).(registrar.Unknown)
	if late := new(registrar.Throttled); !errors.As(unknown.Err, &late) || late.RetryAfter != registrartest.RetryAfterSeconds*time.Second {
		t.Errorf("%v", unknown.Err)
	}
}
