package domain

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"
)

// scenario is one search: what the world is like, and what may happen in it. Each is searched in full to a depth of its own, as what may happen
// multiplies: everything at once, and less of it but deeper.
type scenario struct {
	name    string
	kind    registrarKind
	limit   int32
	happens kinds
	// byMoney: the limit is a budget; alone: there is one leader; fine: others may act between any two calls; ahead: by how much the second leader's clock is.
	byMoney, alone, fine bool
	// expiring: the name is ours and is to be extended.
	expiring bool
	ahead    seconds
	horizon  uint8
	// depth in events: of the short form, the full one, and under the race detector, where each takes ten times as long.
	short, full, race int
}

const (
	machines  = 1<<evCrash | 1<<evTick | 1<<evArrive | 1<<evFinish | 1<<evTurnDown
	endings   = 1<<evSite | 1<<evSecret | 1<<evDelete
	anything  = kinds(1<<16 - 1)
	untilNext = 8
)

var scenarios = []scenario{
	{name: "everything may happen", kind: aCarelessReseller, limit: 2, happens: anything, horizon: untilNext, short: 7, full: 10, race: 5},
	{name: "everything may happen to one leader at a time", kind: aCarelessReseller, limit: 2, happens: anything, alone: true, horizon: untilNext, short: 8, full: 13, race: 6},
	{name: "two leaders and an undisturbed order", kind: aCarelessReseller, limit: 3, happens: machines, horizon: untilNext, short: 14, full: 20, race: 9},
	{name: "two leaders whose clocks differ", kind: aCarelessReseller, limit: 3, happens: machines, ahead: 30, horizon: untilNext, short: 12, full: 17, race: 8},
	{name: "two leaders and a registry", kind: aRegistry, limit: 3, happens: machines | 1<<evForeign, horizon: untilNext, short: 13, full: 18, race: 8},
	{name: "two leaders and an order that is called off", kind: aCarelessReseller, limit: 3, happens: machines | endings, horizon: untilNext, short: 10, full: 14, race: 7},
	{name: "two leaders call by call", kind: aCarelessReseller, limit: 3, happens: machines | endings, fine: true, horizon: untilNext, short: 9, full: 14, race: 7},
	{name: "two leaders, and a budget for one name a day", byMoney: true, kind: aCarelessReseller, limit: 1, happens: machines | 1<<evOther | 1<<evSuspend, horizon: untilNext, short: 11, full: 16, race: 7},
	{name: "two leaders and a registrar that cannot tell", kind: aForgetfulReseller, limit: 3, happens: machines | 1<<evForeign | 1<<evDecide, horizon: untilNext, short: 12, full: 17, race: 8},
	{name: "one leader at a time, and backups without status", kind: aCarelessReseller, limit: 3, happens: machines | 1<<evRestore | 1<<evSite | 1<<evDelete, alone: true, horizon: untilNext, short: 10, full: 16, race: 8},
	{name: "two leaders, a registrar that cannot tell, and backups without status", kind: aForgetfulReseller, limit: 3, happens: machines | 1<<evDecide | 1<<evRestore, horizon: untilNext, short: 12, full: 16, race: 8},
	{name: "one leader at a time, the same", kind: aForgetfulReseller, limit: 3, happens: machines | 1<<evForeign | 1<<evDecide | 1<<evRestore, alone: true, horizon: untilNext, short: 14, full: 20, race: 9},
	{name: "two leaders extend at a registry", kind: aRegistry, limit: 3, happens: machines | 1<<evTouch, expiring: true, horizon: 6, short: 14, full: 19, race: 8},
	{name: "two leaders extend at a careless reseller", kind: aCarelessReseller, limit: 3, happens: machines | 1<<evTouch, expiring: true, horizon: 6, short: 14, full: 19, race: 8},
}

func (c *scenario) model(change mutation) *model {
	steps := passSteps()
	if out, left := map[mutation]string{noConfirm: stepConfirm, noNote: stepNote}[change]; left {
		steps = slices.DeleteFunc(steps, func(s passStep) bool { return s.name == out })
	}
	m := (&model{
		automaton: newAutomaton(steps), mutation: change, moments: searchMoments, horizon: c.horizon,
		happens: c.happens, alone: c.alone, fine: c.fine, skew: [2]seconds{0, c.ahead},
	}).fork()
	m.initial = m.domainID(newDomain(searchName))
	if c.expiring {
		m.initial, m.moments = m.domainID(expiringDomain()), renewalMoments
	}
	return m
}

func (c *scenario) first(m *model) situation {
	st := situation{
		domain: m.initial, registrar: m.registrarID(searchRegistrar(c.limit, c.byMoney)), site: siteThere, secret: true, ledger: ledger{kind: c.kind},
	}
	if c.expiring {
		st.expiring, st.entry, st.purchases = true, entryOurs, 1
	}
	return st
}

// depth is how many events a search is deep, and how many of the deepest situations are let go on without faults.
func (c *scenario) depth() (events, endings int) {
	switch {
	case raceDetector:
		return c.race, 50
	case os.Getenv("FAULTS") == "full":
		return c.full, 1000
	default:
		return c.short, 400
	}
}

// tally is what all searches have found, for the report of all fault tests.
type tally struct {
	Part             string  `json:"part"`
	States           uint64  `json:"states"`
	Transitions      uint64  `json:"transitions"`
	Depth            int     `json:"depth"`
	Endings          int     `json:"endings"`
	PurchasesOverOne int     `json:"purchasesOverOne"`
	Lost             int     `json:"lost"`
	Seconds          float64 `json:"seconds"`
}

// TestSearch walks breadth-first over everything that can happen to the purchase of one name, to a fixed depth. No name is bought twice, nothing is
// ordered once what forbids it could be read, no limit is exceeded, and from wherever the walk ends the leaders come to rest in the truth.
func TestSearch(t *testing.T) {
	sum := tally{Part: "search"}
	for _, c := range scenarios {
		t.Run(c.name, func(t *testing.T) { c.search(t, &sum) })
	}
	t.Logf("%d states, %d transitions, up to %d events, %d endings, %.1f s", sum.States, sum.Transitions, sum.Depth, sum.Endings, sum.Seconds)
	sum.report(t)
}

func (c *scenario) search(t *testing.T, sum *tally) {
	began := time.Now()
	depth, endings := c.depth()
	m := c.model(faithful)
	s := &search{model: m}
	s.run([]situation{c.first(m)}, depth)
	sum.States, sum.Transitions, sum.Depth = sum.States+s.states, sum.Transitions+s.transitions, max(sum.Depth, s.depth)
	if s.wrong != "" {
		sum.PurchasesOverOne++
		t.Errorf("%s:\n%s", s.wrong, s.tell(s.at, s.event))
		return
	}
	leaves := s.leaves()
	for i := 0; i < len(leaves); i += 1 + len(leaves)/endings {
		for _, arrive := range []bool{true, false} {
			sum.Endings++
			if wrong := m.converge(s.get(leaves[i]).situation, arrive); wrong != "" {
				sum.Lost++
				t.Fatalf("%s:\n%s", wrong, s.tell(leaves[i]))
			}
		}
	}
	took := time.Since(began).Seconds()
	sum.Seconds += took
	t.Logf("%d states, %d transitions, %d events, %d of %d deepest states let go on, %.1f s", s.states, s.transitions, s.depth, min(endings, len(leaves)), len(leaves), took)
}

// report adds a line to the report of all fault tests, where one is made.
func (sum *tally) report(t *testing.T) {
	name := os.Getenv("FAULTS_REPORT")
	if name == "" {
		return
	}
	line, err := json.Marshal(sum)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		t.Error(err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// TestSearchNeedNotShowOldUnfinishedDomains shows why an old Domain in the cache is only searched where it is final, or where the stored one is: else the
// pass reads it anew past the cache, and nothing is left of what the cache said.
func TestSearchNeedNotShowOldUnfinishedDomains(t *testing.T) {
	c := scenarios[0]
	m := c.model(faithful)
	s := &search{model: m}
	st := c.first(m)
	s.run([]situation{st}, 6)
	load := func(cached, stored uint32) nodeID {
		at := idle
		for p := m.resume(at, 0); ; p = m.resume(at, 0) {
			got := answer{}
			switch p.op.verb {
			case opReadCache:
				got.content = cached
			case opReadDomain:
				got.content = stored
			case opReadSite:
				got.content = uint32(siteThere)
			case opReadRegistrar:
				got.content = uint32(st.registrar)
			case opReadSecret:
			default:
				t.Fatalf("loading asks %d", p.op.verb)
			}
			to := m.advance(at, p, got)
			if at = to.node; to.whole {
				return at
			}
		}
	}
	tried := 0
	for cached := uint32(1); cached <= m.domains.count; cached++ {
		for stored := uint32(1); stored <= m.domains.count; stored++ {
			if final(m.domains.get(cached).phase) {
				continue
			}
			tried++
			if load(cached, stored) != load(uint32(m.initial), stored) {
				t.Errorf("it makes a difference that the cache shows %+v", m.domains.get(cached).object.Status)
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d pairs: this test tries too little", tried)
	}
}
