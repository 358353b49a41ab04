package hallo

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// Step is a part of a claim.
type Step string

// The steps of a claim, in their order.
const (
	StepListen       Step = "listen"
	StepAvailability Step = "availability"
	StepOrder        Step = "order"
	StepCallback     Step = "callback"
	StepSettings     Step = "owner-settings"
	StepPage         Step = "page"
)

// Result says what an Event tells of its step.
type Result string

// What can be told of a step.
const (
	Done   Result = "done"
	Failed Result = "failed"
	Noted  Result = "note"
)

// Event is one line of a Report.
type Event struct {
	Time time.Time `json:"time"`
	// Seconds since the start.
	Seconds float64 `json:"seconds"`
	Domain  string  `json:"domain"`
	Step    Step    `json:"step"`
	Result  Result  `json:"result"`
	Message string  `json:"message"`
}

// Report prints the steps of a claim with the time since its start: for people,
// or as one JSON object per line. It never carries a token or a code.
type Report struct {
	domain string
	clock  clock.PassiveClock
	start  time.Time
	asJSON bool

	mu      sync.Mutex
	out     io.Writer
	current Step
}

// NewReport starts the time.
func NewReport(out io.Writer, domain string, asJSON bool, clk clock.PassiveClock) *Report {
	return &Report{out: out, domain: domain, asJSON: asJSON, clock: clk, start: clk.Now()}
}

// Done tells that a step went well.
func (r *Report) Done(step Step, format string, values ...any) {
	r.print(step, Done, fmt.Sprintf(format, values...))
}

// Failed tells that a step, and with it the claim, failed.
func (r *Report) Failed(step Step, err error) { r.print(step, Failed, err.Error()) }

// Note tells something on the way.
func (r *Report) Note(step Step, format string, values ...any) {
	r.print(step, Noted, fmt.Sprintf(format, values...))
}

// Retrying notes, for the step under way, that a request will be sent again.
func (r *Report) Retrying(reason error, pause time.Duration) {
	r.mu.Lock()
	step := r.current
	r.mu.Unlock()
	r.Note(step, "%s; again in %s", reason, pause.Round(100*time.Millisecond))
}

func (r *Report) begin(step Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = step
}

var marks = map[Result]string{Done: "✓", Failed: "✗", Noted: "·"}

func (r *Report) print(step Step, result Result, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	seconds := now.Sub(r.start).Seconds()
	if !r.asJSON {
		_, _ = fmt.Fprintf(r.out, "%5.1f s  %s %s\n", seconds, marks[result], message) // nowhere to tell
		return
	}
	_ = json.NewEncoder(r.out).Encode(Event{ // nowhere to tell
		Time: now.UTC(), Seconds: seconds, Domain: r.domain, Step: step, Result: result, Message: message,
	})
}
