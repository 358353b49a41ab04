package host

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const sysctlRoot = "/proc/sys"

// touchedSysctls are the kernel settings that the cluster changes: forwarding and node ports on
// loopback by us and kube-proxy, the rest by the kubelet.
var touchedSysctls = []string{
	"net.ipv4.ip_forward",
	"net.ipv4.conf.all.route_localnet",
	"vm.overcommit_memory",
	"vm.panic_on_oom",
	"kernel.panic",
	"kernel.panic_on_oops",
	"kernel.keys.root_maxkeys",
	"kernel.keys.root_maxbytes",
}

// ReadSysctls reads the settings that the cluster changes, those of them that this kernel has.
func ReadSysctls() map[string]string {
	values := make(map[string]string, len(touchedSysctls))
	for _, name := range touchedSysctls {
		if content, err := os.ReadFile(sysctlPath(name)); err == nil {
			values[name] = strings.TrimSpace(string(content))
		}
	}
	return values
}

// WriteSysctls puts settings back; what has its value already is left alone.
func WriteSysctls(values map[string]string) error {
	for name, value := range values {
		path := sysctlPath(name)
		if content, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(content)) == value {
			continue
		}
		if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
			return fmt.Errorf("set %s to %s: %w", name, value, err)
		}
	}
	return nil
}

// AllowForwarding lets the kernel pass packets on between pods, services and the world.
func AllowForwarding() error {
	return WriteSysctls(map[string]string{"net.ipv4.ip_forward": "1"})
}

func sysctlPath(name string) string {
	return filepath.Join(sysctlRoot, strings.ReplaceAll(name, ".", "/"))
}
