// Package config renders the command lines and configuration files of the cluster's components.
package config

import (
	"fmt"
	"path/filepath"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
	"magicwebsitefactory.gent/hack/localcluster/internal/pki"
	"magicwebsitefactory.gent/hack/localcluster/internal/process"
)

// Names of the components, which are those of their logs.
const (
	Etcd              = "etcd"
	APIServer         = "kube-apiserver"
	ControllerManager = "kube-controller-manager"
	Scheduler         = "kube-scheduler"
	Containerd        = "containerd"
	Kubelet           = "kubelet"
	Proxy             = "kube-proxy"
)

// Components are all components in the order in which they start.
var Components = []string{Etcd, APIServer, Containerd, ControllerManager, Scheduler, Kubelet, Proxy}

// Component renders the command line of a component.
func Component(name string) process.Spec {
	spec := process.Spec{Name: name, Path: filepath.Join(layout.Binaries, name)}
	switch name {
	case Etcd:
		spec.Args = etcdArgs()
	case APIServer:
		spec.Args = apiServerArgs()
	case ControllerManager:
		spec.Args = controllerManagerArgs()
	case Scheduler:
		spec.Args = schedulerArgs()
	case Containerd:
		spec.Path, spec.Args = containerdPath, []string{"--config", File(containerdFile)}
	case Kubelet:
		spec.Args = kubeletArgs()
	case Proxy:
		spec.Args = []string{"--config=" + File(proxyFile)}
	}
	return spec
}

func cert(name string) string { return pki.CertPath(layout.PKI, name) }
func key(name string) string  { return pki.KeyPath(layout.PKI, name) }

// KubeconfigPath is the kubeconfig of a component.
func KubeconfigPath(pair string) string { return File(pair + ".kubeconfig") }

func etcdArgs() []string {
	client := fmt.Sprintf("https://%s:%d", layout.NodeAddress, layout.EtcdPort)
	peer := fmt.Sprintf("https://%s:%d", layout.NodeAddress, layout.EtcdPeerPort)
	return []string{
		"--name=mwf",
		"--data-dir=" + layout.Etcd,
		"--unsafe-no-fsync", // a throw-away cluster: a power cut may cost it, and starting anew is quick
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=mwf=" + peer,
		"--client-cert-auth",
		"--trusted-ca-file=" + cert(pki.EtcdCA),
		"--cert-file=" + cert(pki.Etcd),
		"--key-file=" + key(pki.Etcd),
		"--peer-client-cert-auth",
		"--peer-trusted-ca-file=" + cert(pki.EtcdCA),
		"--peer-cert-file=" + cert(pki.Etcd),
		"--peer-key-file=" + key(pki.Etcd),
		"--log-level=warn",
	}
}

func apiServerArgs() []string {
	return []string{
		"--bind-address=" + layout.NodeAddress,
		"--advertise-address=" + layout.NodeAddress,
		fmt.Sprintf("--secure-port=%d", layout.APIServerPort),
		fmt.Sprintf("--etcd-servers=https://%s:%d", layout.NodeAddress, layout.EtcdPort),
		"--etcd-cafile=" + cert(pki.EtcdCA),
		"--etcd-certfile=" + cert(pki.APIServerEtcd),
		"--etcd-keyfile=" + key(pki.APIServerEtcd),
		"--client-ca-file=" + cert(pki.CA),
		"--tls-cert-file=" + cert(pki.APIServer),
		"--tls-private-key-file=" + key(pki.APIServer),
		"--kubelet-client-certificate=" + cert(pki.APIServerKubelet),
		"--kubelet-client-key=" + key(pki.APIServerKubelet),
		"--kubelet-certificate-authority=" + cert(pki.CA),
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file=" + cert(pki.FrontProxyCA),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + cert(pki.FrontProxy),
		"--proxy-client-key-file=" + key(pki.FrontProxy),
		"--service-account-issuer=https://kubernetes.default.svc." + layout.ClusterDomain,
		"--service-account-key-file=" + cert(pki.ServiceAccounts),
		"--service-account-signing-key-file=" + key(pki.ServiceAccounts),
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--profiling=false",
	}
}

func controllerManagerArgs() []string {
	kubeconfig := KubeconfigPath(pki.ControllerManager)
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + layout.NodeAddress,
		"--leader-elect=false", // there is one; a busy machine must not cost it its lease
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + key(pki.ServiceAccounts),
		"--root-ca-file=" + cert(pki.CA),
		"--cluster-signing-cert-file=" + cert(pki.CA),
		"--cluster-signing-key-file=" + key(pki.CA),
		"--cluster-cidr=" + layout.PodCIDR,
		"--service-cluster-ip-range=" + layout.ServiceCIDR,
		"--flex-volume-plugin-dir=" + filepath.Join(layout.Kubelet, "volume-plugins"),
		"--kube-api-qps=100",
		"--kube-api-burst=200",
		"--profiling=false",
	}
}

func schedulerArgs() []string {
	kubeconfig := KubeconfigPath(pki.Scheduler)
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=" + layout.NodeAddress,
		"--leader-elect=false",
		"--profiling=false",
	}
}

func kubeletArgs() []string {
	return []string{
		"--config=" + File(kubeletFile),
		"--kubeconfig=" + KubeconfigPath(pki.Kubelet),
		"--root-dir=" + layout.Kubelet,
		"--cert-dir=" + filepath.Join(layout.Kubelet, "pki"),
		"--hostname-override=" + layout.NodeName,
		"--node-ip=" + layout.NodeAddress,
	}
}
