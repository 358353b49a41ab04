package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pages = "../../internal/indiesite/web"

// elsewhere is a copy of the sources at another path, with the same packages.
func elsewhere(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	packages, err := filepath.Abs(filepath.Join(pages, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(packages); err != nil {
		t.Fatalf("the packages are not there: run make web (%v)", err)
	}
	for _, err := range []error{
		os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(pages, "src"))),
		os.CopyFS(filepath.Join(dir, "node_modules"), os.DirFS(packages)),
		os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"type": "module"}`), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func made(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := bundle(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for name, content := range files {
		all[name] = string(content)
	}
	return all
}

func TestTheSameSourcesGiveTheSameFilesWhereverTheyAre(t *testing.T) {
	here, there := made(t, pages), made(t, elsewhere(t))
	if !slices.Equal(slices.Sorted(maps.Keys(here)), slices.Sorted(maps.Keys(there))) {
		t.Fatal(cmp.Diff(slices.Sorted(maps.Keys(here)), slices.Sorted(maps.Keys(there))))
	}
	for name, content := range here {
		if there[name] != content {
			t.Errorf("%s is another one", name)
		}
		if strings.Contains(content, "node_modules") || strings.Contains(content, filepath.Dir(t.TempDir())) {
			t.Errorf("%s holds a path of this machine", name)
		}
	}
}

func TestAChangeGivesAnotherNameAndTheFormerFileGoes(t *testing.T) {
	dir := elsewhere(t)
	before := made(t, dir)
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "src", "waiting.js")
	if err := os.WriteFile(source, []byte("console.log('changed')\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(dir); err != nil {
		t.Fatal(err)
	}
	after := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(dir, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != stamp {
			after[entry.Name()] = ""
		}
	}
	changed := 0
	for name := range after {
		if _, same := before[name]; !same {
			changed++
			if !strings.HasPrefix(name, "waiting-") {
				t.Errorf("%s is another one too", name)
			}
		}
	}
	if changed != 1 || len(after) != len(before) {
		t.Errorf("%d files changed, and there are %d instead of %d", changed, len(after), len(before))
	}
}

func TestTheLicenceComesAlong(t *testing.T) {
	for name, content := range made(t, pages) {
		if strings.HasPrefix(name, "keys-") && !strings.Contains(content, "Permission to use, copy, modify, and/or distribute") {
			t.Errorf("%s does not carry libsodium's licence", name)
		}
	}
}

func TestAMistakeInTheSourcesIsNamedWithItsPlace(t *testing.T) {
	dir := elsewhere(t)
	if err := os.WriteFile(filepath.Join(dir, "src", "waiting.js"), []byte("import { nothing } from './form.js'\nnothing()\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle(dir); err == nil || !strings.Contains(err.Error(), "src/waiting.js:1:") {
		t.Errorf("it says %v", err)
	}
}

func TestTheLockFileNamesExactVersionsAndNoRegistry(t *testing.T) {
	lock, err := os.ReadFile(filepath.Join(pages, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) || strings.Contains(string(lock), "://") {
		t.Error("the lock file holds a download address; npm leaves them out with the .npmrc beside it")
	}
	if strings.Count(string(lock), `"node_modules/`) != strings.Count(string(lock), `"integrity": "sha512-`) {
		t.Error("a package has no digest in the lock file")
	}
	manifest, err := os.ReadFile(filepath.Join(pages, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(manifest), "^~*") {
		t.Error("package.json names no exact versions")
	}
}
