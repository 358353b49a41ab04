package rdap

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/cache"
	"k8s.io/utils/clock"
)

const (
	// maxPause is as long as a server is left alone without being asked whether it feels better.
	maxPause = time.Hour
	// The pauses where a server does not say how long: when it was asked too much, and when it cannot answer now.
	pauseBusy = time.Minute
	pauseDown = 10 * time.Second
	// maxPausing bounds the servers that are kept in mind: redirects may name any.
	maxPausing = 1000
)

// pauses are the servers that want to be left alone, by host and port.
type pauses struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	until *cache.LRUExpireCache
}

func newPauses(now clock.PassiveClock) *pauses {
	return &pauses{clock: now, until: cache.NewLRUExpireCacheWithClock(maxPausing, now)}
}

// begin leaves a server alone from now on. The answer to a question that was under way already does not cut short what the server asked for before.
func (p *pauses) begin(host string, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left(host) >= pause {
		return
	}
	p.until.Add(host, p.clock.Now().Add(pause), pause)
}

// left is how long a server is still to be left alone; 0 if it may be asked.
func (p *pauses) left(host string) time.Duration {
	until, ok := p.until.Get(host)
	if !ok {
		return 0
	}
	return max(until.(time.Time).Sub(p.clock.Now()), 0)
}

// pauseOf says whether an answer means that the server wants to be left alone (RFC 7480, section 5.5; RFC 9110, section 15.6.4), and for how long.
func pauseOf(res *http.Response, now time.Time) (time.Duration, bool) {
	wish := retryAfter(res.Header.Get("Retry-After"), now)
	switch {
	case res.StatusCode == http.StatusTooManyRequests && wish == 0:
		return pauseBusy, true
	case res.StatusCode == http.StatusServiceUnavailable && wish == 0:
		return pauseDown, true
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable:
		return wish, true
	}
	return 0, false
}

// retryAfter takes both forms of RFC 9110, section 10.2.3, seconds and a date, up to maxPause. Anything else, and the past, is no wish.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(maxPause/time.Second) {
			return maxPause // too many digits are a very long wish
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), maxPause)
}
