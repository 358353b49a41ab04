package main

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/duty"
	registrars "magicwebsitefactory.gent/internal/registrar"
)

// playedSource is one account, which may keep records.
type playedSource struct{ account registrars.Registrar }

func (s playedSource) For(context.Context, *v1alpha1.Registrar) (registrars.Registrar, error) {
	return s.account, nil
}

type playedAccount struct{ registrars.Registrar }

type playedKeeper struct {
	playedAccount
	err error
}

func (k playedKeeper) PutAddresses(context.Context, string, []netip.Addr, time.Duration) error {
	return k.err
}

func (k playedKeeper) RemoveAddresses(context.Context, string, []netip.Addr) error { return k.err }

func TestRecordsAreKeptOnlyWhereTheRegistrarHasNameServers(t *testing.T) {
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(&v1alpha1.Registrar{ObjectMeta: metav1.ObjectMeta{Namespace: "mwf-system", Name: "combell"}}).Build()
	throttled := &registrars.Throttled{RetryAfter: time.Minute, Err: errors.New("429")}
	for name, tc := range map[string]struct {
		registrar string
		account   registrars.Registrar
		problem   string // part of the error; empty for none
		after     time.Duration
	}{
		"it has":                   {registrar: "combell", account: playedKeeper{}},
		"it has none":              {registrar: "combell", account: playedAccount{}, problem: "has no name servers"},
		"it is not there":          {registrar: "nobody", account: playedKeeper{}, problem: "there is no Registrar nobody"},
		"it says no":               {registrar: "combell", account: playedKeeper{err: errors.New("no")}, problem: "no"},
		"it asks to be left alone": {registrar: "combell", account: playedKeeper{err: throttled}, problem: "called as often as it may be", after: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			publisher, err := recordsAt(c, playedSource{tc.account}, "mwf-system")(t.Context(), tc.registrar)
			if err == nil {
				err = publisher.PutAddresses(t.Context(), "alice.gent", nil, time.Hour)
				if other := publisher.RemoveAddresses(t.Context(), "alice.gent", nil); (err == nil) != (other == nil) {
					t.Errorf("put: %v, removed: %v", err, other)
				}
			}
			if (err == nil) != (tc.problem == "") || (err != nil && !strings.Contains(err.Error(), tc.problem)) {
				t.Errorf("got %v, want %q", err, tc.problem)
			}
			var waiting *duty.Waiting
			if errors.As(err, &waiting) != (tc.after > 0) || (waiting != nil && waiting.After != tc.after) {
				t.Errorf("got %#v, want it to come back after %s", err, tc.after)
			}
			if err != nil && strings.Contains(err.Error(), "1m0s") {
				t.Errorf("%q changes by itself", err)
			}
		})
	}
}
