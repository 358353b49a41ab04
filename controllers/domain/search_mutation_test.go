package domain

import "testing"

// TestSearchNoticesWhatIsLeftOut shows that the search can fail: with any part of the protocol left out, or with what it relies on not so, it
// finds the shortest way to where money is lost.
func TestSearchNoticesWhatIsLeftOut(t *testing.T) {
	const twice = "the name was bought twice"
	for _, tc := range []struct {
		change mutation
		scenario
		want string
	}{
		{noFence, scenario{happens: machines, limit: 3}, twice},
		{noFence, scenario{happens: machines, limit: 3, expiring: true}, "a year was paid for twice"},
		{noLookUp, scenario{happens: machines, limit: 3, alone: true}, twice},
		{noConfirm, scenario{happens: machines | endings, limit: 3, alone: true}, "an order went out although its last reading came after what forbids it"},
		{noNote, scenario{kind: aForgetfulReseller, happens: machines | 1<<evRestore, limit: 3, alone: true}, twice},
		{noReservation, scenario{happens: machines | 1<<evOther, limit: 1, alone: true}, "more orders went out than the limit allows"},
		{wrongClocks, scenario{happens: machines, limit: 3, ahead: 60}, twice},
		{endlessFlights, scenario{happens: machines, limit: 3, alone: true}, twice},
	} {
		t.Run(string(tc.change), func(t *testing.T) {
			if raceDetector && tc.change == wrongClocks {
				t.Skip("with the race detector this takes minutes, and what it shows has nothing to do with races")
			}
			c := tc.scenario
			c.kind, c.horizon = max(c.kind, aCarelessReseller), 4
			m := c.model(tc.change)
			s := &search{model: m}
			s.run([]situation{c.first(m)}, 24)
			if s.wrong != tc.want {
				t.Fatalf("%d states in %d events: found %q, want %q", s.states, s.depth, s.wrong, tc.want)
			}
			_, events := s.way(s.at)
			t.Logf("%s, after %d events; %d states\n%s", s.wrong, len(events)+1, s.states, s.tell(s.at, s.event))
		})
	}
}
