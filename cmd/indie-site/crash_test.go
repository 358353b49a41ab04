package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// isOwnedBy reports whose key the site shows.
func (r running) isOwnedBy(t *testing.T, p *person) (owned, byPerson bool) {
	t.Helper()
	status, answer := ask(t, http.MethodGet, r.url+"/owner/public-signing-key", "")
	var key struct{ PublicSigningKey string }
	if err := json.Unmarshal([]byte(answer), &key); err != nil {
		t.Fatalf("%d %s", status, answer)
	}
	return status == http.StatusOK, key.PublicSigningKey == p.publicKey()
}

func picture(t *testing.T, shade uint8) []byte {
	t.Helper()
	square := image.NewNRGBA(image.Rect(0, 0, 16, 16))
	for i := range 16 * 16 {
		square.SetNRGBA(i%16, i/16, color.NRGBA{R: shade, A: 255})
	}
	return encoded(t, square, false)
}

func TestEveryStepOfAnOwnerSurvivesAKillBehindIt(t *testing.T) {
	v := newVolume(t)
	site := owned{v.start(t), someone('a')}
	crash := func() {
		site.kill(t)
		site.running = v.start(t)
	}
	did := func(method, path, body string, want int) {
		t.Helper()
		if status, answer := site.as(t, method, path, []byte(body)); status != want {
			t.Fatalf("%s %s: %d %s", method, path, status, answer)
		}
		crash()
	}
	page := func() string {
		_, content := site.as(t, http.MethodGet, "/", nil)
		return content
	}

	site.introduce(t)
	crash()
	if !strings.Contains(page(), "Alice") {
		t.Fatalf("the settings are gone:\n%s", page())
	}
	did(http.MethodPost, "/owner", site.owner.claiming(), http.StatusCreated)
	if _, ours := site.isOwnedBy(t, site.owner); !ours {
		t.Fatal("the owner is gone")
	}
	if status, answer := ask(t, http.MethodPost, site.url+"/owner", someone('m').claiming()); status != http.StatusForbidden || !strings.Contains(answer, "already-owned") {
		t.Fatalf("somebody else is answered %d %s", status, answer)
	}
	if err := site.owner.signIn(t, site.running); err != nil {
		t.Fatal(err)
	}
	crash()
	did(http.MethodPut, "/settings", `{"name": "Alice in Ghent"}`, http.StatusNoContent)
	if !strings.Contains(page(), "Alice in Ghent") {
		t.Fatalf("the new settings are gone:\n%s", page())
	}
	did(http.MethodPut, "/picture", string(picture(t, 200)), http.StatusNoContent)
	if status, _ := site.as(t, http.MethodGet, "/picture", nil); status != http.StatusOK {
		t.Fatal("the picture is gone")
	}
	did(http.MethodDelete, "/picture", "", http.StatusNoContent)
	if status, _ := site.as(t, http.MethodGet, "/picture", nil); status != http.StatusNotFound {
		t.Fatal("the picture is back")
	}
	session := *site.owner.cookie
	did(http.MethodDelete, "/session", "", http.StatusNoContent)
	site.owner.cookie = &session
	did(http.MethodPut, "/settings", `{}`, http.StatusUnauthorized)
	if err := site.owner.signIn(t, site.running); err != nil {
		t.Fatal(err)
	}
}

// killIn ends the site at some moment of the next milliseconds, in the middle of whatever it does then.
func (r running) killIn(milliseconds int) {
	moment := time.Duration(rand.IntN(milliseconds*1000)) * time.Microsecond //nolint:gosec // a moment
	time.AfterFunc(moment, func() { _ = r.Process.Kill() })
}

func TestAKillWhileTheSiteIsClaimedLeavesItOwnedOrFree(t *testing.T) {
	v, told, kept := newVolume(t), 0, 0
	const rounds = 24
	for round := range rounds {
		if err := os.Remove(filepath.Join(v.data, "owner.json")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		owner := someone(byte(round + 1))
		site := v.start(t)
		site.killIn(12)
		status, answer, err := owner.ask(t, http.MethodPost, site.url+"/owner", []byte(owner.claiming()))
		if err == nil && status != http.StatusCreated {
			t.Fatalf("round %d: %d %s", round, status, answer)
		}
		_ = site.Wait() // killed

		site = v.start(t)
		isOwned, ours := site.isOwnedBy(t, owner)
		if err == nil && !ours || isOwned != ours {
			t.Fatalf("round %d: told %v that it is theirs; owned: %v, by them: %v", round, err == nil, isOwned, ours)
		}
		again, answer, err2 := owner.ask(t, http.MethodPost, site.url+"/owner", []byte(owner.claiming()))
		if want := map[bool]int{true: http.StatusForbidden, false: http.StatusCreated}[isOwned]; err2 != nil || again != want {
			t.Fatalf("round %d: asked again, it answers %d %s, %v", round, again, answer, err2)
		}
		if err := owner.signIn(t, site); err != nil {
			t.Fatal(err)
		}
		site.kill(t)
		if err == nil {
			told++
		}
		if isOwned {
			kept++
		}
	}
	t.Logf("of %d that were cut short, %d had an owner afterwards and %d were told so", rounds, kept, told)
}

func TestAKillWhileTheOwnerIsAtWorkLosesNothingThatWasAnswered(t *testing.T) {
	v := newVolume(t)
	site := newOwned(t, v.start(t))
	for round := range 10 {
		var answered, last int // the last one that was answered, and the last that was sent
		site.killIn(80)
		for n := 1; ; n++ {
			last = n
			status, answer, err := site.owner.ask(t, http.MethodPut, site.url+"/settings", fmt.Appendf(nil, `{"name": "number %d of %d."}`, n, round))
			if err == nil && status != http.StatusNoContent {
				t.Fatalf("settings: %d %s", status, answer)
			}
			if err == nil {
				status, answer, err = site.owner.ask(t, http.MethodPut, site.url+"/picture", picture(t, uint8(n%2)*255))
			}
			if err != nil {
				break
			}
			if status != http.StatusNoContent {
				t.Fatalf("picture: %d %s", status, answer)
			}
			answered = n
		}
		_ = site.Wait() // killed
		site.running = v.start(t)
		_, page := site.as(t, http.MethodGet, "/", nil)
		kept := strings.Contains(page, fmt.Sprintf("number %d of %d.", last, round)) ||
			answered > 0 && strings.Contains(page, fmt.Sprintf("number %d of %d.", answered, round))
		if answered > 0 && !kept {
			t.Fatalf("round %d: number %d was answered, and the page is\n%s", round, answered, page)
		}
		status, shown := site.as(t, http.MethodGet, "/picture", nil)
		if _, _, err := image.Decode(bytes.NewReader([]byte(shown))); answered > 0 && (status != http.StatusOK || err != nil) {
			t.Fatalf("round %d: the picture: %d, %v", round, status, err)
		}
		leftovers, err := filepath.Glob(filepath.Join(v.data, ".*"))
		if err != nil || len(leftovers) > 0 {
			t.Fatalf("round %d: left behind: %v, %v", round, leftovers, err)
		}
		if status, answer := site.as(t, http.MethodPut, "/settings", []byte(`{}`)); status != http.StatusNoContent {
			t.Fatalf("round %d: the session is gone: %d %s", round, status, answer)
		}
	}
}

func TestASecondProcessLeavesTheDataDirectoryAlone(t *testing.T) {
	v := newVolume(t)
	site := v.start(t)
	output, err := command(t, v.home, "--listen", "127.0.0.1:0", "--data-dir", v.data).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "another indie-site") {
		t.Errorf("%v: %s", err, output)
	}
	site.kill(t)
	v.start(t)
}
