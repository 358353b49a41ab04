package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

const cgroupRoot = "/sys/fs/cgroup"

// unified says whether the machine has only version 2 of control groups.
func unified() bool {
	_, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers"))
	return err == nil
}

// EnsureCgroups makes the group under which the kubelet keeps the pods, in every hierarchy. It
// answers the controllers that it had to hand down from the root, to be taken back later.
func EnsureCgroups() ([]string, error) {
	if unified() {
		enabled, err := enableControllers()
		if err != nil {
			return enabled, err
		}
		return enabled, makeGroup(cgroupRoot)
	}
	hierarchies, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for _, hierarchy := range hierarchies {
		if err := makeGroup(hierarchy); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func makeGroup(hierarchy string) error {
	if err := os.Mkdir(filepath.Join(hierarchy, layout.CgroupName), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a control group: %w", err)
	}
	return nil
}

// hierarchies are the mounted hierarchies of version 1, and the unified one beside them.
func hierarchies() ([]string, error) {
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return nil, fmt.Errorf("list the control groups: %w", err)
	}
	var found []string
	for _, entry := range entries {
		if entry.IsDir() { // cpu may be a link to cpu,cpuacct
			found = append(found, filepath.Join(cgroupRoot, entry.Name()))
		}
	}
	return found, nil
}

// enableControllers hands the root's controllers down to its children, as the kubelet demands.
func enableControllers() ([]string, error) {
	available, err := readWords(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return nil, err
	}
	control := filepath.Join(cgroupRoot, "cgroup.subtree_control")
	present, err := readWords(control)
	if err != nil {
		return nil, err
	}
	var enabled []string
	for _, name := range []string{"cpu", "cpuset", "io", "memory", "hugetlb", "pids"} {
		if !slices.Contains(available, name) || slices.Contains(present, name) {
			continue
		}
		if err := os.WriteFile(control, []byte("+"+name), 0o644); err != nil {
			return enabled, fmt.Errorf("enable the control group controller %s: %w", name, err)
		}
		enabled = append(enabled, name)
	}
	return enabled, nil
}

// KillGroup kills every process in the pods' groups and says how many there were.
func KillGroup() int {
	killed := 0
	for _, dir := range groupDirs() {
		words, err := readWords(filepath.Join(dir, "cgroup.procs"))
		if err != nil {
			continue
		}
		for _, word := range words {
			if pid, err := strconv.Atoi(word); err == nil && Kill(pid) {
				killed++
			}
		}
	}
	return killed
}

// RemoveCgroups removes the pods' groups, which must be empty, and takes back what was enabled.
func RemoveCgroups(enabled []string) error {
	dirs := groupDirs()
	for i := len(dirs) - 1; i >= 0; i-- {
		if err := os.Remove(dirs[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a control group: %w", err)
		}
	}
	for _, name := range enabled {
		// Another user of the controller, made meanwhile, keeps it.
		_ = os.WriteFile(filepath.Join(cgroupRoot, "cgroup.subtree_control"), []byte("-"+name), 0o644)
	}
	return nil
}

// groupDirs are the pods' groups in all hierarchies, parents before children.
func groupDirs() []string {
	roots, _ := filepath.Glob(filepath.Join(cgroupRoot, "*", layout.CgroupName))
	roots = append(roots, filepath.Join(cgroupRoot, layout.CgroupName))
	var dirs []string
	for _, root := range roots {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, path)
			}
			return nil // a group may go while it is walked
		})
	}
	return dirs
}

func readWords(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the control groups: %w", err)
	}
	return strings.Fields(string(content)), nil
}
