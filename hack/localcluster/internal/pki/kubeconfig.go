package pki

import (
	"encoding/base64"
	"fmt"
	"os"

	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

const kubeconfigFormat = `apiVersion: v1
kind: Config
current-context: %[1]s
clusters:
- name: %[1]s
  cluster:
    server: %[2]s
    certificate-authority-data: %[3]s
contexts:
- name: %[1]s
  context:
    cluster: %[1]s
    user: %[4]s
users:
- name: %[4]s
  user:
    client-certificate-data: %[5]s
    client-key-data: %[6]s
`

// WriteKubeconfig writes to path what a client needs to speak to the API server as the owner of the
// named pair of dir.
func WriteKubeconfig(path, dir, name string) error {
	var data [3]string
	for i, file := range []string{CertPath(dir, CA), CertPath(dir, name), KeyPath(dir, name)} {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read a certificate for the kubeconfig of %s: %w", name, err)
		}
		data[i] = base64.StdEncoding.EncodeToString(content)
	}
	content := fmt.Sprintf(kubeconfigFormat, layout.NodeName, layout.ServerURL(), data[0], name, data[1], data[2])
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("write the kubeconfig of %s: %w", name, err)
	}
	return nil
}
