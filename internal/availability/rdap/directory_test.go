package rdap

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"magicwebsitefactory.gent/internal/availability"
	"magicwebsitefactory.gent/internal/availability/rdap/rdaptest"
)

// eventually waits for what is done beside.
func (a *asker) eventually(what string, is func() bool) {
	a.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			a.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

// renewed waits until an expired copy was asked to be renewed n times and the last time has ended.
func (a *asker) renewed(n int) {
	a.Helper()
	a.eventually("a newer bootstrap file", func() bool {
		a.directory.mu.Lock()
		defer a.directory.mu.Unlock()
		now := a.clock.Now()
		return a.registry.Asked("/dns.json") == n && (now.Before(a.directory.retry) || a.directory.kept != nil && now.Before(a.directory.kept.expires))
	})
}

func TestTheBootstrapFileIsKeptAsLongAsItsHeaderSays(t *testing.T) {
	hour := time.Hour
	for why, tc := range map[string]struct {
		header []string
		fresh  time.Duration
	}{
		"max-age":                    {[]string{"Cache-Control", "public, max-age=21600"}, 6 * hour},
		"max-age with an age":        {[]string{"Cache-Control", "max-age=21600", "Age", "3600"}, 5 * hour},
		"max-age before Expires":     {[]string{"Cache-Control", "max-age=7200", "Expires", start.Format(http.TimeFormat)}, 2 * hour},
		"Expires":                    {[]string{"Date", start.Format(http.TimeFormat), "Expires", start.Add(3 * hour).Format(http.TimeFormat)}, 3 * hour},
		"Expires that is no date":    {[]string{"Expires", "0"}, minFresh},
		"nothing":                    {nil, defaultFresh},
		"too short":                  {[]string{"Cache-Control", "max-age=0"}, minFresh},
		"too long":                   {[]string{"Cache-Control", "max-age=31536000"}, maxFresh},
		"too long for a number":      {[]string{"Cache-Control", "max-age=99999999999999999999"}, maxFresh},
		"not to be kept":             {[]string{"Cache-Control", "no-store"}, minFresh},
		"max-age that is no number":  {[]string{"Cache-Control", "max-age=-1"}, minFresh},
		"older than it may get":      {[]string{"Cache-Control", "max-age=3600", "Age", "7200"}, minFresh},
		"max-age in quotes, in caps": {[]string{"Cache-Control", `MAX-AGE="7200"`}, 2 * hour},
	} {
		t.Run(why, func(t *testing.T) {
			a := newAsker(t, nil)
			a.registry.PlayBootstrap(func(w http.ResponseWriter, r *http.Request) {
				for i := 0; i < len(tc.header); i += 2 {
					w.Header().Set(tc.header[i], tc.header[i+1])
				}
				a.registry.Services("gent")(w, r)
			})
			a.mustFind("alice.gent", availability.Available)
			a.later(tc.fresh - time.Second)
			a.mustFind("alice.gent", availability.Available)
			if n := a.registry.Asked("/dns.json"); n != 1 {
				t.Fatalf("it was asked for %d times before it expired", n)
			}
			a.later(time.Second)
			a.mustFind("alice.gent", availability.Available)
			a.renewed(2)
		})
	}
}

func TestAFileThatHasNotChangedIsNotSentAgain(t *testing.T) {
	a := newAsker(t, nil)
	var unchanged atomic.Int32
	modified := start.Add(-time.Hour).Format(http.TimeFormat)
	a.registry.PlayBootstrap(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", modified)
		w.Header().Set("Cache-Control", "max-age=3600")
		if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == modified {
			unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		a.registry.Services("gent")(w, r)
	})
	for n := 1; n <= 3; n++ {
		a.mustFind("alice.gent", availability.Available)
		a.renewed(n)
		a.later(time.Hour)
	}
	if unchanged.Load() != 2 {
		t.Errorf("it was sent again: not changed %d times", unchanged.Load())
	}
}

func TestAnOldCopyIsUsedWhileThereIsNoNewerOne(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("alice.gent", availability.Available)
	a.later(defaultFresh)
	for i, fault := range []http.HandlerFunc{
		rdaptest.Say(500, ""), rdaptest.Reset, rdaptest.Say(200, "<html>"), rdaptest.Say(200, `{"version":"1.0","services":[]}`), rdaptest.Say(404, ""),
	} {
		a.registry.PlayBootstrap(fault)
		a.mustFind("alice.gent", availability.Available)
		a.renewed(i + 2)
		a.mustFind("alice.gent", availability.Available) // does not try again yet
		if n := a.registry.Asked("/dns.json"); n != i+2 {
			t.Fatalf("asked for %d times", n)
		}
		a.later(retryPause)
	}
	a.registry.PlayBootstrap(a.registry.Services("gent", "be"))
	a.mustFind("alice.gent", availability.Available)
	a.renewed(7)
	a.mustFind("alice.be", availability.Available)
}

func TestACopyIsNotUsedForEver(t *testing.T) {
	a := newAsker(t, nil)
	a.mustFind("alice.gent", availability.Available)
	a.registry.PlayBootstrap(rdaptest.Say(500, ""))
	a.later(defaultFresh + maxStale - time.Second)
	a.mustFind("alice.gent", availability.Available)
	a.renewed(2)
	a.later(retryPause)
	a.mustNotKnow("alice.gent", "bootstrap file was asked for and answered 500", 0)
}

func TestWithoutTheFileNobodyKnowsAndItIsNotHurried(t *testing.T) {
	a := newAsker(t, nil)
	a.registry.PlayBootstrap(rdaptest.Say(503, "", "Retry-After", "60"))
	a.mustNotKnow("alice.gent", "bootstrap file answered 503", time.Minute)
	a.later(59 * time.Second)
	a.mustNotKnow("alice.gent", "bootstrap file answered 503", time.Second)
	a.registry.PlayBootstrap(rdaptest.Say(500, ""))
	a.later(time.Second)
	a.mustNotKnow("alice.gent", "bootstrap file was asked for and answered 500", 0)
	a.mustNotKnow("alice.gent", "bootstrap file was asked for and answered 500", firstPause)
	if n := a.registry.Asked("/dns.json"); n != 2 {
		t.Errorf("it was asked for %d times", n)
	}
	a.registry.PlayBootstrap(a.registry.Services("gent"))
	a.later(firstPause)
	a.mustFind("alice.gent", availability.Available)
}

func TestManyWhoNeedTheFileAskOnce(t *testing.T) {
	a := newAsker(t, nil)
	release := make(chan struct{})
	a.registry.PlayBootstrap(func(w http.ResponseWriter, r *http.Request) {
		<-release
		a.registry.Services("gent")(w, r)
	})
	const many = 20
	done := make(chan availability.Verdict, many)
	for range many {
		go func() {
			answer, _ := a.Check(a.Context(), "alice.gent")
			done <- answer.Verdict
		}()
	}
	a.eventually("asked", func() bool { return a.registry.Asked("/dns.json") > 0 })
	close(release)
	for range many {
		if verdict := <-done; verdict != availability.Available {
			t.Errorf("%s", verdict)
		}
	}
	if n := a.registry.Asked("/dns.json"); n > 2 { // one may come when the others are served
		t.Errorf("it was asked for %d times", n)
	}
}
