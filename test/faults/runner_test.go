// Package faults proves, by trying, that whatever goes wrong and whenever, a name is paid for once at most and every accepted order is told how it
// ended. See the package sim for how.
//
// `make faults` runs everything and prints a table; `make test` runs a part of it. FAULTS_ONLY=<part of a name> repeats single runs, with all
// that happened in them.
package faults

import (
	"errors"
	"flag"
	"fmt"
	"iter"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"magicwebsitefactory.gent/test/apiserver"
	"magicwebsitefactory.gent/test/faults/sim"
)

// full is whether everything is run, and not only a part.
var full = os.Getenv("FAULTS") == "full"

// only is the part of a name that runs are picked by.
var only = os.Getenv("FAULTS_ONLY")

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	flag.Parse()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // a fifth of the time otherwise, for little memory
	}
	code := apiserver.Main(m)
	if err := figures.write(os.Getenv("FAULTS_REPORT")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func connect(t testing.TB) client.WithWatch {
	t.Helper()
	config := rest.CopyConfig(apiserver.Config(t))
	api, err := client.NewWithWatch(config, client.Options{Scheme: apiserver.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// disturbance is one thing, or some, that goes wrong in a run.
type disturbance struct {
	name string
	// arrange makes the Script, and whatever else it needs.
	arrange func(w *sim.World) sim.Script
}

// job is a scenario with a disturbance.
type job struct {
	scenario scenario
	disturbance
	part string
	// seed of a random run.
	seed int
}

func (j job) String() string { return j.part + ": " + j.scenario.name + ", " + j.name }

// play runs it for the figures.
func (j job) play(t testing.TB, api client.WithWatch) (*sim.World, error) {
	begun := time.Now()
	w, err := j.run(t, api)
	figures.note(j, w, err, time.Since(begun))
	return w, err
}

// run plays it, and says what is wrong.
func (j job) run(t testing.TB, api client.WithWatch) (_ *sim.World, err error) {
	w, err := sim.New(t.Context(), api, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	w.Compares = j.arrange == nil || j.part == partRandom
	if j.scenario.arrange != nil {
		j.scenario.arrange(w)
	}
	if j.arrange != nil {
		w.Script = j.arrange(w)
	}
	if err := j.scenario.play(w); err != nil {
		return w, err
	}
	if err := w.Run(horizon(), w.Settled); err != nil {
		return w, err
	}
	if err := w.Verify(); err != nil {
		return w, err
	}
	if err := j.ending(w); err != nil {
		return w, err
	}
	if j.arrange != nil && j.part != partRandom && w.Disturbed == 0 {
		return w, errors.New("nothing went wrong: the call that was to be disturbed did not come")
	}
	w.Mark()
	return w, w.Quiet()
}

// passing are the parts in which what goes wrong is over long before any deadline, so that every order ends as it would without.
var passing = []string{"undisturbed", "process dies", "call fails", "old read", "old read after a death", "two leaders", "slow duty", "late order", "restore", "provider", "provider's fault", "provider's faults in pairs", "another installation", partCredentials}

// ending judges how the order that was placed last ended.
func (j job) ending(w *sim.World) error {
	if len(j.scenario.ends) == 0 || !slices.Contains(passing, j.part) {
		return nil
	}
	if len(w.Citizen.Accepted) == 0 {
		return nil // the only site was being deleted, and is in no backup
	}
	last := 0
	for _, told := range w.Receiver.Ledger {
		if told.Domain == alice && told.Answer == 200 {
			last = told.Code
		}
	}
	if !slices.Contains(j.scenario.ends, last) {
		return fmt.Errorf("%w: it ended in %d, and not in one of %v", sim.ErrUntrue, last, j.scenario.ends)
	}
	return nil
}

// horizon is after how long nothing can be under way any more: longer than the deadlines, the farewell, the time after which failed sites go, and as many
// pauses between callbacks as receivers fail here. A mutant has no need to wait so long.
func horizon() time.Duration {
	if os.Getenv(mutantEnv) != "" {
		return 6 * time.Hour
	}
	return 100 * time.Hour
}

// maxFailures is how many failures are shown.
const maxFailures = 8

// chosen are the scenarios that runs are wanted of.
func chosen(scenarios []scenario) []scenario {
	if only == "" {
		return scenarios
	}
	var named []scenario
	for _, s := range scenarios {
		if strings.Contains(only, s.name) {
			named = append(named, s)
		}
	}
	return named
}

// runAll plays all jobs, or a part of them, a few at a time, and returns those that failed, as far as they are shown.
func runAll(t *testing.T, jobs []job, stride int) []job {
	t.Helper()
	if os.Getenv("FAULTS") == "count" {
		t.Logf("%d runs", len(jobs))
		return nil
	}
	if full && stride > 1 {
		stride = max(number(t, "FAULTS_EVERY", 1), 1)
	}
	api := connect(t)
	var mu sync.Mutex
	var done, red int
	var failed []job
	wanted := func(yield func(job) bool) {
		for i, j := range jobs {
			if only != "" && !strings.Contains(j.String(), only) || only == "" && i%stride != 0 {
				continue
			}
			mu.Lock()
			enough := red > maxFailures
			mu.Unlock()
			if enough || !yield(j) {
				return
			}
		}
	}
	together(wanted, func(j job) {
		w, err := j.play(t, api)
		mu.Lock()
		defer mu.Unlock()
		if done++; err != nil {
			red++
		}
		switch {
		case err != nil && red <= maxFailures:
			failed = append(failed, j)
			t.Errorf("%s\n%v\nto repeat it: FAULTS_ONLY=%q\n%s", j, err, j.String(), trace(w))
		case only != "":
			t.Logf("%s\n%s", j, trace(w))
		}
	})
	if done == 0 && len(jobs) > 0 {
		t.Error("no run was made")
	}
	t.Logf("%d of %d runs, %d of them red", done, len(jobs), red)
	return failed
}

// together does something for each of many, a few at a time.
func together[T any](all iter.Seq[T], do func(T)) {
	var wait sync.WaitGroup
	queue := make(chan T)
	for range workers {
		wait.Go(func() {
			for one := range queue {
				do(one)
			}
		})
	}
	for one := range all {
		queue <- one
	}
	close(queue)
	wait.Wait()
}

// workers are how many runs are played at a time: they wait for the API server half of the time.
var workers = 2*runtime.GOMAXPROCS(0) + 1

func trace(w *sim.World) string {
	if w == nil {
		return ""
	}
	lines := w.Trace()
	if calls := w.Calls(); only != "" && os.Getenv(mutantEnv) == "" {
		lines = append(lines, "the last calls:")
		for _, m := range calls[max(0, len(calls)-80):] {
			lines = append(lines, m.Moment.String()+" "+m.Call.String())
		}
	}
	if len(lines) > 60 && only == "" {
		lines = append(append([]string{}, lines[:40]...), append([]string{"..."}, lines[len(lines)-20:]...)...)
	}
	return strings.Join(lines, "\n")
}
