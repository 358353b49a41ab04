package domain

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// twins are the search's model and a world with real Reconcilers, a real client and the test registrar, to both of which the same happens.
type twins struct {
	*testing.T
	random *rand.Rand
	model  *model
	st     situation
	world  *world
	// log says what has happened.
	log []string
}

func newTwins(t *testing.T, c *scenario, m *model, seed uint64) *twins {
	w := newWorld(t, searchRegistrar(c.limit, c.byMoney), newDomain(searchName), newSite(searchName), newSecret(searchName))
	w.clock.SetTime(searchStart)
	return &twins{T: t, random: rand.New(rand.NewPCG(seed, 0)), model: m, st: c.first(m), world: w} //nolint:gosec // a schedule to be repeated
}

// TestSearchTakesTheStepsOfReconcile reads the list of steps in Reconcile and compares it with the search's.
func TestSearchTakesTheStepsOfReconcile(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reconciler.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var taken, searched []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Run" {
			for _, step := range call.Args[2:] {
				taken = append(taken, step.(*ast.SelectorExpr).Sel.Name)
			}
		}
		return true
	})
	for _, s := range passSteps() {
		name := runtime.FuncForPC(reflect.ValueOf(s.run).Pointer()).Name()
		searched = append(searched, name[strings.LastIndex(name, ".")+1:])
	}
	if diff := cmp.Diff(taken, searched); diff != "" {
		t.Errorf("Reconcile (-) and the search (+) take other steps:\n%s", diff)
	}
}

// TestSearchDoesWhatTheReconcilerDoes lets the same happen, at random, to the search's leaders and to two real Reconcilers against a real client:
// every call in between, whatever others do between two calls, crashes, lost answers. They make the same calls, and come to the same.
func TestSearchDoesWhatTheReconcilerDoes(t *testing.T) {
	c := scenario{kind: aRegistry, limit: 2, byMoney: true, happens: anything, fine: true, horizon: untilNext}
	m := c.model(faithful)
	seeds, calls, orders := uint64(100), 0, 0
	switch {
	case raceDetector:
		seeds = 20
	case os.Getenv("FAULTS") == "full":
		seeds = 3000
	}
	for seed := range seeds {
		w := newTwins(t, &c, m, seed)
		for range 8 {
			w.happen(2)
			w.pass(0)
			w.compare()
			if t.Failed() {
				t.Fatalf("seed %d:\n%s", seed, strings.Join(w.log, "\n"))
			}
		}
		calls += len(w.log)
		orders += w.world.buys
	}
	t.Logf("%d schedules, %d calls and events, %d orders", seeds, calls, orders)
	if orders < int(seeds)/3 {
		t.Errorf("only %d orders: these schedules try too little", orders)
	}
}

// pass lets one leader make a pass in both, with things happening between its calls. The other leader may make one meanwhile.
func (w *twins) pass(who int) {
	l := &w.st.leaders[who]
	name := fmt.Sprintf("leader %d", who)
	g := &gate{t: w.T, world: w.world}
	g.before = func(v verb) uint8 {
		p := w.model.resume(l.node, w.model.clock(&w.st, who))
		if p.op.verb != v {
			w.Errorf("%s asks %d, and the search %d", name, v, p.op.verb)
			panic(errCrash)
		}
		choice := w.choose(v)
		w.log = append(w.log, fmt.Sprintf("%s %s %d %d", name, w.model.steps[p.step].name, v, choice))
		if wrong := w.model.step(&w.st, who, choice); wrong != "" {
			w.Errorf("the search objects: %s", wrong)
		}
		return choice
	}
	g.after = func() {
		w.happen(1)
		if who == 0 && w.random.IntN(12) == 0 {
			w.pass(1)
		}
		if w.random.IntN(30) == 0 {
			w.log = append(w.log, name+" dies")
			*l = leader{}
			panic(errCrash)
		}
	}
	defer func() {
		if p := recover(); p != nil && p != any(errCrash) {
			panic(p)
		}
		*l = leader{}
	}()
	ctx := ctrl.LoggerInto(w.Context(), logr.Discard())
	_, _ = g.process().Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKey{Namespace: factoryNamespace, Name: searchName}})
	if l.node != idle {
		if p := w.model.resume(l.node, w.model.clock(&w.st, who)); p.op.verb != opNone {
			w.Errorf("%s has ended its pass, and the search goes on to %s", name, w.model.steps[p.step].name)
		}
	}
}

// choose is how a call is answered, nearly always without a fault.
func (w *twins) choose(v verb) uint8 {
	if w.random.IntN(10) != 0 {
		return 0
	}
	switch v {
	case opWriteStatus, opWriteMeta, opReserve, opLookUp:
		return 1
	case opBuy:
		return []uint8{buyAnswerLost, buyLost}[w.random.IntN(2)]
	default:
		return 0
	}
}

// happen lets something happen in both, now and then.
func (w *twins) happen(eagerness int) {
	var all []happening
	var changes []func(*situation)
	w.model.outside(&w.st, func(e happening, change func(*situation)) {
		if e.what != evForeign && (e.what != evSite || siteState(e.choice) != siteDeleting) {
			all, changes = append(all, e), append(changes, change)
		}
	})
	if w.random.IntN(40) >= eagerness*len(all)/4 {
		return
	}
	i := w.random.IntN(len(all))
	if what := all[i].what; what != evTick && what != evTouch && w.random.IntN(4) != 0 {
		return
	}
	w.log = append(w.log, w.model.story(&w.st, all[i], ""))
	w.alsoInWorld(all[i])
	changes[i](&w.st)
}

func (w *twins) alsoInWorld(e happening) {
	at := w.model.moments[w.st.now]
	switch e.what {
	case evTick:
		w.world.clock.SetTime(w.model.moments[w.st.now+1].time())
	case evSite:
		to := siteAs(siteState(e.choice))
		w.world.changeSite(searchName, func(s *v1alpha1.IndieSite) { s.Status = to.Status })
	case evSecret:
		w.world.delete(newSecret(searchName))
	case evDelete:
		w.world.delete(newDomain(searchName))
		// The API server counts this, the fake client does not.
		w.world.changeDomain(searchName, func(d *v1alpha1.Domain) { d.Generation++ })
	case evTouch:
		w.world.changeDomain(searchName, func(d *v1alpha1.Domain) { d.Labels = map[string]string{"touched": fmt.Sprint(len(w.log))} })
	case evRestore:
		w.world.changeDomain(searchName, statusLost)
	case evSuspend:
		w.world.changeRegistrar(func(r *v1alpha1.Registrar) { r.Spec.Suspend = !r.Spec.Suspend })
	case evOther:
		w.world.changeRegistrar(anotherReserved(at))
	}
}

// compare says where the two differ.
func (w *twins) compare() {
	d := &v1alpha1.Domain{}
	err := w.world.client.Get(w.Context(), client.ObjectKey{Namespace: factoryNamespace, Name: searchName}, d)
	if gone := apierrors.IsNotFound(err); gone || w.st.domain == 0 {
		if gone != (w.st.domain == 0) {
			w.Errorf("the Domain is gone: %v, and in the search %v", gone, w.st.domain == 0)
		}
		return
	}
	if diff := cmp.Diff(likeness(w.model.domains.get(uint32(w.st.domain)).object), likeness(d)); diff != "" {
		w.Errorf("Domain in the search (-) and in the world (+):\n%s", diff)
	}
	if diff := cmp.Diff(w.model.registrars.get(uint32(w.st.registrar)).object.Status.Usage, w.world.usage()); diff != "" {
		w.Errorf("usage in the search (-) and in the world (+):\n%s", diff)
	}
	if w.st.entry == entryNone {
		return
	}
	if e := w.world.ledger(searchName); e.Purchases != int(w.st.purchases) {
		w.Errorf("%d purchases, and in the search %d", e.Purchases, w.st.purchases)
	}
}

// likeness leaves out what the two may differ in: the test registrar's expiry.
func likeness(d *v1alpha1.Domain) any {
	status := d.Status.DeepCopy()
	status.ExpiryTime = nil
	for i := range status.Conditions {
		c := &status.Conditions[i]
		c.LastTransitionTime = metav1.NewTime(c.LastTransitionTime.UTC())
	}
	return []any{status, d.Generation, d.DeletionTimestamp.IsZero(), d.Annotations, d.Finalizers}
}
