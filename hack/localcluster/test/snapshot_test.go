//go:build cluster

package test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// A snapshot is what the cluster could change on a machine, by topic, in comparable lines.
type snapshot map[string][]string

// places are folders whose entries must not change: those where the cluster, the kubelet, containerd
// and the packages' services would leave something.
var places = []string{
	"/run", "/run/netns", "/run/containerd", "/var/lib", "/var/log", "/var/lib/cni", "/var/lib/kubelet", "/var/lib/containerd",
	"/var/log/containers", "/var/log/pods", "/etc", "/etc/cni", "/etc/cni/net.d", "/opt", "/opt/cni",
	"/usr/libexec", "/usr/sbin", "/etc/systemd/system", "/etc/systemd/system/multi-user.target.wants", "/",
}

// quietSysctls are the trees of kernel settings that somebody could change; counters are elsewhere.
var quietSysctls = []string{"net/ipv4", "net/ipv6", "net/bridge", "net/netfilter", "net/core", "vm", "kernel/keys", "user", "fs/inotify"}

// volatile are settings that the kernel itself counts in.
var volatile = regexp.MustCompile(`nf_conntrack_count|/random/|route/gc|stat_refresh|drop_caches|compact_memory|/neigh/veth|ns_last_pid`)

func takeSnapshot(t *testing.T) snapshot {
	t.Helper()
	s := snapshot{
		"mounts":    mounts(t),
		"links":     lines(t, "ip", "-brief", "link"),
		"addresses": lines(t, "ip", "-brief", "address"),
		"routes":    lines(t, "ip", "route", "show", "table", "all"),
		"rules":     lines(t, "ip", "rule"),
		"netns":     lines(t, "ip", "netns"),
		"iptables":  filter(t, "iptables-save"),
		"ip6tables": filter(t, "ip6tables-save"),
		"processes": processes(t),
		"cgroups":   cgroups(t),
		"sysctls":   sysctls(t),
		"files":     files(t),
		"sockets":   sockets(t),
	}
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		s["services"] = lines(t, "systemctl", "list-units", "--type=service", "--all", "--plain", "--no-legend", "--no-pager")
	}
	return s
}

func lines(t *testing.T, name string, args ...string) []string {
	t.Helper()
	output, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, output)
	}
	var all []string
	for line := range strings.Lines(string(output)) {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	sort.Strings(all)
	return all
}

func mounts(t *testing.T) []string {
	t.Helper()
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		if fields := strings.Fields(scanner.Text()); len(fields) > 4 {
			all = append(all, fields[4]+" "+fields[3])
		}
	}
	sort.Strings(all)
	return all
}

// counters are the packet counters of iptables-save, and its comments the time.
var counters = regexp.MustCompile(`\[\d+:\d+\]|^#.*`)

func filter(t *testing.T, program string) []string {
	t.Helper()
	var kept []string
	for _, line := range lines(t, program) {
		if line = strings.TrimSpace(counters.ReplaceAllString(line, "")); line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

// processes are the command lines of what runs, without kernel threads and what this test started.
// Only those that could be the cluster's count: other work goes on beside the test.
func processes(t *testing.T) []string {
	t.Helper()
	suspicious := regexp.MustCompile(`mwf|containerd|kube|etcd|runc|/pause|/addons|coredns|skipper`)
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range paths {
		exe, _ := os.Readlink(filepath.Join(filepath.Dir(path), "exe"))
		content, _ := os.ReadFile(path)
		if strings.Contains(string(content), "k8s_test_framework") {
			continue // envtest's, of other tests beside this one
		}
		arguments := strings.Split(string(content), "\x00")
		if suspicious.MatchString(filepath.Base(exe)) || suspicious.MatchString(filepath.Base(arguments[0])) {
			found = append(found, exe+" "+strings.Join(arguments, " "))
		}
	}
	sort.Strings(found)
	return found
}

// cgroups are the groups that the cluster could have made: others come and go with other work.
func cgroups(t *testing.T) []string {
	t.Helper()
	suspicious := regexp.MustCompile(`mwf|kube|pod|containerd|cri-`)
	var found []string
	for _, pattern := range []string{"/sys/fs/cgroup/*", "/sys/fs/cgroup/*/*", "/sys/fs/cgroup/*/*/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.IsDir() && suspicious.MatchString(path) {
				found = append(found, path)
			}
		}
	}
	if content, err := os.ReadFile("/sys/fs/cgroup/cgroup.subtree_control"); err == nil {
		found = append(found, "root hands down "+string(content))
	}
	return found
}

func sysctls(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, tree := range quietSysctls {
		_ = filepath.Walk(filepath.Join("/proc/sys", tree), func(path string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() || info.Mode()&0o400 == 0 || volatile.MatchString(path) {
				return nil //nolint:nilerr // some come and go with processes, and some cannot be read
			}
			if content, err := os.ReadFile(path); err == nil {
				all = append(all, path+" = "+strings.TrimSpace(string(content)))
			}
			return nil
		})
	}
	for _, name := range []string{"panic", "panic_on_oops"} {
		content, _ := os.ReadFile("/proc/sys/kernel/" + name)
		all = append(all, name+" = "+string(content))
	}
	return all
}

func files(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, place := range places {
		entries, err := os.ReadDir(place)
		if err != nil {
			all = append(all, place+" is not there")
		}
		for _, entry := range entries {
			all = append(all, filepath.Join(place, entry.Name()))
		}
	}
	sort.Strings(all)
	return all
}

// sockets are the ports that something listens on and that the cluster could have opened.
func sockets(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, line := range lines(t, "ss", "-Hltn") {
		if strings.Contains(line, "198.18.213.") || strings.Contains(line, ":3044") {
			found = append(found, line)
		}
	}
	return found
}

// differences says, by topic, what is more and what is less in after.
func differences(before, after snapshot) string {
	report := make(map[string]map[string][]string)
	for topic := range before {
		more, less := without(after[topic], before[topic]), without(before[topic], after[topic])
		if len(more)+len(less) > 0 {
			report[topic] = map[string][]string{"more": more, "less": less}
		}
	}
	if len(report) == 0 {
		return ""
	}
	text, _ := json.MarshalIndent(report, "", "  ")
	return string(text)
}

func without(lines, other []string) []string {
	there := make(map[string]int, len(other))
	for _, line := range other {
		there[line]++
	}
	var left []string
	for _, line := range lines {
		if there[line]--; there[line] < 0 {
			left = append(left, line)
		}
	}
	return left
}
