package domain

import (
	"cmp"
	"fmt"
	"slices"
)

// happening is something that happens: what, to whom, and how it turns out.
type happening struct{ what, who, choice uint8 }

const (
	// evStep: a leader goes on to the end of its step, or of its next call where the search is fine.
	evStep uint8 = iota
	// evCrash: a leader dies, and another process takes its place that remembers nothing.
	evCrash
	// evTick: time moves on to the next moment.
	evTick
	// evArrive: an order on its way reaches the registrar after all, though its answer reaches nobody.
	evArrive
	// evFinish and evTurnDown: an order that was accepted is carried out, or not.
	evFinish
	evTurnDown
	// evForeign: somebody else buys the name.
	evForeign
	// evSite: the site goes over into another state. evSecret: the installer Secret goes.
	evSite
	evSecret
	// evDelete: the Domain is to be deleted. evTouch: somebody writes it without changing anything that matters.
	evDelete
	evTouch
	// evDecide: the person who was asked says how it is.
	evDecide
	// evSuspend: the Registrar is suspended, or is not any more. evOther: another name is reserved.
	evSuspend
	evOther
	// evRestore: the Domain is restored from a backup, without its status.
	evRestore
)

// kinds is a set of kinds of events.
type kinds uint16

func (k kinds) has(what uint8) bool { return k&(1<<what) != 0 }

// successors are all situations that can follow. emit is told what happened, and what is wrong with it.
func (m *model) successors(st *situation, emit func(e happening, next *situation, wrong string)) {
	for who := range st.leaders {
		if m.alone && who == 1 {
			continue
		}
		for choice, choices := uint8(0), m.choicesOf(st, who); choice < choices; choice++ {
			next := *st
			wrong := m.step(&next, who, choice)
			emit(happening{evStep, uint8(who), choice}, &next, wrong)
		}
		if m.happens.has(evCrash) && st.leaders[who].node != idle {
			next := *st
			next.leaders[who] = leader{}
			emit(happening{evCrash, uint8(who), 0}, &next, "")
		}
	}
	m.outside(st, func(e happening, change func(*situation)) {
		if !m.happens.has(e.what) {
			return
		}
		next := *st
		change(&next)
		emit(e, &next, "")
	})
}

func (m *model) choicesOf(st *situation, who int) uint8 {
	p := m.resume(st.leaders[who].node, m.clock(st, who))
	if p.op.verb == opNone {
		return 1
	}
	return m.choices(st, p)
}

// step takes a leader to its next step or, where the search is fine, its next call. The choice is how its first call is answered.
func (m *model) step(st *situation, who int, choice uint8) (wrong string) {
	l := &st.leaders[who]
	for {
		p := m.resume(l.node, m.clock(st, who))
		if p.op.verb == opNone {
			*l = leader{}
			return wrong
		}
		got, objection := m.exec(st, who, p, choice)
		if wrong == "" {
			wrong = objection
		}
		to := m.advance(l.node, p, got)
		l.node = to.node
		if to.whole {
			l.domain, l.registrar = l.domain>>to.domain&1, l.registrar>>to.registrar&1
			if l.node == idle {
				*l = leader{}
			}
			return wrong
		}
		if m.fine {
			return wrong
		}
		choice = 0
	}
}

// outside is what happens without the leaders.
func (m *model) outside(st *situation, may func(happening, func(*situation))) {
	if st.now+1 < m.horizon {
		may(happening{what: evTick}, m.tick)
	}
	for i := range st.flights {
		if st.flights[i] != 0 {
			for choice, want := range []resultID{resultDone, resultPending} {
				may(happening{evArrive, uint8(i), uint8(choice)}, func(next *situation) {
					next.flights[i] = 0
					slices.Sort(next.flights[:])
					if next.expiring {
						next.extend(0)
						return
					}
					next.arrive(want)
				})
			}
		}
	}
	switch st.entry {
	case entryOpen:
		may(happening{what: evFinish}, func(next *situation) { next.entry = entryOurs })
		may(happening{what: evTurnDown}, func(next *situation) {
			next.entry, next.turned = entryNone, turnedPostponed
			next.purchases--
		})
	case entryNone:
		may(happening{what: evForeign}, func(next *situation) { next.entry = entryForeign })
	case entryOurs, entryForeign:
	}
	if st.shown < st.years {
		may(happening{what: evFinish}, func(next *situation) { next.shown = next.years })
	}
	switch st.site {
	case siteThere:
		for _, to := range []siteState{siteDeleting, siteStalled, siteFrozen} {
			may(happening{what: evSite, choice: uint8(to)}, func(next *situation) { next.site = to })
		}
		if st.secret {
			may(happening{what: evSecret}, func(next *situation) { next.secret = false })
		}
	case siteDeleting:
		may(happening{what: evSite, choice: uint8(siteGone)}, func(next *situation) { next.site = siteGone })
	case siteStalled, siteFrozen, siteGone:
	}
	m.others(st, may)
}

// others is what others do to the Domain and its Registrar.
func (m *model) others(st *situation, may func(happening, func(*situation))) {
	at := m.moments[st.now]
	if st.domain != 0 {
		page := m.domains.get(uint32(st.domain))
		if !page.deleting {
			may(happening{what: evDelete}, func(next *situation) { m.put(next, m.edit(st.domain, evDelete, "")) })
		}
		if page.attention && !page.decided && st.flights == [2]seconds{} && at >= page.callOver && (page.callOver > 0 || !st.fenced()) && truth[st.entry] != "" {
			may(happening{what: evDecide}, func(next *situation) { m.put(next, m.edit(st.domain, evDecide, truth[st.entry])) })
		}
		if st.kind == aForgetfulReseller || st.flights == [2]seconds{} && !st.fenced() {
			// With an order under way nobody could know of it any more, unless it was noted.
			may(happening{what: evRestore}, func(next *situation) { m.put(next, m.edit(st.domain, evRestore, "")) })
		}
		may(happening{what: evTouch}, func(next *situation) { m.put(next, st.domain) })
	}
	page := m.registrars.get(uint32(st.registrar))
	may(happening{what: evSuspend}, func(next *situation) { m.putRegistrar(next, m.editRegistrar(st.registrar, evSuspend, at)) })
	if today := at.today(); page.day != today || page.used < page.limit {
		if page.day <= today {
			may(happening{what: evOther}, func(next *situation) {
				m.putRegistrar(next, m.editRegistrar(st.registrar, evOther, at))
				next.others[today]++
			})
		}
	}
}

type editKey struct {
	what uint8
	id   uint32
	word string
	at   seconds
}

// edit and editRegistrar remember what they have made, as the automaton does.

func (m *model) edit(id domainID, what uint8, word string) domainID {
	change := decidedAs(word)
	switch what {
	case evDelete:
		change = deletionAsked
	case evRestore:
		change = statusLost
	}
	return domainID(m.remember(editKey{what, uint32(id), word, 0}, func() uint32 { return uint32(m.edited(id, change)) }))
}

func (m *model) editRegistrar(id registrarID, what uint8, at seconds) registrarID {
	change := anotherReserved(at)
	if what == evSuspend {
		at, change = 0, suspendedIs(!m.registrars.get(uint32(id)).suspended)
	}
	return registrarID(m.remember(editKey{what, uint32(id), "", at}, func() uint32 { return uint32(m.editedRegistrar(id, change)) }))
}

// canonical puts two leaders that differ in nothing but their number in one order, and says whether it has changed it.
func (m *model) canonical(st *situation) bool {
	if m.alone || m.skew[0] != m.skew[1] || compareLeaders(&st.leaders[0], &st.leaders[1]) >= 0 {
		return false
	}
	st.leaders[0], st.leaders[1] = st.leaders[1], st.leaders[0]
	return true
}

func compareLeaders(a, b *leader) int {
	flags := func(l *leader) int {
		n := int(l.day)
		if l.fenced {
			n += 16
		}
		if l.barred {
			n += 32
		}
		return n
	}
	return cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.domain, b.domain), cmp.Compare(a.registrar, b.registrar), cmp.Compare(flags(a), flags(b)))
}

// story says in words what happens.
func (m *model) story(st *situation, e happening, who string) string {
	switch e.what {
	case evStep:
		p := m.resume(st.leaders[e.who].node, m.clock(st, int(e.who)))
		if p.op.verb == opNone {
			return who + " ends its pass"
		}
		return fmt.Sprintf("%s: %s%s", who, m.steps[p.step].name, m.turn(p.op.verb, e.choice))
	case evCrash:
		return who + " dies"
	case evTick:
		return fmt.Sprintf("it is %d s", m.moments[st.now+1])
	case evArrive:
		return "an order that was on its way arrives" + [...]string{", and is carried out", ", and is accepted"}[e.choice]
	case evSite:
		return "the site " + [...]string{"is gone", "", "is being deleted", "is Stalled", "has a frozen 500"}[e.choice]
	case evDecide:
		return "the person who was asked says: " + truth[st.entry]
	default:
		return map[uint8]string{
			evFinish: "what was accepted is carried out, and shown", evTurnDown: "the open order is turned down", evForeign: "somebody else buys the name",
			evSecret: "the installer Secret goes", evDelete: "deletion of the Domain is asked for", evTouch: "somebody touches the Domain",
			evSuspend: "the Registrar is suspended, or not any more", evOther: "another name is reserved",
			evRestore: "the Domain is restored without its status",
		}[e.what]
	}
}

func (m *model) turn(v verb, choice uint8) string {
	if choice == 0 {
		if v == opBuy {
			return ", the order is carried out"
		}
		return ""
	}
	switch v {
	case opReadCache:
		return " from an old cache"
	case opWriteStatus, opWriteMeta, opReserve:
		return ", written, but the answer is lost"
	case opRenew:
		return [...]string{"", ", the answer is lost", ", the order is on its way, and there is no answer", ", the order is lost"}[choice]
	case opBuy:
		return [...]string{
			"", ", the order is accepted", ", the order is postponed", ", the order is carried out, but the answer is lost",
			", the order is accepted, but the answer is lost", ", the order is postponed, but the answer is lost",
			", the order is on its way, and there is no answer", ", the order is lost",
		}[choice]
	default:
		return ", which is not answered"
	}
}
