package cluster

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"magicwebsitefactory.gent/hack/localcluster/internal/build"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"

	"sigs.k8s.io/yaml"
)

func TestManifestsRender(t *testing.T) {
	c := clusterOf(t, "a")
	for _, pattern := range []string{"manifests/*.yaml", "manifests/issuer/*.yaml"} {
		stream, err := c.render(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split(string(stream), "\n---\n") {
			var object struct {
				APIVersion, Kind string
				Metadata         struct{ Name string }
			}
			if err := yaml.Unmarshal([]byte(document), &object); err != nil {
				t.Errorf("%v in\n%s", err, document)
			}
			if strings.TrimSpace(document) != "" && (object.Kind == "" || object.APIVersion == "" || object.Metadata.Name == "") {
				t.Errorf("not an object:\n%s", document)
			}
		}
	}
}

func TestDigestChangesWithTheBinaries(t *testing.T) {
	digest := func(content string) string {
		d, err := clusterOf(t, content).digest()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if first, again := digest("a"), digest("a"); first != again {
		t.Error("the same sources have two digests")
	}
	if digest("a") == digest("b") {
		t.Error("other sources have the same digest")
	}
}

func clusterOf(t *testing.T, content string) *Cluster {
	t.Helper()
	sources := fstest.MapFS{"go.mod": {Data: []byte(content)}}
	builder, err := build.New(t.Context(), sources, t.TempDir(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return New(builder, io.Discard)
}

func TestConditionThatIsNotThereIsUnknown(t *testing.T) {
	if status, _ := (conditioned{}).condition("Ready"); status != "Unknown" {
		t.Errorf("the status is %q", status)
	}
}

func TestDeadSocket(t *testing.T) {
	dir := t.TempDir()
	live, dead := filepath.Join(dir, "live"), filepath.Join(dir, "dead")
	listener, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	former, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	if err != nil {
		t.Fatal(err)
	}
	former.SetUnlinkOnClose(false)
	former.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{live: false, dead: true, file: false, filepath.Join(dir, "none"): false} {
		if got := deadSocket(path); got != want {
			t.Errorf("deadSocket(%s) = %v", filepath.Base(path), got)
		}
	}
}

func TestRemoveResultsTakesOurPodsOnly(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"mwf-aaa-eth0", "cni-loopback-aaa-lo", "cni-loopback-bbb-lo", "podman-bbb-eth0"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removeResults(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 || entries[0].Name() != "cni-loopback-bbb-lo" || entries[1].Name() != "podman-bbb-eth0" {
		t.Errorf("what is left: %v", entries)
	}
}

func TestOurLogLink(t *testing.T) {
	dir := t.TempDir()
	ours, others := filepath.Join(dir, "ours"), filepath.Join(dir, "others")
	if err := os.Symlink(layout.PodLogs+"/x/0.log", ours); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/var/log/pods/x/0.log", others); err != nil {
		t.Fatal(err)
	}
	if !ourLogLink(ours) || ourLogLink(others) || ourLogLink(dir) {
		t.Error("links are told apart wrongly")
	}
}
