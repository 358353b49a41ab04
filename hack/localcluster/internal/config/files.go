package config

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"magicwebsitefactory.gent/hack/localcluster/internal/host"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/pki"
)

const (
	containerdPath = host.ContainerdPath
	containerdFile = "containerd.toml"
	kubeletFile    = "kubelet.yaml"
	proxyFile      = "kube-proxy.yaml"
	networkFile    = "cni/10-mwf.conflist"
	resolvFile     = "resolv.conf"
)

// Files are all configuration files.
var Files = []string{containerdFile, kubeletFile, proxyFile, networkFile, resolvFile}

//go:embed templates
var templates embed.FS

// File is the path of a configuration file.
func File(name string) string { return filepath.Join(layout.Config, filepath.FromSlash(name)) }

// Machine is what the files say about this machine and these binaries.
type Machine struct {
	PauseImage string
	// RestrictOOMScore is for machines where not even root may lower a process's OOM score.
	RestrictOOMScore bool
	NameServers      []string
}

// Write writes all configuration files and the components' kubeconfigs. It answers whether the
// content of any changed, so that a running component has to start again.
func Write(m Machine) (changed bool, err error) {
	for _, name := range Files {
		content, err := Render(name, m)
		if err != nil {
			return changed, err
		}
		if old, err := os.ReadFile(File(name)); err == nil && bytes.Equal(old, content) {
			continue
		}
		changed = true
		if err := os.MkdirAll(filepath.Dir(File(name)), 0o755); err != nil {
			return changed, fmt.Errorf("make the folder of %s: %w", name, err)
		}
		if err := os.WriteFile(File(name), content, 0o644); err != nil {
			return changed, fmt.Errorf("write %s: %w", name, err)
		}
	}
	for _, pair := range []string{pki.Kubelet, pki.ControllerManager, pki.Scheduler, pki.Proxy} {
		if err := pki.WriteKubeconfig(KubeconfigPath(pair), layout.PKI, pair); err != nil {
			return changed, err
		}
	}
	return changed, pki.WriteKubeconfig(layout.Kubeconfig, layout.PKI, pki.Admin)
}

// Render renders one configuration file.
func Render(name string, m Machine) ([]byte, error) {
	path := "templates/" + filepath.Base(name)
	parsed, err := template.ParseFS(templates, path)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", name, err)
	}
	values := map[string]any{
		"Machine": m, "State": layout.State, "Run": layout.Run, "Socket": layout.Socket,
		"ContainerdRoot": layout.Containerd, "ContainerdState": layout.Containerds,
		"Runc": host.RuncPath, "CNIPlugins": host.CNIPlugins, "CNIConfig": filepath.Dir(File(networkFile)),
		"CNIState": layout.CNIState, "CNINetwork": layout.CNINetwork, "PodCIDR": layout.PodCIDR,
		"ClusterCA": layout.ClusterCA, "KubeletCert": cert(pki.KubeletServer), "KubeletKey": key(pki.KubeletServer),
		"NodeAddress": layout.NodeAddress, "NodeName": layout.NodeName, "ClusterDomain": layout.ClusterDomain,
		"DNSAddress": layout.DNSAddress, "CgroupRoot": "/" + layout.CgroupName, "PodLogs": layout.PodLogs,
		"KubeletRoot": layout.Kubelet, "Resolv": File(resolvFile), "ProxyKubeconfig": KubeconfigPath(pki.Proxy),
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// ThisMachine looks at what the files depend on.
func ThisMachine(pauseImage string) Machine {
	m := Machine{PauseImage: pauseImage}
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		m.RestrictOOMScore = !mayLowerOOMScore(string(status))
	}
	// systemd-resolved keeps the real servers here and a stub on loopback in /etc, which no pod reaches.
	for _, path := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		if file, err := os.Open(path); err == nil {
			m.NameServers = nameServers(file)
			file.Close()
		}
		if len(m.NameServers) > 0 {
			break
		}
	}
	return m
}

// mayLowerOOMScore reads the effective capabilities out of proc_pid_status(5): CAP_SYS_RESOURCE is bit 24.
func mayLowerOOMScore(status string) bool {
	for line := range strings.Lines(status) {
		var capabilities uint64
		if _, err := fmt.Sscanf(line, "CapEff:\t%x", &capabilities); err == nil {
			return capabilities&(1<<24) != 0
		}
	}
	return false
}

// nameServers reads resolv.conf(5) and leaves out servers on loopback: a pod has another loopback.
func nameServers(r io.Reader) []string {
	var servers []string
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(fields[1]); err == nil && !address.IsLoopback() && address.Zone() == "" {
			servers = append(servers, address.String())
		}
	}
	return servers
}
