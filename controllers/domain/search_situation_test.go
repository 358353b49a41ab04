package domain

import (
	"slices"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// leader is one process that believes to lead.
type leader struct {
	node nodeID
	// domain and registrar say of each answer that it holds, by its slot, whether that is still what is stored.
	domain, registrar uint16
	// fenced is that it has written a fence in this pass, barred that something forbade the purchase then or at a read since.
	fenced, barred bool
	// day that its reservation was made for.
	day uint8
}

// situation is everything that can make a difference: one state of the search.
type situation struct {
	leaders [2]leader
	// domain as it is stored, older the last one before it that a cache may still show and that matters: see cached.
	domain, older domainID
	registrar     registrarID
	// flights are orders on their way, by when they have arrived or are lost.
	flights [2]seconds
	ledger
	// now is a number in the model's moments.
	now    uint8
	site   siteState
	secret bool
	// sent counts the orders by the day for which they were reserved, others the reservations of other names.
	sent, others [4]uint8
}

// fenced says whether an order may be about to go out.
func (st *situation) fenced() bool { return st.leaders[0].fenced || st.leaders[1].fenced }

// mutation is something that the search has to notice.
type mutation string

const (
	faithful       mutation = ""
	noFence        mutation = "a pass that lost the conflict calls anyway"
	noLookUp       mutation = "no look-up after a crash"
	noConfirm      mutation = "the re-read is left out"
	noReservation  mutation = "limits are not reserved"
	noNote         mutation = "no note is left of an order of which the registrar cannot tell"
	wrongClocks    mutation = "clocks differ by more than is allowed for"
	endlessFlights mutation = "orders arrive later than is allowed for"
)

// model is the world around the leaders, and what may happen in it.
type model struct {
	*automaton
	*memory
	mutation mutation
	// initial is the Domain as it was made.
	initial domainID
	// moments are the times that matter, in seconds, of which the search sees the first so many and converging all.
	moments []seconds
	horizon uint8
	// skew is by how much each leader's clock is ahead.
	skew [2]seconds
	// happens are the kinds of event that may happen besides steps, and alone is that there is one leader only.
	happens kinds
	alone   bool
	// fine lets others act between any two calls of a step, and not only between steps.
	fine bool
}

// searchMoments: before notAfter twice, after it while an order may still be on its way, and when the call is over; so for each try. Then
// what comes when nothing goes wrong any more.
var searchMoments = []seconds{0, 35, 70, 105, 140, 175, 210, 245, 280, 315, 15 * 60, 80 * 60, 26 * 3600, 28 * 3600}

// memory is what one worker has learnt of the automaton, so that it need not wait for the other to ask again.
type memory struct {
	resumed  map[resumption]*pending
	advanced map[advance]progress
	edits    map[editKey]uint32
	// written counts the writes.
	written int
}

// fork is the same model for another worker.
func (m *model) fork() *model {
	other := *m
	other.memory = &memory{resumed: map[resumption]*pending{}, advanced: map[advance]progress{}, edits: map[editKey]uint32{}}
	return &other
}

func recall[K comparable, V any](memory map[K]V, key K, ask func() V) V {
	v, known := memory[key]
	if !known {
		v = ask()
		memory[key] = v
	}
	return v
}

func (m *model) resume(from nodeID, at seconds) *pending {
	return recall(m.memory.resumed, resumption{from, at}, func() *pending { return m.automaton.resume(from, at) })
}

func (m *model) advance(from nodeID, p *pending, got answer) progress {
	return recall(m.memory.advanced, advance{from, got}, func() progress { return m.automaton.advance(from, p, got) })
}

func (m *model) remember(key editKey, edit func() uint32) uint32 {
	return recall(m.memory.edits, key, func() uint32 { return m.automaton.remember(key, edit) })
}

// renewalMoments: the same for a call that may be repeated after a day.
var renewalMoments = []seconds{0, 35, 70, 105, 25 * 3600, 25*3600 + 35, 25*3600 + 70, 25*3600 + 105, 50 * 3600, 75 * 3600}

func (m *model) clock(st *situation, who int) seconds { return m.moments[st.now] + m.skew[who] }

// put stores a Domain: what anybody holds is old then.
func (m *model) put(st *situation, id domainID) {
	if st.domain != 0 && id != st.domain && final(m.domains.get(uint32(st.domain)).phase) {
		st.older = st.domain
	}
	st.domain = id
	for i := range st.leaders {
		st.leaders[i].domain = 0
	}
}

func (m *model) putRegistrar(st *situation, id registrarID) {
	st.registrar = id
	for i := range st.leaders {
		st.leaders[i].registrar = 0
	}
}

func final(p phase) bool { return p == phaseOurs || p == phaseEnded }

// forbids says whether anything forbids the purchase for good. A Registrar that is suspended may have been let go on before the last reading.
func (m *model) forbids(st *situation) bool {
	return st.domain == 0 || m.domains.get(uint32(st.domain)).deleting || st.site != siteThere || !st.secret
}

// choices are the ways in which a question can be answered: 0 is without a fault.
func (m *model) choices(st *situation, p *pending) uint8 {
	switch p.op.verb {
	case opReadCache:
		if st.domain == 0 || !final(m.domains.get(uint32(st.domain)).phase) {
			// What is not final is read anew past the cache, so that an old one makes no difference.
			return 1
		}
		if st.older != 0 {
			return 3
		}
		return 2
	case opWriteStatus, opWriteMeta, opReserve:
		return 2
	case opLookUp:
		return 2
	case opReadDomain, opReadRegistrar, opReadSite, opReadSecret:
		if m.steps[p.step].name == stepConfirm {
			return 2
		}
		// Elsewhere the pass ends, as with a crash.
		return 1
	case opBuy:
		return 8
	case opRenew:
		if p.op.content != 0 {
			return 4
		}
		return 1
	default:
		return 1
	}
}

// exec answers a question, and says what is wrong with its having been asked.
func (m *model) exec(st *situation, who int, p *pending, choice uint8) (answer, string) {
	l := &st.leaders[who]
	slot := uint16(1) << p.slot
	a := answer{at: m.clock(st, who)}
	switch p.op.verb {
	case opReadCache, opReadDomain:
		l.domain &^= slot
		switch {
		case p.op.verb == opReadDomain && choice == 1:
			a.reply = replyFailed
		case st.domain == 0:
			a.reply = replyNotFound
		case choice == 1:
			a.content = uint32(m.initial)
		case choice == 2:
			a.content = uint32(st.older)
		default:
			a.content = uint32(st.domain)
			l.domain |= slot
			l.barred = l.barred || l.fenced && m.domains.get(a.content).deleting
		}
	case opReadSite:
		a.content = uint32(st.site)
		a.reply = missing(st.site == siteGone, choice)
		l.barred = l.barred || l.fenced && st.site != siteThere
	case opReadSecret:
		a.reply = missing(!st.secret, choice)
		l.barred = l.barred || l.fenced && !st.secret
	case opReadRegistrar:
		a.reply = missing(false, choice)
		a.content = uint32(st.registrar)
		l.registrar |= slot
		l.barred = l.barred || l.fenced && m.registrars.get(a.content).suspended
	case opWriteStatus, opWriteMeta:
		return m.write(st, who, p, choice)
	case opReserve:
		return m.reserve(st, who, p, choice), ""
	case opLookUp:
		a.content = uint32(st.sight())
		if m.mutation == noLookUp {
			a.content = uint32(sightingNothing)
		}
		if choice == 1 {
			a.reply = replyFailed
		}
	case opBuy:
		return m.buy(st, who, p, choice)
	case opRenew:
		return m.renew(st, who, p, choice), ""
	case opNone:
	}
	return a, ""
}

func missing(is bool, choice uint8) reply {
	switch {
	case choice == 1:
		return replyFailed
	case is:
		return replyNotFound
	default:
		return replyOK
	}
}

// The answer to a write is lost with choice 1. One that fails unwritten ends the pass as a crash does.

func (m *model) write(st *situation, who int, p *pending, choice uint8) (answer, string) {
	l := &st.leaders[who]
	a := answer{at: m.clock(st, who), content: p.op.content}
	held := p.op.unconditional || l.domain&(1<<p.op.base) != 0
	name := m.steps[p.step].name
	fence := name == stepFence || name == stepFenceExtension
	switch {
	case st.domain == 0:
		a.reply = replyNotFound
		return a, ""
	case !held && fence && m.mutation == noFence:
		return a, ""
	case !held:
		a.reply = replyConflict
		return a, ""
	}
	m.written++
	wrong := ""
	if m.domains.get(p.op.content).released {
		m.put(st, 0)
		if st.purchases > 0 || st.flights != [2]seconds{} {
			wrong = "the Domain was let go although the name is paid for, or may be so yet"
		}
	} else {
		m.put(st, domainID(p.op.content))
		l.domain |= 1 << p.slot
	}
	if choice == 1 {
		a.reply = replyFailed
		return a, wrong
	}
	if fence {
		l.fenced, l.barred = true, m.forbids(st)
	}
	return a, wrong
}

func (m *model) reserve(st *situation, who int, p *pending, choice uint8) answer {
	l := &st.leaders[who]
	a := answer{at: m.clock(st, who), content: p.op.content}
	held := p.op.unconditional || l.registrar&(1<<p.op.base) != 0
	switch {
	case m.mutation == noReservation:
		l.day = m.registrars.get(p.op.content).day
		return a
	case !held:
		a.reply = replyConflict
		return a
	}
	m.written++
	m.putRegistrar(st, registrarID(p.op.content))
	l.registrar |= 1 << p.slot
	l.day = m.registrars.get(p.op.content).day
	if choice == 1 {
		a.reply = replyFailed
	}
	return a
}

// Choices for an order: it arrives at once and is answered with 0 to 2, and the answer is lost with 3 to 5.
const (
	buyAnswerLost = 3
	buyOnItsWay   = 6
	buyLost       = 7
)

// buy is an order that goes out.
func (m *model) buy(st *situation, who int, p *pending, choice uint8) (answer, string) {
	l := &st.leaders[who]
	a := answer{at: m.clock(st, who), content: uint32(resultUnknown)}
	wrong := ""
	limit := m.registrars.get(uint32(st.registrar)).limit
	switch st.sent[l.day]++; {
	case st.domain == 0:
		wrong = "an order went out although its Domain is gone"
	case l.barred:
		wrong = "an order went out although its last reading came after what forbids it"
	case l.day == 0:
		wrong = "an order went out that was not reserved"
	case st.sent[l.day]+st.others[l.day] > limit:
		wrong = "more orders went out than the limit allows"
	}
	switch choice {
	case buyOnItsWay:
		m.fly(st, p.op.left)
	case buyLost:
	default:
		want := [...]resultID{resultDone, resultPending, resultPostponed}[choice%buyAnswerLost]
		got := st.arrive(want)
		if choice < buyAnswerLost {
			a.content = uint32(got)
		}
	}
	return a, wrong
}

// fly puts an order on its way.
func (m *model) fly(st *situation, left seconds) {
	late := left + seconds(readTimeout.Seconds())
	if m.mutation == endlessFlights {
		late += 60
	}
	if st.flights[0] == 0 {
		st.flights[0] = m.moments[st.now] + late
		slices.Sort(st.flights[:])
	}
}

// renew is a call to renew the name. Automatic renewal is turned down. An extension is carried out with choice 0, and the answer is lost with 1;
// it is on its way with 2, and never arrives with 3.
func (m *model) renew(st *situation, who int, p *pending, choice uint8) answer {
	a := answer{at: m.clock(st, who), content: uint32(resultUnknown)}
	switch from := uint8(p.op.content) - 1; {
	case p.op.content == 0:
		a.content = uint32(resultRefused)
	case choice == 0:
		a.content = uint32(st.extend(from))
	case choice == 1:
		st.extend(from)
	case choice == 2:
		m.fly(st, p.op.left)
	}
	return a
}

// tick: time moves on, and orders that have not arrived by then are lost.
func (m *model) tick(st *situation) {
	st.now++
	for i, until := range st.flights {
		if until != 0 && m.moments[st.now] >= until {
			st.flights[i] = 0
		}
	}
	slices.Sort(st.flights[:])
}

var truth = map[entryState]string{entryNone: v1alpha1.DecisionAbsent, entryOurs: v1alpha1.DecisionRegistered, entryForeign: v1alpha1.DecisionTaken}
