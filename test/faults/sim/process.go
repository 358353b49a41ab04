package sim

import (
	"context"
	"fmt"
	"math/rand/v2"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/controllers/callback"
	"magicwebsitefactory.gent/controllers/domain"
	"magicwebsitefactory.gent/controllers/onboarder"
	"magicwebsitefactory.gent/controllers/registrar"
	"magicwebsitefactory.gent/controllers/site"
	"magicwebsitefactory.gent/controllers/siteclass"
	"magicwebsitefactory.gent/internal/frontend/orders"
	registrars "magicwebsitefactory.gent/internal/registrar"
)

// The duties of a manager, and what the front end does.
const (
	DutyOnboarder = "onboarder"
	DutyRegistrar = "registrar"
	DutySiteClass = "siteclass"
	DutyDomain    = "domain"
	DutySite      = "site"
	DutyCallback  = "callback"
	DutyFrontEnd  = "frontend"
)

// Process is a manager, or a front end: what ends when it dies, with all that it had in memory.
type Process struct {
	// Name in traces, such as manager-2.
	Name string

	world  *World
	dead   bool
	duties map[string]reconcile.Reconciler
	desk   *orders.Desk
	// behind is how many changes its cache is behind what is.
	behind int
	// answers are what those do who have asked a front end and will get no answer.
	answers []func()
	// standing is that one of its tasks stands still, and so does it.
	standing bool
	// source opens its account at the shop, where there is one.
	source registrars.Source
}

// sees is the change up to which its cache has come.
func (p *Process) sees(w *World) int { return max(w.store.changes-p.behind, 0) }

// Lag has its cache be so many changes behind what is.
func (p *Process) Lag(changes int) { p.behind = changes }

func (w *World) newProcess(name string) *Process {
	w.processes++
	p := &Process{Name: fmt.Sprintf("%s-%d", name, w.processes), world: w}
	w.alive = append(w.alive, p)
	return p
}

// NewManager starts a manager. There may be two, each of which believes to lead.
func (w *World) NewManager() *Process {
	p := w.newProcess("manager")
	live := interceptor.NewClient(w.api, p.funcs())
	c := &cached{WithWatch: live, p: p}
	random := rand.New(rand.NewPCG(w.Seed, uint64(w.processes))) //nolint:gosec // a simulation that can be repeated
	var recorder events.EventRecorder = silent{}
	accounts := &accounts{world: w}
	p.duties = map[string]reconcile.Reconciler{
		DutyOnboarder: &onboarder.Reconciler{
			Client: c, Reader: live, Clock: w.Clock, Recorder: recorder, Environment: v1alpha1.EnvironmentTest, FactoryNamespace: w.Factory,
		},
		DutyRegistrar: &registrar.Reconciler{Client: c, Registrars: accounts, Clock: w.Clock, Recorder: recorder, FactoryNamespace: w.Factory},
		DutySiteClass: &siteclass.Reconciler{
			Client: c, Reader: live, Clock: w.Clock, Recorder: recorder, FactoryNamespace: w.Factory, SitesNamespace: w.Sites,
		},
		DutyDomain: &domain.Reconciler{
			Client: c, Reader: live, Registrars: accounts, Clock: w.Clock, Recorder: recorder, Random: random.Float64,
			FactoryNamespace: w.Factory, SitesNamespace: w.Sites,
		},
		DutySite: &site.Reconciler{
			Client: c, Reader: live, Clock: w.Clock, Recorder: recorder, Prober: &prober{world: w}, Random: rand.NewChaCha8(seedOf(w)),
			FactoryNamespace: w.Factory, SitesNamespace: w.Sites,
		},
		DutyCallback: &callback.Reconciler{
			Client: c, Reader: live, Clock: w.Clock, Recorder: recorder, Random: random.Float64, Sender: &sender{world: w},
			FactoryNamespace: w.Factory, SitesNamespace: w.Sites,
		},
	}
	// What a manager lists first.
	for _, e := range w.store.all() {
		w.wakeOne(p, e.key, e.object)
	}
	return p
}

// NewFrontEnd starts a front end.
func (w *World) NewFrontEnd() *Process {
	p := w.newProcess("frontend")
	live := interceptor.NewClient(w.api, p.funcs())
	claims := &orders.Kubernetes{Live: live, Cached: &cached{WithWatch: live, p: p}, FactoryNamespace: w.Factory, SitesNamespace: w.Sites}
	p.desk = &orders.Desk{
		Claims: claims, Books: claims, Checker: &checker{world: w}, Keys: w.keys, Clock: w.Clock,
		Random: w.letters, Environment: v1alpha1.EnvironmentTest, SitesNamespace: w.Sites,
	}
	return p
}

func (w *World) kill(p *Process) {
	p.dead = true
	alive := w.alive[:0:0]
	for _, other := range w.alive {
		if other != p {
			alive = append(alive, other)
		}
	}
	w.alive = alive
	w.queue.forget(p)
	for _, unanswered := range p.answers {
		unanswered()
	}
	w.Deaths++
	if w.OnDeath != nil {
		w.later(restartTime, "restart", func(context.Context) { w.OnDeath(p) })
	}
}

// seedOf gives each process other random bytes: two that make the same operation ID would be one purchase.
func seedOf(w *World) [32]byte {
	var seed [32]byte
	for i := range 8 {
		seed[i], seed[8+i] = byte(w.Seed>>(8*i)), byte(w.processes>>(8*i))
	}
	return seed
}

// silent takes events and drops them: they say nothing that the objects do not.
type silent struct{}

// Eventf does nothing.
func (silent) Eventf(runtime.Object, runtime.Object, string, string, string, string, ...any) {}

var (
	_ client.Client        = (*cached)(nil)
	_ events.EventRecorder = silent{}
	_                      = types.NamespacedName{}
)
