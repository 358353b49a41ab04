package combell

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// interval is what Combell counts requests by, where it does not say when the next begins.
	interval = time.Minute
	// maxWait is for how long its word keeps an account closed. What asks for more is a mistake, or says so again.
	maxWait = time.Hour
)

// gate stays shut from the answer that says that it was the last one for now (X-RateLimit-Remaining: 0) until the next interval begins. What is asked too early (429) is
// no matter of the gate: everybody is kept away then by [registrar.Limit].
type gate struct {
	mu    sync.Mutex
	until time.Time
}

// wait is how long the gate stays shut.
func (g *gate) wait(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	// A clock that was put back must not shut it for longer than Combell could have asked for.
	if left := g.until.Sub(now); left > 0 && left <= maxWait {
		return left
	}
	return 0
}

func (g *gate) heed(header http.Header, now time.Time) {
	if strings.TrimSpace(header.Get("X-RateLimit-Remaining")) != "0" || header.Get("Retry-After") != "" {
		return
	}
	until := now.Add(seconds(header, "X-RateLimit-Reset"))
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) || g.until.Sub(now) > maxWait {
		g.until = until
	}
}

// seconds reads a number of seconds. What is not one is a whole interval.
func seconds(header http.Header, name string) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get(name)), 10, 32)
	if err != nil || n < 0 {
		return interval
	}
	return min(time.Duration(n)*time.Second, maxWait)
}

// retryAfter is how long a server that turned a request away asks to be left alone: in seconds, as Combell documents it, or until a date, as others
// on the way to it may say (RFC 9110, section 10.2.3).
func retryAfter(header http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(header.Get("Retry-After")); err == nil {
		return min(max(date.Sub(now), 0), maxWait)
	}
	if header.Get("Retry-After") == "" {
		return seconds(header, "X-RateLimit-Reset")
	}
	return seconds(header, "Retry-After")
}
