package domain

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/registrar"
)

const (
	searchName      = alice
	searchReference = "order-1"
)

// seconds since the search's beginning, by one leader's clock or by the true one.
type seconds uint32

// searchStart is so that a second try comes before midnight and a third one after it.
var searchStart = time.Date(2026, 11, 22, 23, 57, 30, 0, time.UTC)

func (s seconds) time() time.Time { return searchStart.Add(time.Duration(s) * time.Second) }

func secondsAt(t time.Time) seconds { return seconds(max(t.Sub(searchStart), 0) / time.Second) }

// today numbers the days of the search from 1.
func (s seconds) today() uint8 {
	return uint8(s.time().Truncate(24*time.Hour).Sub(searchStart.Truncate(24*time.Hour))/(24*time.Hour)) + 1
}

// domainID and registrarID stand for what a Domain, or a Registrar, may say, its resourceVersion apart. The zero value is one that is not there.
type (
	domainID    uint32
	registrarID uint32
)

// domainPage is one thing that a Domain may say, and what of it is asked often.
type domainPage struct {
	object    *v1alpha1.Domain
	phase     phase
	deleting  bool
	attention bool
	decided   bool
	released  bool
	callOver  seconds
}

// registrarPage is one thing that a Registrar may say.
type registrarPage struct {
	object    *v1alpha1.Registrar
	suspended bool
	limit     uint8
	// day that its usage counts, and how many registrations.
	day, used uint8
}

// pages are given out under the automaton's lock and read without one: a number is known only to who has got it under the lock.
type pages[T any] struct {
	chunks [1 << 12]atomic.Pointer[[1 << 10]T]
	count  uint32
	ids    map[string]uint32
}

func (p *pages[T]) get(id uint32) *T { return &p.chunks[id>>10].Load()[id&(1<<10-1)] }

func (p *pages[T]) add(key string, page T) uint32 {
	p.count++
	id := p.count
	if p.chunks[id>>10].Load() == nil {
		p.chunks[id>>10].Store(new([1 << 10]T))
	}
	*p.get(id) = page
	p.ids[key] = id
	return id
}

// books are all Domains and Registrars that have occurred.
type books struct {
	domains    pages[domainPage]
	registrars pages[registrarPage]
	sites      map[siteState]*v1alpha1.IndieSite
}

func newBooks() *books {
	b := &books{sites: map[siteState]*v1alpha1.IndieSite{}}
	b.domains.ids, b.registrars.ids = map[string]uint32{}, map[string]uint32{}
	for state := siteThere; state <= siteFrozen; state++ {
		b.sites[state] = siteAs(state)
	}
	return b
}

// domainID numbers what a Domain says. Like the API server it keeps the JSON, and gives out what can be read from that.
func (b *books) domainID(d *v1alpha1.Domain) domainID {
	plain := *d
	plain.ResourceVersion = ""
	text, err := json.Marshal(&plain)
	if err != nil {
		panic(err)
	}
	if id, known := b.domains.ids[string(text)]; known {
		return domainID(id)
	}
	stored := &v1alpha1.Domain{}
	if err := json.Unmarshal(text, stored); err != nil {
		panic(err)
	}
	page := domainPage{
		object: stored, phase: phaseOf(stored), deleting: !stored.DeletionTimestamp.IsZero(),
		attention: (&facts{domain: stored}).needsAttention(), decided: stored.Annotations[v1alpha1.AnnotationDecision] != "",
	}
	page.released = page.deleting && len(stored.Finalizers) == 0
	if call := stored.Status.Call; call != nil {
		page.callOver = secondsAt(callIsOver(call))
	}
	return domainID(b.domains.add(string(text), page))
}

func (b *books) registrarID(r *v1alpha1.Registrar) registrarID {
	plain := *r
	plain.ResourceVersion = ""
	text, err := json.Marshal(&plain)
	if err != nil {
		panic(err)
	}
	if id, known := b.registrars.ids[string(text)]; known {
		return registrarID(id)
	}
	stored := &v1alpha1.Registrar{}
	if err := json.Unmarshal(text, stored); err != nil {
		panic(err)
	}
	page := registrarPage{object: stored, suspended: stored.Spec.Suspend, limit: uint8(limitOf(stored))}
	if budget := stored.Spec.Limits.SpendingPerDay; budget != nil {
		page.limit = euros(budget) / searchPrice
	}
	if u := stored.Status.Usage; u != nil {
		page.used = uint8(u.Registrations)
		for s := seconds(0); page.day == 0; s += 3600 {
			if day(s.time()) == u.Date {
				page.day = s.today()
			}
		}
	}
	return registrarID(b.registrars.add(string(text), page))
}

// What others than the duty make of a Domain.

func (b *books) edited(id domainID, edit func(*v1alpha1.Domain)) domainID {
	d := b.domains.get(uint32(id)).object.DeepCopy()
	edit(d)
	return b.domainID(d)
}

func deletionAsked(d *v1alpha1.Domain) {
	d.DeletionTimestamp = ptr.To(metav1.NewTime(searchStart))
	d.Generation++
}

func statusLost(d *v1alpha1.Domain) { d.Status = v1alpha1.DomainStatus{} }

func decidedAs(word string) func(*v1alpha1.Domain) {
	return func(d *v1alpha1.Domain) {
		d.Annotations = maps.Clone(d.Annotations)
		if d.Annotations == nil {
			d.Annotations = map[string]string{}
		}
		d.Annotations[v1alpha1.AnnotationDecision] = word
	}
}

func (b *books) editedRegistrar(id registrarID, edit func(*v1alpha1.Registrar)) registrarID {
	r := b.registrars.get(uint32(id)).object.DeepCopy()
	edit(r)
	return b.registrarID(r)
}

func suspendedIs(on bool) func(*v1alpha1.Registrar) {
	return func(r *v1alpha1.Registrar) { r.Spec.Suspend = on }
}

// anotherReserved counts the purchase of another name.
func anotherReserved(at seconds) func(*v1alpha1.Registrar) {
	return func(r *v1alpha1.Registrar) {
		u := &v1alpha1.RegistrarUsage{Date: day(at.time())}
		if was := r.Status.Usage; was != nil && was.Date >= u.Date {
			u = was
		}
		u.Registrations++
		spent := searchPrice
		if u.Spent != nil {
			spent += int(euros(u.Spent))
		}
		u.Spent = &v1alpha1.Price{Amount: fmt.Sprintf("%d.00", spent), Currency: "EUR"}
		r.Status.Usage = u
	}
}

// expiringDomain is a name of ours that the registrar does not renew by itself.
func expiringDomain() *v1alpha1.Domain {
	d := newDomain(searchName)
	before := &facts{now: searchStart.AddDate(0, -10, 0), domain: d}
	d.Status = before.registered(registrar.Holding{Expiry: searchExpiry(0), AutoRenew: ptr.To(false)}, false)
	return d
}

func euros(p *v1alpha1.Price) uint8 {
	m, err := registrar.MoneyOf(*p)
	if err != nil {
		panic(err)
	}
	return uint8(m.Minor / 100)
}

// searchRegistrar allows so many purchases a day, by their number or by a budget that is enough for no more.
func searchRegistrar(limit int32, byMoney bool) *v1alpha1.Registrar {
	r := newRegistrar()
	r.Spec.Limits.RegistrationsPerDay = &limit
	if byMoney {
		r.Spec.Limits.RegistrationsPerDay = ptr.To(2 * limit)
		r.Spec.Limits.SpendingPerDay = &v1alpha1.Price{Amount: fmt.Sprintf("%d.00", limit*searchPrice), Currency: "EUR"}
	}
	return r
}

// searchPrice is the most that a name may cost, in euros.
const searchPrice = 20

// siteState is how the site is.
type siteState uint8

const (
	siteGone siteState = iota
	siteThere
	siteDeleting
	siteStalled
	siteFrozen
)

func siteAs(state siteState) *v1alpha1.IndieSite {
	s := newSite(searchName)
	s.ResourceVersion = fmt.Sprint(state)
	switch state {
	case siteDeleting:
		s.DeletionTimestamp = ptr.To(metav1.NewTime(searchStart))
	case siteStalled:
		s.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonRegistrationDeadlineExceeded}}
	case siteFrozen:
		s.Status.Outcome = &v1alpha1.Outcome{Attempt: s.Spec.SetupAttempt, Code: v1alpha1.OutcomeFailed}
	case siteThere, siteGone:
	}
	return s
}

// results of an order, by number.
type resultID uint32

const (
	resultUnknown resultID = iota
	resultDone
	resultPending
	resultTaken
	resultExists
	resultPostponed
	resultRefused
	resultExtended
)

func (id resultID) result() registrar.Result {
	switch id {
	case resultDone:
		return registrar.Done{Holding: searchHolding()}
	case resultPending:
		return registrar.Pending{Reference: searchReference}
	case resultTaken:
		return registrar.Rejected{Reason: registrar.RejectedTaken}
	case resultExists:
		return registrar.Rejected{Reason: registrar.RejectedExists}
	case resultPostponed:
		return registrar.Rejected{Reason: registrar.RejectedPostponed}
	case resultRefused:
		return registrar.Rejected{Reason: registrar.RejectedRefused}
	case resultExtended:
		return registrar.Done{}
	default:
		return registrar.Unknown{Err: errLost}
	}
}

func searchHolding() registrar.Holding {
	return registrar.Holding{Expiry: searchStart.AddDate(1, 0, 0), AutoRenew: ptr.To(true)}
}
