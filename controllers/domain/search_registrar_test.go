package domain

import (
	"time"

	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/internal/registrar"
)

// registrarKind is what the registrar of a search is like.
type registrarKind uint8

const (
	// aRegistry refuses the second order for a name, and answers every question.
	aRegistry registrarKind = iota
	// aCarelessReseller charges every order that reaches it. It answers every question.
	aCarelessReseller
	// aForgetfulReseller is careless too, knows nothing of orders and does not keep the operation ID: not every question has an answer.
	aForgetfulReseller
)

func (k registrarKind) String() string {
	return [...]string{"a registry", "a careless reseller", "a forgetful reseller"}[k]
}

// entryState is what the registrar's ledger says of the name.
type entryState uint8

const (
	entryNone entryState = iota
	// entryOpen: an order was accepted and is worked on.
	entryOpen
	entryOurs
	// entryForeign: somebody else holds it.
	entryForeign
)

// turnedDown is the last order that was turned down, as far as the registrar tells.
type turnedDown uint8

const (
	turnedNone turnedDown = iota
	turnedTaken
	turnedPostponed
)

// ledger is the registrar's truth.
type ledger struct {
	kind   registrarKind
	entry  entryState
	turned turnedDown
	// purchases are those that were charged for.
	purchases uint8
	// expiring is that the name runs out soon and is not renewed by itself. years are those that were paid for besides, shown those that the books
	// show, which may lag behind.
	expiring     bool
	years, shown uint8
}

// extend is one more year that reaches the registrar. A registry refuses what does not carry the expiry of now, a careless reseller takes all.
func (l *ledger) extend(from uint8) resultID {
	if l.kind == aRegistry && from != l.years {
		return resultRefused
	}
	l.years++
	return resultExtended
}

// searchExpiry is when a name runs out that was extended so often, and extendedFrom the other way around.
func searchExpiry(years uint8) time.Time { return searchStart.AddDate(int(years), 0, 10) }

func extendedFrom(expiry time.Time) uint8 { return uint8(expiry.Year() - searchExpiry(0).Year()) }

// arrive is an order that reaches the registrar, which would do want with it: resultDone, resultPending or resultPostponed.
func (l *ledger) arrive(want resultID) resultID {
	switch {
	case l.entry == entryForeign && l.kind == aCarelessReseller:
		l.turned = turnedTaken
		return resultTaken
	case l.entry == entryForeign:
		return resultExists
	case l.entry != entryNone && l.kind == aRegistry:
		return resultExists
	case l.entry != entryNone:
		l.purchases++
		return resultDone
	case want == resultPostponed:
		l.turned = turnedPostponed
	case want == resultDone:
		l.entry, l.purchases = entryOurs, l.purchases+1
	case want == resultPending:
		l.entry, l.purchases = entryOpen, l.purchases+1
	}
	return want
}

// sightingID is what a look-up finds.
type sightingID uint32

// sightingNothing is that the name is nowhere.
const sightingNothing sightingID = 0

func (l *ledger) sight() sightingID {
	id := sightingID(l.entry) | sightingID(l.turned)<<8 | sightingID(l.kind)<<16
	if l.expiring {
		id |= sightingID(1+l.shown) << 24
	}
	return id
}

func (id sightingID) sighting() registrar.Sighting {
	entry, turned, kind := entryState(id), turnedDown(id>>8), registrarKind(id>>16)
	s := registrar.Sighting{InAccount: registrar.No, Order: registrar.OrderNone, Registered: registrar.No}
	switch entry {
	case entryOurs:
		s.InAccount, s.Registered, s.Order = registrar.Yes, registrar.Yes, registrar.OrderFinished
		s.OperationID, s.Reference, s.Holding = "operation-1", searchReference, searchHolding()
		if term := uint8(id >> 24); term != 0 {
			s.Holding, s.ExtendsOnce = registrar.Holding{Expiry: searchExpiry(term - 1), AutoRenew: ptr.To(false)}, kind == aRegistry
		}
	case entryOpen:
		s.Order, s.OperationID, s.Reference = registrar.OrderOpen, "operation-1", searchReference
	case entryForeign:
		s.Registered = registrar.Yes
	case entryNone:
	}
	if s.Order == registrar.OrderNone && turned != turnedNone {
		s.Order, s.Rejection = registrar.OrderRejected, registrar.Rejected{Reason: registrar.RejectedTaken}
		if turned == turnedPostponed {
			s.Rejection.Reason = registrar.RejectedPostponed
		}
	}
	if kind == aForgetfulReseller {
		s.Order, s.OperationID, s.Reference, s.Rejection = registrar.OrderUnanswerable, "", "", registrar.Rejected{}
	}
	return s
}
