package registrar

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// recordDesk is a desk that keeps records as well.
type recordDesk struct {
	desk
	put, removed []netip.Addr
	ttl          time.Duration
}

func (d *recordDesk) PutAddresses(_ context.Context, _ string, addresses []netip.Addr, ttl time.Duration) error {
	d.calls++
	d.put, d.ttl = addresses, ttl
	return d.err
}

func (d *recordDesk) RemoveAddresses(_ context.Context, _ string, addresses []netip.Addr) error {
	d.calls++
	d.removed = addresses
	return d.err
}

type recordSource struct{ *recordDesk }

func (q *queue) keepsRecords() *recordDesk {
	d := &recordDesk{}
	q.source = Limit(recordSource{d}, q.clock, func() float64 { return 0 })
	return d
}

func (s recordSource) For(context.Context, *v1alpha1.Registrar) (Registrar, error) {
	return s.recordDesk, nil
}

func TestAnAccountKeepsRecordsOnlyWhereItsRegistrarDoes(t *testing.T) {
	q := newQueue(t, 60)
	if _, ok := q.account().(RecordKeeper); ok {
		t.Error("an account without records says that it keeps some")
	}
	d := q.keepsRecords()
	keeper, ok := q.account().(RecordKeeper)
	if !ok {
		t.Fatal("an account with records does not say so")
	}
	addresses := []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	if err := keeper.PutAddresses(t.Context(), "alice.gent", addresses, time.Hour); err != nil || len(d.put) != 1 || d.ttl != time.Hour {
		t.Errorf("put %v for %s: %v", d.put, d.ttl, err)
	}
	if err := keeper.RemoveAddresses(t.Context(), "alice.gent", addresses); err != nil || len(d.removed) != 1 {
		t.Errorf("removed %v: %v", d.removed, err)
	}
}

func TestRecordsQueueAsLookUpsDo(t *testing.T) {
	q := newQueue(t, 6) // one at once, then one in ten seconds
	d := q.keepsRecords()
	put := func(name string) error {
		return q.account().(RecordKeeper).PutAddresses(t.Context(), name, nil, time.Hour)
	}
	if err := put("alice.gent"); err != nil {
		t.Fatal(err)
	}
	var throttled *Throttled
	if err := put("bob.gent"); !errors.As(err, &throttled) || throttled.RetryAfter != 10*time.Second || d.calls != 1 {
		t.Errorf("%v after %d calls", err, d.calls)
	}
	q.later(10 * time.Second)
	if err := put("bob.gent"); err != nil {
		t.Error(err)
	}
}

func TestARegistrarThatAsksToBeLeftAloneOverARecordIsByAll(t *testing.T) {
	q := newQueue(t, 600)
	d := q.keepsRecords()
	d.err = &Throttled{RetryAfter: time.Minute, Err: errors.New("429")}
	var throttled *Throttled
	if err := q.account().(RecordKeeper).RemoveAddresses(t.Context(), "alice.gent", nil); !errors.As(err, &throttled) {
		t.Fatal(err)
	}
	d.err = nil
	if wait := q.lookUp(); wait < time.Minute || d.calls != 1 {
		t.Errorf("a look-up has to wait %s, after %d calls", wait, d.calls)
	}
}

// delegationDesk is a desk that sets name servers as well; bothDesk does all there is.
type delegationDesk struct {
	desk
	servers []string
}

func (d *delegationDesk) PutNameServers(_ context.Context, _ string, servers []string) error {
	d.calls++
	d.servers = servers
	return d.err
}

type bothDesk struct {
	recordDesk
	delegationDesk
}

func (d *bothDesk) Account() string                                 { return "both" }
func (d *bothDesk) Check(context.Context) error                     { return nil }
func (d *bothDesk) LookUp(context.Context, Query) (Sighting, error) { return Sighting{}, nil }
func (d *bothDesk) Buy(context.Context, Order) Result               { return nil }
func (d *bothDesk) Renew(context.Context, Renewal) Result           { return nil }

type anySource struct{ Registrar }

func (s anySource) For(context.Context, *v1alpha1.Registrar) (Registrar, error) {
	return s.Registrar, nil
}

func TestAnAccountSetsNameServersOnlyWhereItsRegistrarDoes(t *testing.T) {
	q := newQueue(t, 60)
	for name, tc := range map[string]struct {
		inner            Registrar
		records, servers bool
	}{
		"neither":      {&desk{}, false, false},
		"records":      {&recordDesk{}, true, false},
		"name servers": {&delegationDesk{}, false, true},
		"both":         {&bothDesk{}, true, true},
	} {
		q.source = Limit(anySource{tc.inner}, q.clock, nil)
		_, records := q.account().(RecordKeeper)
		_, servers := q.account().(NameServerKeeper)
		if records != tc.records || servers != tc.servers {
			t.Errorf("%s: keeps records %t, sets name servers %t", name, records, servers)
		}
		if got := q.account().Account(); got != tc.inner.Account() {
			t.Errorf("%s: the account is %q", name, got)
		}
	}
}

func TestNameServersAreSetOnCreditUnlessTheAccountIsClosed(t *testing.T) {
	q := newQueue(t, 6) // one at once
	d := &delegationDesk{}
	q.source = Limit(anySource{d}, q.clock, nil)
	put := func() error {
		return q.account().(NameServerKeeper).PutNameServers(t.Context(), "alice.gent", []string{"ns1.example", "ns2.example"})
	}
	for range 3 {
		if err := put(); err != nil || len(d.servers) != 2 {
			t.Fatalf("%v: %v", d.servers, err)
		}
	}
	d.err = &Throttled{RetryAfter: time.Minute, Err: errors.New("429")}
	if err := put(); err == nil {
		t.Fatal("no error")
	}
	calls := d.calls
	var throttled *Throttled
	if err := put(); !errors.As(err, &throttled) || d.calls != calls {
		t.Errorf("%v, and it was called", err)
	}
}
