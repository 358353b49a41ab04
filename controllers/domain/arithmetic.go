package domain

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

const (
	// callTimeout is how long a purchase may take before it is broken off.
	callTimeout = 60 * time.Second
	// readTimeout bounds every read: of the registrar, and of the API server between fence and call.
	readTimeout = 15 * time.Second
	// writeTimeout bounds a write of the status around a call. With callTimeout it stays below the 75 s that the process gets to end in.
	writeTimeout = 5 * time.Second
	// setTimeout bounds what is safe to repeat: setting automatic renewal, and name servers. A look-up and both of them must not take so long that what was
	// seen is too old to extend a registration by, or a registrar that is silent about one of them would let names run out.
	setTimeout = 20 * time.Second
	// clockSkew is what the clocks of two machines may differ by.
	clockSkew = 30 * time.Second

	minPollPause = 2 * time.Second
	maxPollPause = 5 * time.Minute
	// attentionPause is between look-ups while a person is asked to decide.
	attentionPause = 10 * time.Minute
	// waitPause is between looks at what no watch tells of, such as a Secret.
	waitPause = 30 * time.Second

	// answerPatience is how long a Registrar may be silent before a person is asked. One that is Ready gets readyPatience where there was a call,
	// lest an old order become a matter for people by one look-up that failed.
	answerPatience = time.Hour
	readyPatience  = 24 * time.Hour
	// booksPatience is how long an account may take to show a name whose order was carried out, before a person is asked.
	booksPatience = time.Hour

	minBuyPause = 30 * time.Second
	maxBuyPause = time.Hour

	// keepInterval is between look-ups of a name that is ours, which are spread by keepSpread.
	keepInterval = 12 * time.Hour
	keepSpread   = time.Hour
	// daySpread keeps all names that wait for a new day from coming at once.
	daySpread = 5 * time.Minute
)

// callIsOver is when nobody can be making the call any more, nor its effect still be on its way into a look-up.
func callIsOver(call *v1alpha1.DomainCall) time.Time {
	return call.NotAfter.Add(readTimeout + clockSkew)
}

// ahead says whether a time was written by a clock that is ahead of this one by more than clocks may differ.
func ahead(t metav1.Time, now time.Time) bool { return t.After(now.Add(clockSkew)) }

// farAhead says whether the end of a call is so far off that the clock was wrong that set it. To wait for it takes as long as that clock was ahead, so
// it is for a person. What is less passes by itself, before a silent registrar would be a matter for people.
func farAhead(notAfter metav1.Time, now time.Time) bool {
	return notAfter.Sub(now) > callTimeout+answerPatience
}

// pollPause is how long to wait between look-ups of an order that is so old: an eighth of its age, from 2 s to 5 min.
func pollPause(age time.Duration) time.Duration {
	return min(max(age/8, minPollPause), maxPollPause)
}

// buyPause is how long to wait after a try that the registrar postponed: 30 s, doubled each time, at most an hour.
func buyPause(try int32) time.Duration {
	pause := minBuyPause
	for range min(max(try-1, 0), 10) {
		pause *= 2
	}
	return min(pause, maxBuyPause)
}

func untilTomorrow(now time.Time) time.Duration {
	y, m, d := now.UTC().Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC).Sub(now)
}

// newCall is the fence of a try that begins now. Times are cut to the second, as the API server keeps them, so that what is kept is never later
// than what the caller goes by.
func newCall(try int32, now time.Time) *v1alpha1.DomainCall {
	started := metav1.NewTime(now.UTC().Truncate(time.Second))
	return &v1alpha1.DomainCall{Try: try, StartedTime: started, NotAfter: metav1.NewTime(started.Add(callTimeout))}
}

func lastTry(s *v1alpha1.DomainStatus) int32 {
	if s.Call != nil {
		return max(s.Call.Try, s.ReservedTry)
	}
	return s.ReservedTry
}
