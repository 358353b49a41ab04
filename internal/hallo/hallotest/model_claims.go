package hallotest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// claim is a name that somebody ordered.
type claim struct {
	order   accepted
	attempt int
	// outcome of the attempt; zero while there is none. told, once it was delivered.
	outcome int
	told    bool
}

// restarting names may be ordered again after each outcome.
var restarting = []string{"available.gent", "taken-at-registration", "setup-fails", "slow"}

func startsOver(name string) bool {
	return slices.ContainsFunc(restarting, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// begins says whether another order of its onboarder begins a new attempt.
func (m *Model) begins(c *claim) bool {
	return c.outcome == http.StatusInternalServerError && m.rules.AfterFailure || c.outcome != 0 && c.outcome != http.StatusInternalServerError && m.rules.StartsOver && m.test() && startsOver(c.order.name)
}

func (m *Model) free(name string, who asked) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.claims[name]
	if c != nil && c.order.who.token != who.token {
		return !m.rules.Hidden
	}
	return c == nil || m.begins(c)
}

// same says whether two orders are one, by the rules.
func (m *Model) same(a, b accepted) bool {
	return (a.code == b.code || !m.rules.Code) && (a.callback == b.callback || !m.rules.Callback) &&
		(a.who.older == b.who.older || !m.rules.Dialect) && (a.who.token == b.who.token || !m.rules.Onboarder)
}

func (m *Model) place(o accepted) *refusal {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := &refusal{status: http.StatusConflict, slug: "not-available"}
	c := m.claims[o.name]
	switch {
	case c == nil && m.test() && o.name == "error.gent":
		return &refusal{status: http.StatusServiceUnavailable, slug: "try-again-later"}
	case c == nil && !m.sold(o.name):
		return taken
	case c == nil:
		c = &claim{order: o, attempt: 1}
		m.claims[o.name] = c
	case c.order.who.token == o.who.token && m.begins(c):
		c.order, c.outcome, c.told = o, 0, false
		c.attempt++
	case !m.same(c.order, o) || !m.rules.Repeats || c.outcome == http.StatusConflict:
		return taken
	case !c.told || !m.rules.SentAgain:
		return nil
	}
	c.told = false
	m.telling.Go(func() { m.tell(c, c.attempt) })
	return nil
}

// outcomeOf is how an order of the name ends, and after how long.
func (m *Model) outcomeOf(name string) (outcome int, after time.Duration) {
	switch {
	case !m.test():
		return http.StatusCreated, 0
	case strings.HasPrefix(name, "taken-at-registration"):
		return http.StatusConflict, 0
	case strings.HasPrefix(name, "setup-fails"):
		return http.StatusInternalServerError, 0
	case strings.HasPrefix(name, "slow"):
		return http.StatusCreated, 100 * time.Millisecond
	}
	return http.StatusCreated, 0
}

// tell calls back until it is over.
func (m *Model) tell(c *claim, attempt int) {
	m.mu.Lock()
	o := c.order
	m.mu.Unlock()
	outcome, after := m.outcomeOf(o.name)
	if !m.sleep(20*time.Millisecond + after) {
		return
	}
	m.mu.Lock()
	c.outcome = outcome
	m.mu.Unlock()
	outcomes := []int{outcome}
	if m.config.Flaw.Outcomes != nil {
		outcomes = m.config.Flaw.Outcomes(o.name, outcome)
	}
	for _, told := range outcomes {
		if !m.deliver(o, told) {
			return
		}
	}
	m.mu.Lock()
	c.told = c.attempt == attempt
	m.mu.Unlock()
}

func (m *Model) deliver(o accepted, outcome int) bool {
	delivered := m.config.Flaw.Delivered
	if delivered == nil {
		delivered = func(status int) bool { return status == http.StatusOK }
	}
	for n := 0; ; n++ {
		if delivered(m.call(o, outcome)) {
			return true
		}
		if pauses := m.config.Flaw.Pauses; !m.sleep(pauses[min(n, len(pauses)-1)]) {
			return false
		}
	}
}

// call makes one callback and returns the status of its answer, zero without one.
func (m *Model) call(o accepted, outcome int) int {
	query := fmt.Sprintf("?status=%d", outcome)
	if o.who.older {
		query += "&secret=" + url.QueryEscape(o.who.token)
	}
	request, err := http.NewRequestWithContext(m.ending, http.MethodPatch, o.callback+"/site/"+o.sent+query, nil)
	if err != nil {
		m.t.Errorf("call back: %v", err)
		return 0
	}
	if !o.who.older {
		request.Header.Set("Authorization", "Bearer "+o.who.token)
	}
	if m.config.Flaw.Call != nil {
		m.config.Flaw.Call(request)
	}
	response, err := m.client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func (m *Model) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.ending.Done():
		return false
	}
}
