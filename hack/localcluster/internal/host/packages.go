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
	"strings"
)

// CNIPlugins is where Debian puts the network plugins, and RuncPath the low-level runtime.
const (
	CNIPlugins     = "/usr/lib/cni"
	RuncPath       = "/usr/sbin/runc"
	ContainerdPath = "/usr/bin/containerd"
	CtrPath        = "/usr/bin/ctr"
)

// A pkg is a Debian package and a file by which it is known to be there.
type pkg struct{ name, file string }

var packages = []pkg{
	{"containerd", ContainerdPath},
	{"runc", RuncPath},
	{"containernetworking-plugins", filepath.Join(CNIPlugins, "ptp")},
	{"iptables", "/usr/sbin/iptables-restore"},
	{"nftables", "/usr/sbin/nft"},
	{"iproute2", "/sbin/ip"},
}

// services come with the packages and must not run: the cluster has a containerd of its own.
var services = []string{"containerd.service", "nftables.service"}

// MissingPackages names the Debian packages that are not installed.
func MissingPackages() []string {
	var missing []string
	for _, p := range packages {
		if _, err := os.Stat(p.file); err != nil {
			missing = append(missing, p.name)
		}
	}
	return missing
}

// InstallPackages installs what is missing, without starting any service.
func InstallPackages(ctx context.Context, log io.Writer) error {
	if err := restorePolicy(); err != nil {
		return err
	}
	missing := MissingPackages()
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
	disableServices(ctx, missing)
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
func disableServices(ctx context.Context, installed []string) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		return
	}
	for _, service := range services {
		for _, name := range installed {
			if name+".service" == service {
				// Without a running systemd it only removes links; where it cannot, nothing was enabled.
				_, _ = Run(ctx, "systemctl", "disable", "--now", service)
				_, _ = Run(ctx, "systemctl", "disable", service)
			}
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
