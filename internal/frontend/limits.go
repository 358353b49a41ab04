package frontend

import (
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	window = time.Minute
	// failuresPerMinute is how many failed authentications an address may have before it is told to wait.
	failuresPerMinute = 30
	// The kind's own defaults, for an Onboarder written before there were any.
	defaultOrdersPerMinute = 120
	defaultChecksPerMinute = 600
)

// limits hold what happened in the last minute in this process.
type limits struct {
	orders, checks, progress *httprate.RateLimiter // by onboarder
	failures                 *httprate.RateLimiter // by address
}

func newLimits() limits {
	limiter := func(n int) *httprate.RateLimiter {
		return httprate.NewRateLimiter(n, window, httprate.WithResponseHeaders(httprate.ResponseHeaders{RetryAfter: "Retry-After"}))
	}
	return limits{
		orders: limiter(defaultOrdersPerMinute), checks: limiter(defaultChecksPerMinute), progress: limiter(defaultChecksPerMinute),
		failures: limiter(failuresPerMinute),
	}
}

func ordersPerMinute(quota v1alpha1.OnboarderQuota) int {
	return orDefault(quota.OrdersPerMinute, defaultOrdersPerMinute)
}
func checksPerMinute(quota v1alpha1.OnboarderQuota) int {
	return orDefault(quota.ChecksPerMinute, defaultChecksPerMinute)
}

func orDefault(n *int32, fallback int) int {
	if n == nil || *n < 1 {
		return fallback
	}
	return int(*n)
}

// withinRate counts a request of the onboarder. Over the rate the answer is 503, which the contract's clients know, and not 429.
func withinRate(w http.ResponseWriter, r *http.Request, limit *httprate.RateLimiter, onboarder string, allowed int) error {
	if limit.OnLimit(w, r.WithContext(httprate.WithRequestLimit(r.Context(), allowed)), onboarder) {
		return &problem{kind: kindTooFast, detail: "Wait before you ask again."}
	}
	return nil
}
