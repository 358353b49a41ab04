package callback

import (
	"slices"
	"sync"
	"time"
)

// DefaultPerHost is how many attempts may run at once per receiver.
const DefaultPerHost = 4

const (
	shortestSlotPause = 100 * time.Millisecond
	longestSlotPause  = 5 * time.Second
)

// slots counts the attempts that run, by receiver. It is no state that matters after a restart. The zero value is ready for use.
type slots struct {
	mu      sync.Mutex
	running map[string][]*running
}

type running struct{ since time.Time }

// take takes a slot and returns what gives it back, or else how long to wait before asking again.
func (s *slots) take(host string, limit int, now time.Time, random float64) (release func(), pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pause, full := s.full(host, limit, now, random); full {
		return nil, pause
	}
	if s.running == nil {
		s.running = map[string][]*running{}
	}
	slot := &running{since: now}
	s.running[host] = append(s.running[host], slot)
	return func() { s.giveBack(host, slot) }, 0
}

// pause says whether there is no slot now, and how long to wait before asking again.
func (s *slots) pause(host string, limit int, now time.Time, random float64) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full(host, limit, now, random)
}

// full waits as long as the oldest attempt has run already, give or take a half: where answers come quickly it asks again soon, and a
// receiver that hangs is left in peace.
func (s *slots) full(host string, limit int, now time.Time, random float64) (time.Duration, bool) {
	taken := s.running[host]
	if len(taken) < limit {
		return 0, false
	}
	pause := min(max(now.Sub(taken[0].since), shortestSlotPause), longestSlotPause)
	return time.Duration(float64(pause) * (0.5 + random)), true
}

func (s *slots) giveBack(host string, slot *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running[host] = slices.DeleteFunc(s.running[host], func(r *running) bool { return r == slot })
	if len(s.running[host]) == 0 {
		delete(s.running, host)
	}
}
