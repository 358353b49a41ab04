package das

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/das/dastest"
	"magicwebsitefactory.gent/internal/names"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// asker is a Client with a server of its own and a clock that stands still.
type asker struct {
	*testing.T
	*Client
	server *dastest.Server
	clock  *clocktesting.FakePassiveClock
}

func newAsker(t *testing.T, change func(*Config)) *asker {
	t.Helper()
	a := &asker{T: t, server: dastest.New(t), clock: clocktesting.NewFakePassiveClock(start)}
	config := Config{Address: a.server.Address, Queries: MaxQueries, Clock: a.clock, Exceptions: dastest.Networks}
	change(&config)
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	a.Client = client
	return a
}

func (a *asker) mustFind(name names.Name, want availability.Verdict) {
	a.Helper()
	if got, err := a.Check(a.Context(), name); err != nil || got.Verdict != want {
		a.Errorf("%s: %+v, %v; want %s", name, got, err, want)
	}
}

func (a *asker) mustNotKnow(ctx context.Context, name names.Name, why string, until time.Duration) {
	a.Helper()
	got, err := a.Check(ctx, name)
	var unknown *availability.UnknownError
	if got.Verdict != availability.Unknown || !errors.As(err, &unknown) || !strings.Contains(err.Error(), why) || unknown.RetryAfter != until {
		a.Errorf("%s: %+v, %v (%+v); want %q in %s", name, got, err, unknown, why, until)
	}
}

func TestTheServiceIsAskedByTheWholeName(t *testing.T) {
	a := newAsker(t, func(*Config) {})
	a.server.Take("alice.be")
	a.mustFind("alice.be", availability.Taken)
	a.mustFind("bob.be", availability.Available)
	if diff := cmp.Diff([]string{"alice.be\r\n", "bob.be\r\n"}, a.server.Asked()); diff != "" {
		t.Errorf("it was asked (-want +got):\n%s", diff)
	}
}

func TestNoMoreQueriesInAnyMinuteThanAllowed(t *testing.T) {
	const allowed = 5
	a := newAsker(t, func(c *Config) { c.Queries = allowed })
	ask := func(n int) (asked int) {
		before := len(a.server.Asked())
		for i := range n {
			_, _ = a.Check(t.Context(), names.Name(fmt.Sprintf("n%d.be", i)))
		}
		return len(a.server.Asked()) - before
	}
	at := func(seconds int) { a.clock.SetTime(start.Add(time.Duration(seconds) * time.Second)) }
	if n := ask(2); n != 2 {
		t.Errorf("at 0 s: %d", n)
	}
	at(30)
	if n := ask(10); n != 3 {
		t.Errorf("at 30 s, after 2 at 0 s: %d", n)
	}
	a.mustNotKnow(t.Context(), "alice.be", "is asked no more for now", 30*time.Second)
	at(59)
	a.mustNotKnow(t.Context(), "alice.be", "is asked no more for now", time.Second)
	at(60)
	if n := ask(10); n != 2 {
		t.Errorf("at 60 s, after 3 at 30 s: %d", n)
	}
	a.mustNotKnow(t.Context(), "alice.be", "is asked no more for now", 30*time.Second)
	at(1000)
	if n := ask(10); n != allowed {
		t.Errorf("after a quiet time: %d", n)
	}
}

func TestTheServiceIsLeftAloneWhenItSaysSo(t *testing.T) {
	for answer, tc := range map[string]struct {
		why   string
		pause time.Duration
	}{
		"RC: -2\r\n":            {"was asked too often", time.Minute},
		"RC: -3\r\n":            {"has blocked this address", 15 * time.Minute},
		"% hello\n%% RC = -9\n": {"has blocked this address", 15 * time.Minute},
	} {
		a := newAsker(t, func(*Config) {})
		a.server.Play(dastest.Say(answer))
		a.mustNotKnow(t.Context(), "alice.be", tc.why, tc.pause)
		a.server.Play(nil)
		a.clock.SetTime(start.Add(tc.pause - time.Second))
		a.mustNotKnow(t.Context(), "alice.be", "is asked no more for now", time.Second)
		if n := len(a.server.Asked()); n != 1 {
			t.Errorf("%q: asked %d times", answer, n)
		}
		a.clock.SetTime(start.Add(tc.pause))
		a.mustFind("alice.be", availability.Available)
	}
}

func TestNoVerdictWhereTheServiceFails(t *testing.T) {
	for why, tc := range map[string]struct {
		fault func(net.Conn, string)
		says  string
	}{
		"it closes the connection": {dastest.Say(""), "answered without a status"},
		"an internal error":        {dastest.Say("RC: -1\r\n"), "has an internal error"},
		"half an answer":           {dastest.Say("RC: 0\r\nDomain: alice.be\r\n"), "answered without a status"},
		"another name":             {dastest.Say("RC: 0\r\nDomain: s3cr3t.be\r\nStatus: AVAILABLE\r\n"), "answered about another name"},
		"a reset connection": {func(conn net.Conn, _ string) {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}, ""},
	} {
		t.Run(why, func(t *testing.T) {
			a := newAsker(t, func(*Config) {})
			a.server.Play(tc.fault)
			a.mustNotKnow(t.Context(), "alice.be", tc.says, 0)
			a.server.Play(nil)
			a.mustFind("alice.be", availability.Available)
		})
	}
}

func TestAServiceThatHangsIsNotWaitedFor(t *testing.T) {
	a := newAsker(t, func(*Config) {})
	a.server.Play(dastest.Hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	a.mustNotKnow(ctx, "alice.be", "did not answer in time", 0)
	gone, leave := context.WithCancel(t.Context())
	a.server.Play(func(conn net.Conn, name string) { leave(); dastest.Hang(conn, name) })
	a.mustNotKnow(gone, "alice.be", "did not answer in time", 0)
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	a := newAsker(t, func(c *Config) { c.Exceptions = nil })
	a.mustNotKnow(t.Context(), "alice.be", "has an address that must not be called", 0)
	if n := len(a.server.Asked()); n != 0 {
		t.Errorf("it was called %d times", n)
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	for _, config := range []Config{
		{Address: "", Queries: 1}, {Address: "das.example", Queries: 1}, {Address: ":4343", Queries: 1}, {Address: "das.example:0", Queries: 1},
		{Address: "das.example:http", Queries: 1}, {Address: "das.example:65536", Queries: 1}, {Address: "https://das.example:4343", Queries: 1},
		{Address: Address, Queries: 0}, {Address: Address, Queries: MaxQueries + 1},
	} {
		if _, err := New(config); err == nil {
			t.Errorf("%+v was taken", config)
		}
	}
}
