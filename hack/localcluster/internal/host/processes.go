package host

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// runtimePrograms run from Debian's folders, so that only their arguments tell whose they are.
var runtimePrograms = []string{"containerd", "containerd-shim-runc-v2", "containerd-shim", "runc", "ctr"}

// ClusterProcesses finds every process that runs a binary of dirs, or is a container runtime's and
// names a path in dirs. It finds what no pid file knows any more.
func ClusterProcesses(dirs ...string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		exe, _ := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		content, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if ofCluster(exe, strings.Split(string(content), "\x00"), dirs) {
			found = append(found, pid)
		}
	}
	return found
}

func ofCluster(exe string, args, dirs []string) bool {
	exe = strings.TrimSuffix(exe, " (deleted)")
	named := func(s string) bool {
		return slices.ContainsFunc(dirs, func(dir string) bool { return within(s, dir) })
	}
	if named(exe) {
		return true
	}
	if !slices.Contains(runtimePrograms, filepath.Base(exe)) {
		return false
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		_, value, found := strings.Cut(arg, "=")
		return named(arg) || found && named(value)
	})
}

// Kill ends a process at once and says whether it was there.
func Kill(pid int) bool { return syscall.Kill(pid, syscall.SIGKILL) == nil }
