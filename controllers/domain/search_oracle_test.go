package domain

import "fmt"

// What is asked of every situation of a search, and of what becomes of it when nothing goes wrong any more. What is asked of a single order
// or write stands where it is carried out: exec.

// objection says what is wrong with a situation, whatever led to it.
func (m *model) objection(st *situation) string {
	if st.purchases > 1 {
		return "the name was bought twice"
	}
	if st.years > 1 {
		return "a year was paid for twice"
	}
	if r := m.registrars.get(uint32(st.registrar)); r.used > r.limit {
		return "more was reserved than the limit allows"
	}
	return ""
}

// rounds is how often both leaders may pass at one moment before they rest.
const rounds = 12

// converge lets the leaders go on without faults to the end of all moments: the Registrar is not suspended, what was ordered is carried out
// (orders on their way arrive, or are all lost), and a person who is asked says how it is. It says what is wrong with where that ends.
func (m *model) converge(st situation, arrive bool) string {
	for range st.flights {
		switch {
		case !arrive || st.flights[1] == 0:
		case st.expiring:
			st.extend(0)
		default:
			st.arrive(resultPending)
		}
		st.flights[0], st.flights[1] = 0, st.flights[0]
	}
	if m.registrars.get(uint32(st.registrar)).suspended {
		m.putRegistrar(&st, m.editRegistrar(st.registrar, evSuspend, 0))
	}
	for ; ; st.now++ {
		if wrong := m.rest(&st); wrong != "" {
			return fmt.Sprintf("after %d s without faults: %s", m.moments[st.now], wrong)
		}
		if int(st.now) == len(m.moments)-1 {
			return m.ending(&st)
		}
		if st.now%2 == 0 {
			if st.entry == entryOpen {
				st.entry = entryOurs
			}
			st.shown = st.years
		}
		if wrong := m.person(&st); wrong != "" {
			return wrong
		}
	}
}

// rest lets both leaders pass until neither changes anything.
func (m *model) rest(st *situation) string {
	for range rounds {
		before, written := *st, m.written
		for who := range st.leaders {
			for begun := false; !begun || st.leaders[who].node != idle; begun = true {
				wrong := m.step(st, who, 0)
				if wrong == "" {
					wrong = m.objection(st)
				}
				if wrong != "" {
					return wrong
				}
			}
		}
		if *st == before && m.written == written {
			return ""
		}
	}
	return "the leaders never rest"
}

// person is asked where a registrar cannot answer, and nowhere else.
func (m *model) person(st *situation) string {
	if st.domain == 0 {
		return ""
	}
	switch page := m.domains.get(uint32(st.domain)); {
	case page.attention && st.kind != aForgetfulReseller:
		return "a person is asked although every question has an answer"
	case page.attention && !page.decided && m.moments[st.now] >= page.callOver && truth[st.entry] != "":
		m.put(st, m.edit(st.domain, evDecide, truth[st.entry]))
	}
	return ""
}

// ending judges where it all ends.
func (m *model) ending(st *situation) string {
	if st.domain == 0 {
		if st.purchases > 0 {
			return "in the end the Domain is gone, and the name is paid for"
		}
		return ""
	}
	page := m.domains.get(uint32(st.domain))
	switch {
	case page.phase == phaseOurs && st.entry != entryOurs:
		return "in the end a name is called ours that is not"
	case st.expiring && st.kind == aRegistry && st.years == 0:
		return "in the end nobody has extended a name that runs out"
	case page.phase == phaseOurs:
		return ""
	case st.purchases > 0:
		return fmt.Sprintf("in the end the name is paid for, and the Domain says %+v", *registeredOf(page.object))
	case page.deleting:
		return fmt.Sprintf("in the end a Domain that was never paid for is still being deleted: %+v", page.object.Status)
	case page.phase == phaseEnded, page.phase == phaseIdle && st.site == siteThere && !st.secret:
		return ""
	default:
		return fmt.Sprintf("in the end the Domain says %+v", page.object.Status)
	}
}
