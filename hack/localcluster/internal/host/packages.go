package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// CNIPlugins is where Debian puts the network plugins, RuncPath the low-level runtime, and NamedPath the name server that tests start.
const (
	CNIPlugins     = "/usr/lib/cni"
	RuncPath       = "/usr/sbin/runc"
	ContainerdPath = "/usr/bin/containerd"
	CtrPath        = "/usr/bin/ctr"
	NamedPath      = "/usr/sbin/named"
)

// A pkg is a Debian package, a file by which it is known to be there, and the service that comes with it and must not run.
type pkg struct{ name, file, service string }

// packages are what the cluster is made of. It has a containerd of its own.
var packages = []pkg{
	{"containerd", ContainerdPath, "containerd.service"},
	{"runc", RuncPath, ""},
	{"containernetworking-plugins", filepath.Join(CNIPlugins, "ptp"), ""},
	{"iptables", "/usr/sbin/iptables-restore", ""},
	{"nftables", "/usr/sbin/nft", "nftables.service"},
	{"iproute2", "/sbin/ip", ""},
}

// nameServer is what tests of dynamic updates start on loopback.
var nameServer = []pkg{{"bind9", NamedPath, "named.service"}}

func missing(packages []pkg) []pkg {
	return slices.DeleteFunc(slices.Clone(packages), func(p pkg) bool {
		_, err := os.Stat(p.file)
		return err == nil
	})
}

func namesOf(packages []pkg) []string {
	var names []string
	for _, p := range packages {
		names = append(names, p.name)
	}
	return names
}

// MissingPackages names the cluster's Debian packages that are not installed.
func MissingPackages() []string { return namesOf(missing(packages)) }

// InstallPackages installs what the cluster misses, without starting any service.
func InstallPackages(ctx context.Context, log io.Writer) error { return install(ctx, log, packages) }

// InstallNameServer installs a name server for tests, without starting it.
func InstallNameServer(ctx context.Context, log io.Writer) error {
	return install(ctx, log, nameServer)
}

// CanInstall says whether packages can be installed: on Debian, as root.
func CanInstall() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// HasNameServer says whether there is a name server for tests.
func HasNameServer() bool { return len(missing(nameServer)) == 0 }

func install(ctx context.Context, log io.Writer, packages []pkg) error {
	if err := restorePolicy(); err != nil {
		return err
	}
	wanted := missing(packages)
	missing := namesOf(wanted)
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("%s missing, and there is no apt-get to install them: install them with this system's tools", strings.Join(missing, ", "))
	}
	fmt.Fprintf(log, "Installing the Debian packages %s\n", strings.Join(missing, ", "))
	if err := denyServices(); err != nil {
		return err
	}
	installing := aptGet(ctx, append([]string{"install", "-y", "--no-install-recommends"}, missing...)...)
	if err := errors.Join(installing, restorePolicy()); err != nil {
		return fmt.Errorf("install %s: %w", strings.Join(missing, ", "), err)
	}
	disableServices(ctx, wanted)
	return nil
}

func aptGet(ctx context.Context, args ...string) error {
	for _, step := range [][]string{{"update", "-qq"}, args} {
		command := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, step...)...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w: %s", step[0], err, lastLines(string(output), 5))
		}
	}
	return nil
}

// disableServices keeps what was just installed from starting at the next boot.
func disableServices(ctx context.Context, installed []pkg) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		return
	}
	for _, p := range installed {
		if p.service != "" {
			// Without a running systemd it only removes links; where it cannot, nothing was enabled.
			_, _ = Run(ctx, "systemctl", "disable", "--now", p.service)
			_, _ = Run(ctx, "systemctl", "disable", p.service)
		}
	}
}

// Debian asks this file before it starts a service of a package; exit code 101 forbids it.
const (
	policyPath  = "/usr/sbin/policy-rc.d"
	policySaved = "/usr/sbin/policy-rc.d.mwf-saved"
	policyMark  = "# made by localcluster while it installs packages"
	policyText  = "#!/bin/sh\n" + policyMark + "\nexit 101\n"
)

func denyServices() error {
	if err := os.Rename(policyPath, policySaved); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put the service policy aside: %w", err)
	}
	if err := os.WriteFile(policyPath, []byte(policyText), 0o755); err != nil {
		return fmt.Errorf("forbid services to start: %w", err)
	}
	return nil
}

// restorePolicy removes our policy and puts back the former, also after a run that was killed.
func restorePolicy() error {
	content, err := os.ReadFile(policyPath)
	if err == nil && strings.Contains(string(content), policyMark) {
		if err := os.Remove(policyPath); err != nil {
			return fmt.Errorf("remove the service policy: %w", err)
		}
	}
	if err := os.Rename(policySaved, policyPath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("put back the service policy: %w", err)
	}
	return nil
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
