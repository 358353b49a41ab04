package cluster

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// strayDirs are what the kubelet, containerd and the CNI library make at fixed places outside the
// state folder, children before parents.
var strayDirs = []string{
	"/var/lib/kubelet/device-plugins",
	"/var/lib/kubelet",
	"/var/log/containers",
	"/var/log/pods",
	"/var/lib/cni/results",
	"/var/lib/cni",
	"/run/containerd/s",
	"/run/containerd/fifo",
	"/run/containerd/runc/k8s.io",
	"/run/containerd/runc",
	"/run/containerd",
}

// absentDirs are those of them that are not there.
func absentDirs() []string {
	var absent []string
	for _, path := range strayDirs {
		if !exists(path) {
			absent = append(absent, path)
		}
	}
	return absent
}

// removeStray removes the cluster's files from places that others may use too, and the folders that
// were not there before if nobody else put anything in them. What resists does no harm and stays.
func removeStray(absent []string) {
	removeEach("/var/log/containers", ourLogLink)
	removeResults("/var/lib/cni/results")
	removeEach("/run/containerd/s", deadSocket)
	if slices.Contains(absent, "/var/lib/kubelet/device-plugins") {
		removeEach("/var/lib/kubelet/device-plugins", func(string) bool { return true })
	}
	for _, path := range strayDirs {
		if slices.Contains(absent, path) {
			_ = os.Remove(path) // only if it is empty
		}
	}
}

// removeResults removes what the CNI library remembers of our pods: a file for each pod in our network,
// and one for the same pod's loopback, whose name says nothing of whose it is.
func removeResults(dir string) {
	ours := make(map[string]bool)
	removeEach(dir, func(path string) bool {
		rest, found := strings.CutPrefix(filepath.Base(path), layout.CNINetwork+"-")
		if id, _, cut := strings.Cut(rest, "-"); found && cut {
			ours[id] = true
		}
		return found
	})
	removeEach(dir, func(path string) bool {
		rest, found := strings.CutPrefix(filepath.Base(path), "cni-loopback-")
		id, _, _ := strings.Cut(rest, "-")
		return found && ours[id]
	})
}

func removeEach(dir string, ours func(path string) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); ours(path) {
			_ = os.Remove(path)
		}
	}
}

// ourLogLink says whether a link leads to a log of one of our pods.
func ourLogLink(path string) bool {
	target, err := os.Readlink(path)
	return err == nil && strings.HasPrefix(target, layout.State+"/")
}

// deadSocket says whether nobody listens on a socket any more: our shims are dead by now, another
// containerd's are not.
func deadSocket(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return false
	}
	dialer := net.Dialer{Timeout: time.Second}
	connection, err := dialer.DialContext(context.Background(), "unix", path)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	connection.Close()
	return false
}
