package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// What a cluster with twenty small sites needs, with the first build's caches.
const (
	minMemory = 3 << 30 // bytes
	minDisk   = 8 << 30 // bytes
)

// Check says in a sentence each what keeps the cluster from running here, and what to do about it.
// With fresh it also looks for what only matters before a first start: addresses and ports in use.
func Check(ctx context.Context, fresh bool) error {
	checks := []func(context.Context) error{checkPlatform, checkRoot, checkCgroups, checkMemory, checkDisk, checkPackages}
	if fresh {
		checks = append(checks, checkPorts, checkAddresses, checkProxy)
	}
	var problems []error
	for _, check := range checks {
		if err := check(ctx); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

func checkPlatform(context.Context) error {
	if runtime.GOOS != "linux" || !slices.Contains([]string{"amd64", "arm64"}, runtime.GOARCH) {
		return fmt.Errorf("the local cluster runs on linux/amd64 and linux/arm64, and this is %s/%s: use CLUSTER=current with a cluster of yours",
			runtime.GOOS, runtime.GOARCH)
	}
	return nil
}

func checkRoot(context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("a cluster needs root for containers, links and the packet filter: run it as root (or with sudo)")
	}
	return nil
}

func checkCgroups(context.Context) error {
	const remedy = "mount them (a container needs --privileged and --cgroupns=host)"
	if unified() {
		words, err := readWords(filepath.Join(cgroupRoot, "cgroup.controllers"))
		if err != nil {
			return err
		}
		return missingControllers(words, []string{"cpu", "memory", "pids"}, remedy)
	}
	dirs, err := hierarchies()
	if err != nil {
		return fmt.Errorf("there are no control groups in %s: %s", cgroupRoot, remedy)
	}
	var names []string
	for _, dir := range dirs {
		names = append(names, strings.Split(filepath.Base(dir), ",")...)
	}
	return missingControllers(names, []string{"cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer"}, remedy)
}

func missingControllers(present, needed []string, remedy string) error {
	var missing []string
	for _, name := range needed {
		if !slices.Contains(present, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the control group controllers %s are missing in %s: %s", strings.Join(missing, ", "), cgroupRoot, remedy)
	}
	return nil
}

func checkMemory(context.Context) error {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return fmt.Errorf("read the memory's size: %w", err)
	}
	total := parseMemory(string(content))
	if total < minMemory {
		return fmt.Errorf("the machine has %d MiB of memory and the cluster needs %d MiB: give it more", total>>20, minMemory>>20)
	}
	return nil
}

// parseMemory reads MemTotal out of proc_meminfo(5), in bytes.
func parseMemory(content string) uint64 {
	for line := range strings.Lines(content) {
		if rest, found := strings.CutPrefix(line, "MemTotal:"); found {
			kib, _ := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10
		}
	}
	return 0
}

func checkDisk(context.Context) error {
	dir := layout.State
	for _, err := os.Stat(dir); err != nil && dir != "/"; _, err = os.Stat(dir) {
		dir = filepath.Dir(dir)
	}
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return fmt.Errorf("look for room in %s: %w", dir, err)
	}
	free := stat.Bavail * uint64(stat.Bsize)
	if free < minDisk {
		return fmt.Errorf("%s has %d MiB free and the cluster needs %d MiB: make room", dir, free>>20, minDisk>>20)
	}
	return nil
}

func checkPackages(context.Context) error {
	missing := MissingPackages()
	if len(missing) == 0 {
		return nil
	}
	if _, err := os.Stat("/usr/bin/apt-get"); err != nil {
		return fmt.Errorf("%s missing, and there is no apt-get to install them: install them with this system's tools", strings.Join(missing, ", "))
	}
	return nil // up installs them
}

func checkPorts(context.Context) error {
	for _, port := range []int{layout.RouteNodePort, layout.FrontEndPort} {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return fmt.Errorf("port %d on loopback is taken, which the cluster needs: stop what listens there (ss -ltnp shows it)", port)
		}
		listener.Close()
	}
	return nil
}

func checkAddresses(ctx context.Context) error {
	if _, err := os.Stat("/sbin/ip"); errors.Is(err, fs.ErrNotExist) {
		return nil // iproute2 is installed later, and looked at again then
	}
	routes, err := readRoutes(ctx)
	if err != nil {
		return err
	}
	return conflict(routes)
}

// conflict finds a route of somebody else's into the cluster's address ranges.
func conflict(routes []route) error {
	ranges := []netip.Prefix{netip.MustParsePrefix(layout.ClusterCIDR), netip.MustParsePrefix(layout.NodeAddress + "/32")}
	for _, route := range routes {
		prefix, ok := route.prefix()
		if !ok || route.Dev == layout.NodeLink || prefix.Bits() == 0 {
			continue
		}
		for _, ours := range ranges {
			if specific := prefix.Bits() >= 16; specific && prefix.Overlaps(ours) && !strings.HasPrefix(route.Dev, "veth") {
				return fmt.Errorf("the address range %s is in use on %s, and the cluster needs %s: take that network down first", prefix, route.Dev, ours)
			}
		}
	}
	return nil
}

func checkProxy(ctx context.Context) error {
	if HasForeignProxy(ctx) {
		return errors.New("another Kubernetes runs on this machine (its chains are in the packet filter): use it with CLUSTER=current, or take it down")
	}
	return nil
}
