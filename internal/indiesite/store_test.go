package indiesite

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
)

var alice = Settings{Name: "Alice", Bio: "Draws houses.", Colour: "#f2b705", Language: "en"}

func openStore(t *testing.T, dir string) *Store {
	t.Helper()
	store, err := OpenStore(dir, clock.RealClock{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestWhatWasSavedIsThereAfterARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet", "there")
	store := openStore(t, dir)
	if _, known := store.Settings(); known {
		t.Fatal("a new site knows its owner")
	}
	if err := store.Save(alice); err != nil {
		t.Fatal(err)
	}
	got, known := openStore(t, dir).Settings()
	if diff := cmp.Diff(alice, got); diff != "" || !known {
		t.Errorf("known: %v\n%s", known, diff)
	}
}

func TestSavingTheSameAgainWritesNothing(t *testing.T) {
	dir := t.TempDir()
	clk := clocktesting.NewFakePassiveClock(time.Unix(1_800_000_000, 0))
	store, err := OpenStore(dir, clk)
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		data, err := os.ReadFile(filepath.Join(dir, stateFile))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	save := func(settings Settings) {
		if err := store.Save(settings); err != nil {
			t.Fatal(err)
		}
	}
	save(alice)
	first := read()
	clk.SetTime(clk.Now().Add(time.Hour))
	save(alice)
	if diff := cmp.Diff(first, read()); diff != "" {
		t.Errorf("the same settings changed the file:\n%s", diff)
	}
	save(Settings{Name: "Bob"})
	if !strings.Contains(read(), "Bob") {
		t.Error("other settings did not change the file")
	}
}

func TestAnInterruptedWriteLeavesTheLastStateAndIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	if err := openStore(t, dir).Save(alice); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, ".owner-settings-123.tmp"), `{"version": 1, "sett`)
	got, _ := openStore(t, dir).Settings()
	if diff := cmp.Diff(alice, got); diff != "" {
		t.Error(diff)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != stateFile {
		t.Errorf("left in the data directory: %v", entries)
	}
}

func TestAStateThatCannotBeUnderstoodStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct{ file, content string }{
		"damaged settings":               {stateFile, `{"version": 1, "settings": {"na`},
		"an empty file":                  {stateFile, ``},
		"settings of another version":    {stateFile, `{"version": 2, "settings": {}}`},
		"a background that is no colour": {stateFile, `{"version": 1, "settings": {"background": "red"}}`},
		"damaged keys":                   {ownerFile, `{"version": 1, "derivedKey`},
		"an owner without keys":          {ownerFile, `{"version": 1}`},
		"a key cut short":                {ownerFile, strings.Replace(ownerDocument, `00"`, `"`, 1)},
		"keys of another version":        {ownerFile, strings.Replace(ownerDocument, `"version": 1`, `"version": 2`, 1)},
		"damaged sessions":               {sessionsFile, `{"version": 1, "sessions": [{`},
		"a session without an end":       {sessionsFile, `{"version": 1, "sessions": [{"digest": "` + someone('a').keys.digestOf("x") + `"}]}`},
		"a session without a digest":     {sessionsFile, `{"version": 1, "sessions": [{"expires": "2026-11-22T10:00:00Z"}]}`},
		"a picture that is none":         {pictureFile, `<svg/>`},
		"an empty picture":               {pictureFile, ``},
		"a picture larger than we keep":  {pictureFile, string(pngOf(MaxPictureSide+1, 1))},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := write(t, filepath.Join(dir, c.file), c.content)
			if _, err := OpenStore(dir, clock.RealClock{}); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one that names %s", err, path)
			}
		})
	}
}

func TestAFailedSaveKeepsWhatWasThere(t *testing.T) {
	dir := t.TempDir()
	store := openStore(t, dir)
	if err := store.Save(alice); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(Settings{Name: "Bob"}); err == nil {
		t.Fatal("saving into nowhere went well")
	}
	if err := store.Writable(); err == nil {
		t.Error("a missing data directory counts as writable")
	}
	if got, _ := store.Settings(); got != alice {
		t.Errorf("the page would show %+v, which is kept nowhere", got)
	}
}

// TestKillLosesNothingThatWasSaved saves in another process as fast as it can,
// and ends it with SIGKILL in the middle. What it said to be saved must be there.
func TestKillLosesNothingThatWasSaved(t *testing.T) {
	dir := t.TempDir()
	for round := range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestHelperSaver$")
		child.Env = append(os.Environ(), "INDIESITE_SAVE_TO="+dir, fmt.Sprintf("INDIESITE_ROUND=%d", round))
		stdout, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		last := ""
		for saved := 0; lines.Scan(); {
			if bio, ok := strings.CutPrefix(lines.Text(), "saved "); ok {
				last = bio
				if saved++; saved == 20 {
					_ = child.Process.Kill()
				}
			}
		}
		_ = child.Wait() // killed
		got, known := openStore(t, dir).Settings()
		// Texts grow, so that one saved after the last that was heard of is longer.
		if !known || last == "" || len(got.Bio) < len(last) {
			t.Fatalf("round %d: %q was saved, %q is there", round, last, got.Bio)
		}
	}
}

func TestHelperSaver(*testing.T) {
	dir := os.Getenv("INDIESITE_SAVE_TO")
	if dir == "" {
		return
	}
	store, err := OpenStore(dir, clock.RealClock{})
	if err != nil {
		panic(err)
	}
	for n := 1; n < MaxBioLength; n++ {
		bio := os.Getenv("INDIESITE_ROUND") + strings.Repeat("x", n)
		if err := store.Save(Settings{Bio: bio}); err != nil {
			panic(err)
		}
		fmt.Println("saved " + bio)
	}
}
