package domain

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"magicwebsitefactory.gent/api/v1alpha1"
)

// alarm is a distance to the end of a registration at which it is worth an alert that it is not renewed as desired.
type alarm struct {
	// label of the metric.
	label  string
	within time.Duration
	// reason of the condition and the event, and what they say.
	reason, words string
}

// expiryAlarms begin with the farthest.
var expiryAlarms = []alarm{
	{"60", 60 * oneDay, v1alpha1.ReasonExpiresWithin60Days, "the registration runs out within 60 days"},
	{"30", 30 * oneDay, v1alpha1.ReasonExpiresWithin30Days, "the registration runs out within 30 days"},
	{"14", 14 * oneDay, v1alpha1.ReasonExpiresWithin14Days, "the registration runs out within 14 days"},
}

// runOut is the last of them: registrars that renew by themselves do so on the last day or the day after, and it shows with the next look-up.
var runOut = alarm{within: -2 * oneDay, reason: v1alpha1.ReasonExpired, words: "the registration has run out, as far as the registrar says"}

// alarmOf is the nearest alarm that a registration has come within; nil for none.
func alarmOf(expiry *metav1.Time, now time.Time) *alarm {
	if expiry == nil {
		return nil
	}
	left := expiry.Sub(now)
	if left <= runOut.within {
		return &runOut
	}
	var nearest *alarm
	for i := range expiryAlarms {
		if left <= expiryAlarms[i].within {
			nearest = &expiryAlarms[i]
		}
	}
	return nearest
}

func isAlarm(reason string) bool {
	for _, a := range expiryAlarms {
		if a.reason == reason {
			return true
		}
	}
	return reason == runOut.reason
}
