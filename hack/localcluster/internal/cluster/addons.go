package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
	"time"

	localcluster "magicwebsitefactory.gent/hack/localcluster"
	"magicwebsitefactory.gent/hack/localcluster/internal/config"
	"magicwebsitefactory.gent/hack/localcluster/internal/layout"
)

// applyAddons applies the add-ons' definitions, roles and deployments, and then the issuer, which the
// API server knows only once cert-manager's definitions are established.
func (c *Cluster) applyAddons(ctx context.Context) error {
	c.say("applying DNS, volumes, the ingress controller and cert-manager")
	addons, err := c.render("manifests/*.yaml")
	if err != nil {
		return err
	}
	definitions, err := c.definitions()
	if err != nil {
		return err
	}
	issuer, err := c.render("manifests/issuer/*.yaml")
	if err != nil {
		return err
	}
	for _, each := range [][]byte{append(definitions, addons...), issuer} {
		err := c.await(ctx, "the add-ons to be accepted", time.Minute, []string{config.APIServer}, func(ctx context.Context) error {
			return apply(ctx, each)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// definitions are cert-manager's custom resource definitions, in one stream.
func (c *Cluster) definitions() ([]byte, error) {
	paths, err := filepath.Glob(filepath.Join(c.Builder.CRDs(), "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read a definition: %w", err)
		}
		fmt.Fprintf(&all, "%s\n---\n", content)
	}
	return all.Bytes(), nil
}

// render renders the manifests that match pattern, in one stream.
func (c *Cluster) render(pattern string) ([]byte, error) {
	machine := config.ThisMachine("")
	values := map[string]any{
		"Namespace": layout.AddonNamespace, "AddonsImage": c.image("addons"), "SolverImage": c.image("acmesolver"),
		"NodeName": layout.NodeName, "ClusterDomain": layout.ClusterDomain, "DNSAddress": layout.DNSAddress,
		"NameServers": machine.NameServers, "RouteAddress": layout.RouteAddress, "RouteNodePort": layout.RouteNodePort,
		"IngressClass": layout.IngressClass, "StorageClass": layout.StorageClass, "VolumeRoot": layout.Volumes,
		"ClusterIssuer": layout.ClusterIssuer, "IssuerCASecret": layout.IssuerCASecret,
	}
	names, err := fs.Glob(localcluster.Manifests, pattern)
	if err != nil {
		return nil, err
	}
	var all bytes.Buffer
	for _, name := range names {
		parsed, err := template.New(filepath.Base(name)).Option("missingkey=error").ParseFS(localcluster.Manifests, name)
		if err != nil {
			return nil, fmt.Errorf("read the manifest %s: %w", name, err)
		}
		if err := parsed.Execute(&all, values); err != nil {
			return nil, fmt.Errorf("render the manifest %s: %w", name, err)
		}
		all.WriteString("\n---\n")
	}
	return all.Bytes(), nil
}

// apply applies a stream of objects server-side.
func apply(ctx context.Context, stream []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, Kubectl(), "--kubeconfig", layout.Kubeconfig,
		"apply", "--server-side", "--force-conflicts", "--field-manager=localcluster", "-f", "-")
	command.Stdin = bytes.NewReader(stream)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("apply the add-ons: %w: %s", err, bytes.TrimSpace(output))
	}
	return nil
}

// Kubectl is the path of the kubectl that belongs to the cluster.
func Kubectl() string { return filepath.Join(layout.Binaries, "kubectl") }

// writeIssuerCA writes the certificate of the issuer's authority where its users find it.
func (c *Cluster) writeIssuerCA(ctx context.Context) error {
	api, err := newAPIClient()
	if err != nil {
		return err
	}
	var secret struct {
		Data map[string]string `json:"data"`
	}
	path := fmt.Sprintf("/api/v1/namespaces/%s/secrets/%s", layout.AddonNamespace, layout.IssuerCASecret)
	if err := api.get(ctx, path, &secret); err != nil {
		return fmt.Errorf("read the issuer's authority: %w", err)
	}
	certificate, err := base64.StdEncoding.DecodeString(secret.Data["tls.crt"])
	if err != nil || len(certificate) == 0 {
		return fmt.Errorf("the Secret %s/%s has no certificate", layout.AddonNamespace, layout.IssuerCASecret)
	}
	return writeFile(layout.IssuerCA, certificate, 0o644)
}

// settle remembers what was applied, so that the next up can see that nothing changed.
func (c *Cluster) settle() error {
	digest, err := c.digest()
	if err != nil {
		return err
	}
	return writeFile(layout.Applied, []byte(digest), 0o644)
}

// settled says whether the last start came to its end with the same binaries and manifests.
func (c *Cluster) settled() bool {
	content, err := os.ReadFile(layout.Applied)
	if err != nil {
		return false
	}
	digest, err := c.digest()
	return err == nil && digest == string(content)
}

func (c *Cluster) digest() (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, c.Builder.Hash())
	for _, pattern := range []string{"manifests/*.yaml", "manifests/issuer/*.yaml"} {
		content, err := c.render(pattern)
		if err != nil {
			return "", err
		}
		sum.Write(content)
	}
	for _, name := range config.Files {
		content, err := config.Render(name, config.ThisMachine(c.image("pause")))
		if err != nil {
			return "", err
		}
		sum.Write(content)
	}
	for _, name := range config.Components {
		fmt.Fprintln(sum, config.Component(name))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
