package host

import (
	"context"
	"os/exec"
)

// modules are what the kernel needs for pods where it is not built in.
var modules = []string{"overlay", "bridge", "veth", "ip_tables", "ip6_tables", "iptable_nat", "nf_tables", "nft_compat"}

// LoadModules loads what is not there yet. A kernel that has no module has it built in, or fails
// later with the name of what is missing.
func LoadModules(ctx context.Context) {
	if _, err := exec.LookPath("modprobe"); err != nil {
		return
	}
	for _, module := range modules {
		_, _ = Run(ctx, "modprobe", "--quiet", module)
	}
}
