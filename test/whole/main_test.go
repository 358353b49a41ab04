// Package whole runs the factory's real programs, as processes, against a real API server. The tests play what a cluster has besides: the
// controllers of StatefulSets, certificates, ingresses and garbage, a route that answers for the sites, and the onboarders.
//
// One test kills and stops the programs at random moments and holds them to what they promised; FAULTS=full makes it run five times, and
// FAULTS_SEED repeats one run's decisions. The other looks for secrets in everything that the programs let out.
package whole

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"magicwebsitefactory.gent/test/apiserver"
)

// programs is the folder that the two programs were built into.
var programs string

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	dir, err := os.MkdirTemp("", "factory-whole-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	programs = dir
	go func() {
		runtime.LockOSThread() // a process that is to die with its parent dies with the thread that started it
		for start := range starts {
			start()
		}
	}()
	return apiserver.Main(m)
}

// build makes the two programs as make does.
func build(dir string) error {
	cmd := exec.Command("go", "build", "-ldflags", "-s -w -X main.version=whole", "-o", dir+string(filepath.Separator), "./cmd/manager", "./cmd/frontend")
	cmd.Dir = apiserver.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-trimpath -buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("build the programs: %w", err), errors.New(string(out)))
	}
	return nil
}
