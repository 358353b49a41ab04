package registrar

import (
	"time"

	"magicwebsitefactory.gent/api/v1alpha1"
	"magicwebsitefactory.gent/internal/availability"
)

// usageToday is what is reserved of today's limits, which is nothing on a new day. Only the duty domain reserves; this one has yesterday's numbers not stand there as today's. A
// reservation that is made meanwhile is not lost, as both write on the condition that the Registrar is as they read it.
func usageToday(usage *v1alpha1.RegistrarUsage, now time.Time) *v1alpha1.RegistrarUsage {
	today := availability.UsedToday(usage, now)
	return &today
}

// untilTomorrow is how long this day (UTC) goes on.
func untilTomorrow(now time.Time) time.Duration {
	const day = 24 * time.Hour
	return now.UTC().Truncate(day).Add(day).Sub(now)
}
