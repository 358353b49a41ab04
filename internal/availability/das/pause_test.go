package das

import "testing"

func TestTheServiceIsLeftAloneForAsLongAsItEverAskedFor(t *testing.T) {
	a := newAsker(t, func(*Config) {})
	a.pause(pauseBlocked)
	a.pause(pauseExcessive) // by a query that was under way then
	a.clock.SetTime(start.Add(pauseExcessive))
	a.mustNotKnow(t.Context(), "alice.be", "is asked no more for now", pauseBlocked-pauseExcessive)
}
