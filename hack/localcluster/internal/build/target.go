// Package build makes the cluster's binaries from Go modules and keeps them in a cache that all
// clones of the project share.
package build

import (
	"fmt"
	"strings"
)

// Versions of the components, as their own tools report them.
const (
	KubernetesVersion  = "1.35.4"
	CertManagerVersion = "v1.21.2"
)

// A Target is one binary to build.
type Target struct {
	Name   string // of the binary and of its folder under cmd/
	Expect string // how long it takes from empty caches on two cores
	Links  []string
	Stamps map[string]string
}

// Targets are all binaries; the first is the one that envtest needs.
func Targets() []Target {
	return []Target{kubeTarget(), addonsTarget(), {Name: "pause", Expect: "seconds"}}
}

func kubeTarget() Target {
	major, rest, _ := strings.Cut(KubernetesVersion, ".")
	minor, _, _ := strings.Cut(rest, ".")
	const version = "k8s.io/component-base/version."
	return Target{
		Name:   "kube",
		Expect: "8 to 10 minutes the first time on 2 cores",
		Links: []string{
			"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl",
		},
		Stamps: map[string]string{
			version + "gitVersion":                    "v" + KubernetesVersion,
			version + "gitMajor":                      major,
			version + "gitMinor":                      minor,
			version + "gitTreeState":                  "clean",
			"k8s.io/client-go/pkg/version.gitVersion": "v" + KubernetesVersion,
		},
	}
}

func addonsTarget() Target {
	return Target{
		Name:   "addons",
		Expect: "3 to 5 minutes the first time on 2 cores, after kube",
		Stamps: map[string]string{
			"github.com/cert-manager/cert-manager/pkg/util.AppVersion": CertManagerVersion,
		},
	}
}

// ldflags renders the linker's flags: no symbol table, no debug information, the versions stamped in.
func (t Target) ldflags() string {
	flags := []string{"-s", "-w"}
	for _, symbol := range sortedKeys(t.Stamps) {
		flags = append(flags, fmt.Sprintf("-X %s=%s", symbol, t.Stamps[symbol]))
	}
	return strings.Join(flags, " ")
}
