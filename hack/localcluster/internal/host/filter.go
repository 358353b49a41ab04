package host

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// A family is one of the two packet filters, with the tools that speak to it.
type family struct {
	nft     string // the name that nft gives it
	save    string
	restore string
}

// families are the filters that the cluster's components write to: kube-proxy and the kubelet make
// chains in both, whatever the cluster's addresses are.
var families = []family{
	{nft: "ip", save: "iptables-save", restore: "iptables-restore"},
	{nft: "ip6", save: "ip6tables-save", restore: "ip6tables-restore"},
}

// Names of our own chains. They come first in the chains they hang from, so that neither a firewall
// nor Docker's DROP policy stands between pods, services and the node.
const (
	forwardChain     = layout.ChainPrefix + "FORWARD"
	inputChain       = layout.ChainPrefix + "INPUT"
	postroutingChain = layout.ChainPrefix + "POSTROUTING"
)

// EnsureFilter lets packets from and to pods through, and gives those that leave the cluster the
// machine's address. Repeating it is harmless.
func EnsureFilter(ctx context.Context) error {
	saved, err := Run(ctx, "iptables-save")
	if err != nil {
		return fmt.Errorf("read the packet filter: %w", err)
	}
	if _, err := runWith(ctx, filterRules(saved), "iptables-restore", "--noflush", "--wait", "10"); err != nil {
		return fmt.Errorf("write the packet filter: %w", err)
	}
	return nil
}

// filterRules renders our chains for iptables-restore; jumps are added only where saved lacks them.
func filterRules(saved string) string {
	var b strings.Builder
	jump := func(table, chain, to string) {
		if !strings.Contains(tableOf(saved, table), fmt.Sprintf("-A %s -j %s\n", chain, to)) {
			fmt.Fprintf(&b, "-I %s 1 -j %s\n", chain, to)
		}
	}
	fmt.Fprintf(&b, "*filter\n:%s - [0:0]\n:%s - [0:0]\n", forwardChain, inputChain)
	jump("filter", "FORWARD", forwardChain)
	jump("filter", "INPUT", inputChain)
	fmt.Fprintf(&b, "-A %s -s %s -j ACCEPT\n", forwardChain, layout.PodCIDR)
	fmt.Fprintf(&b, "-A %s -d %s -j ACCEPT\n", forwardChain, layout.PodCIDR)
	fmt.Fprintf(&b, "-A %s -s %s -d %s -j ACCEPT\n", inputChain, layout.PodCIDR, layout.NodeAddress)
	fmt.Fprintf(&b, "COMMIT\n*nat\n:%s - [0:0]\n", postroutingChain)
	jump("nat", "POSTROUTING", postroutingChain)
	fmt.Fprintf(&b, "-A %s -s %s ! -d %s -j MASQUERADE\n", postroutingChain, layout.PodCIDR, layout.ClusterCIDR)
	b.WriteString("COMMIT\n")
	return b.String()
}

// RemoveFilter removes our chains and those of kube-proxy and the kubelet, and the tables that were
// not there before. It touches nothing if none of our chains is there and ours is false.
func RemoveFilter(ctx context.Context, ours bool, before map[string][]string) error {
	for _, f := range families {
		if _, err := exec.LookPath(f.save); err != nil {
			continue
		}
		saved, err := Run(ctx, f.save)
		if err != nil {
			return fmt.Errorf("read the packet filter: %w", err)
		}
		ours = ours || strings.Contains(saved, "\n:"+forwardChain+" ")
		if !ours {
			continue
		}
		if script := cleanupScript(saved); script != "" {
			if _, err := runWith(ctx, script, f.restore, "--noflush", "--wait", "10"); err != nil {
				return fmt.Errorf("clean the packet filter: %w", err)
			}
		}
		if tables, known := before[f.nft]; known {
			removeTables(ctx, f, tables)
		}
	}
	return nil
}

// removeTables deletes the tables of f that are empty and not in before. Only nft can: where it is not,
// or the tables are not nft's, empty tables stay, which changes nothing for any packet.
func removeTables(ctx context.Context, f family, before []string) {
	saved, err := Run(ctx, f.save)
	if err != nil {
		return
	}
	keep := make(map[string]bool, len(before))
	for _, table := range before {
		keep[table] = true
	}
	for _, table := range parseTables(saved) {
		if !keep[table.name] && len(table.rules) == 0 && len(table.chains) == 0 {
			_, _ = Run(ctx, "nft", "delete", "table", f.nft, table.name)
		}
	}
}

// FilterTables names the tables that each packet filter has, by nft's name of the filter.
func FilterTables(ctx context.Context) (map[string][]string, error) {
	names := make(map[string][]string, len(families))
	for _, f := range families {
		saved, err := Run(ctx, f.save)
		if err != nil {
			return nil, fmt.Errorf("read the packet filter: %w", err)
		}
		names[f.nft] = []string{}
		for _, table := range parseTables(saved) {
			names[f.nft] = append(names[f.nft], table.name)
		}
	}
	return names, nil
}

// HasForeignProxy says whether some kube-proxy wrote its chains while ours was never here.
func HasForeignProxy(ctx context.Context) bool {
	saved, err := Run(ctx, "iptables-save", "-t", "nat")
	return err == nil && strings.Contains(saved, "\n:KUBE-SERVICES ") && !strings.Contains(saved, "\n:"+postroutingChain+" ")
}
