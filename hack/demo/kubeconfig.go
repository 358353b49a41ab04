package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// loadingRules say where kubectl would look, or name the one file.
func loadingRules(kubeconfig string) *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	if kubeconfig != os.Getenv(clientcmd.RecommendedConfigPathEnvVar) { // which may be a list of files
		rules.ExplicitPath = kubeconfig
	}
	return rules
}

// kubeconfigPath is the file that demo.env names as KUBECONFIG.
func (d *demo) kubeconfigPath() string { return filepath.Join(d.config.bin, "demo.kubeconfig") }

// writeKubeconfig writes the way to the cluster with the sites' namespace as the default, so that kubectl finds indiesite/available.gent as it
// stands. The cluster's own file is left as it is.
func (d *demo) writeKubeconfig() error {
	all, err := loadingRules(d.cluster.kubeconfig).Load()
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	if err := clientcmdapi.MinifyConfig(all); err != nil {
		return fmt.Errorf("find the current context of the kubeconfig: %w", err)
	}
	if err := clientcmdapi.FlattenConfig(all); err != nil {
		return fmt.Errorf("take the credentials of the kubeconfig in: %w", err)
	}
	all.Contexts[all.CurrentContext].Namespace = sitesNamespace
	content, err := clientcmd.Write(*all)
	if err != nil {
		return fmt.Errorf("encode a kubeconfig: %w", err)
	}
	if err := writeFile(d.kubeconfigPath(), content); err != nil {
		return fmt.Errorf("write %s: %w", d.kubeconfigPath(), err)
	}
	return nil
}
