package epp

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/epp/eppwire"
)

// Buy asks whether the name can be had and for how much, and orders it.
func (a *account) Buy(ctx context.Context, o registrar.Order) registrar.Result {
	var result registrar.Result
	err := a.line.use(ctx, func(ctx context.Context, s *session) error {
		result = a.buy(ctx, s, o)
		return nil
	})
	if err != nil {
		return postponed(err)
	}
	return result
}

func (a *account) buy(ctx context.Context, s *session, o registrar.Order) registrar.Result {
	quote, no := a.offer(ctx, s, o)
	if no != nil {
		return *no
	}
	password, err := newPassword(o.OperationID, a.line.pool.random)
	if err != nil {
		return postponed(err)
	}
	r, err := s.do(ctx, eppwire.Create{
		Name: o.Domain, NameServers: a.terms.nameServers, HostAttributes: !s.greeting.Offers(eppwire.NamespaceHost),
		Registrant: a.terms.registrant, Contacts: a.terms.contacts, Password: password, Agreed: agreed(s, quote),
	}, createID(o.OperationID, o.Try))
	if err != nil {
		return registrar.Unknown{Err: fmt.Errorf("register %s: %w", o.Domain, err)}
	}
	result := carriedOut(s, r, o.Domain, "", a.orderRefusal(o.Domain))
	if no, ok := result.(registrar.Rejected); ok && no.Reason == registrar.RejectedExists {
		return a.exists(ctx, s, o, no)
	}
	return result
}

// exists is what becomes of an order for a name that the registry has. It is looked up, and the name is ours if the account holds it and this order may have put it there. It
// has not, so where the account holds a name whose mark the registry does not show, it is most likely another factory's.
func (a *account) exists(ctx context.Context, s *session, o registrar.Order, otherwise registrar.Rejected) registrar.Rejected {
	where, d, _, err := a.info(ctx, s, o.Domain, o.OperationID)
	switch {
	case err != nil:
		return postponed(err)
	case unmarked(where, d, o.OperationID):
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: detailUnmarked}
	default:
		return otherwise
	}
}

const detailUnmarked = "the account has the name already, or an order for it, and the registry does not show by which purchase"

// unmarked says whether our account has a name, or an order for it, and nothing shows whose purchase that is.
func unmarked(where standing, d *eppwire.Domain, operationID string) bool {
	return (where == standsOurs || where == standsOrdered) && operationOf(string(d.AuthInfo), operationID) == ""
}

// offer says for how much the registry sells the name, or why it is not to be ordered. Nothing has been ordered then.
func (a *account) offer(ctx context.Context, s *session, o registrar.Order) (eppwire.Quote, *registrar.Rejected) {
	no := func(r registrar.Rejected) (eppwire.Quote, *registrar.Rejected) { return eppwire.Quote{}, &r }
	if !tellsPrices(s) && a.terms.price != nil {
		if r, ok := o.Affordable(*a.terms.price, false); !ok {
			return no(r)
		}
	}
	r, err := s.do(ctx, a.check(s, o.Domain, o.MaxPrice.Currency, eppwire.PriceOfCreate), "")
	if err != nil {
		return no(postponed(err))
	}
	if code := r.Code(); !code.Success() {
		return no(postponed(errorOf(code)))
	}
	free, err := r.Available(o.Domain)
	if err != nil {
		s.broken = true
		return no(postponed(err))
	}
	if !free {
		return no(a.unavailable(ctx, s, o))
	}
	quote, err := a.quote(s, r, o.Domain, eppwire.PriceOfCreate)
	if err != nil {
		return no(postponed(err))
	}
	if r, ok := o.Affordable(moneyOf(quote), quote.Premium || r.SaysPremium(o.Domain)); !ok {
		return no(r)
	}
	return quote, nil
}

// unavailable says why the registry does not sell a name.
func (a *account) unavailable(ctx context.Context, s *session, o registrar.Order) registrar.Rejected {
	where, d, _, err := a.info(ctx, s, o.Domain, o.OperationID)
	switch {
	case err != nil:
		return postponed(err)
	case where == standsAbsent:
		return registrar.Rejected{Reason: registrar.RejectedRefused, Detail: "the registry does not give the name out, although nobody has it"}
	case where == standsElsewhere && d != nil:
		return registrar.Rejected{Reason: registrar.RejectedTaken}
	case unmarked(where, d, o.OperationID):
		return registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: detailUnmarked}
	default:
		return registrar.Rejected{Reason: registrar.RejectedExists}
	}
}

// refusalOf says what a result means that is an error; false where the command may have been carried out.
type refusalOf func(eppwire.Result) (registrar.Rejected, bool)

// carriedOut is what the answer to an order or an extension means. The prefix is that of references.
func carriedOut(s *session, r *eppwire.Response, name, prefix string, refusal refusalOf) registrar.Result {
	switch code := r.Code(); {
	case code == eppwire.CodeOK:
		term, err := r.Term(name)
		if err != nil {
			s.broken = true
			return registrar.Unknown{Err: err}
		}
		if term == nil {
			return registrar.Done{Holding: holdingOf(nil)}
		}
		return registrar.Done{Holding: holdingOf(term.Expires)}
	case code == eppwire.CodePending:
		return registrar.Pending{Reference: prefix + referenceOf(r)}
	case code.Success():
		return registrar.Unknown{Err: fmt.Errorf("an order is answered with %s", code)}
	}
	var worst *registrar.Rejected
	for _, result := range r.Results {
		no, certain := refusal(result)
		if !certain {
			return registrar.Unknown{Err: &codeError{code: result.Code}}
		}
		if worst == nil || finality(no.Reason) < finality(worst.Reason) {
			worst = &no
		}
	}
	return *worst
}

// finality puts the most careful of several reasons first.
func finality(r registrar.Rejection) int {
	switch r {
	case registrar.RejectedPostponed:
		return 0
	case registrar.RejectedExists:
		return 1
	default:
		return 2
	}
}

// orderRefusal is what a result says of an order that was not carried out; false where it may have been. Most of what can be wrong with an order is wrong with every one,
// such as contacts, name servers and rights, and is for the admin to mend, or passes. It is final only where the server blames the name itself, and that for what the name is:
// codes about an account, an object's status or its associations say nothing of the kind, whatever they blame.
func (a *account) orderRefusal(name string) refusalOf {
	return func(result eppwire.Result) (registrar.Rejected, bool) {
		switch code := result.Code; {
		case code == eppwire.CodeExists:
			return registrar.Rejected{Reason: registrar.RejectedExists}, true
		case code == eppwire.CodeLimitClosing, code == eppwire.CodeAuthClosing:
			return postponed(errorOf(code)), true
		case !code.Refusal():
			return registrar.Rejected{}, false
		}
		no := registrar.Rejected{Reason: registrar.RejectedPostponed, Detail: a.refusal("the registry refuses the order", result)}
		if slices.Contains(codesAboutValues, result.Code) && result.BlamesOnly(name) {
			no.Reason = registrar.RejectedRefused
		}
		return no, true
	}
}

// codesAboutValues say that a value of the command cannot be what it is.
var codesAboutValues = []eppwire.Code{eppwire.CodeRange, eppwire.CodeSyntax, eppwire.CodePolicy, eppwire.CodeDataPolicy}

// refusal says for people why the registry refuses something. They have to mend it, and often only the registry's own words say what.
func (a *account) refusal(what string, result eppwire.Result) string {
	detail := what + ": " + result.Code.String()
	if words := a.cleaned(result.Says()); words != "" {
		detail += ": " + strconv.Quote(words)
	}
	return detail
}

// cleaned is what the server says, without the account's secrets.
func (a *account) cleaned(text string) string {
	return cleaned(text, a.line.access.password, a.line.access.user)
}
