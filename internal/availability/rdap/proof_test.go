package rdap

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
	"magicwebsitefactory.gent/internal/names"
)

const helpPath, nicPath = "/rdap/help", "/rdap/domain/nic.gent"

func TestA404CountsOnlyFromWhatHasShownToBeAnRDAPServer(t *testing.T) {
	notFound := rdaptest.Say(404, `{"rdapConformance":["rdap_level_0"],"errorCode":404,"title":"Not Found"}`)
	for why, tc := range map[string]struct {
		help  http.HandlerFunc
		taken string
		want  availability.Verdict
	}{
		"help as RFC 9083 has it":              {help: rdaptest.Say(200, rdaptest.Help), want: availability.Available},
		"help as JSON of another type":         {help: rdaptest.Say(200, rdaptest.Help, "Content-Type", "application/json"), want: availability.Available},
		"help of AFNIC":                        {help: rdaptest.Say(200, published(t, "afnic-help.json")), want: availability.Available},
		"a URL that answers 404 to everything": {help: notFound, want: availability.Unknown},
		"a page of help":                       {help: rdaptest.Say(200, "<h1>Help</h1>"), want: availability.Unknown},
		"help without conformance":             {help: rdaptest.Say(200, `{"notices":[]}`), want: availability.Unknown},
		"help with no conformance in it":       {help: rdaptest.Say(200, `{"rdapConformance":[]}`), want: availability.Unknown},
		"an error that calls itself a success": {help: rdaptest.Say(200, `{"rdapConformance":["rdap_level_0"],"errorCode":404}`), want: availability.Unknown},
		"a record in place of help":            {help: rdaptest.Say(200, `{"rdapConformance":["rdap_level_0"],"objectClassName":"domain","ldhName":"help"}`), want: availability.Unknown},
		"no help, but the registry's own name": {help: notFound, taken: "nic.gent", want: availability.Available},
		"no help, and the name of another":     {help: notFound, taken: "nic.example", want: availability.Unknown},
		"help in trouble, and the own name":    {help: rdaptest.Say(500, ""), taken: "nic.gent", want: availability.Available},
		"help in trouble, and nothing else":    {help: rdaptest.Say(500, ""), want: availability.Unknown},
		"help that wants to be left alone":     {help: rdaptest.Say(503, ""), want: availability.Unknown},
		"help without TLS":                     {help: redirect("http://rdap.example/help"), want: availability.Unknown},
		"help that leads to nothing":           {help: redirect("/rdap/v2/help"), want: availability.Unknown},
	} {
		t.Run(why, func(t *testing.T) {
			a := newAsker(t, nil)
			a.registry.PlayHelp(tc.help)
			a.registry.Take("alice.gent", tc.taken)
			answer, err := a.Check(t.Context(), "bob.gent")
			if answer.Verdict != tc.want {
				t.Errorf("bob.gent: %s, %v; want %s", answer.Verdict, err, tc.want)
			}
			if tc.want == availability.Unknown {
				if _, pause := a.proofs.known(a.registry.Base().String()); err == nil || pause != proofPause || availability.RetryAfter(err) != proofPause {
					t.Errorf("%v, asked again after %s", err, pause)
				}
			}
		})
	}
}

func TestWhatIsKnownOfABaseURLIsAskedOnceADay(t *testing.T) {
	a := newAsker(t, nil)
	for _, name := range []names.Name{"alice.gent", "bob.gent", "carol.gent"} {
		a.mustFind(name, availability.Available)
	}
	a.later(proofFresh - time.Second)
	a.mustFind("dave.gent", availability.Available)
	if n := a.registry.Asked(helpPath); n != 1 {
		t.Errorf("asked %d times on the first day", n)
	}
	if n := a.registry.Asked(nicPath); n != 0 {
		t.Errorf("asked about its own name %d times", n)
	}
	a.later(time.Second)
	a.mustFind("erin.gent", availability.Available)
	a.settle()
	if n := a.registry.Asked(helpPath); n != 2 {
		t.Errorf("asked %d times by the second", n)
	}
}

// settle waits until nobody asks what the registry is.
func (a *asker) settle() {
	<-a.proofs.probing.DoChan(a.registry.Base().String(), func() (any, error) { return nil, nil })
}

func TestARegistrysRecordShowsWhatItIs(t *testing.T) {
	a := newAsker(t, nil)
	a.registry.PlayHelp(rdaptest.Say(404, ""))
	a.registry.Take("alice.gent")
	a.mustNotKnow("bob.gent", unproven, proofPause)
	a.mustNotKnow("carol.gent", unproven, proofPause)
	if n := a.registry.Asked(helpPath); n != 1 {
		t.Errorf("asked %d times within a minute", n)
	}
	a.mustFind("alice.gent", availability.Taken)
	a.mustFind("bob.gent", availability.Available)
	if n := a.registry.Asked(helpPath); n != 1 {
		t.Errorf("asked %d times, though it has shown a record", n)
	}
}

func TestARegistryWithoutHelpIsAskedForTheNameThatItHasShown(t *testing.T) {
	a := newAsker(t, nil)
	a.registry.PlayHelp(rdaptest.Say(404, ""))
	a.registry.Take("alice.gent")
	a.mustFind("alice.gent", availability.Taken)
	for range 3 {
		a.later(proofFresh)
		a.mustFind("bob.gent", availability.Available)
		a.settle()
		a.mustFind("carol.gent", availability.Available)
	}
	// The name is nobody's any more, but there is the registry's own; and then neither.
	a.registry.Release("alice.gent")
	a.registry.Take("nic.gent")
	a.later(proofFresh)
	a.mustFind("bob.gent", availability.Available)
	a.settle()
	a.mustFind("carol.gent", availability.Available)
	a.registry.Release("nic.gent")
	a.later(proofFresh)
	a.mustFind("bob.gent", availability.Available)
	a.settle()
	a.mustNotKnow("carol.gent", unproven, proofPause)
	a.registry.Take("nic.gent")
	a.later(proofPause)
	a.mustFind("carol.gent", availability.Available)
}

func TestAServerWhoseHelpIsInTroubleIsBelievedForAWeek(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("bob.gent", availability.Available)
	a.registry.PlayHelp(rdaptest.Say(500, ""))
	a.later(proofFresh)
	a.mustFind("carol.gent", availability.Available)
	a.settle()
	a.later(proofStale - time.Second)
	a.mustFind("dave.gent", availability.Available)
	a.settle()
	a.later(time.Minute)
	a.mustNotKnow("erin.gent", unproven, proofPause)
	a.registry.PlayHelp(rdaptest.Say(200, rdaptest.Help))
	a.later(proofPause)
	a.mustFind("erin.gent", availability.Available)
}

func TestABaseURLThatIsSomethingElseNowIsNotBelieved(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("bob.gent", availability.Available)
	a.registry.PlayHelp(rdaptest.Say(404, ""))
	a.later(proofFresh)
	a.mustFind("carol.gent", availability.Available) // nobody waits for the answer
	a.settle()
	a.mustNotKnow("dave.gent", unproven, proofPause)
}

func TestNobodyWaitsForHelpThatHangsWhereItWasKnown(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("bob.gent", availability.Available)
	asked, hold := make(chan struct{}), make(chan struct{})
	a.registry.PlayHelp(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-hold
		rdaptest.Say(200, rdaptest.Help)(w, r)
	})
	a.later(proofFresh)
	a.mustFind("carol.gent", availability.Available)
	<-asked
	a.mustFind("dave.gent", availability.Available)
	close(hold)
	a.settle()
	if n := a.registry.Asked(helpPath); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestManyAtOnceAskOnceWhatAServerIs(t *testing.T) {
	a := newAsker(t, nil)
	var all sync.WaitGroup
	for _, name := range []names.Name{"alice.gent", "bob.gent", "carol.gent", "dave.gent", "erin.gent"} {
		all.Go(func() { a.mustFind(name, availability.Available) })
	}
	all.Wait()
	if n := a.registry.Asked(helpPath); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
