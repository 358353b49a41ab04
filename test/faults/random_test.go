package faults

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"pgregory.net/rapid"

	"magicwebsitefactory.gent/test/faults/sim"
)

// mixture is what goes wrong in one random run: drawn before it begins, so that a failure can be made smaller.
type mixture struct {
	Scenario int
	// Order of what is ready at the same time; 0 for as it came.
	Order                                   uint64
	Careless, NoOrders, NoOperations, Twice bool
	Faults                                  []fault
	Events                                  []happening
	// Answers of the receiver, before it answers 200.
	Answers []int
}

// fault is what goes wrong at the how manieth moment.
type fault struct {
	Moment int
	Kind   int
}

type happening struct {
	After time.Duration
	Kind  int
}

const (
	faultKinds     = 11
	happeningKinds = 7
)

func drawMixture(t *rapid.T) mixture {
	return mixture{
		Scenario:     rapid.IntRange(0, len(scenarios)-1).Draw(t, "scenario"),
		Order:        rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64()).Draw(t, "order"),
		Careless:     rapid.Bool().Draw(t, "careless"),
		NoOrders:     rapid.IntRange(0, 4).Draw(t, "noOrders") == 4,
		NoOperations: rapid.IntRange(0, 4).Draw(t, "noOperations") == 4,
		Twice:        rapid.Bool().Draw(t, "two managers"),
		Faults: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fault {
			return fault{rapid.IntRange(0, 300).Draw(t, "moment"), rapid.IntRange(0, faultKinds-1).Draw(t, "kind")}
		}), 0, 8).Draw(t, "faults"),
		Events: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) happening {
			return happening{time.Duration(rapid.IntRange(0, 200).Draw(t, "after")) * time.Second, rapid.IntRange(0, happeningKinds-1).Draw(t, "kind")}
		}), 0, 4).Draw(t, "events"),
		Answers: rapid.SliceOfN(rapid.SampledFrom([]int{500, 503, 429, 410, 302, 204, 404}), 0, 4).Draw(t, "answers"),
	}
}

// arrange makes the Script of a mixture.
func (m mixture) arrange(w *sim.World) sim.Script {
	w.Registry.Careless = w.Registry.Careless || m.Careless
	w.Registry.NoOrders, w.Registry.NoOperations = m.NoOrders, m.NoOperations
	if m.Order != 0 {
		order := rand.New(rand.NewPCG(m.Order, 0)) //nolint:gosec // drawn, so that it can be repeated
		w.Choose = order.IntN
	}
	answers := m.Answers
	if then := w.Receiver.Answers; len(answers) > 0 {
		w.Receiver.Answers = func(told sim.Told) int {
			if len(answers) > 0 {
				code := answers[0]
				answers = answers[1:]
				return code
			}
			if then != nil {
				return then(told)
			}
			return 200
		}
	}
	if m.Twice {
		w.NewManager()
	}
	for _, e := range m.Events {
		w.Later(e.After, "something happens", func() error { return happen(w, e.Kind) })
	}
	return &mixed{faults: m.Faults}
}

func happen(w *sim.World, kind int) error {
	switch kind {
	case 0:
		return w.DeleteSite(alice)
	case 1:
		w.Citizen.Order(alice, "code")
	case 2:
		w.Citizen.Order(alice, "another code")
	case 3:
		w.Later(5*time.Minute, "the Registrar goes on", func() error { return w.Suspend(false) })
		return w.Suspend(true)
	case 4:
		return w.Rotate("mwf_another-token-of-the-simulation-just-as-long")
	case 5:
		if p := w.Manager(); p != nil {
			w.Crash(p)
		}
	case 6:
		w.Citizen.Order("bob.gent", "bob's code")
	}
	return nil
}

// mixed is the Script of a mixture. It counts the moments of all calls that are none to the cache.
type mixed struct {
	faults []fault
	moment int
	// since is when a cache began to be behind.
	since time.Time
}

// behind is for how long a cache may be behind: they catch up.
const behind = time.Minute

// Decide counts.
func (s *mixed) Decide(w *sim.World, t *sim.Task, c sim.Call, m sim.Moment) sim.Verdict {
	if c.Cached() {
		return s.cached(w, m)
	}
	s.moment++
	s.since = time.Time{}
	for _, f := range s.faults {
		if f.Moment == s.moment {
			return disturb(w, t, f.Kind, c, m)
		}
	}
	return sim.Verdict{}
}

// cached makes the reads between two moments old, where a fault says so.
func (s *mixed) cached(w *sim.World, m sim.Moment) sim.Verdict {
	now := w.Clock.Now()
	for _, f := range s.faults {
		if m != sim.Before || f.Moment != s.moment || f.Kind < 8 {
			continue
		}
		if s.since.IsZero() {
			s.since = now
		}
		if now.Sub(s.since) < behind {
			return sim.Verdict{Older: f.Kind - 7}
		}
	}
	return sim.Verdict{}
}

func disturb(w *sim.World, t *sim.Task, kind int, c sim.Call, m sim.Moment) sim.Verdict {
	api := schema.GroupResource{Group: "magicwebsitefactory.gent", Resource: strings.ToLower(c.Kind)}
	switch kind {
	case 0, 1:
		return sim.Verdict{Action: sim.Crash}
	case 2:
		return sim.Verdict{Action: sim.Fail}
	case 3:
		if c.Verb == "buy" && m == sim.Before {
			return sim.Verdict{Action: sim.Fail, Err: sim.ErrPostponed}
		}
		return sim.Verdict{Action: sim.Fail, Err: apierrors.NewTooManyRequests("slow down", 1)}
	case 4:
		if m == sim.Before && !c.Read() {
			return sim.Verdict{Action: sim.Fail, Err: apierrors.NewConflict(api, alice, fmt.Errorf("somebody was faster"))}
		}
		return sim.Verdict{Action: sim.Fail, Err: apierrors.NewInternalError(fmt.Errorf("no leader"))}
	case 5:
		if c.Verb == "buy" && m == sim.Before {
			return sim.Verdict{Action: sim.Delay, After: 70 * time.Second}
		}
		return sim.Verdict{Action: sim.Fail}
	case 6:
		return sim.Verdict{Action: sim.Pause, Until: untilLater(w, t.Process)}
	case 7:
		return sim.Verdict{Action: sim.Pause, Alone: true}
	}
	return sim.Verdict{}
}

// partRandom is what the random runs are called.
const partRandom = "at random"

// mixtures draws one.
var mixtures = rapid.Custom(drawMixture)

func TestWhateverGoesWrongAtRandom(t *testing.T) {
	first, runs := number(t, "FAULTS_SEED", 1), number(t, "FAULTS_RANDOM", randomRuns())
	var jobs []job
	for seed := first; seed < first+runs; seed++ {
		jobs = append(jobs, mixtures.Example(seed).job(seed))
	}
	if failed := runAll(t, jobs, 1); len(failed) > 0 {
		smaller(t, failed[0].seed)
	}
}

// smaller looks for the smallest mixture that goes wrong as that of a seed does.
func smaller(t *testing.T, seed int) {
	t.Helper()
	for name, value := range map[string]int{"rapid.seed": seed, "rapid.checks": 1} {
		if err := errors.Join(flag.Set(name, strconv.Itoa(value)), flag.Set("rapid.nofailfile", "true")); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FAULTS_SEED=%d FAULTS_RANDOM=1 repeats the first of them, which is made smaller now", seed)
	api := connect(t)
	t.Run("smaller", func(t *testing.T) { // of its own, as it has not failed yet
		rapid.Check(t, func(r *rapid.T) {
			j := mixtures.Draw(r, "mixture").job(seed)
			if w, err := j.play(t, api); err != nil {
				r.Fatalf("%s\n%v\n%s", j, err, trace(w))
			}
		})
	})
}

func (m mixture) job(seed int) job {
	return job{part: partRandom, seed: seed, scenario: scenarios[m.Scenario], disturbance: disturbance{name: fmt.Sprintf("seed %d: %+v", seed, m), arrange: m.arrange}}
}

// number is that of an environment variable.
func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// randomRuns is how many random mixtures are played.
func randomRuns() int {
	if full {
		return 200
	}
	return 20
}
