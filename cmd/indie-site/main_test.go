package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be indie-site itself, so that the tests run
// the real command as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_INDIE_SITE") != "" {
		main()
		return
	}
	code := m.Run()
	_ = os.RemoveAll(copied.dir)
	os.Exit(code)
}

// copied is the test binary where another user may run it.
var copied struct {
	once sync.Once
	dir  string
	err  error
}

const nobody = 65532

// command is indie-site with the arguments, as the user of the container image
// where the test may do that, and with nothing writable but the data directory.
func command(t *testing.T, home string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = []string{"RUN_AS_INDIE_SITE=1", "HOME=" + home}
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		cmd.Path = copyExecutable(t)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// sharedDir is a directory that other users may look into.
func sharedDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil { //nolint:gosec // another user must get in
			t.Fatal(err)
		}
	}
	return dir
}

func copyExecutable(t *testing.T) string {
	t.Helper()
	copied.once.Do(func() { copied.dir, copied.err = copyOnce() })
	if copied.err != nil {
		t.Fatal(copied.err)
	}
	return filepath.Join(copied.dir, "indie-site")
}

func copyOnce() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "indie-site-test"); err != nil {
		return dir, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // another user must get in
		return dir, err
	}
	data, err := os.ReadFile(os.Args[0])
	if err != nil {
		return dir, err
	}
	return dir, os.WriteFile(filepath.Join(dir, "indie-site"), data, 0o755) //nolint:gosec // it is to be run
}

type running struct {
	*exec.Cmd
	url string
}

// start runs the command until it says where it serves.
func start(t *testing.T, cmd *exec.Cmd) running {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("logs %q, which is not JSON", lines.Text())
		}
		if line.Msg == "serving" {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return running{cmd, "http://" + line.Address}
		}
	}
	t.Fatalf("ended before it served: %v", cmd.Wait())
	return running{}
}

func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestTheCommandStopsOnSIGTERM(t *testing.T) {
	site := newVolume(t).start(t)
	if status, _ := ask(t, http.MethodGet, site.url+"/readyz", ""); status != http.StatusOK {
		t.Fatalf("/readyz answers %d", status)
	}
	if err := site.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := site.Wait(); err != nil {
		t.Errorf("ended by SIGTERM: %v", err)
	}
}

func TestTheCommandSaysWhatIsWrongAndStops(t *testing.T) {
	home := sharedDir(t)
	bad := filepath.Join(home, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"secretSignUpCode":"a","secretSignupCode":"b"}`), 0o644); err != nil { //nolint:gosec // read by another user
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		exit int
		says string
	}{
		"an installer file of two minds":     {[]string{"--installer-file", bad, "--data-dir", home}, 1, "differ"},
		"a data directory out of reach":      {[]string{"--data-dir", "/proc/nowhere"}, 1, "data directory"},
		"installer files that are not there": {[]string{"--installer-file", filepath.Join(home, "none.json"), "--data-dir", filepath.Join(home, "data")}, 1, "none.json"},
		"an address that is none":            {[]string{"--listen", "nonsense", "--data-dir", home}, 1, "--listen"},
		"a flag it does not know":            {[]string{"--colour"}, 2, "-colour"},
		"an argument it does not expect":     {[]string{"alice.gent"}, 2, "alice.gent"},
		"somebody who asks what it is for":   {[]string{"--help"}, 0, "-installer-file"},
		"somebody who asks its version":      {[]string{"--version"}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := command(t, home, c.args...).CombinedOutput()
			exit := 0
			if failed, ok := errors.AsType[*exec.ExitError](err); ok {
				exit = failed.ExitCode()
			}
			if exit != c.exit || !strings.Contains(string(output), c.says) {
				t.Errorf("exit %d, want %d with %q:\n%s", exit, c.exit, c.says, output)
			}
		})
	}
}
