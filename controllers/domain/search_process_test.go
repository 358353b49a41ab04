package domain

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/dump"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/internal/duty"
)

// The search runs the duty's own steps, not a model of them. A step that calls the outside world is run with the answers that it has got so
// far; where they end, it is broken off, and what it asked next is known. What it does is a function of the scope that it began with, those
// answers and the clock, so each such run is made once and remembered. A leader then is a small number: the node that it has come to.

// passStep is one step of Reconcile. That the list is Reconcile's is shown by TestSearchTakesTheStepsOfReconcile.
type passStep struct {
	name string
	run  func(*Reconciler, context.Context, *scope) (duty.Outcome, error)
}

func passSteps() []passStep {
	return []passStep{
		{"load", (*Reconciler).load}, {"hold", (*Reconciler).hold}, {"drop the decision", (*Reconciler).dropDecision},
		{"look up", (*Reconciler).lookUp}, {"renew", (*Reconciler).renew}, {"delegate", (*Reconciler).delegate}, {"release", (*Reconciler).release},
		{"reserve", (*Reconciler).reserve}, {stepNote, (*Reconciler).note}, {"fence", (*Reconciler).fence}, {stepConfirm, (*Reconciler).confirm},
		{"call", (*Reconciler).call}, {stepFenceExtension, (*Reconciler).fenceExtension}, {"confirm the extension", (*Reconciler).confirmExtension},
		{"extend", (*Reconciler).extend}, {"record", (*Reconciler).record},
	}
}

const (
	stepConfirm = "confirm"
	stepFence   = "fence"
	stepNote    = "note"

	stepFenceExtension = "fence the extension"
)

// nodeID is where a leader is in its pass; idle is between two passes.
type nodeID uint32

const idle nodeID = 0

// node is a step that has been begun with this scope and has got these answers.
type node struct {
	step   int
	scope  scope
	script []answer
}

// pending is what a leader asks next.
type pending struct {
	// op is its question; none where its pass ends without one.
	op   operation
	step int
	// slot is the number that the answer has among those that the leader holds.
	slot int
	// begun is the beginning of the step that asks, script what it has got.
	begun  nodeID
	script []answer
}

// progress is where an answer takes a leader.
type progress struct {
	node nodeID
	// whole is that the step is done with.
	whole bool
	// domain and registrar are the slots of those that it holds, which become slot 0 of the next step.
	domain, registrar uint8
}

type resumption struct {
	node nodeID
	at   seconds
}

type advance struct {
	node   nodeID
	answer answer
}

// automaton is the duty as the search knows it: grown as it is walked.
type automaton struct {
	*books
	steps []passStep

	mu       sync.Mutex
	nodes    []*node
	nodeIDs  map[string]nodeID
	resumed  map[resumption]*pending
	advanced map[advance]progress
	edits    map[editKey]uint32
}

func newAutomaton(steps []passStep) *automaton {
	a := &automaton{
		books: newBooks(), steps: steps, nodeIDs: map[string]nodeID{},
		resumed: map[resumption]*pending{}, advanced: map[advance]progress{},
		edits: map[editKey]uint32{},
	}
	a.enter(node{scope: scope{key: client.ObjectKey{Namespace: factoryNamespace, Name: searchName}}})
	return a
}

// resume runs a leader from where it is to its next question.
func (a *automaton) resume(from nodeID, at seconds) *pending {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := resumption{from, at}
	p, known := a.resumed[key]
	if !known {
		p = a.ask(a.nodes[from], at)
		a.resumed[key] = p
	}
	return p
}

// advance gives a leader the answer to its question, and says where that takes it.
func (a *automaton) advance(from nodeID, p *pending, got answer) progress {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := advance{from, got}
	to, known := a.advanced[key]
	if !known {
		to = a.tell(p, got)
		a.advanced[key] = to
	}
	return to
}

// remember numbers what others have made of an object.
func (a *automaton) remember(key editKey, edit func() uint32) uint32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	id, known := a.edits[key]
	if !known {
		id = edit()
		a.edits[key] = id
	}
	return id
}

func (a *automaton) ask(n *node, at seconds) *pending {
	s, script := n.scope, n.script
	for step := n.step; step < len(a.steps); step++ {
		begun := s
		run := &runner{books: a.books, script: script, at: at}
		out, suspended, err := run.step(a.steps[step], &s)
		if suspended {
			return &pending{op: run.asked, step: step, slot: len(script) + 1, begun: a.enter(node{step: step, scope: begun}), script: script}
		}
		if err != nil || out.Stopped() {
			break
		}
		script = nil
	}
	return &pending{}
}

func (a *automaton) tell(p *pending, got answer) progress {
	script := append(append([]answer(nil), p.script...), got)
	s := a.nodes[p.begun].scope
	run := &runner{books: a.books, script: script, at: got.at}
	out, suspended, err := run.step(a.steps[p.step], &s)
	switch {
	case suspended:
		return progress{node: a.enter(node{step: p.step, scope: a.nodes[p.begun].scope, script: script})}
	case err != nil, out.Stopped(), p.step+1 == len(a.steps):
		return progress{node: idle, whole: true}
	}
	to := progress{whole: true}
	if d := s.facts.domain; d != nil {
		to.domain, s.facts.domain = slotOf(d), renumbered(d)
	}
	if r := s.facts.registrar; r != nil {
		to.registrar, s.facts.registrar = slotOf(r), renumbered(r)
	}
	to.node = a.enter(node{step: p.step + 1, scope: s})
	return to
}

// renumbered is the same object as what a step begins with.
func renumbered[T any, P interface {
	*T
	client.Object
}](o P) P {
	c := *o
	P(&c).SetResourceVersion("0")
	return &c
}

// slotOf is the answer that an object came with: its resourceVersion, which the duty cannot see into.
func slotOf(o client.Object) uint8 {
	n, err := strconv.ParseUint(o.GetResourceVersion(), 10, 8)
	if err != nil {
		panic(fmt.Sprintf("resourceVersion %q was not given out by the search", o.GetResourceVersion()))
	}
	return uint8(n)
}

// enter numbers a node. Two nodes are the same if everything is that their steps can see: all fields of the scope, also those that are added
// some day, as a field that is not known here is compared by its dump.
func (a *automaton) enter(n node) nodeID {
	key := &strings.Builder{}
	rest := n.scope
	f := &rest.facts
	fmt.Fprint(key, n.step, n.script, rest.account != nil)
	if f.domain != nil {
		fmt.Fprint(key, " domain ", a.domainID(f.domain))
	}
	if f.site != nil {
		fmt.Fprint(key, " site ", f.site.ResourceVersion)
	}
	if f.registrar != nil {
		fmt.Fprint(key, " registrar ", a.registrarID(f.registrar))
	}
	fmt.Fprint(key, " secret ", f.secret != nil)
	f.domain, f.site, f.secret, f.registrar, rest.account = nil, nil, nil, nil, nil
	key.WriteString(dump.ForHash(rest))
	id, known := a.nodeIDs[key.String()]
	if !known {
		id = nodeID(len(a.nodes))
		a.nodes = append(a.nodes, &n)
		a.nodeIDs[key.String()] = id
	}
	return id
}

// runner runs one step with the answers that there are.
type runner struct {
	*books
	script []answer
	used   int
	at     seconds
	asked  operation
}

type brokenOff struct{}

func (r *runner) step(step passStep, s *scope) (out duty.Outcome, suspended bool, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case brokenOff{}:
			suspended = true
		default:
			panic(p)
		}
	}()
	if s.account != nil {
		// It was opened by a runner before this one.
		s.account = &scriptedAccount{runner: r}
	}
	ctx := ctrl.LoggerInto(context.Background(), logr.Discard())
	out, err = step.run(r.reconciler(), ctx, s)
	return out, false, err
}

func (r *runner) reconciler() *Reconciler {
	return &Reconciler{
		Client: &scriptedClient{runner: r, cached: true}, Reader: &scriptedClient{runner: r}, Registrars: &scriptedAccount{runner: r}, Clock: r,
		Random: func() float64 { return 0.5 }, Recorder: &events.FakeRecorder{}, FactoryNamespace: factoryNamespace, SitesNamespace: sitesNamespace,
	}
}

// ask returns the answer that the script has, with its slot, or breaks the step off.
func (r *runner) ask(op operation) (answer, string) {
	if r.used == len(r.script) {
		r.asked = op
		panic(brokenOff{})
	}
	a := r.script[r.used]
	r.used++
	return a, strconv.Itoa(r.used)
}
