package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/config"
	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/process"
)

// Down takes the cluster away, with all that is left of one that was killed, and puts back what it
// changed on the machine. Where there is none it does nothing.
func (c *Cluster) Down(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("taking the cluster down needs root: run it as root (or with sudo)")
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return c.down(ctx)
}

// down goes from what would start things again to what only lies about: the kubelet and its peers,
// pods, containerd, mounts, links, the packet filter, kernel settings, files.
func (c *Cluster) down(ctx context.Context) error {
	j, known := recoverJournal()
	if !known && (exists(layout.State) || exists(layout.Run)) {
		j.Absent = strayDirs // nobody knows any more: those that are empty go
	}
	if err := c.stopComponents(config.Kubelet, config.Proxy, config.Scheduler, config.ControllerManager); err != nil {
		return err
	}
	killPods()
	if err := c.stopComponents(config.Containerd, config.APIServer, config.Etcd); err != nil {
		return err
	}
	if err := killRest(); err != nil {
		return err
	}
	if err := host.Unmount(layout.State, layout.Run); err != nil {
		return fmt.Errorf("unmount what the cluster mounted: %w", err)
	}
	if err := restoreKernel(ctx, j, known); err != nil {
		return err
	}
	return removeFiles(j)
}

func (c *Cluster) stopComponents(names ...string) error {
	var problems []error
	for _, name := range names {
		patience := 3 * time.Second
		if name == config.Kubelet || name == config.Proxy {
			patience = time.Second // nothing they would do at their end is wanted
		}
		problems = append(problems, c.processes().Stop(name, patience))
	}
	return errors.Join(problems...)
}

// killPods ends every container's processes and their shims. Pods get no time to end well: their
// volumes go with them.
func killPods() {
	for range 50 {
		if host.KillGroup() == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// killRest ends every process of the cluster that no record knows: shims, and what an up that was
// killed had started.
func killRest() error {
	var left []int
	for range 100 {
		host.KillGroup()
		left = host.ClusterProcesses(layout.State, layout.Run)
		if len(left) == 0 {
			return nil
		}
		for _, pid := range left {
			host.Kill(pid)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("processes %v do not end", left)
}

func restoreKernel(ctx context.Context, j journal, known bool) error {
	if !exists("/sbin/ip") {
		return nil // nothing was ever started here
	}
	if err := host.RemoveLinks(ctx); err != nil {
		return err
	}
	sameBoot := known && j.Boot == process.BootID()
	before := j.Tables
	if !sameBoot {
		before = nil
	}
	if err := host.RemoveFilter(ctx, known, before); err != nil {
		return err
	}
	var controllers []string
	if sameBoot {
		if err := host.WriteSysctls(j.Sysctls); err != nil {
			return err
		}
		controllers = j.Controllers
	}
	return retry(func() error { return host.RemoveCgroups(controllers) })
}

// retry gives the kernel two seconds to let go of what was just emptied.
func retry(attempt func() error) error {
	var err error
	for range 100 {
		if err = attempt(); err == nil {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return err
}

// removeFiles removes the folders, and elsewhere what was not there before. The journal goes last: a
// down that is killed half-way is taken up again with it.
func removeFiles(j journal) error {
	removeStray(j.Absent)
	for dir, last := range map[string]string{layout.State: layout.Journal, layout.Run: layout.JournalCopy} {
		if err := removeAllBut(dir, last); err != nil {
			return err
		}
	}
	return errors.Join(removeAll(layout.State), removeAll(layout.Run))
}

func removeAllBut(dir, last string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list the folder %s: %w", dir, err)
	}
	for _, entry := range entries {
		if path := filepath.Join(dir, entry.Name()); path != last {
			if err := removeAll(path); err != nil {
				return err
			}
		}
	}
	return nil
}

func removeAll(path string) error {
	err := retry(func() error { return os.RemoveAll(path) })
	if err != nil && !errors.Is(err, syscall.ENOENT) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
