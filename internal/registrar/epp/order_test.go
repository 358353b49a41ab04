package epp_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

func TestAnOrderIsNamedByItsOperationAndItsTry(t *testing.T) {
	r := newRegistry(t, sameRandom())
	r.server.Faults.Next(registrartest.CallBuy, registrartest.FailsBefore)
	for try := int32(1); try <= 2; try++ {
		r.buy(try)
	}
	var named []string
	for _, c := range r.server.Commands() {
		if c.Name == "buy" {
			named = append(named, c.Transaction)
		}
	}
	if got := strings.Join(named, " "); got != operation+"-c2" {
		t.Errorf("%s", got) // the first was broken off before it was carried out
	}
	if got := r.server.Book.Get(alice).NameServers; len(got) != 2 || got[0] != "ns1.example.net" {
		t.Errorf("name servers %v", got)
	}
}

func TestANameOfAnotherFactoryWithTheSameAccountIsNotOurs(t *testing.T) {
	r := newRegistry(t)
	if done, ok := r.buy(1).(registrar.Done); !ok {
		t.Fatalf("%#v", done)
	}
	const other = "0198c0de-0000-7000-8000-00000000ffff"
	second := r.with(func(*v1alpha1.Registrar) {})
	no, ok := second.Buy(t.Context(), registrar.Order{Domain: alice, OperationID: other, Try: 1, MaxPrice: affordable}).(registrar.Rejected)
	if !ok || no.Reason != registrar.RejectedExists {
		t.Fatalf("%#v", no)
	}
	seen, err := second.LookUp(t.Context(), registrar.Query{Domain: alice, OperationID: other})
	if err != nil || seen.InAccount != registrar.Yes || seen.OperationID == "" || seen.OperationID == other {
		t.Errorf("%+v, %v", seen, err)
	}
	if seen := r.lookUp(alice, operation, ""); seen.OperationID != operation {
		t.Errorf("it is not seen to be its own buyer's: %+v", seen)
	}
}

// Where the registry does not show the mark, the sponsor alone would decide of a call under way. So an order that certainly bought nothing must not leave one.
func TestAnotherFactorysNameWithoutAMarkIsNotTakenForOurs(t *testing.T) {
	held := fmt.Sprintf(`%s<resData><d:infData><d:name>alice.gent</d:name><d:clID>%s</d:clID></d:infData></resData>`, fine, user)
	for name, arrange := range map[string]func(r *registry){
		"it has the name": func(r *registry) { r.server.BuyForAnother(alice, start.AddDate(1, 0, 0)) },
		"it has ordered it": func(r *registry) {
			r.server.Book.SetPlay(alice, registrartest.IsSlow)
			r.server.Book.Order(alice, "another")
		},
		"it is faster by a moment": func(r *registry) {
			r.spec.Spec.Provider.EPP.Price = &r.spec.Spec.Limits.MaxPrice
			r.restart(epp.WithDialer(scriptedWith(t, held, code(2302, ""))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.server.HidesPasswords = true
			arrange(r)
			if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed {
				t.Errorf("%#v", no)
			}
		})
	}
}

func TestANameThatExistsIsLookedUpWhereThatTellsWhoseItIs(t *testing.T) {
	for name, info := range map[string]string{
		"another registrar's":        `<d:clID>another</d:clID>`,
		"marked by another factory":  `<d:clID>` + user + `</d:clID><d:authInfo><d:pw>Mw1-another2-xxxxxxxxxxxxxxxxxx</d:pw></d:authInfo>`,
		"the server does not say it": "",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.spec.Spec.Provider.EPP.Price = &r.spec.Spec.Limits.MaxPrice
			seen := code(2201, "")
			if info != "" {
				seen = fine + `<resData><d:infData><d:name>alice.gent</d:name>` + info + `</d:infData></resData>`
			}
			r.restart(epp.WithDialer(scriptedWith(t, seen, code(2302, ""))))
			if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedExists {
				t.Errorf("%#v", no)
			}
		})
	}
}

func TestANameThatAnotherFactoryHoldsIsSeenToBeAnothers(t *testing.T) {
	r := newRegistry(t)
	r.server.BuyForAnother(alice, start.AddDate(1, 0, 0))
	if seen := r.lookUp(alice, operation, ""); seen.InAccount != registrar.Yes || seen.OperationID == "" || seen.OperationID == operation {
		t.Errorf("%+v", seen)
	}
}

func TestOurMarkTellsThatANameIsOursWhereTheSponsorHasAnotherName(t *testing.T) {
	r := newRegistry(t)
	r.buy(1)
	r.server.Sponsor(alice, "REGISTRAR-17")
	if seen := r.lookUp(alice, operation, ""); seen.InAccount != registrar.Yes || seen.OperationID != operation {
		t.Errorf("%+v", seen)
	}
	if seen := r.lookUp(alice, "0198c0de-0000-7000-8000-00000000ffff", ""); seen.InAccount != registrar.No {
		t.Errorf("%+v", seen)
	}
	r.server.Sponsor(alice, strings.ToLower(user))
	if seen := r.lookUp(alice, "", ""); seen.InAccount != registrar.Yes {
		t.Errorf("the login in lower case: %+v", seen)
	}
}

func TestTheIdentifierInTheSpecTellsWhoseANameIsWhereTheLoginDoesNot(t *testing.T) {
	for name, tc := range map[string]struct {
		clientID, sponsor string
		want              registrar.Answer
	}{
		"the login is shown":                            {"", user, registrar.Yes},
		"another than the login is shown":               {"", "REG-17", registrar.No},
		"the identifier is shown":                       {"REG-17", "REG-17", registrar.Yes},
		"the identifier is shown in lower case":         {"REG-17", "reg-17", registrar.Yes},
		"a short identifier is shown without its sign":  {"#17", "17", registrar.Yes},
		"another identifier is shown":                   {"REG-17", "REG-1", registrar.No},
		"the login is shown where it is no registrar's": {"REG-17", user, registrar.No},
		"the identifier is shown, and a space":          {"REG-17", "REG-17 ", registrar.Yes},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.spec.Spec.Provider.EPP.ClientID = tc.clientID
			// Not bought here, so no mark tells.
			r.server.Book.GiveToAccount(alice, start.AddDate(1, 0, 0))
			r.server.Sponsor(alice, tc.sponsor)
			if seen := r.lookUp(alice, operation, ""); seen.InAccount != tc.want {
				t.Errorf("%+v", seen)
			}
		})
	}
}

func TestTheAccountIsTheRegistrarsWhateverItsLogin(t *testing.T) {
	r := newRegistry(t)
	byLogin := r.account().Account()
	if !regexp.MustCompile(`^epp:[0-9a-f]{16}$`).MatchString(byLogin) || r.account().Account() != byLogin {
		t.Errorf("%q", byLogin)
	}
	r.spec.Spec.Provider.EPP.ClientID = "REG-17"
	ours := r.account().Account()
	if err := r.client.Update(t.Context(), secret("epp", "another-login", password)); err != nil {
		t.Fatal(err)
	}
	if now := r.account().Account(); ours == byLogin || now != ours {
		t.Errorf("%q, with another login %q, and by the login %q", ours, now, byLogin)
	}
	r.spec.Spec.Provider.EPP.ClientID = ""
	if now := r.account().Account(); now == byLogin {
		t.Errorf("%q is the account of two logins", now)
	}
	r.spec.Spec.Provider.EPP.Server = "epp.other.example:700"
	if now := r.account().Account(); now == ours || now == byLogin {
		t.Errorf("%q is the account at two registries", now)
	}
}

func TestWhenARegistrationBeganIsSaidOfOurOwnNamesAsExactlyAsTheRegistryDoes(t *testing.T) {
	for name, tc := range map[string]struct {
		sponsor, status, created string
		want                     time.Time
	}{
		"ours, with an offset":             {user, "ok", "2026-11-22T11:00:03.5+01:00", start.Add(3500 * time.Millisecond)},
		"ours, in UTC":                     {user, "ok", "2026-11-22T10:00:00.0Z", start},
		"ours, of nobody knows which zone": {user, "ok", "2026-11-22T10:00:00", start.Truncate(24 * time.Hour)},
		"ours, by the day":                 {user, "ok", "2026-11-22", start.Truncate(24 * time.Hour)},
		"ours, without it":                 {user, "ok", "", time.Time{}},
		"another's":                        {"ANOTHER", "ok", "2026-11-22T10:00:00Z", time.Time{}},
		"ordered":                          {user, "pendingCreate", "2026-11-22T10:00:00Z", time.Time{}},
		"ours, and on its way out":         {user, "pendingDelete", "2026-11-22T10:00:00Z", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			created := ""
			if tc.created != "" {
				created = `<d:crDate>` + tc.created + `</d:crDate>`
			}
			r.restart(epp.WithDialer(scriptedWith(t, fine+`<resData><d:infData><d:name>alice.gent</d:name><d:status s="`+tc.status+`"/><d:clID>`+tc.sponsor+`</d:clID>`+
				created+`<d:exDate>2027-11-22T10:00:00Z</d:exDate></d:infData></resData>`, "")))
			if seen := r.lookUp(alice, operation, ""); !seen.Created.Equal(tc.want) || seen.Created.IsZero() != tc.want.IsZero() {
				t.Errorf("%+v, want %s", seen, tc.want)
			}
		})
	}
}

func TestAPurchaseOfOursBeganWhenItWasMade(t *testing.T) {
	r := newRegistry(t)
	r.clock.Step(time.Hour)
	r.buy(1)
	if seen := r.lookUp(alice, operation, ""); !seen.Created.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v", seen)
	}
}

func TestANameOnItsWayOutOfTheRegistryIsNotOursAnyMore(t *testing.T) {
	r := newRegistry(t)
	r.buy(1)
	expiry := r.lookUp(alice, operation, "").Holding.Expiry
	r.server.Delete(alice, true)
	if seen := r.lookUp(alice, operation, ""); seen.InAccount != registrar.No || seen.Registered != registrar.Yes {
		t.Errorf("%+v", seen)
	}
	no, ok := r.account().Renew(t.Context(), registrar.Renewal{Domain: alice, ExtendFrom: expiry, OperationID: operation, Try: 1, MaxPrice: affordable}).(registrar.Rejected)
	if !ok || !strings.Contains(no.Detail, "restored") {
		t.Errorf("%#v", no)
	}
	if n := r.sent("renew"); n != 0 {
		t.Errorf("%d extensions were sent", n)
	}
}

func TestAReservedNameIsRefusedWithoutAnOrder(t *testing.T) {
	r := newRegistry(t)
	r.server.Reserve(alice)
	if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedRefused {
		t.Errorf("%#v", no)
	}
	if n := r.sent("buy"); n != 0 {
		t.Errorf("%d orders", n)
	}
	if seen := r.lookUp(alice, operation, ""); seen.InAccount != registrar.No || seen.Registered != registrar.Unanswerable {
		t.Errorf("%+v", seen)
	}
}

func TestWhatNobodyTellsThePriceOfIsNotBought(t *testing.T) {
	r := newRegistry(t)
	r.server.NoFees = true
	var spec *registrar.SpecError
	if err := r.account().Check(t.Context()); !errors.As(err, &spec) || spec.Field != "spec.provider.epp.price" {
		t.Errorf("%v", err)
	}
	if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed {
		t.Errorf("%#v", no)
	}
	if n := r.sent("buy"); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func TestThePriceInTheSpecIsComparedWithoutACall(t *testing.T) {
	r := newRegistry(t)
	r.server.NoFees = true
	r.spec.Spec.Provider.EPP.Price = &v1alpha1.Price{Amount: "20.01", Currency: "EUR"}
	if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedTooDear {
		t.Errorf("%#v", no)
	}
	if n := r.sent("check") + r.sent("buy"); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestAPremiumNameIsNotBoughtHoweverCheapItIs(t *testing.T) {
	r := newRegistry(t)
	r.server.Book.SetPlay(alice, registrartest.IsPremium)
	if no, ok := r.buy(1).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPremium {
		t.Errorf("%#v", no)
	}
}

func TestSpecsThatCannotWorkAreNamed(t *testing.T) {
	for field, change := range map[string]func(*v1alpha1.EPPProvider){
		"spec.provider.epp.server":         func(p *v1alpha1.EPPProvider) { p.Server = "epp.example" },
		"spec.provider.epp.caBundle":       func(p *v1alpha1.EPPProvider) { p.CABundle = []byte("no PEM") },
		"spec.provider.epp.price":          func(p *v1alpha1.EPPProvider) { p.Price = &v1alpha1.Price{Amount: "1", Currency: "EUR"} },
		"spec.provider.epp.price.currency": func(p *v1alpha1.EPPProvider) { p.Price = &v1alpha1.Price{Amount: "1.00", Currency: "USD"} },
	} {
		r := newRegistry(t)
		change(r.spec.Spec.Provider.EPP)
		var spec *registrar.SpecError
		if _, err := r.open(r.spec); !errors.As(err, &spec) || spec.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAnExtensionWhoseAnswerIsLostIsSeen(t *testing.T) {
	r := newRegistry(t)
	r.buy(1)
	before := r.lookUp(alice, operation, "")
	r.server.Faults.Next(registrartest.CallRenew, registrartest.ResetsAfter)
	extend := registrar.Renewal{Domain: alice, ExtendFrom: before.Holding.Expiry, OperationID: operation, Try: 1, MaxPrice: affordable}
	if lost, ok := r.account().Renew(t.Context(), extend).(registrar.Unknown); !ok {
		t.Fatalf("%#v", lost)
	}
	after := r.lookUp(alice, operation, "")
	if want := before.Holding.Expiry.AddDate(1, 0, 0); !after.Holding.Expiry.Equal(want) || !after.ExtendsOnce {
		t.Errorf("%+v, want %s", after.Holding, want)
	}
	extend.Try = 2
	if no, ok := r.account().Renew(t.Context(), extend).(registrar.Rejected); !ok || no.Reason != registrar.RejectedPostponed {
		t.Errorf("%#v", no)
	}
	if n := r.server.Book.Get(alice).Extensions; n != 1 {
		t.Errorf("%d years were paid", n)
	}
}

// Even where nobody looks first, the registry refuses the second extension.
func TestTheRegistryItselfRefusesASecondExtension(t *testing.T) {
	r := newRegistry(t)
	r.buy(1)
	expiry := r.lookUp(alice, operation, "").Holding.Expiry
	for try := int32(1); try <= 2; try++ {
		r.account().Renew(t.Context(), registrar.Renewal{Domain: alice, ExtendFrom: expiry, OperationID: operation, Try: try, MaxPrice: affordable})
		r.server.Book.Change(alice, func(e *registrartest.Entry) {})
	}
	var named []string
	for _, c := range r.server.Commands() {
		if c.Name == "renew" {
			named = append(named, c.Transaction)
		}
	}
	if want := fmt.Sprintf("%s-r%s-1", operation, expiry.Format("20060102")); len(named) != 1 || named[0] != want {
		t.Errorf("%v, want %s", named, want)
	}
}
