package dnsimple

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/dnsimple/dnsimpletest"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// said is a no or an unknown in one word, and what it says.
func said(r registrar.Result) (string, string) {
	switch r := r.(type) {
	case registrar.Rejected:
		return string(r.Reason), r.Detail
	case registrar.Unknown:
		return "unknown", r.Err.Error()
	default:
		return r.Outcome(), ""
	}
}

// leak is in every answer that a test gives, and must be in nothing that is said of it.
const leak = "se-cr-et"

func TestWhatAnOrderIsAnsweredWith(t *testing.T) {
	for sentence, tc := range map[string]struct {
		status int
		body   string
		want   string
		// taken is that the registry has it, by the time that it is looked at again.
		taken bool
	}{
		"201 and registered is done":                        {201, `{"data":{"id":7,"state":"registered","auto_renew":true,"period":1}}`, "done", false},
		"201 and new is pending":                            {201, `{"data":{"id":7,"state":"new"}}`, "pending", false},
		"202 and registering is pending":                    {202, `{"data":{"id":7,"state":"registering"}}`, "pending", false},
		"failed at once is refused":                         {201, `{"data":{"id":7,"state":"failed"}}`, "refused", false},
		"cancelled at once is refused":                      {201, `{"data":{"id":7,"state":"cancelled"}}`, "refused", false},
		"a state that nobody knows may be anything":         {201, `{"data":{"id":7,"state":"se-cr-et"}}`, "unknown", false},
		"an order without a number may be anything":         {201, `{"data":{"state":"new"}}`, "unknown", false},
		"success without content may be anything":           {201, ``, "unknown", false},
		"200 is no answer to an order":                      {200, `{"data":{"id":7,"state":"registered"}}`, "unknown", false},
		"success that is no JSON may be anything":           {201, `<html>se-cr-et`, "unknown", false},
		"a redirect is not followed":                        {302, ``, "unknown", false},
		"500 may be anything":                               {500, `{"message":"se-cr-et"}`, "unknown", false},
		"504 may be anything":                               {504, `se-cr-et`, "unknown", false},
		"409 may be anything":                               {409, `{"message":"se-cr-et"}`, "unknown", false},
		"404 may be anything":                               {404, `{"message":"Account se-cr-et not found"}`, "unknown", false},
		"a proxy's 403 may be anything":                     {403, `<html>se-cr-et`, "unknown", false},
		"401 is postponed":                                  {401, `{"message":"Authentication failed se-cr-et"}`, "postponed", false},
		"403 is postponed":                                  {403, `{"message":"Permission Denied. Required Scope: se-cr-et"}`, "postponed", false},
		"402 is postponed":                                  {402, `{"message":"se-cr-et"}`, "postponed", false},
		"412 is postponed":                                  {412, `{"message":"se-cr-et"}`, "postponed", false},
		"a card that was declined is postponed":             {400, `{"message":"We were unable to authorize the payment for this purchase on your card. se-cr-et","errors":{}}`, "postponed", true},
		"data that is invalid is postponed":                 {400, `{"message":"Validation failed","errors":{"se-cr-et":["can't be blank"]}}`, "postponed", false},
		"attributes that are missing are postponed":         {400, `{"message":"Invalid extended attributes","errors":{"x-se-cr-et":"it's required"}}`, "postponed", false},
		"a suffix that is not sold is refused":              {400, `{"message":"TLD .SE-CR-ET is not supported"}`, "refused", false},
		"a lost connection to the registry may be anything": {400, `{"message":"Registrar connection failed, please try again later"}`, "unknown", false},
		"400 for a name that somebody has is looked up":     {400, `{"message":"se-cr-et"}`, "exists", true},
		"400 for a name that nobody has is postponed":       {400, `{"message":"se-cr-et"}`, "postponed", false},
		"400 without a message may be anything":             {400, `{}`, "unknown", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.Answer(func(r dnsimpletest.Request) (int, string) {
				if r.Method != http.MethodPost {
					return 0, ""
				}
				if tc.taken {
					w.Book.GiveToOthers(name)
				}
				return tc.status, tc.body
			})
			outcome, detail := said(w.buy())
			if outcome != tc.want {
				t.Errorf("it is %s (%s), want %s", outcome, detail, tc.want)
			}
			if strings.Contains(detail, leak) {
				t.Errorf("the server's words are in %q", detail)
			}
			orders := 0
			for _, r := range w.Requests() {
				if r.Method == http.MethodPost {
					orders++
				}
			}
			if orders != 1 {
				t.Errorf("%d orders went out", orders)
			}
		})
	}
}

// Another factory with the account was faster, between our last look at it and our order. Were it looked up with a call under way, the name would be taken for ours.
func TestANameThatTheAccountGotByAnotherOrderIsNotTakenForOurs(t *testing.T) {
	for sentence, play := range map[string]registrartest.Play{"it has the name": registrartest.Sells, "it has ordered it": registrartest.IsSlow} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.Book.SetPlay(name, play)
			w.Answer(func(r dnsimpletest.Request) (int, string) {
				if r.Method == http.MethodPost && w.Book.Get(name).Order == 0 {
					w.Answer(nil)
					if got := w.buy().Outcome(); got != "done" && got != "pending" {
						t.Errorf("the other's order is %s", got)
					}
				}
				return 0, ""
			})
			if outcome, detail := said(w.buy()); outcome != "postponed" {
				t.Errorf("it is %s (%s)", outcome, detail)
			}
			if got := w.Book.Get(name).Purchases; got != 1 {
				t.Errorf("%d purchases", got)
			}
		})
	}
}

func TestAnOrderOfWhichNothingWentOutIsPostponed(t *testing.T) {
	for sentence, tc := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"the price is not told":              {registrarPath + "/prices", `{"message":"x"}`, 500, "postponed"},
		"the price is nothing":               {registrarPath + "/prices", `{"data":{"domain":"alice.gent","registration_price":0}}`, 200, "postponed"},
		"the price is less than nothing":     {registrarPath + "/prices", `{"data":{"domain":"alice.gent","registration_price":-3}}`, 200, "postponed"},
		"the price is another name's":        {registrarPath + "/prices", `{"data":{"domain":"bob.gent","registration_price":3}}`, 200, "postponed"},
		"the price is missing":               {registrarPath + "/prices", `{"data":{"domain":"alice.gent"}}`, 200, "postponed"},
		"the price cannot be checked now":    {registrarPath + "/prices", `{"message":"Registrar connection failed, please try again later"}`, 400, "postponed"},
		"the suffix is not sold":             {registrarPath + "/prices", `{"message":"TLD .GENT is not supported"}`, 400, "refused"},
		"it costs half a cent too much":      {registrarPath + "/prices", `{"data":{"domain":"alice.gent","registration_price":20.005}}`, 200, "too_dear"},
		"it is premium, however cheap":       {registrarPath + "/prices", `{"data":{"domain":"alice.gent","premium":true,"registration_price":1}}`, 200, "premium"},
		"the account cannot be read":         {domainPath, ``, 503, "postponed"},
		"the account asks to be left alone":  {domainPath, ``, 429, "postponed"},
		"the account holds it already":       {domainPath, `{"data":{"name":"alice.gent","account_id":1010,"state":"registered"}}`, 200, "postponed"},
		"the account has ordered it already": {domainPath, `{"data":{"name":"alice.gent","account_id":1010,"state":"hosted","registrant_id":1,"updated_at":"2026-11-22T09:30:00Z"}}`, 200, "postponed"},
		"the account may have ordered it":    {domainPath, `{"data":{"name":"alice.gent","account_id":1010,"state":"hosted","registrant_id":1,"updated_at":"2026-11-22T08:30:00Z"}}`, 200, "postponed"},
		"somebody else's account answers":    {domainPath, `{"data":{"name":"alice.gent","account_id":1011,"state":"registered"}}`, 200, "postponed"},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newWorld(t)
			w.answers(map[string]reply{"GET " + tc.path: {tc.status, tc.body}})
			if outcome, detail := said(w.buy()); outcome != tc.want {
				t.Errorf("it is %s (%s), want %s", outcome, detail, tc.want)
			}
			if got := w.Book.Get(name).Purchases; got != 0 {
				t.Errorf("it was paid %d times", got)
			}
		})
	}
}

func TestAQuestionBeforeAnOrderThatBreaksSpendsNothing(t *testing.T) {
	for _, call := range []registrartest.Call{dnsimpletest.CallPrice, registrartest.CallLookUp} {
		for _, fault := range []registrartest.Fault{registrartest.HangsBefore, registrartest.ResetsAfter, registrartest.FailsAfter, registrartest.Garbles, registrartest.Throttles} {
			w := newWorld(t)
			w.Faults.Next(call, fault)
			if outcome, detail := said(w.buy()); outcome != string(registrar.RejectedPostponed) {
				t.Errorf("%s %s: it is %s (%s)", call, fault, outcome, detail)
			}
			if w.Book.Get(name).Purchases != 0 {
				t.Errorf("%s %s: it was paid", call, fault)
			}
		}
	}
}

func TestAZoneWithoutARegistrationDoesNotKeepItsNameFromBeingBought(t *testing.T) {
	w := newWorld(t)
	w.Host(name)
	if s := w.lookUp(""); s.InAccount != registrar.No || s.Order != registrar.OrderNone || s.Registered != registrar.No {
		t.Errorf("it is seen as %+v", s)
	}
	if r, ok := w.buy().(registrar.Done); !ok || r.Holding.AutoRenew == nil || !*r.Holding.AutoRenew {
		t.Errorf("%#v", r)
	}
}

func TestASecondInstallationDoesNotBuyWhatTheFirstHasOrdered(t *testing.T) {
	w := newWorld(t)
	w.Book.SetPlay(name, registrartest.IsSlow)
	w.Book.SetCareless(true)
	w.buy()
	if s := w.lookUp(""); s.InAccount != registrar.No || s.Order != registrar.OrderOpen {
		t.Errorf("the second sees %+v", s)
	}
	if outcome, _ := said(w.buy()); outcome != "postponed" {
		t.Errorf("its order is %s", outcome)
	}
	w.Book.Finish(name, true)
	if s := w.lookUp(""); s.InAccount != registrar.Yes || s.OperationID != "" {
		t.Errorf("the second sees %+v, and must not take it for its own", s)
	}
	if got := w.Book.Get(name).Purchases; got != 1 {
		t.Errorf("it was paid %d times", got)
	}
}

// The registration of the first takes longer than anybody can tell from one that came to nothing, and the check still says that the name is to be had.
func TestASecondInstallationDoesNotBuyWhatTheFirstOrderedHoursAgo(t *testing.T) {
	w := newWorld(t)
	w.Book.SetPlay(name, registrartest.IsSlow)
	w.Book.SetCareless(true)
	w.buy()
	w.clock.SetTime(start.Add(2 * time.Hour))
	w.answers(map[string]reply{"GET " + registrarPath + "/check": {200, `{"data":{"domain":"alice.gent","available":true}}`}})
	if s := w.lookUp(""); s.InAccount != registrar.No || s.Order != registrar.OrderUnclear {
		t.Errorf("the second sees %+v", s)
	}
	if outcome, _ := said(w.buy()); outcome != "postponed" {
		t.Errorf("its order is %s", outcome)
	}
	if got := w.Book.Get(name).Purchases; got != 1 {
		t.Errorf("it was paid %d times", got)
	}
}

func TestABuyerWhoseTimeIsOverBuysNothing(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	r := w.account().Buy(ctx, registrar.Order{Domain: name, OperationID: operation, Try: 1, MaxPrice: registrar.Money{Minor: 2000, Currency: "USD"}})
	if outcome, _ := said(r); outcome != "postponed" || w.Book.Get(name).Purchases != 0 {
		t.Errorf("%#v", r)
	}
}
