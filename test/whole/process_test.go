package whole

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"magicwebsitefactory.gent/test/output"
)

// starts are done by one thread that lives as long as the tests.
var starts = make(chan func())

// process is one run of a program. It ends with the test, and with the test's own process, however that ends.
type process struct {
	program string
	log     *output.Buffer
	ended   chan struct{}

	cmd *exec.Cmd
}

// start runs a program.
func start(t testing.TB, program string, env []string, args ...string) (*process, error) {
	p := &process{program: program, log: &output.Buffer{}, ended: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(programs, program), args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	failed := make(chan error)
	starts <- func() { failed <- p.cmd.Start() }
	if err := <-failed; err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is seen by whoever ended it
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("end of the log of %s (process %d):\n%s", program, p.cmd.Process.Pid, p.log.End(30))
			whole := filepath.Join(t.ArtifactDir(), fmt.Sprintf("%s-%d.log", program, p.cmd.Process.Pid)) // kept with go test -artifacts
			_ = os.WriteFile(whole, []byte(p.log.String()), 0o600)
		}
	})
	return p, nil
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the process as a crash does, also one that is stopped, and waits until it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// terminate asks the process to end, as the kubelet does.
func (p *process) terminate(within time.Duration) error {
	p.signal(syscall.SIGTERM)
	if !p.endsWithin(within) {
		return fmt.Errorf("%s did not end within %s of SIGTERM", p.program, within)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("%s ended with exit code %d", p.program, code)
	}
	return nil
}

func (p *process) endsWithin(d time.Duration) bool {
	bound := time.NewTimer(d)
	defer bound.Stop()
	select {
	case <-p.ended:
		return true
	case <-bound.C:
		return false
	}
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}
