package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Mounts are the mount points at or under any of dirs, in the order in which they were mounted.
func Mounts(dirs ...string) ([]string, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read the mounts: %w", err)
	}
	defer file.Close()
	return parseMounts(file, dirs...)
}

// parseMounts reads proc_pid_mountinfo(5): the fifth field is the mount point, with octal escapes.
func parseMounts(r io.Reader, dirs ...string) ([]string, error) {
	var found []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 {
			continue
		}
		point := unescape(fields[4])
		for _, dir := range dirs {
			if within(point, dir) {
				found = append(found, point)
				break
			}
		}
	}
	return found, lines.Err()
}

// Unmount takes away everything that is mounted at or under dirs, what was mounted last first.
// It detaches lazily, so that a process that still has a file open cannot keep a mount.
func Unmount(dirs ...string) error {
	const rounds = 3 // a mount may appear while others go
	for range rounds {
		points, err := Mounts(dirs...)
		if err != nil || len(points) == 0 {
			return err
		}
		for i := len(points) - 1; i >= 0; i-- {
			// What is gone already, or cannot go, shows in the next round.
			_ = syscall.Unmount(points[i], syscall.MNT_DETACH|unmountNoFollow)
		}
	}
	points, err := Mounts(dirs...)
	if err == nil && len(points) > 0 {
		err = fmt.Errorf("still mounted: %s", strings.Join(points, ", "))
	}
	return err
}

const unmountNoFollow = 0x8 // UMOUNT_NOFOLLOW of umount(2)

func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, filepath.Clean(dir)+"/")
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if code, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(code))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
