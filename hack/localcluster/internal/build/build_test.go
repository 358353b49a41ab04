package build

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sources() fstest.MapFS {
	return fstest.MapFS{
		"go.mod":             {Data: []byte("module example\n")},
		"cmd/kube/main.go":   {Data: []byte("package main\n")},
		"cmd/addons/main.go": {Data: []byte("package main\n")},
	}
}

func TestHash(t *testing.T) {
	const toolchain = "go1.26.8 linux amd64"
	first, err := Hash(sources(), toolchain)
	if err != nil {
		t.Fatal(err)
	}
	if !hashName.MatchString(first) {
		t.Errorf("the hash %q is not twelve hexadecimal digits", first)
	}
	changes := map[string]func() (fstest.MapFS, string){
		"another toolchain": func() (fstest.MapFS, string) { return sources(), "go1.27 linux amd64" },
		"a changed file": func() (fstest.MapFS, string) {
			s := sources()
			s["go.mod"] = &fstest.MapFile{Data: []byte("module other\n")}
			return s, toolchain
		},
		"a renamed file": func() (fstest.MapFS, string) {
			s := sources()
			s["cmd/kube/other.go"] = s["cmd/kube/main.go"]
			delete(s, "cmd/kube/main.go")
			return s, toolchain
		},
	}
	for name, change := range changes {
		t.Run(name+" changes it", func(t *testing.T) {
			other, err := Hash(change())
			if err != nil {
				t.Fatal(err)
			}
			if other == first {
				t.Error("the hash is the same")
			}
		})
	}
	if again, err := Hash(sources(), toolchain); err != nil || again != first {
		t.Errorf("the same sources make %q and then %q (%v)", first, again, err)
	}
}

func TestProgress(t *testing.T) {
	var p progress
	for _, line := range []string{"go: downloading k8s.io/api v0.35.4", "go: downloading k8s.io/utils v0.0.0"} {
		p.add(line)
	}
	if got, want := p.line("kube", 3*time.Second), "  kube: 2 modules downloaded, 3s"; got != want {
		t.Errorf("while it downloads it says %q, want %q", got, want)
	}
	for _, line := range []string{"k8s.io/api/core/v1", "# k8s.io/kubectl", "x.go:1:2: undefined: y", "internal/cpu"} {
		p.add(line)
	}
	if got, want := p.line("kube", time.Minute), "  kube: 2 packages compiled, 1m0s"; got != want {
		t.Errorf("while it compiles it says %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"# k8s.io/kubectl", "x.go:1:2: undefined: y"}, p.errors); diff != "" {
		t.Errorf("the compiler's messages (-want +got):\n%s", diff)
	}
}

func TestSelectTargets(t *testing.T) {
	if _, err := selectTargets([]string{"kubelet"}); err == nil || !strings.Contains(err.Error(), `"kubelet"`) {
		t.Errorf("an unknown target is answered %v", err)
	}
	all, err := selectTargets(nil)
	if err != nil || len(all) != len(Targets()) {
		t.Errorf("no name means %d targets (%v), want all", len(all), err)
	}
}

func TestLdflagsStampTheVersion(t *testing.T) {
	flags := kubeTarget().ldflags()
	for _, want := range []string{
		"-s -w", "component-base/version.gitVersion=v" + KubernetesVersion,
		"component-base/version.gitMajor=1 ", "component-base/version.gitMinor=35 ",
	} {
		if !strings.Contains(flags, want) {
			t.Errorf("%q is not in %q", want, flags)
		}
	}
}

func TestPruneKeepsWhatIsUsedOrForeign(t *testing.T) {
	cache := t.TempDir()
	old := time.Now().Add(-keep - time.Hour)
	for name, changed := range map[string]time.Time{
		"0123456789ab": old, "ba9876543210": time.Now(), "aaaaaaaaaaaa": old, "somebody-elses": old,
	} {
		if err := os.Mkdir(filepath.Join(cache, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(cache, name), changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	(&Builder{Cache: cache, hash: "aaaaaaaaaaaa"}).prune()
	entries, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff([]string{"aaaaaaaaaaaa", "ba9876543210", "somebody-elses"}, left); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}

func TestLockEndsWithTheContext(t *testing.T) {
	b := &Builder{Cache: t.TempDir(), hash: "aaaaaaaaaaaa", Log: io.Discard}
	unlock, err := b.lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.lock(ctx); err == nil {
		t.Fatal("the lock is given twice")
	}
	unlock()
	unlock, err = b.lock(t.Context())
	if err != nil {
		t.Fatalf("a free lock is not given: %v", err)
	}
	unlock()
}
