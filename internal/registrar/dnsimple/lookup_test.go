package dnsimple

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func domainSaid(fields string) string {
	return `{"data":{"name":"alice.gent","account_id":1010,` + fields + `}}`
}

func TestWhatALookUpSees(t *testing.T) {
	const hosted = `"state":"hosted","registrant_id":2715,`
	off := false
	for sentence, tc := range map[string]struct {
		reference      string
		domain         string
		path, second   string
		taken          bool
		want           registrar.Sighting
		rejectedDetail bool
	}{
		"a name that the account has": {
			domain: domainSaid(`"state":"registered","registrant_id":2715,"expires_at":"2027-06-05T02:15:00Z","auto_renew":false,"created_at":"2026-06-04T19:15:14Z"`), taken: true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes,
				Holding: registrar.Holding{Expiry: time.Date(2027, 6, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a name that came into the account by its registration": {
			domain: domainSaid(`"state":"registered","registrant_id":2715,"expires_at":"2021-06-05T02:15:00Z","created_at":"2020-06-04T19:15:14Z","updated_at":"2020-06-04T19:15:21Z"`),
			taken:  true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes, Created: time.Date(2020, 6, 4, 19, 15, 14, 0, time.UTC),
				Holding: registrar.Holding{Expiry: time.Date(2021, 6, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a name that was a zone of the account before": {
			domain: domainSaid(`"state":"registered","registrant_id":2715,"expires_at":"2021-06-05T02:15:00Z","created_at":"2020-06-04T10:15:14Z","updated_at":"2020-06-04T19:15:21Z"`),
			taken:  true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes,
				Holding: registrar.Holding{Expiry: time.Date(2021, 6, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a name that came into the account from elsewhere": {
			domain: domainSaid(`"state":"registered","registrant_id":2715,"expires_at":"2020-11-05T02:15:00Z","created_at":"2020-06-04T19:15:14Z","updated_at":"2020-06-04T19:15:21Z"`),
			taken:  true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes,
				Holding: registrar.Holding{Expiry: time.Date(2020, 11, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a name that ran out is still the account's": {
			domain: domainSaid(`"state":"expired","registrant_id":2715,"expires_at":"2026-06-05T02:15:00Z"`), taken: true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes,
				Holding: registrar.Holding{Expiry: time.Date(2026, 6, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a name that has begun to be registered": {
			domain: domainSaid(hosted + `"updated_at":"2026-11-22T09:00:01Z"`),
			want:   registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderOpen},
		},
		"a name that began to be registered long ago, and nobody knows its order": {
			domain: domainSaid(hosted + `"updated_at":"2026-11-22T09:00:00Z"`),
			want:   registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderUnclear, Registered: registrar.No},
		},
		"the same, and the registry has it": {
			domain: domainSaid(hosted + `"updated_at":"yesterday"`), taken: true,
			want: registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderUnclear, Registered: registrar.Yes},
		},
		"a registration that is new": {
			reference: "registration/7", domain: domainSaid(hosted + `"updated_at":"2020-11-22T09:00:01Z"`),
			path: "/registrations/7", second: `{"data":{"id":7,"state":"new"}}`,
			want: registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderOpen, Reference: "registration/7"},
		},
		"a registration that is done, although the account does not show it": {
			reference: "registration/7", path: "/registrations/7", second: `{"data":{"id":7,"state":"registered","created_at":"2026-06-04T19:15:14Z"}}`,
			want: registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderFinished, Reference: "registration/7"},
		},
		"a registration that was cancelled": {
			reference: "registration/7", path: "/registrations/7", second: `{"data":{"id":7,"state":"cancelled"}}`, rejectedDetail: true,
			want: registrar.Sighting{
				InAccount: registrar.No, Order: registrar.OrderRejected, Reference: "registration/7", Rejection: registrar.Rejected{Reason: registrar.RejectedRefused},
			},
		},
		"a registration that is done, of a name that the account has": {
			reference: "registration/7", domain: domainSaid(`"state":"registered","expires_at":"2027-06-05T02:15:00Z"`),
			path: "/registrations/7", second: `{"data":{"id":7,"state":"registered","created_at":"2026-06-04T19:15:14Z","updated_at":"2026-06-04T19:15:21Z"}}`,
			want: registrar.Sighting{
				Created:   time.Date(2026, 6, 4, 19, 15, 14, 0, time.UTC),
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes, Reference: "registration/7",
				Holding: registrar.Holding{Expiry: time.Date(2027, 6, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a registration that is done, and nobody knows since when": {
			reference: "registration/7", domain: domainSaid(`"state":"registered","created_at":"2026-06-04T19:15:14Z"`),
			path: "/registrations/7", second: `{"data":{"id":7,"state":"registered","created_at":"lately"}}`,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderFinished, Registered: registrar.Yes, Reference: "registration/7", Holding: registrar.Holding{AutoRenew: &off},
			},
		},
		"a registration that failed, of a name that the account has by another's": {
			reference: "registration/7", domain: domainSaid(`"state":"registered","expires_at":"2027-06-05T02:15:00Z"`),
			path: "/registrations/7", second: `{"data":{"id":7,"state":"failed","created_at":"2026-06-04T19:15:14Z"}}`,
			want: registrar.Sighting{Order: registrar.OrderUnanswerable, Registered: registrar.Yes, Reference: "registration/7"},
		},
		"a registration under way, of a name that the account has by another's": {
			reference: "registration/7", domain: domainSaid(`"state":"registered","expires_at":"2027-06-05T02:15:00Z"`),
			path: "/registrations/7", second: `{"data":{"id":7,"state":"registering"}}`,
			want: registrar.Sighting{Order: registrar.OrderOpen, Registered: registrar.Yes, Reference: "registration/7"},
		},
		"a renewal that takes its time": {
			reference: "renewal/9", domain: domainSaid(`"state":"registered","expires_at":"2026-12-05T02:15:00Z"`),
			path: "/renewals/9", second: `{"data":{"id":9,"state":"renewing"}}`,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderOpen, Registered: registrar.Yes, Reference: "renewal/9",
				Holding: registrar.Holding{Expiry: time.Date(2026, 12, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
			},
		},
		"a renewal that failed": {
			reference: "renewal/9", domain: domainSaid(`"state":"registered","expires_at":"2026-12-05T02:15:00Z"`),
			path: "/renewals/9", second: `{"data":{"id":9,"state":"failed"}}`, rejectedDetail: true,
			want: registrar.Sighting{
				InAccount: registrar.Yes, Order: registrar.OrderRejected, Registered: registrar.Yes, Reference: "renewal/9",
				Holding:   registrar.Holding{Expiry: time.Date(2026, 12, 5, 2, 15, 0, 0, time.UTC), AutoRenew: &off},
				Rejection: registrar.Rejected{Reason: registrar.RejectedPostponed},
			},
		},
		"a reference that is none of ours": {
			reference: "7", domain: domainSaid(hosted + `"updated_at":"2026-11-22T09:00:01Z"`),
			want: registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderUnanswerable},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			if tc.taken {
				w.Book.GiveToOthers(name)
			}
			w.answers(map[string]reply{"GET " + domainPath: {200, tc.domain}, "GET " + registrarPath + tc.path: {200, tc.second}})
			got := w.lookUp(tc.reference)
			if tc.rejectedDetail && got.Rejection.Detail == "" {
				t.Error("nothing is said of why")
			}
			got.Rejection.Detail = ""
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoAnswerToALookUp(t *testing.T) {
	for sentence, tc := range map[string]struct {
		reference string
		replies   map[string]reply
	}{
		"a 404 that is not about the name":   {"", map[string]reply{"GET " + domainPath: {404, "{\"message\":\"Account `se-cr-et` not found\"}"}}},
		"a 404 that is no JSON":              {"", map[string]reply{"GET " + domainPath: {404, `<html>se-cr-et`}}},
		"a 404 without a subject":            {"", map[string]reply{"GET " + domainPath: {404, `{"message":"Not Found"}`}}},
		"another name":                       {"", map[string]reply{"GET " + domainPath: {200, `{"data":{"name":"se-cr-et.gent","account_id":1010,"state":"registered"}}`}}},
		"another account":                    {"", map[string]reply{"GET " + domainPath: {200, `{"data":{"name":"alice.gent","account_id":1,"state":"registered"}}`}}},
		"a state that nobody knows":          {"", map[string]reply{"GET " + domainPath: {200, domainSaid(`"state":"se-cr-et"`)}}},
		"no state":                           {"", map[string]reply{"GET " + domainPath: {200, domainSaid(`"id":1`)}}},
		"nothing":                            {"", map[string]reply{"GET " + domainPath: {200, `{}`}}},
		"too much":                           {"", map[string]reply{"GET " + domainPath: {200, `{"data":"` + strings.Repeat("x", maxAnswer) + `"}`}}},
		"a check that cannot be made":        {"", map[string]reply{"GET " + registrarPath + "/check": {400, `{"message":"se-cr-et"}`}}},
		"a check of another name":            {"", map[string]reply{"GET " + registrarPath + "/check": {200, `{"data":{"domain":"bob.gent","available":true}}`}}},
		"a registration that is not there":   {"registration/7", map[string]reply{}},
		"a registration with another number": {"registration/7", map[string]reply{"GET " + registrarPath + "/registrations/7": {200, `{"data":{"id":8,"state":"failed"}}`}}},
		"a registration in no known state":   {"registration/7", map[string]reply{"GET " + registrarPath + "/registrations/7": {200, `{"data":{"id":7,"state":"se-cr-et"}}`}}},
		"a renewal in no known state":        {"renewal/7", map[string]reply{"GET " + registrarPath + "/renewals/7": {200, `{"data":{"id":7,"state":"se-cr-et"}}`}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.answers(tc.replies)
			got, err := w.account().LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation, Reference: tc.reference})
			if err == nil {
				t.Fatalf("it is seen as %+v", got)
			}
			if strings.Contains(err.Error(), leak) || strings.Contains(err.Error(), "1010") {
				t.Errorf("the server's words are in %q", err)
			}
		})
	}
}

func TestBesideATraceOfAnOrderOneGoesOutOnAPersonsWordAlone(t *testing.T) {
	w := newWorld(t)
	w.Book.SetPlay(name, registrartest.IsSlow)
	w.buy()
	w.Book.Finish(name, false)
	w.Book.SetPlay(name, registrartest.Sells)
	if s := w.lookUp(""); s.Order != registrar.OrderOpen {
		t.Errorf("it is seen as %+v", s)
	}
	w.clock.SetTime(start.Add(freshness))
	if s := w.lookUp(""); s.Order != registrar.OrderUnclear || s.Registered != registrar.No {
		t.Errorf("later it is seen as %+v", s)
	}
	if outcome, detail := said(w.buy()); outcome != "postponed" {
		t.Errorf("it is %s (%s)", outcome, detail)
	}
	order := registrar.Order{Domain: name, OperationID: operation, Try: 2, MaxPrice: registrar.Money{Minor: 2000, Currency: "USD"}, Cleared: true}
	if outcome, detail := said(w.account().Buy(t.Context(), order)); outcome != "done" {
		t.Errorf("on a person's word it is %s (%s)", outcome, detail)
	}
}

func TestHowLongToLeaveItAlone(t *testing.T) {
	for sentence, tc := range map[string]struct {
		headers map[string]string
		want    time.Duration
	}{
		"the hour's window":            {map[string]string{"X-RateLimit-Reset": "1795342330"}, 12*time.Minute + 10*time.Second},
		"a window that is over":        {map[string]string{"X-RateLimit-Reset": "1595341930"}, minRetryAfter},
		"a window without an end":      {map[string]string{"X-RateLimit-Reset": "9999999999"}, time.Hour},
		"a proxy's seconds come first": {map[string]string{"Retry-After": "7", "X-RateLimit-Reset": "1795342330"}, 7 * time.Second},
		"a proxy's date":               {map[string]string{"Retry-After": "Sun, 22 Nov 2026 10:00:30 GMT"}, 30 * time.Second},
		"nothing is said":              {nil, defaultRetryAfter},
		"nothing that makes sense is":  {map[string]string{"Retry-After": "soon", "X-RateLimit-Reset": "later"}, defaultRetryAfter},
	} {
		h := http.Header{}
		for k, v := range tc.headers {
			h.Set(k, v)
		}
		if got := retryAfter(h, start); got != tc.want {
			t.Errorf("%s: %s, want %s", sentence, got, tc.want)
		}
	}
}
