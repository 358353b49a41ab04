package main

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func TestTheDemosKubeconfigLeadsToTheSitesAndHoldsNothingElse(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "admin.key")
	if err := os.WriteFile(key, []byte("the key"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := clientcmdapi.NewConfig()
	all.Clusters["here"] = &clientcmdapi.Cluster{Server: "https://198.18.213.1:6443"}
	all.Clusters["elsewhere"] = &clientcmdapi.Cluster{Server: "https://elsewhere.example"}
	all.AuthInfos["admin"] = &clientcmdapi.AuthInfo{ClientKey: key}
	all.Contexts["here"] = &clientcmdapi.Context{Cluster: "here", AuthInfo: "admin"}
	all.Contexts["elsewhere"] = &clientcmdapi.Context{Cluster: "elsewhere", AuthInfo: "admin"}
	all.CurrentContext = "here"
	original := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*all, original); err != nil {
		t.Fatal(err)
	}

	d := &demo{config: config{bin: dir}, cluster: cluster{kubeconfig: original}}
	if err := d.writeKubeconfig(); err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.LoadFromFile(d.kubeconfigPath())
	if err != nil {
		t.Fatal(err)
	}
	if here := got.Contexts["here"]; len(got.Contexts) != 1 || here == nil || here.Namespace != sitesNamespace {
		t.Errorf("contexts: %+v", got.Contexts)
	}
	if len(got.Clusters) != 1 || string(got.AuthInfos["admin"].ClientKeyData) != "the key" {
		t.Errorf("clusters %v, credentials taken in: %v", got.Clusters, got.AuthInfos["admin"].ClientKeyData != nil)
	}
	info, err := os.Stat(d.kubeconfigPath())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600: it holds an administrator's key", info.Mode().Perm())
	}
}
