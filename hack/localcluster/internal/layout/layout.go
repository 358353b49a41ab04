// Package layout says where everything of the local cluster is: folders, addresses and names.
//
// There is one cluster per machine, under one folder and one prefix of names, so that whoever
// takes it down finds all of it.
package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// Folders. State outlives a reboot, Run does not.
const (
	State = "/var/lib/mwf-local"
	Run   = "/run/mwf-local"
)

// Names of what the kernel holds for the cluster.
const (
	NodeLink    = "mwf-node0"
	CgroupName  = "mwf"
	ChainPrefix = "MWF-"
	CNINetwork  = "mwf"
)

// Addresses. The node's is in the benchmark range of RFC 2544, which no network uses.
const (
	NodeAddress   = "198.18.213.1"
	ClusterCIDR   = "10.213.0.0/17" // pods and services together
	PodCIDR       = "10.213.0.0/18"
	ServiceCIDR   = "10.213.64.0/18"
	KubernetesIP  = "10.213.64.1"
	DNSAddress    = "10.213.64.10"
	RouteAddress  = "10.213.64.80"
	ClusterDomain = "cluster.local"
	NodeName      = "mwf-local"
)

// Ports. All but the node ports are on NodeAddress, where nothing else listens.
const (
	APIServerPort  = 6443
	EtcdPort       = 2379
	EtcdPeerPort   = 2380
	RouteNodePort  = 30443
	FrontEndPort   = 30444
	RouteHTTPSPort = 443
)

// Names of what a user of the cluster writes into manifests.
const (
	StorageClass   = "mwf-local"
	IngressClass   = "skipper"
	ClusterIssuer  = "mwf-local-ca"
	AddonNamespace = "kube-system"
	IssuerCASecret = "mwf-local-ca"
)

// Paths under State and Run.
var (
	Lock        = "/run/mwf-local.lock" // beside Run, since Run is removed while it is held
	Binaries    = filepath.Join(State, "bin")
	PKI         = filepath.Join(State, "pki")
	Config      = filepath.Join(State, "config")
	Logs        = filepath.Join(State, "logs")
	Processes   = filepath.Join(State, "processes")
	Etcd        = filepath.Join(State, "etcd")
	Kubelet     = filepath.Join(State, "kubelet")
	PodLogs     = filepath.Join(State, "pod-logs")
	Containerd  = filepath.Join(State, "containerd")
	Volumes     = filepath.Join(State, "volumes")
	CNIState    = filepath.Join(State, "cni")
	Journal     = filepath.Join(State, "journal.json")
	JournalCopy = filepath.Join(Run, "journal.json")
	Applied     = filepath.Join(State, "applied")
	Kubeconfig  = filepath.Join(State, "admin.kubeconfig")
	IssuerCA    = filepath.Join(State, "issuer-ca.pem")
	ClusterCA   = filepath.Join(PKI, "ca.crt")
	Containerds = filepath.Join(Run, "containerd")
	Socket      = filepath.Join(Run, "containerd.sock")
)

// ServerURL is the API server's address for clients on this machine.
func ServerURL() string { return fmt.Sprintf("https://%s:%d", NodeAddress, APIServerPort) }

// Cache is the folder with built binaries, shared by all clones of one user.
func Cache() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder (XDG_CACHE_HOME or HOME): %w", err)
	}
	return filepath.Join(base, "magic-website-factory"), nil
}
