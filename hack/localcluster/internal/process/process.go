// Package process starts programs that outlive this one and finds them again.
//
// A record of each is kept in a file: its process ID, when it started and since which boot, since
// process IDs are used again.
package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Spec is a program to run.
type Spec struct {
	Name string
	Path string
	Args []string
	Env  []string
}

// A Manager keeps the records of programs in one folder and their output in another.
type Manager struct {
	Records string
	Logs    string
}

// record is what a file says about a program that was started.
type record struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot, proc_pid_stat(5) field 22
	Boot  string `json:"boot"`
	// Command is what was run: a program that should run with another command line starts again.
	Command []string `json:"command"`
}

// keepLog is how much output of former runs stays: beyond it the file is begun anew. In bytes.
const keepLog = 20 << 20

// Start runs the program unless it runs already, in a session of its own, with its output in its log.
func (m Manager) Start(spec Spec) error {
	if r, alive := m.read(spec.Name); alive {
		if slices.Equal(r.Command, spec.command()) {
			return nil
		}
		if err := m.Stop(spec.Name, 3*time.Second); err != nil {
			return err
		}
	}
	log, err := m.openLog(spec.Name)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(spec.Path, spec.Args...) //nolint:noctx // it is to outlive this program
	command.Dir = "/"
	command.Env = append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}, spec.Env...)
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", spec.Name, err)
	}
	go func() { _ = command.Wait() }() // so that a child that ends at once is no zombie of ours
	return m.write(spec, command.Process.Pid)
}

func (s Spec) command() []string { return append([]string{s.Path}, s.Args...) }

// Alive answers the process ID of the named program, and whether it still runs.
func (m Manager) Alive(name string) (pid int, alive bool) {
	r, alive := m.read(name)
	return r.PID, alive
}

// read reads a record, and says whether the program it is about still runs.
func (m Manager) read(name string) (r record, alive bool) {
	content, err := os.ReadFile(m.recordPath(name))
	if err != nil || json.Unmarshal(content, &r) != nil || r.PID <= 1 || r.Boot != BootID() {
		return record{}, false
	}
	start, running := startTime(r.PID)
	return r, running && start == r.Start
}

// Started is when the named program started, if it runs.
func (m Manager) Started(name string) (time.Time, bool) {
	if _, alive := m.Alive(name); !alive {
		return time.Time{}, false
	}
	info, err := os.Stat(m.recordPath(name))
	if err != nil {
		return time.Time{}, false
	}
	return info.ModTime(), true
}

// Stop asks the program to end, kills it after patience, and forgets it.
func (m Manager) Stop(name string, patience time.Duration) error {
	pid, alive := m.Alive(name)
	if alive {
		_ = syscall.Kill(pid, syscall.SIGTERM)
		if !m.gone(name, patience) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			if !m.gone(name, 10*time.Second) {
				return fmt.Errorf("%s (process %d) does not end", name, pid)
			}
		}
	}
	if err := os.Remove(m.recordPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget %s: %w", name, err)
	}
	return nil
}

func (m Manager) gone(name string, patience time.Duration) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if _, alive := m.Alive(name); !alive {
			return true
		}
	}
	return false
}

// LogTail is the end of a program's log, at most limit bytes.
func (m Manager) LogTail(name string, limit int64) string {
	file, err := os.Open(m.LogPath(name))
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > limit {
		_, _ = file.Seek(-limit, 2)
	}
	content := make([]byte, limit)
	n, _ := file.Read(content)
	return string(content[:n])
}

// LogPath is where a program's output goes.
func (m Manager) LogPath(name string) string { return filepath.Join(m.Logs, name+".log") }

func (m Manager) recordPath(name string) string { return filepath.Join(m.Records, name+".json") }

func (m Manager) openLog(name string) (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(m.LogPath(name)); err == nil && info.Size() > keepLog {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(m.LogPath(name), flags, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	return file, nil
}

// write records a process whole or not at all.
func (m Manager) write(spec Spec, pid int) error {
	name := spec.Name
	start, running := startTime(pid)
	if !running {
		return fmt.Errorf("%s ended at once: see %s", name, m.LogPath(name))
	}
	content, err := json.Marshal(record{PID: pid, Start: start, Boot: BootID(), Command: spec.command()})
	if err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	unfinished := m.recordPath(name) + ".unfinished"
	if err := os.WriteFile(unfinished, content, 0o640); err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	if err := os.Rename(unfinished, m.recordPath(name)); err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	return nil
}

// startTime is when a process started, and whether it runs: a zombie does not.
func startTime(pid int) (uint64, bool) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	return parseStat(string(content))
}

// parseStat reads proc_pid_stat(5). The second field is the name in brackets, which may hold anything.
func parseStat(stat string) (start uint64, running bool) {
	end := strings.LastIndex(stat, ")")
	if end < 0 {
		return 0, false
	}
	fields := strings.Fields(stat[end+1:])
	const state, startField = 0, 19 // counted from the third field
	if len(fields) <= startField || fields[state] == "Z" || fields[state] == "X" {
		return 0, false
	}
	start, err := strconv.ParseUint(fields[startField], 10, 64)
	return start, err == nil
}

// BootID names this boot of the machine.
func BootID() string {
	content, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
