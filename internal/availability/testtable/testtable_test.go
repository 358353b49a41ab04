package testtable

import (
	"testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/names"
)

func TestTheTestTablePlaysTheKnownNames(t *testing.T) {
	for _, tc := range []struct {
		name      names.Name
		verdict   availability.Verdict
		fails     bool
		premium   bool
		fixed     bool
		startOver bool
	}{
		{name: "available.gent", verdict: availability.Available, fixed: true, startOver: true},
		{name: "unavailable.gent", verdict: availability.Taken, fixed: true},
		{name: "error.gent", verdict: availability.Unknown, fails: true, fixed: true},
		{name: "taken-at-registration.gent", verdict: availability.Available, startOver: true},
		{name: "taken-at-registration-7.gent", verdict: availability.Available, startOver: true},
		{name: "setup-fails.gent", verdict: availability.Available, startOver: true},
		{name: "setup-fails2.gent", verdict: availability.Available, startOver: true},
		{name: "slow.gent", verdict: availability.Available, startOver: true},
		{name: "slow-motion.gent", verdict: availability.Available, startOver: true},
		{name: "premium-name.gent", verdict: availability.Available, premium: true},
		{name: "premium.gent", verdict: availability.Available},
		{name: "alice.gent", verdict: availability.Available},
		{name: "available.brussels", verdict: availability.Available},
		{name: "unavailable.brussels", verdict: availability.Available},
		{name: "slow.brussels", verdict: availability.Available},
		{name: "not-slow.gent", verdict: availability.Available},
		{name: "slow.alice.gent", verdict: availability.Available},
	} {
		t.Run(tc.name.String(), func(t *testing.T) {
			answer, err := Table{}.Check(t.Context(), tc.name)
			if answer.Verdict != tc.verdict || answer.Premium != tc.premium || (answer.Price != nil) != tc.premium || (err != nil) != tc.fails {
				t.Errorf("Check = %+v, %v", answer, err)
			}
			verdict, fixed := Table{}.Fixed(tc.name)
			if fixed != tc.fixed || fixed && verdict != tc.verdict {
				t.Errorf("Fixed = %v, %v", verdict, fixed)
			}
			if got := (Table{}).StartsOver(tc.name); got != tc.startOver {
				t.Errorf("StartsOver = %v", got)
			}
		})
	}
}
