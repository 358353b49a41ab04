package whole

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"magicwebsitefactory.gent/internal/hallo"
)

// The lease of these tests, and how long one of two managers may take to lead when the other is silent.
const (
	leaseDuration = 3 * time.Second
	takeOver      = time.Minute
)

// figures are what a run found. They are what the line in FAULTS_REPORT says.
type figures struct {
	Part             string  `json:"part"`
	Runs             int     `json:"runs"`
	Kills            int     `json:"kills"`
	PurchasesOverOne int     `json:"purchasesOverOne"`
	Lost             int     `json:"lost"`
	Contradictory    int     `json:"contradictory"`
	WritesAfter      int     `json:"writesAfter"`
	Seconds          float64 `json:"seconds"`
}

// Two managers that elect a leader and two front ends, killed and stopped at random while orders come in, buy each name at most once, tell each
// order one outcome, and then are quiet.
func TestProgramsKeepTheirPromisesWhileTheyAreKilled(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	all := &figures{Part: "leaders"}
	t.Cleanup(func() {
		all.Seconds = time.Since(begun).Seconds()
		t.Logf("%+v", *all)
		report(t, all)
	})
	full := os.Getenv("FAULTS") == "full"
	for _, seed := range seeds(t, full) {
		t.Run(fmt.Sprintf("FAULTS_SEED=%d", seed), func(t *testing.T) {
			all.Runs++
			run(t, seed, full, all)
		})
	}
}

// seeds are the one that was asked for, or new ones.
func seeds(t *testing.T, full bool) []uint64 {
	t.Helper()
	if text := os.Getenv("FAULTS_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("FAULTS_SEED: %q is not a seed that an earlier run printed", text)
		}
		return []uint64{seed}
	}
	runs := 1
	if full {
		runs = 3
	}
	var seeds []uint64
	for range runs {
		seeds = append(seeds, rand.Uint64N(1_000_000_000)) //nolint:gosec // chooses among schedules, guards nothing
	}
	return seeds
}

func report(t *testing.T, f *figures) {
	path := os.Getenv("FAULTS_REPORT")
	if path == "" {
		return
	}
	line, err := json.Marshal(f)
	if err != nil {
		t.Errorf("report: %v", err)
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Errorf("FAULTS_REPORT: %v", err)
		return
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Write(append(line, '\n')); err != nil {
		t.Errorf("FAULTS_REPORT: %v", err)
	}
}

// town is a world with its programs and onboarders, in one run.
type town struct {
	*world
	managers   [2]*pod
	frontends  [2]*pod
	pods       []*pod
	addresses  [2]string // of the front ends
	onboarders []*onboarder
	books      books
	kills      int

	// paused is held while a manager is stopped and until what becomes of it is known: only then may a name be ordered again, since a call that was
	// on its way when its sender was stopped may still arrive, and says nothing of what it belongs to.
	paused sync.RWMutex
}

func run(t *testing.T, seed uint64, full bool, all *figures) {
	plan := newPlan(seed, full)
	t.Logf("seed %d:\n%s", seed, plan)
	town := newTown(t, seed)
	defer town.evict()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	group, work := errgroup.WithContext(ctx)
	for _, o := range plan.orders {
		group.Go(func() error { return town.follow(work, o) })
	}
	group.Go(func() error {
		for _, f := range plan.faults {
			if !town.clock.pass(work, f.steps, 2*time.Second) || !town.clock.pass(work, 1<<30, f.delay) {
				return nil // the run has failed for another reason
			}
			if f.spare {
				_ = await(work, "the end of all calls", 5*time.Second, town.noCalls) // the fault comes anyway
			}
			if err := town.inflict(work, f); err != nil {
				return fmt.Errorf("%s: %w", f.kind, err)
			}
		}
		return nil
	})
	err := group.Wait()
	if err != nil {
		t.Errorf("%v\n%s", err, town.overview())
	}
	if err == nil {
		town.converge(full, all)
	}
	all.Kills += town.kills
	town.judge(all)
}

func newTown(t *testing.T, seed uint64) *town {
	town := &town{world: newWorld(t)}
	town.configure(2 * time.Second)
	town.create(town.hastyClass())
	for i := range town.managers {
		town.managers[i] = town.pod(town.elected)
	}
	for i := range town.frontends {
		address := town.address()
		town.addresses[i] = address
		town.frontends[i] = town.pod(func() (*process, error) { return town.frontend(address) })
	}
	town.onboarders = []*onboarder{
		town.onboarder("patient", className, hallo.Bearer, seed),
		town.onboarder("hasty", hastyClass, hallo.QuerySecret, seed),
	}
	town.play()
	for _, o := range town.onboarders {
		town.awaitReady(o.object)
	}
	return town
}

// elected starts a manager that leads if it is elected.
func (t *town) elected() (*process, error) {
	return t.manager("--metrics-bind-address=0", "--leader-elect", "--leader-elect-lease-duration="+leaseDuration.String(),
		"--leader-elect-renew-deadline=2500ms", "--leader-elect-retry-period=500ms")
}

// leads says whether a manager has been elected. One that loses the lease ends.
func leads(p *process) bool { return p.alive() && p.log.Contains("acquired lease") }

// leader returns the index of the one manager that leads. One that has just lost the lease, on a busy machine, is waited for to end.
func (t *town) leader(ctx context.Context) (int, error) {
	found := -1
	err := await(ctx, "a manager to lead", takeOver, func(context.Context) error {
		found = slices.IndexFunc(t.managers[:], func(m *pod) bool { return leads(m.now()) })
		switch {
		case found < 0:
			return errors.New("none does")
		case leads(t.managers[1-found].now()):
			return errors.New("both do")
		}
		return nil
	})
	return found, err
}

// inflict does one fault. The kubelet starts anew what ends.
func (t *town) inflict(ctx context.Context, f fault) error {
	t.t.Logf("%s %s", time.Now().Format(clockFace), f.kind)
	switch f.kind {
	case killLeader:
		i, err := t.leader(ctx)
		if err != nil {
			return err
		}
		t.kill(t.managers[i])
	case killBoth:
		t.kill(t.managers[:]...)
	case killFrontEnd:
		t.kill(t.frontends[f.steps%len(t.frontends)])
	case stopLeader:
		return t.stopLeader(ctx, f)
	}
	return nil
}

// kill ends what runs in pods, all at once.
func (t *town) kill(pods ...*pod) {
	t.kills += len(pods)
	var ended []*process
	for _, p := range pods {
		now := p.now()
		now.signal(syscall.SIGKILL)
		ended = append(ended, now)
	}
	for _, p := range ended {
		<-p.ended
	}
}

// stopLeader stops the leader until the other has led for a while, and then lets it go on believing to lead, until it notices.
func (t *town) stopLeader(ctx context.Context, f fault) error {
	t.paused.Lock()
	defer t.paused.Unlock()
	i, err := t.leader(ctx)
	if err != nil {
		return err
	}
	old := t.managers[i].now()
	old.signal(syscall.SIGSTOP)
	err = await(ctx, "the other manager to lead", takeOver, func(context.Context) error {
		if !leads(t.managers[1-i].now()) {
			return errors.New("it does not")
		}
		return nil
	})
	t.clock.pass(ctx, f.steps, time.Second)
	old.signal(syscall.SIGCONT)
	if err == nil && !old.endsWithin(takeOver) {
		err = errors.New("a manager that lost its lease goes on")
	}
	return err
}

func (t *town) overview() string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.t.Context()), 10*time.Second)
	defer cancel()
	var text []byte
	for _, line := range t.states(ctx) {
		text = fmt.Appendln(text, line)
	}
	return cmp.Or(string(text), "no sites")
}
