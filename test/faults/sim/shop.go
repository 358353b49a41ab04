package sim

import (
	"context"
	"fmt"
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
	"magicwebsitefactory.gent/internal/registrar/registrartest"
)

// Shop is a real provider's accounts at a fake server, in place of the simulation's own registrar. The oracles read the server's books.
type Shop struct {
	// Book of the fake server.
	Book *registrartest.Book
	// Faults of the fake server, which the simulation decides on.
	Faults *registrartest.Faults
	// LeftAlone is for how long it is to be left alone after it has turned a call of a kind away: as it says itself, or as is usual where its protocol has no word for it.
	LeftAlone func(c registrartest.Call) time.Duration
	// DeniesCopies is whether it answers an order that was repeated on its way as if others had the name, and shows nowhere that the first was accepted: then another may
	// follow for as long as the name is not ours, and all that can be asked is that it costs nothing.
	DeniesCopies bool
	// OneAtATime is whether a process calls it once at a time, so that whoever comes next waits for an answer that is late.
	OneAtATime bool
	// ExtendsOnce is whether it refuses an extension that was sent twice, also by whoever stands between.
	ExtendsOnce bool
	// RenewsByItself is whether it extends names whose automatic renewal is on, and no others.
	RenewsByItself bool
	// RefuseAutoRenewal has it turn automatic renewal down from now on; nil where it has none that could be set.
	RefuseAutoRenewal func()
	// Currency that it sells in, if it is another than the simulation's.
	Currency string
	// KeepsAutoRenew is whether it has no automatic renewal that could be set: it is asked, and says so without doing anything.
	KeepsAutoRenew bool
	// Close ends what the server still does; nil for nothing.
	Close func()
	// Registrar describes the account, and Source opens it, for a process that has just begun: what the provider keeps in memory is the process's.
	Registrar *v1alpha1.Registrar
	Source    func() registrar.Source
	// Credentials that the server takes, as the Secret [CredentialsSecret] has them.
	Credentials map[string]string
	// Refuse has the server take the credentials no longer, or again.
	Refuse func(refuse bool)
}

// Sell has names be bought at a shop from now on.
func (w *World) Sell(shop Shop) {
	w.shop, w.Registry.shop = &shop, &shop
	shop.Book.OnOrder(w.arrived)
	shop.Faults.Decide(w.served)
	w.Do("keep the credentials", w.keepCredentials())
}

// account is the one that a process has at the shop, opened for one pass as the duties do.
func (p *Process) account(ctx context.Context) (registrar.Registrar, error) {
	if p.source == nil {
		p.source = p.world.shop.Source()
	}
	return p.source.For(ctx, p.world.shop.Registrar)
}

// arrived judges an order that arrives at the shop. No step of the protocol may order what is held or being ordered.
func (w *World) arrived(name string, before registrartest.Entry) {
	if w.Registry.Entries[name] == nil {
		w.Registry.Entries[name] = &Entry{}
	}
	w.Registry.Entries[name].Orders++
	w.tracef("the shop has an order for %s", name)
	switch {
	case before.State != registrartest.Ours && before.State != registrartest.Open:
	case w.doubles:
		w.doubles, w.copied = false, true // by whoever stands between us and the shop
	case w.copied && w.shop.DeniesCopies && before.State == registrartest.Open:
	default:
		w.fail(fmt.Errorf("%w: %s", ErrBoughtTwice, name))
	}
}

// order has the shop take an order.
func (s *Shop) order(ctx context.Context, w *World, account registrar.Registrar, o registrar.Order) registrar.Result {
	play := w.Registry.Play[o.Domain]
	s.Book.SetPlay(o.Domain, map[Play]registrartest.Play{
		Slow: registrartest.IsSlow, SlowThenRefused: registrartest.IsSlow, NeverReady: registrartest.IsSlow,
		VerySlow: registrartest.IsSlow, TakenMeanwhile: registrartest.SoldMeanwhile, Refused: registrartest.Refuses, Premium: registrartest.IsPremium,
	}[play])
	open := s.Book.Get(o.Domain).State == registrartest.Open
	if s.Currency != "" {
		o.MaxPrice.Currency = s.Currency
	}
	if w.BeforeOrder != nil {
		w.BeforeOrder()
	}
	result := account.Buy(ctx, o)
	if w.AfterOrder != nil {
		w.AfterOrder()
	}
	if !open && s.Book.Get(o.Domain).State == registrartest.Open && play != NeverReady {
		w.later(play.takes(), "the order is carried out", func(context.Context) { s.Book.Finish(o.Domain, play != SlowThenRefused) })
	}
	return result
}

// read copies what the shop's books say of a name.
func (s *Shop) read(name string, e *Entry) {
	entry := s.Book.Get(name)
	e.Purchases, e.Renewals = entry.Purchases, entry.Extensions
	e.Held, e.HeldByOther, e.Open = entry.State == registrartest.Ours, entry.State == registrartest.Others, entry.State == registrartest.Open
	e.Expiry, e.AutoRenew = entry.Expiry, entry.AutoRenew
}

// BoughtByAnother has another installation, with the same account at the shop, buy a name. To this one it is as good as held by somebody else.
func (r *Registry) BoughtByAnother(name string) {
	r.foreign = name
	r.shop.Book.GiveToAccount(name, Epoch.AddDate(1, 0, 0))
}
