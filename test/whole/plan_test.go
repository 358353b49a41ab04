package whole

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A story is what an onboarder does with one name, and what it expects to be told.
type story string

const (
	plain    story = "plain"    // ordered; 201
	slowly   story = "slow"     // the registrar takes its time; 201
	repeated story = "repeated" // ordered, told 201, ordered again with the same body: told 201 again
	deleted  story = "deleted"  // ordered, deleted on the way, told whatever it was then, ordered anew: 201
	refused  story = "refused"  // the registrar refuses: 500, ordered again, 500
	taken    story = "taken"    // somebody else was faster: 409, and as a known test name ordered again, 409
	late     story = "late"     // the site does not answer before the deadline: 500, ordered again until 201, bought once
)

// stems are how the names of a story begin; the test registrar plays some of them.
var stems = map[story]string{slowly: "slow-", refused: "setup-fails-", taken: "taken-at-registration-"}

type order struct {
	story  story
	domain string
	// after so many steps of the world the order is placed, or at the latest after some seconds.
	after int
	// patience is how many steps pass before the site is deleted, in a story of a deleted one.
	patience int
}

type mishap string

const (
	killLeader   mishap = "kill -9 the leader"
	killBoth     mishap = "kill -9 both managers"
	killFrontEnd mishap = "kill -9 a front end"
	stopLeader   mishap = "stop the leader until another leads, then let it go on"
)

type fault struct {
	kind  mishap
	steps int
	delay time.Duration
	// spare keeps the fault from falling between the fence around a purchase and what came of it, which takes two minutes to get over.
	spare bool
}

// plan is what is done in a run, made from its seed.
type plan struct {
	orders []order
	faults []fault
}

func newPlan(seed uint64, full bool) plan {
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // has to be the same for the same seed
	stories := []story{plain, plain, slowly, repeated, deleted, refused, taken, late}
	mishaps := []mishap{killLeader, killBoth, killFrontEnd, stopLeader}
	if full {
		stories = append(stories, plain, plain, plain, deleted, deleted, late, refused, slowly, repeated)
		mishaps = append(mishaps, killLeader, killLeader, killBoth, killFrontEnd, killFrontEnd, stopLeader, stopLeader)
	}
	random.Shuffle(len(stories), func(i, j int) { stories[i], stories[j] = stories[j], stories[i] })
	random.Shuffle(len(mishaps), func(i, j int) { mishaps[i], mishaps[j] = mishaps[j], mishaps[i] })
	var p plan
	for i, s := range stories {
		stem, known := stems[s]
		if !known {
			stem = string(s) + "-"
		}
		p.orders = append(p.orders, order{
			story: s, domain: fmt.Sprintf("%s%d.gent", stem, i), after: random.IntN(20*i + 1), patience: random.IntN(20),
		})
	}
	for _, m := range mishaps {
		f := fault{kind: m, steps: 1 + random.IntN(20), spare: !full}
		if !full || random.IntN(2) == 0 { // right after a step is where it hurts most
			f.delay = time.Duration(random.IntN(1000)) * time.Millisecond
		}
		p.faults = append(p.faults, f)
	}
	return p
}

func (p plan) String() string {
	var b strings.Builder
	for _, o := range p.orders {
		_, _ = fmt.Fprintf(&b, "after %3d steps: order %s (%s)\n", o.after, o.domain, o.story)
	}
	for _, f := range p.faults {
		_, _ = fmt.Fprintf(&b, "%2d steps and %s later: %s\n", f.steps, f.delay, f.kind)
	}
	return b.String()
}
