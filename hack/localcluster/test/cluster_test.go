//go:build cluster

package test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/cluster"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/process"
)

// TestClusterLeavesNoTrace takes the cluster through its life on this machine: it starts, carries a
// site, is killed and repaired, is killed and taken down, and is started from nothing again. After
// each down the machine must be as it was before.
func TestClusterLeavesNoTrace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a cluster needs root")
	}
	command := buildCommand(t)
	localcluster(t, command, "build") // packages may be installed by up: that is not what is compared
	if err := host.InstallPackages(t.Context(), os.Stderr); err != nil {
		t.Fatal(err)
	}
	localcluster(t, command, "down")
	before := takeSnapshot(t)
	t.Cleanup(func() { localcluster(t, command, "down") })

	up(t, command, 3*time.Minute)
	site := startSite(t, command)
	site.mustServe(t)
	site.mustKeepNotes(t)
	up(t, command, 5*time.Second) // healthy: left alone
	staysHere(t)

	killEverything(t)
	up(t, command, 3*time.Minute) // repaired
	site.mustServe(t)
	site.mustRemember(t)

	stopOne(t, "kube-controller-manager")
	if _, err := try(command, "status"); err == nil {
		t.Error("status is content without a controller manager")
	}
	up(t, command, time.Minute)

	killEverything(t)
	localcluster(t, command, "down")
	mustBeAsBefore(t, before, "after a down of a killed cluster")
	localcluster(t, command, "down") // again, with nothing there
	mustBeAsBefore(t, before, "after a second down")

	up(t, command, 3*time.Minute)
	startSite(t, command).mustServe(t)
	localcluster(t, command, "down")
	mustBeAsBefore(t, before, "after a down of a healthy cluster")
}

// staysHere looks where something goes that is sent to a pod which is not there (any more): it must
// not leave the machine.
func staysHere(t *testing.T) {
	t.Helper()
	const nobody = "10.213.63.254" // the last address that pods could have
	way, err := host.Run(t.Context(), "ip", "route", "get", nobody)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(way, "dev "+layout.NodeLink) {
		t.Errorf("packets to a pod that is gone leave the machine: %s", way)
	}
}

// TestUpAfterLostState starts a cluster over what is left when the state folder is gone but links,
// mounts and rules are not.
func TestUpAfterLostState(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a cluster needs root")
	}
	command := buildCommand(t)
	t.Cleanup(func() { localcluster(t, command, "down") })
	localcluster(t, command, "down")
	before := takeSnapshot(t)
	up(t, command, 3*time.Minute)
	killEverything(t)
	if err := host.Unmount(layout.State); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(layout.State); err != nil {
		t.Fatal(err)
	}
	up(t, command, 3*time.Minute)
	startSite(t, command).mustServe(t)
	localcluster(t, command, "down")
	mustBeAsBefore(t, before, "after a down of a cluster that lost its journal")
}

func mustBeAsBefore(t *testing.T, before snapshot, when string) {
	t.Helper()
	var left string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if left = differences(before, takeSnapshot(t)); left == "" {
			return
		}
	}
	t.Errorf("%s the machine is not as before:\n%s", when, left)
}

// killEverything is what a power cut of the containers' host, or a CI system, does: no process of the
// cluster survives, and everything else stays.
func killEverything(t *testing.T) {
	t.Helper()
	for range 50 {
		host.KillGroup()
		left := host.ClusterProcesses(layout.State, layout.Run)
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			host.Kill(pid)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("processes of the cluster survive kill -9")
}

// stopOne kills a component and waits until the kernel has done so.
func stopOne(t *testing.T, name string) {
	t.Helper()
	components := process.Manager{Records: layout.Processes, Logs: layout.Logs}
	pid, alive := components.Alive(name)
	if !alive {
		t.Fatalf("%s does not run", name)
	}
	host.Kill(pid)
	eventually(t, name+" to end", func() error {
		if _, alive := components.Alive(name); alive {
			return errors.New("it runs")
		}
		return nil
	})
}

func buildCommand(t *testing.T) string {
	t.Helper()
	return compile(t, "../cmd/localcluster", "localcluster")
}

func compile(t *testing.T, source, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v: %s", source, err, output)
	}
	return binary
}

func up(t *testing.T, command string, limit time.Duration) {
	t.Helper()
	start := time.Now()
	localcluster(t, command, "up")
	if took := time.Since(start); took > limit {
		t.Errorf("up took %s, and %s is the limit", took, limit)
	} else {
		t.Logf("up took %s", took.Round(10*time.Millisecond))
	}
	localcluster(t, command, "status")
}

func localcluster(t *testing.T, command string, args ...string) string {
	t.Helper()
	output, err := try(command, args...)
	if err != nil {
		for _, more := range [][]string{{"get", "pods,events", "-A"}, {"-n", "kube-system", "logs", "deploy/skipper"}, {"-n", "kube-system", "logs", "deploy/skipper", "-p"}} {
			said, _ := exec.Command(cluster.Kubectl(), append([]string{"--kubeconfig", layout.Kubeconfig}, more...)...).CombinedOutput()
			t.Logf("%s", said)
		}
		said, _ := exec.Command("iptables-save").CombinedOutput()
		t.Logf("%s", said)
		t.Fatalf("localcluster %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return output
}

func try(command string, args ...string) (string, error) {
	output, err := exec.Command(command, args...).CombinedOutput()
	return string(output), err
}

// TestUpAfterReboot starts a cluster of which only the state folder is left, as after a reboot.
func TestUpAfterReboot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a cluster needs root")
	}
	command := buildCommand(t)
	t.Cleanup(func() { localcluster(t, command, "down") })
	localcluster(t, command, "down")
	before := takeSnapshot(t)
	up(t, command, 3*time.Minute)
	site := startSite(t, command)
	site.mustServe(t)
	site.mustKeepNotes(t)

	killEverything(t)
	forgetBoot(t)
	up(t, command, 3*time.Minute)
	site.mustServe(t)
	site.mustRemember(t)
	localcluster(t, command, "down")
	mustBeAsBefore(t, before, "after a down of a cluster that saw a reboot")
}

// forgetBoot takes away what a reboot takes away, and makes the records those of another boot.
func forgetBoot(t *testing.T) {
	t.Helper()
	content, err := os.ReadFile(layout.Journal)
	if err != nil {
		t.Fatal(err)
	}
	var journal map[string]any
	if err := json.Unmarshal(content, &journal); err != nil {
		t.Fatal(err)
	}
	sysctls := make(map[string]string)
	for name, value := range journal["sysctls"].(map[string]any) {
		sysctls[name] = value.(string)
	}
	tables := make(map[string][]string)
	for filter, names := range journal["tables"].(map[string]any) {
		tables[filter] = []string{}
		for _, name := range names.([]any) {
			tables[filter] = append(tables[filter], name.(string))
		}
	}
	journal["boot"] = "another"
	if content, err = json.Marshal(journal); err == nil {
		err = os.WriteFile(layout.Journal, content, 0o600)
	}
	records, _ := filepath.Glob(filepath.Join(layout.Processes, "*.json"))
	for _, path := range records {
		err = errors.Join(err, os.WriteFile(path, []byte(`{"pid": 1, "start": 1, "boot": "another"}`), 0o600))
	}
	err = errors.Join(err, host.Unmount(layout.State, layout.Run), host.RemoveLinks(t.Context()),
		host.RemoveFilter(t.Context(), true, tables), host.RemoveCgroups(nil),
		host.WriteSysctls(sysctls), os.RemoveAll(layout.Run))
	if err != nil {
		t.Fatal(err)
	}
}
