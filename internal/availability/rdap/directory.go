package rdap

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"k8s.io/utils/clock"

	"magicwebsitefactory.gent/internal/availability"
)

// How long a copy of the bootstrap file is as good as new: what its HTTP header says, within bounds. IANA says some hours.
const (
	minFresh     = 10 * time.Minute
	defaultFresh = 6 * time.Hour
	maxFresh     = 24 * time.Hour
	// maxStale is for how long after that a copy is still used when there is no newer one to be had. A server that has moved since answers nothing.
	maxStale = 7 * 24 * time.Hour
	// retryPause is the time between two tries to get a newer copy, and firstPause when there is none yet.
	retryPause = time.Minute
	firstPause = 5 * time.Second
)

// bootstrapSource is what errors call the file.
const bootstrapSource = "RDAP bootstrap file"

// directory keeps the bootstrap file.
type directory struct {
	url       *url.URL
	transport transport
	clock     clock.PassiveClock
	log       *slog.Logger

	refreshing singleflight.Group
	mu         sync.Mutex
	kept       *kept
	// reason is why there is no newer copy, and retry when to try again.
	reason string
	retry  time.Time
}

// kept is a copy of the file, with what is needed to ask whether it has changed.
type kept struct {
	services           registry
	etag, lastModified string
	expires            time.Time
}

// fresh says whether the copy is there and has not expired.
func (k *kept) fresh(now time.Time) bool { return k != nil && now.Before(k.expires) }

// services gives the file's content. Whoever asks waits only where there is no copy that can be used; an expired one is renewed beside.
func (d *directory) services(ctx context.Context) (registry, error) {
	now := d.clock.Now()
	copied, reason, pause := d.known(now)
	usable := copied != nil && now.Before(copied.expires.Add(maxStale))
	switch {
	case usable && (copied.fresh(now) || pause > 0):
		return copied.services, nil
	case pause > 0:
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: reason, RetryAfter: pause}
	}
	refreshed := d.refreshing.DoChan("", func() (any, error) { return d.refresh(context.WithoutCancel(ctx)) })
	if usable {
		return copied.services, nil
	}
	select {
	case result := <-refreshed:
		services, _ := result.Val.(registry)
		return services, result.Err
	case <-ctx.Done():
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: "did not come in time"}
	}
}

// known is the copy at hand, why there is no newer one, and for how long still none is to be got.
func (d *directory) known(now time.Time) (copied *kept, reason string, pause time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept, d.reason, max(d.retry.Sub(now), 0)
}

// refresh gets the file, or hears that the copy at hand is still good. The request's time-out bounds it.
func (d *directory) refresh(ctx context.Context) (registry, error) {
	now := d.clock.Now()
	old, reason, pause := d.known(now)
	switch { // since the refresh before this one has just ended
	case old.fresh(now):
		return old.services, nil
	case pause > 0:
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: reason, RetryAfter: pause}
	}
	fresh, unknown := d.fetch(ctx, old)
	d.mu.Lock()
	defer d.mu.Unlock()
	if unknown == nil {
		d.kept, d.reason, d.retry = fresh, "", time.Time{}
		return fresh.services, nil
	}
	pause = retryPause
	if old == nil {
		pause = firstPause
	}
	d.reason, d.retry = unknown.Reason, d.clock.Now().Add(max(pause, unknown.RetryAfter))
	d.log.Warn("the RDAP bootstrap file cannot be renewed", "why", unknown.Reason, "copy", old != nil, "again", d.retry)
	return nil, unknown
}

func (d *directory) fetch(ctx context.Context, old *kept) (*kept, *availability.UnknownError) {
	header := http.Header{"Accept": {"application/json"}}
	if old != nil && old.etag != "" {
		header.Set("If-None-Match", old.etag)
	}
	if old != nil && old.lastModified != "" {
		header.Set("If-Modified-Since", old.lastModified)
	}
	got, unknown := d.transport.get(ctx, bootstrapSource, d.url, header)
	if unknown != nil {
		return nil, unknown
	}
	next := &kept{etag: got.header.Get("ETag"), lastModified: got.header.Get("Last-Modified"), expires: d.clock.Now().Add(freshness(got.header))}
	switch {
	case got.code == http.StatusNotModified && old != nil:
		next.services, next.etag, next.lastModified = old.services, old.etag, old.lastModified
		return next, nil
	case got.code != http.StatusOK:
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: "was asked for and answered " + strconv.Itoa(got.code)}
	}
	services, bad := parseBootstrap(got.body)
	if bad != nil {
		return nil, &availability.UnknownError{Source: bootstrapSource, Reason: bad.Error()}
	}
	next.services = services
	return next, nil
}

// freshness is how long an answer may be kept (RFC 9111, section 4.2), within bounds.
func freshness(header http.Header) time.Duration {
	return min(max(lifetime(header), minFresh), maxFresh)
}

// lifetime is what the header says of that, without the age that the answer has already.
func lifetime(header http.Header) time.Duration {
	age := seconds(header.Get("Age"))
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(header.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			return seconds(strings.Trim(value, `"`)) - age
		}
	}
	if header.Get("Expires") == "" {
		return defaultFresh
	}
	expires, err := http.ParseTime(header.Get("Expires"))
	date, bad := http.ParseTime(header.Get("Date"))
	if err != nil || bad != nil {
		return 0 // an Expires that is no date is in the past
	}
	return expires.Sub(date) - age
}

// seconds reads a number of seconds, of which a day is as good as more; 0 where it is none.
func seconds(value string) time.Duration {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n > int64(maxFresh/time.Second) {
		return maxFresh
	}
	return time.Duration(n) * time.Second
}
