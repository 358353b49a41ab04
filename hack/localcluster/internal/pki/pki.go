package pki

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// Names of the pairs, which are the names of their files without .crt and .key.
const (
	CA                = "ca"
	EtcdCA            = "etcd-ca"
	FrontProxyCA      = "front-proxy-ca"
	ServiceAccounts   = "service-accounts"
	APIServer         = "apiserver"
	APIServerKubelet  = "apiserver-kubelet"
	APIServerEtcd     = "apiserver-etcd"
	Etcd              = "etcd"
	FrontProxy        = "front-proxy"
	Kubelet           = "kubelet"
	KubeletServer     = "kubelet-server"
	ControllerManager = "controller-manager"
	Scheduler         = "scheduler"
	Proxy             = "proxy"
	Admin             = "admin"
)

// issued says which authority signs which certificate.
var issued = []struct {
	by, name string
	subject  subject
}{
	{CA, APIServer, subject{name: "kube-apiserver", hosts: []string{
		layout.NodeAddress, layout.KubernetesIP, "127.0.0.1", "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + layout.ClusterDomain,
	}}},
	{CA, APIServerKubelet, subject{name: "kube-apiserver-kubelet-client", groups: []string{"system:masters"}}},
	{CA, Kubelet, subject{name: "system:node:" + layout.NodeName, groups: []string{"system:nodes"}}},
	{CA, KubeletServer, subject{name: layout.NodeName, hosts: []string{layout.NodeAddress, layout.NodeName}}},
	{CA, ControllerManager, subject{name: "system:kube-controller-manager"}},
	{CA, Scheduler, subject{name: "system:kube-scheduler"}},
	{CA, Proxy, subject{name: "system:kube-proxy"}},
	{CA, Admin, subject{name: "mwf-admin", groups: []string{"system:masters"}}},
	// etcd obeys whoever its authority signed, so it has one of its own.
	{EtcdCA, Etcd, subject{name: "etcd", hosts: []string{layout.NodeAddress}}},
	{EtcdCA, APIServerEtcd, subject{name: "kube-apiserver-etcd-client"}},
	{FrontProxyCA, FrontProxy, subject{name: "front-proxy-client"}},
}

// Ensure makes all pairs in dir, whole or not at all: what is there already stays.
func Ensure(dir string, now time.Time) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	pairs, err := generate(now)
	if err != nil {
		return err
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("clear half-made certificates: %w", err)
	}
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		return fmt.Errorf("make the folder of certificates: %w", err)
	}
	for name, pair := range pairs {
		if err := os.WriteFile(CertPath(unfinished, name), pair.Cert, 0o644); err != nil {
			return fmt.Errorf("write a certificate: %w", err)
		}
		if err := os.WriteFile(KeyPath(unfinished, name), pair.Key, 0o600); err != nil {
			return fmt.Errorf("write a key: %w", err)
		}
	}
	if err := os.Rename(unfinished, dir); err != nil {
		return fmt.Errorf("put the certificates in place: %w", err)
	}
	return nil
}

func generate(now time.Time) (map[string]Pair, error) {
	pairs := make(map[string]Pair)
	authorities := make(map[string]*authority)
	for _, name := range []string{CA, EtcdCA, FrontProxyCA} {
		made, err := newAuthority("mwf-local "+name, now)
		if err != nil {
			return nil, err
		}
		authorities[name], pairs[name] = made, made.Pair
	}
	for _, each := range issued {
		pair, err := authorities[each.by].issue(each.subject, now)
		if err != nil {
			return nil, err
		}
		pairs[each.name] = pair
	}
	accounts, err := newServiceAccountKey()
	if err != nil {
		return nil, err
	}
	pairs[ServiceAccounts] = accounts
	return pairs, nil
}

// CertPath is the file of a pair's certificate (of service accounts: the public key).
func CertPath(dir, name string) string { return filepath.Join(dir, name+".crt") }

// KeyPath is the file of a pair's private key.
func KeyPath(dir, name string) string { return filepath.Join(dir, name+".key") }
