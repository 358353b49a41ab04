// Package registrartest has what the tests of all providers share: the books of a registry, on which a provider's fake server is built, faults that it can be told to
// have, and the promises that every provider is held to ([Run]).
package registrartest

import (
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Play is how the registry takes orders for a name.
type Play int

// The plays. The zero value sells.
const (
	// Sells at once.
	Sells Play = iota
	// IsSlow has the order wait until [Book.Finish] is called.
	IsSlow
	// Refuses the order.
	Refuses
	// SoldMeanwhile sells to somebody else at the moment of the order.
	SoldMeanwhile
	// IsPremium has the registry ask for a premium price.
	IsPremium
	// NoCredit has the registrar turn the order down for want of money, which is nothing that the name can help.
	NoCredit
)

// State of a name in the books.
type State int

// The states.
const (
	// Free is nobody's.
	Free State = iota
	// Open is ordered by the account, and not carried out yet.
	Open
	// Ours is held by the account.
	Ours
	// Others is held by somebody else.
	Others
	// TurnedDown is nobody's, and the account's last order for it came to nothing.
	TurnedDown
)

// Entry is what the books say of a name. Fields are copies: change an entry by the methods of [Book].
type Entry struct {
	State State
	// Order is the number of the account's last order for the name, from 1 on; zero for none.
	Order int
	// Operation is what the account named its last order by, where its protocol has a place for it.
	Operation string
	// Expiry is when the registration runs out.
	Expiry time.Time
	// AutoRenew is whether the registrar renews by itself.
	AutoRenew bool
	// NameServers and Records are what was set.
	NameServers []string
	Records     map[string]string
	// Purchases and Extensions count what was paid for. They are the ledger that nothing may ever double.
	Purchases, Extensions int
}

// Book is the registry's and the registrar's own truth. It is safe for use by many goroutines.
type Book struct {
	clock clock.PassiveClock

	mu      sync.Mutex
	entries map[string]*Entry
	plays   map[string]Play
	// Careless sells a name again that the account holds or has ordered, and takes the money again, as some resellers do.
	careless bool
	orders   int
	onOrder  func(name string, before Entry)
}

// NewBook returns empty books.
func NewBook(clk clock.PassiveClock) *Book {
	return &Book{clock: clk, entries: map[string]*Entry{}, plays: map[string]Play{}}
}

// SetPlay says how orders for a name are to be taken from now on.
func (b *Book) SetPlay(name string, play Play) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plays[name] = play
}

// PlayOf is how orders for a name are taken.
func (b *Book) PlayOf(name string) Play {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.plays[name]
}

// SetCareless makes a careless reseller of it.
func (b *Book) SetCareless(careless bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.careless = careless
}

// OnOrder has a function be called for every order that arrives, with what the books said before it. It must not use the books.
func (b *Book) OnOrder(f func(name string, before Entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onOrder = f
}

// GiveToOthers has somebody else hold the name.
func (b *Book) GiveToOthers(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entry(name).State = Others
}

// GiveToAccount has the account hold a name that was bought by other means than an order that the caller knows of.
func (b *Book) GiveToAccount(name string, expiry time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(name)
	e.State, e.Expiry = Ours, expiry
}

// Get is what the books say of a name.
func (b *Book) Get(name string) Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := *b.entry(name)
	e.Records = maps.Clone(e.Records)
	return e
}

// Names are all that the books know of, with what they say.
func (b *Book) Names() map[string]Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]Entry{}
	for name, e := range b.entries {
		all[name] = *e
	}
	return all
}

// Answer is what becomes of an order that has arrived.
type Answer int

// The answers.
const (
	// Sold: the account holds the name now.
	Sold Answer = iota
	// Accepted: it is being worked on.
	Accepted
	// Exists: somebody has the name already, or it is being ordered.
	Exists
	// Refused: not sold to anybody.
	Refused
	// Premium: only for more.
	Premium
	// Broke: the account has no credit.
	Broke
)

// Order is an order that arrives. It is carried out whether its answer arrives or not.
func (b *Book) Order(name, operation string) (Answer, Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(name)
	play := b.plays[name]
	if b.onOrder != nil {
		b.onOrder(name, *e)
	}
	switch {
	case e.State == Others, (e.State == Ours || e.State == Open) && !b.careless:
		return Exists, *e
	case play == SoldMeanwhile:
		e.State = Others
		return Exists, *e
	case play == IsPremium:
		return Premium, *e
	case play == NoCredit:
		return Broke, *e
	}
	b.orders++
	e.Order, e.Operation = b.orders, operation
	if play == Refuses {
		e.State = TurnedDown
		return Refused, *e
	}
	e.Purchases++
	if play == IsSlow {
		e.State = Open
		return Accepted, *e
	}
	e.own(b.clock.Now())
	return Sold, *e
}

// Finish carries an open order out, or turns it down and gives the money back.
func (b *Book) Finish(name string, sell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(name)
	if e.State != Open {
		panic(fmt.Sprintf("no order for %s is open", name))
	}
	if sell {
		e.own(b.clock.Now())
		return
	}
	e.State = TurnedDown
	e.Purchases--
}

// Extend buys another year for a name of the account.
func (b *Book) Extend(name string) Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(name)
	e.Extensions++
	e.Expiry = e.Expiry.AddDate(1, 0, 0)
	return *e
}

// Change changes what is not money: automatic renewal, name servers, records.
func (b *Book) Change(name string, change func(e *Entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entry(name)
	before := *e
	change(e)
	e.State, e.Order, e.Purchases, e.Extensions = before.State, before.Order, before.Purchases, before.Extensions
}

func (b *Book) entry(name string) *Entry {
	e := b.entries[name]
	if e == nil {
		e = &Entry{}
		b.entries[name] = e
	}
	return e
}

func (e *Entry) own(now time.Time) {
	e.State, e.Expiry = Ours, now.UTC().Truncate(time.Second).AddDate(1, 0, 0)
}
