package registrartest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/registrar"
)

// Subject is a provider's account at its fake server, which keeps the books.
type Subject struct {
	Account registrar.Registrar
	Book    *Book
	Faults  *Faults
	// WrongCredentials opens the account with credentials that the server does not take.
	WrongCredentials func(t *testing.T) registrar.Registrar
	// Secrets that must not be in any error or rejection.
	Secrets []string

	// Asynchronous is whether an order can be Pending.
	Asynchronous bool
	// KnowsPrices is whether the price of a name is known before it is bought: from the server, or from the Registrar's spec.
	KnowsPrices bool
	// KnowsPremium is whether premium names can be told.
	KnowsPremium bool
	// ThrottlesWithRetryAfter is whether the server says for how long it wants to be left alone.
	ThrottlesWithRetryAfter bool
	// Extends is whether another year can be bought.
	Extends bool
	// Currency of the prices; EUR where it is empty.
	Currency string
	// Mute is whether the server turns orders down without saying why in words that a program can rely on. Then no rejection may be final.
	Mute bool
}

const (
	name      = "alice.gent"
	operation = "0198c0de-0000-7000-8000-000000000001"
	// patience bounds calls to a server that hangs. A connection must have come about by then, on a machine that is busy too.
	patience = 2 * time.Second
)

// affordable is more than a name costs, tooLittle is less.
func (s Subject) affordable() registrar.Money { return s.money(2000) }
func (s Subject) tooLittle() registrar.Money  { return s.money(999) }

func (s Subject) money(minor int64) registrar.Money {
	return registrar.Money{Minor: minor, Currency: cmp.Or(s.Currency, "EUR")}
}

// Run holds a provider to what the duty domain relies on. open makes an account at a server with empty books, whose names cost 10.00.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for _, tc := range []struct {
		name string
		test func(t *testing.T, s Subject)
	}{
		{"an account that works passes the check", func(t *testing.T, s Subject) {
			if err := s.Account.Check(t.Context()); err != nil {
				t.Error(err)
			}
		}},
		{"an account has a name that a status can hold, and that gives nothing away", namedAccount},
		{"wrong credentials are named so", wrongCredentials},
		{"a name that nobody has is not ours", func(t *testing.T, s Subject) { s.wantAbsent(t) }},
		{"a name is bought", func(t *testing.T, s Subject) {
			s.wantBought(t, s.buy(t, 1))
			s.wantPaid(t, 1)
		}},
		{"an order that takes its time is pending, then done", pendingThenDone},
		{"an order that takes its time may be turned down", pendingThenRefused},
		{"a refused name is refused, or its order is seen to be", refused},
		{"a name that others have got meanwhile is not bought", soldMeanwhile},
		{"a name that others hold is not ours", func(t *testing.T, s Subject) {
			s.Book.GiveToOthers(name)
			if got := s.lookUp(t, ""); got.InAccount != registrar.No || got.Registered == registrar.No {
				t.Errorf("%+v", got)
			}
		}},
		{"a price over the cap is not paid", tooDear},
		{"a premium name is not bought", premium},
		{"want of credit says nothing of the name", noCredit},
		{"automatic renewal is set, and set again", autoRenewal},
		{"a registration is extended once", extendedOnce},
		{"a look-up that is turned away says for how long", throttledLookUp},
		{"a purchase that is turned away is postponed", throttledBuy},
		{"a purchase that is answered late, and in time, is bought", latePurchase},
		{"a purchase that is answered too late is no yes and no no, and the look-up tells", tooLatePurchase},
		{"a look-up that is answered late, and in time, is an answer", lateLookUp},
		{"a look-up that is answered too late is an error, and no answer to the next", tooLateLookUp},
		{"many look-ups at once are as good as one", func(t *testing.T, s Subject) { manyAtOnce(t, s) }},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.test(t, open(t)) })
	}
	for _, fault := range []Fault{HangsBefore, HangsAfter, ResetsBefore, ResetsAfter, FailsBefore, FailsAfter, Garbles, Doubles} {
		t.Run("a purchase whose server "+fault.String()+" is no yes and no no, and the look-up tells", func(t *testing.T) { lostPurchase(t, open(t), fault) })
		if fault != Doubles {
			t.Run("a look-up whose server "+fault.String()+" is an error", func(t *testing.T) { lostLookUp(t, open(t), fault) })
		}
	}
}

func (s Subject) order(try int32) registrar.Order {
	return registrar.Order{Domain: name, OperationID: operation, Try: try, MaxPrice: s.affordable()}
}

func (s Subject) buy(t *testing.T, try int32) registrar.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r := s.Account.Buy(ctx, s.order(try))
	s.wantDiscreet(t, r)
	return r
}

func (s Subject) lookUp(t *testing.T, reference string) registrar.Sighting {
	t.Helper()
	got, err := s.Account.LookUp(t.Context(), registrar.Query{Domain: name, OperationID: operation, Reference: reference})
	if err != nil {
		t.Fatalf("look up: %v", err)
	}
	s.wantDiscreet(t, got)
	return got
}

// wantBought takes the result of a purchase and follows it until the account has the name.
func (s Subject) wantBought(t *testing.T, result registrar.Result) {
	t.Helper()
	reference := ""
	switch r := result.(type) {
	case registrar.Done:
	case registrar.Pending:
		reference = r.Reference
	default:
		t.Fatalf("bought: %#v", result)
	}
	s.wantOurs(t, reference)
}

func (s Subject) wantOurs(t *testing.T, reference string) registrar.Sighting {
	t.Helper()
	got := s.lookUp(t, reference)
	if got.InAccount != registrar.Yes {
		t.Fatalf("it is ours, and is seen as %+v", got)
	}
	if want := s.Book.Get(name).Expiry; got.Holding.Expiry.Sub(want).Abs() > 48*time.Hour {
		t.Errorf("it runs out on %s, and is seen to on %s", want, got.Holding.Expiry)
	}
	return got
}

func (s Subject) wantAbsent(t *testing.T) {
	t.Helper()
	if got := s.lookUp(t, ""); got.InAccount != registrar.No || got.Order == registrar.OrderOpen || got.Order == registrar.OrderFinished || got.Registered == registrar.Yes {
		t.Errorf("nobody has it, and it is seen as %+v", got)
	}
}

func (s Subject) wantPaid(t *testing.T, times int) {
	t.Helper()
	if got := s.Book.Get(name).Purchases; got != times {
		t.Errorf("it was paid %d times, want %d", got, times)
	}
}

// wantDiscreet looks for secrets in what goes on to statuses and logs.
func (s Subject) wantDiscreet(t *testing.T, said any) {
	t.Helper()
	text := fmt.Sprintf("%+v", said)
	if unknown, ok := said.(registrar.Unknown); ok {
		text = unknown.Err.Error()
	}
	for _, secret := range s.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in %s", text)
		}
	}
}

var accountName = regexp.MustCompile(`^[!-~]{1,128}$`)

func namedAccount(t *testing.T, s Subject) {
	account := s.Account.Account()
	if !accountName.MatchString(account) || account != s.Account.Account() {
		t.Errorf("its name is %q", account)
	}
	s.wantDiscreet(t, account)
}

func wrongCredentials(t *testing.T, s Subject) {
	err := s.WrongCredentials(t).Check(t.Context())
	if credentials := new(registrar.CredentialsError); !errors.As(err, &credentials) {
		t.Fatalf("the check says %v", err)
	}
	s.wantDiscreet(t, err.Error())
}

func pendingThenDone(t *testing.T, s Subject) {
	if !s.Asynchronous {
		t.Skip("orders are carried out at once")
	}
	s.Book.SetPlay(name, IsSlow)
	pending, ok := s.buy(t, 1).(registrar.Pending)
	if !ok || pending.Reference == "" {
		t.Fatalf("%#v", pending)
	}
	for _, reference := range []string{pending.Reference, ""} {
		if got := s.lookUp(t, reference); got.InAccount == registrar.Yes || reference != "" && got.Order != registrar.OrderOpen || got.Order == registrar.OrderNone {
			t.Errorf("with the reference %q it is seen as %+v", reference, got)
		}
	}
	s.Book.Finish(name, true)
	s.wantOurs(t, pending.Reference)
	s.wantPaid(t, 1)
}

func pendingThenRefused(t *testing.T, s Subject) {
	if !s.Asynchronous {
		t.Skip("orders are carried out at once")
	}
	s.Book.SetPlay(name, IsSlow)
	pending, ok := s.buy(t, 1).(registrar.Pending)
	if !ok {
		t.Fatalf("%#v", pending)
	}
	s.Book.Finish(name, false)
	got := s.lookUp(t, pending.Reference)
	if got.InAccount == registrar.Yes || got.Order == registrar.OrderNone || got.Order == registrar.OrderFinished {
		t.Errorf("it is seen as %+v", got)
	}
}

func refused(t *testing.T, s Subject) {
	s.Book.SetPlay(name, Refuses)
	switch r := s.buy(t, 1).(type) {
	case registrar.Rejected:
		if s.Mute && r.Reason != registrar.RejectedPostponed || !s.Mute && r.Reason != registrar.RejectedRefused {
			t.Errorf("%+v", r)
		}
	case registrar.Pending:
		if got := s.lookUp(t, r.Reference); got.InAccount == registrar.Yes || got.Order == registrar.OrderNone || got.Order == registrar.OrderFinished {
			t.Errorf("it is seen as %+v", got)
		}
	default:
		t.Errorf("%#v", r)
	}
	s.wantPaid(t, 0)
}

func soldMeanwhile(t *testing.T, s Subject) {
	s.Book.SetPlay(name, SoldMeanwhile)
	reference := ""
	switch r := s.buy(t, 1).(type) {
	case registrar.Rejected:
		if s.Mute && r.Reason != registrar.RejectedPostponed || !s.Mute && r.Reason != registrar.RejectedTaken && r.Reason != registrar.RejectedExists {
			t.Errorf("%+v", r)
		}
	case registrar.Pending:
		reference = r.Reference
	default:
		t.Errorf("%#v", r)
	}
	if got := s.lookUp(t, reference); got.InAccount != registrar.No || got.Registered == registrar.No {
		t.Errorf("others have it, and it is seen as %+v", got)
	}
	s.wantPaid(t, 0)
}

func tooDear(t *testing.T, s Subject) {
	if !s.KnowsPrices {
		t.Skip("prices are not known")
	}
	order := s.order(1)
	order.MaxPrice = s.tooLittle()
	if r, ok := s.Account.Buy(t.Context(), order).(registrar.Rejected); !ok || r.Reason != registrar.RejectedTooDear {
		t.Errorf("%#v", r)
	}
	s.wantPaid(t, 0)
}

func premium(t *testing.T, s Subject) {
	if !s.KnowsPremium {
		t.Skip("premium names cannot be told")
	}
	s.Book.SetPlay(name, IsPremium)
	if r, ok := s.buy(t, 1).(registrar.Rejected); !ok || r.Reason != registrar.RejectedPremium && r.Reason != registrar.RejectedTooDear {
		t.Errorf("%#v", r)
	}
	s.wantPaid(t, 0)
}

func noCredit(t *testing.T, s Subject) {
	s.Book.SetPlay(name, NoCredit)
	switch r := s.buy(t, 1).(type) {
	case registrar.Rejected:
		if r.Reason.Final() {
			t.Errorf("%+v is final", r)
		}
	case registrar.Unknown:
	default:
		t.Errorf("%#v", r)
	}
	s.wantPaid(t, 0)
}

func autoRenewal(t *testing.T, s Subject) {
	s.wantBought(t, s.buy(t, 1))
	for _, on := range []bool{true, true, false, true} {
		r := s.Account.Renew(t.Context(), registrar.Renewal{Domain: name, AutoRenew: on})
		s.wantDiscreet(t, r)
		switch r := r.(type) {
		case registrar.Done:
			if got := s.wantOurs(t, "").Holding.AutoRenew; got == nil || *got != on || s.Book.Get(name).AutoRenew != on {
				t.Errorf("set to %t, and is seen as %v", on, got)
			}
		case registrar.Rejected:
			if got := s.wantOurs(t, "").Holding.AutoRenew; got == nil || *got {
				t.Errorf("cannot be set (%+v), and is seen as %v", r, got)
			}
			return
		default:
			t.Fatalf("%#v", r)
		}
	}
	s.wantPaid(t, 1)
}

func extendedOnce(t *testing.T, s Subject) {
	s.wantBought(t, s.buy(t, 1))
	seen := s.wantOurs(t, "")
	if (seen.NoExtension == "") != s.Extends {
		t.Errorf("whether a year can be bought is seen as %q", seen.NoExtension)
	}
	if !s.Extends {
		return
	}
	extend := registrar.Renewal{Domain: name, ExtendFrom: seen.Holding.Expiry, OperationID: operation, Try: 1, MaxPrice: s.affordable()}
	r := s.Account.Renew(t.Context(), extend)
	s.wantDiscreet(t, r)
	switch r.(type) {
	case registrar.Done, registrar.Pending:
	default:
		t.Fatalf("%#v", r)
	}
	s.wantOurs(t, "")
	if seen.ExtendsOnce {
		extend.Try = 2
		if r, ok := s.Account.Renew(t.Context(), extend).(registrar.Rejected); !ok {
			t.Errorf("the same extension, sent again: %#v", r)
		}
	}
	if got := s.Book.Get(name).Extensions; got != 1 {
		t.Errorf("%d years were paid", got)
	}
	dear := registrar.Renewal{Domain: name, ExtendFrom: s.wantOurs(t, "").Holding.Expiry, OperationID: operation, Try: 3, MaxPrice: s.tooLittle()}
	if r, ok := s.Account.Renew(t.Context(), dear).(registrar.Rejected); s.KnowsPrices && (!ok || r.Reason != registrar.RejectedTooDear) {
		t.Errorf("too dear an extension: %#v", r)
	}
}
