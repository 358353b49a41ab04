package dnsimple

import (
	"net/http"
	"strings"
	"testing"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestWhatAnExtensionIsAnsweredWith(t *testing.T) {
	for sentence, tc := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"201 and renewed is done":             {201, `{"data":{"id":9,"state":"renewed"}}`, "done"},
		"201 and new is pending":              {201, `{"data":{"id":9,"state":"new"}}`, "pending"},
		"202 and renewing is pending":         {202, `{"data":{"id":9,"state":"renewing"}}`, "pending"},
		"failed at once is tried again":       {201, `{"data":{"id":9,"state":"failed"}}`, "postponed"},
		"a state that nobody knows":           {201, `{"data":{"id":9,"state":"se-cr-et"}}`, "unknown"},
		"no number":                           {201, `{"data":{"state":"renewed"}}`, "unknown"},
		"too early":                           {400, `{"message":"alice.gent may not be renewed at this time","errors":{}}`, "postponed"},
		"a lost connection to the registry":   {400, `{"message":"Registrar connection failed, please try again later"}`, "unknown"},
		"no money":                            {402, `{"message":"se-cr-et"}`, "postponed"},
		"a token that may not":                {403, `{"message":"se-cr-et"}`, "postponed"},
		"a server that is broken":             {500, `se-cr-et`, "unknown"},
		"a server that asks to be left alone": {429, `se-cr-et`, "postponed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.buy()
			w.answers(map[string]reply{"POST " + registrarPath + "/renewals": {tc.status, tc.body}})
			if outcome, detail := said(w.extend(w.Book.Get(name).Expiry)); outcome != tc.want || strings.Contains(detail, leak) {
				t.Errorf("it is %s (%s), want %s", outcome, detail, tc.want)
			}
		})
	}
}

func TestAYearIsBoughtOnlyFromTheExpiryThatWasSeen(t *testing.T) {
	w := newWorld(t)
	w.buy()
	expiry := w.Book.Get(name).Expiry
	if outcome, detail := said(w.extend(expiry)); outcome != "done" {
		t.Fatalf("it is %s (%s)", outcome, detail)
	}
	if outcome, _ := said(w.extend(expiry)); outcome != "postponed" {
		t.Errorf("sent again it is %s", outcome)
	}
	if got := w.Book.Get(name); got.Extensions != 1 || !got.AutoRenew {
		t.Errorf("%+v", got)
	}
	if s := w.lookUp(""); s.ExtendsOnce {
		t.Error("two that come at once are both carried out, so it must not claim otherwise")
	}
}

func TestAnExtensionSpendsNothing(t *testing.T) {
	for sentence, spoil := range map[string]func(w *world){
		"that costs too much": func(w *world) {
			w.answers(map[string]reply{"GET " + registrarPath + "/prices": {200, `{"data":{"domain":"alice.gent","renewal_price":20.01}}`}})
		},
		"of a premium name": func(w *world) {
			w.answers(map[string]reply{"GET " + registrarPath + "/prices": {200, `{"data":{"domain":"alice.gent","renewal_price":2,"premium":true}}`}})
		},
		"whose price is not told": func(w *world) {
			w.answers(map[string]reply{"GET " + registrarPath + "/prices": {200, `{"data":{"domain":"alice.gent"}}`}})
		},
		"of a name that the account lost":       func(w *world) { w.Book.GiveToOthers(name) },
		"of a name whose expiry cannot be read": func(w *world) { w.Faults.Next(registrartest.CallLookUp, registrartest.FailsBefore) },
		"of a name without an expiry": func(w *world) {
			w.answers(map[string]reply{"GET " + domainPath: {200, domainSaid(`"state":"registered"`)}})
		},
	} {
		w := newWorld(t)
		w.buy()
		expiry := w.Book.Get(name).Expiry
		spoil(w)
		if r, ok := w.extend(expiry).(registrar.Rejected); !ok {
			t.Errorf("%s: %#v", sentence, r)
		}
		if got := w.Book.Get(name).Extensions; got != 0 {
			t.Errorf("%s: %d years were paid", sentence, got)
		}
	}
}

func TestAutomaticRenewalIsSetByCallsOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.buy()
	for _, on := range []bool{false, true} {
		if _, ok := w.account().Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: on}).(registrar.Done); !ok {
			t.Errorf("it cannot be set to %t", on)
		}
	}
	requests := w.Requests()
	for i, method := range []string{http.MethodDelete, http.MethodPut} {
		if r := requests[len(requests)-2+i]; r.Method != method || r.Path != registrarPath+"/auto_renewal" || r.Body != "" {
			t.Errorf("%+v", r)
		}
	}
	for status, want := range map[int]string{400: "postponed", 403: "postponed", 404: "unknown", 429: "postponed", 502: "unknown"} {
		w.answers(map[string]reply{"PUT " + registrarPath + "/auto_renewal": {status, `{"message":"se-cr-et"}`}})
		if outcome, detail := said(w.account().Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: true})); outcome != want || strings.Contains(detail, leak) {
			t.Errorf("%d is %s (%s), want %s", status, outcome, detail, want)
		}
	}
}
