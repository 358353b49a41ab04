package dnsimple

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
)

// fixed is all that an error may say.
var fixed = regexp.MustCompile(`^(ask|read|order|set|renew) [a-z ]+: ((status [0-9]{3})|[a-z ]+)$`)

// FuzzAnswers gives any answer to one of the calls. Nothing may panic, no word of it may be in what is said of it, and only an answer that says so is a yes.
func FuzzAnswers(f *testing.F) {
	for call, answers := range map[uint8][]reply{
		0: {
			{200, domainSaid(`"state":"registered","expires_at":"2027-06-05T02:15:00Z","auto_renew":true`)}, {200, domainSaid(`"state":"hosted","registrant_id":2,"updated_at":"2026-11-22T09:30:00Z"`)},
			{404, "{\"message\":\"Domain `alice.gent` not found\"}"}, {404, `{"message":"Not Found"}`}, {200, `{"data":null}`},
		},
		1: {{200, `{"data":{"domain":"alice.gent","available":true,"premium":true}}`}, {400, `{"message":"no","errors":{"a":"b"}}`}},
		2: {{200, `{"data":{"domain":"alice.gent","registration_price":10.0,"renewal_price":1e309}}`}, {400, `{"message":"TLD .PINEAPPLE is not supported"}`}},
		3: {
			{201, `{"data":{"id":1,"domain_id":999,"registrant_id":2,"period":1,"state":"new","auto_renew":false}}`}, {202, `{"data":{"id":1,"state":"registered"}}`},
			{400, `{"message":"Invalid extended attributes","errors":{"x":"it's required"}}`}, {400, `{"message":"m","errors":{"creates":[{"index":0,"message":"n"}]}}`}, {502, `<html>`},
		},
		4: {{201, `{"data":{"id":1,"state":"renewed"}}`}, {400, `{"message":"example.com may not be renewed at this time","errors":{}}`}},
		5: {{204, ``}, {429, `{"message":"quota exceeded"}`}},
		6: {{200, `{"data":{"id":7,"state":"cancelled"}}`}, {200, `{"data":{"id":7,"state":"registering"}}`}},
		8: {{200, `{"data":["ns1.dnsimple.com","ns2.dnsimple.com"]}`}, {200, `{"data":[]}`}, {200, `{"data":{}}`}},
		9: {{200, `{"data":["ns2.example.org","NS1.example.org."]}`}, {200, `{"data":["ns1.dnsimple.com"]}`}, {400, `{"message":"m"}`}},
		7: {{200, `{"data":{"user":null,"account":{"id":1010}}}`}, {401, `{"message":"Authentication failed"}`}},
	} {
		for _, a := range answers {
			f.Add(call, a.status, a.body)
		}
	}
	paths := []struct{ method, path string }{
		{http.MethodGet, domainPath}, {http.MethodGet, registrarPath + "/check"}, {http.MethodGet, registrarPath + "/prices"}, {http.MethodPost, registrarPath + "/registrations"},
		{http.MethodPost, registrarPath + "/renewals"}, {http.MethodPut, registrarPath + "/auto_renewal"}, {http.MethodGet, registrarPath + "/registrations/7"}, {http.MethodGet, "/v2/whoami"},
		{http.MethodGet, registrarPath + "/delegation"}, {http.MethodPut, registrarPath + "/delegation"},
	}
	f.Fuzz(func(t *testing.T, call uint8, status int, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		w := newWorld(t)
		expiry := start.Add(300 * 24 * time.Hour)
		given := paths[int(call)%len(paths)]
		w.Answer(func(r dnsimpletest.Request) (int, string) {
			if r.Method == given.method && r.Path == given.path {
				return status, body
			}
			return 0, ""
		})
		a := w.account()
		for _, reference := range []string{"", "registration/7"} {
			s, err := a.LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation, Reference: reference})
			if err != nil {
				discreet(t, err)
			} else if s.InAccount == registrar.Yes && (given.path != domainPath || status/100 != 2 || !saysHeld(body)) {
				t.Errorf("nobody said that the account has it: %+v", s)
			}
		}
		if err := a.Check(t.Context()); err != nil {
			discreet(t, err)
		}
		result := w.buy()
		judge(t, result, given.path == registrarPath+"/registrations", status, body)
		if w.Book.Get(name).Purchases > 1 {
			t.Error("it was bought twice")
		}
		w.Book.GiveToAccount(name, expiry)
		judge(t, w.extend(expiry), given.path == registrarPath+"/renewals", status, body)
		judge(t, a.Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: true}), false, status, body)
		if err := w.putNameServers("ns1.example.org", "ns2.example.org"); err != nil {
			discreet(t, err)
		}
	})
}

func discreet(t *testing.T, err error) {
	t.Helper()
	if kind := kindOfError(err); kind == "other" && !fixed.MatchString(err.Error()) {
		t.Errorf("it says %q", err)
	}
}

// judge checks what is made of an answer to an order, where it was given by the fuzzer.
func judge(t *testing.T, r registrar.Result, given bool, status int, body string) {
	t.Helper()
	if unknown, ok := r.(registrar.Unknown); ok {
		discreet(t, unknown.Err)
		return
	}
	if _, rejected := r.(registrar.Rejected); rejected || !given {
		return
	}
	var said struct {
		Data struct {
			ID    int64
			State string
		}
	}
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != 201 && status != 202 || said.Data.ID <= 0 || said.Data.State == "" {
		t.Errorf("%d %q is taken for a yes: %#v", status, body, r)
	}
}

func saysHeld(body string) bool {
	var said struct {
		Data struct {
			State     string
			AccountID int64 `json:"account_id"`
		}
	}
	err := json.Unmarshal([]byte(body), &said)
	return err == nil && said.Data.AccountID == dnsimpletest.AccountID && (said.Data.State == "registered" || said.Data.State == "expired")
}
