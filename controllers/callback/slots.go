package callback

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"magicwebsitefactory.gent/internal/delivery"
)

// DefaultPerHost is how many attempts may run at once per receiver.
const DefaultPerHost = 4

// slotPause is after how long, give or take a half, a site that waits for a slot looks by itself whether there is one. It need not: an attempt is over by then,
// and whoever gives its slot back calls the next.
const slotPause = delivery.Timeout

// slots bounds the attempts that run at once, by receiver. Sites that find none stand in line and are called, one for each slot that is given back, so that
// many that wait cost nothing. It is no state that matters after a restart. The zero value is ready for use.
//
// A receiver gets one attempt at a time until it has answered, and again after it did not answer in time, or asked for less: several that hang must not hold
// all workers between them.
type slots struct {
	mu    sync.Mutex
	hosts map[string]*host
}

// host is what goes on at one receiver.
type host struct {
	running int
	// called are the sites that were called to a slot and have not come yet. One whose receiver has changed since may be called by two.
	called sets.Set[types.NamespacedName]
	// quick says whether the last answer came in time.
	quick bool
	// line of the sites that wait, and the same as a set.
	line   []types.NamespacedName
	inLine sets.Set[types.NamespacedName]
}

// room is how many slots are free.
func (h *host) room(limit int) int {
	if !h.quick {
		limit = 1
	}
	return limit - h.running
}

// leave takes a site that waits no more out of the line.
func (h *host) leave(site types.NamespacedName) {
	if !h.inLine.Has(site) {
		return
	}
	h.inLine.Delete(site)
	h.line = slices.DeleteFunc(h.line, func(other types.NamespacedName) bool { return other == site })
}

// take takes a slot for a site, or puts it in line.
func (s *slots) take(name string, site types.NamespacedName, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mustWait(name, site, limit) {
		return false
	}
	h := s.hosts[name]
	h.called.Delete(site)
	h.leave(site)
	h.running++
	return true
}

// full says whether there is no slot, and then puts the site in line.
func (s *slots) full(name string, site types.NamespacedName, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.forget(name)
	return s.mustWait(name, site, limit)
}

func (s *slots) mustWait(name string, site types.NamespacedName, limit int) bool {
	if s.hosts == nil {
		s.hosts = map[string]*host{}
	}
	h := s.hosts[name]
	if h == nil {
		h = &host{called: sets.New[types.NamespacedName](), inLine: sets.New[types.NamespacedName]()}
		s.hosts[name] = h
	}
	if h.room(limit) > 0 {
		return false
	}
	if !h.inLine.Has(site) {
		h.line = append(h.line, site)
		h.inLine.Insert(site)
	}
	return true
}

// giveBack gives a slot back, after an answer if there was one, and returns the sites to call.
func (s *slots) giveBack(name string, answer delivery.Answer, limit int) []types.NamespacedName {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	h.running--
	if answer != (delivery.Answer{}) {
		h.quick = !overburdened(answer)
	}
	return s.next(name, limit)
}

// came is called when a site was looked at. If it was called to a slot and did not take it, the next ones are called in its place.
func (s *slots) came(site types.NamespacedName, limit int) (sites []types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, h := range s.hosts {
		if h.called.Has(site) {
			h.called.Delete(site)
			sites = append(sites, s.next(name, limit)...)
		}
	}
	return sites
}

// next takes out of the line as many sites as there are slots that nobody was called to.
func (s *slots) next(name string, limit int) (sites []types.NamespacedName) {
	h := s.hosts[name]
	for len(h.line) > 0 && h.called.Len() < h.room(limit) {
		site := h.line[0]
		h.line = h.line[1:]
		h.inLine.Delete(site)
		h.called.Insert(site)
		sites = append(sites, site)
	}
	s.forget(name)
	return sites
}

// forget drops a receiver at which nothing goes on.
func (s *slots) forget(name string) {
	if h := s.hosts[name]; h.running == 0 && h.called.Len() == 0 && len(h.line) == 0 {
		delete(s.hosts, name)
	}
}

// overburdened knows the answers after which Standard Webhooks 1.0.0 wants a sender to slow down, and the lack of one.
func overburdened(answer delivery.Answer) bool {
	switch answer.StatusCode {
	case 0:
		return answer.Reason == delivery.ReasonTimeout
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// pauseForSlot has jitter, so that what began to wait together does not look together.
func pauseForSlot(random float64) time.Duration {
	return time.Duration(float64(slotPause) * (0.5 + random))
}
