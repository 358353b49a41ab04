package host

import (
	"fmt"
	"slices"
	"strings"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// A table is what iptables-save says about one: the chains that somebody made, and the rules.
type table struct {
	name   string
	chains []string
	rules  []string // as they were added, beginning with -A
}

// chainPrefixes mark the chains that the cluster makes: its own, kube-proxy's and the kubelet's.
var chainPrefixes = []string{layout.ChainPrefix, "KUBE-"}

// parseTables reads the output of iptables-save. Built-in chains, which have a policy, are left out.
func parseTables(saved string) []table {
	var tables []table
	for line := range strings.Lines(saved) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "*"):
			tables = append(tables, table{name: line[1:]})
		case len(tables) == 0:
		case strings.HasPrefix(line, ":"):
			name, rest, _ := strings.Cut(line[1:], " ")
			if strings.HasPrefix(rest, "-") {
				last := &tables[len(tables)-1]
				last.chains = append(last.chains, name)
			}
		case strings.HasPrefix(line, "-A "):
			last := &tables[len(tables)-1]
			last.rules = append(last.rules, line)
		}
	}
	return tables
}

// cleanupScript renders what iptables-restore --noflush must read to remove the cluster's chains and
// every rule that jumps to one. It is empty if there is nothing to remove.
func cleanupScript(saved string) string {
	var b strings.Builder
	for _, t := range parseTables(saved) {
		lines := t.cleanup()
		if len(lines) > 0 {
			fmt.Fprintf(&b, "*%s\n%s\nCOMMIT\n", t.name, strings.Join(lines, "\n"))
		}
	}
	return b.String()
}

func (t table) cleanup() []string {
	var lines []string
	for _, rule := range t.rules {
		words := strings.Fields(rule)
		if !ownChain(words[1]) && ownChain(jumpTarget(words)) {
			lines = append(lines, "-D"+strings.TrimPrefix(rule, "-A"))
		}
	}
	for _, verb := range []string{"-F", "-X"} { // all are emptied before any goes: they refer to each other
		for _, chain := range t.chains {
			if ownChain(chain) {
				lines = append(lines, verb+" "+chain)
			}
		}
	}
	return lines
}

func ownChain(name string) bool {
	return slices.ContainsFunc(chainPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

func jumpTarget(words []string) string {
	for i, word := range words {
		if (word == "-j" || word == "-g") && i+1 < len(words) {
			return words[i+1]
		}
	}
	return ""
}

// tableOf cuts one table out of the output of iptables-save.
func tableOf(saved, name string) string {
	_, rest, found := strings.Cut(saved, "*"+name+"\n")
	if !found {
		return ""
	}
	table, _, _ := strings.Cut(rest, "COMMIT")
	return table
}
