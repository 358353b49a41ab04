package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// imagePrefix is what the overlay calls the images before they are pinned.
const imagePrefix = "magicwebsitefactory.gent/"

// images are the references that make images wrote, by the image's name.
type images map[string]string

func readImages(bin string) (images, error) {
	found := images{}
	for _, name := range []string{"manager", "frontend", "indie-site"} {
		content, err := os.ReadFile(filepath.Join(bin, "images", name+".ref"))
		if err != nil {
			return nil, fmt.Errorf("find the image of %s (make images): %w", name, err)
		}
		found[name] = strings.TrimSpace(string(content))
	}
	return found, nil
}

// archives are the files to load into a cluster that cannot pull.
func (i images) archives(bin string) []string {
	var paths []string
	for _, name := range []string{"manager", "frontend", "indie-site"} {
		paths = append(paths, filepath.Join(bin, "images", name+".tar"))
	}
	return paths
}

// kustomization is the part of kustomize's file format that pins an overlay.
type kustomization struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Resources  []string      `json:"resources"`
	Images     []pinnedImage `json:"images"`
	Patches    []patch       `json:"patches,omitempty"`
}

type pinnedImage struct {
	Name    string `json:"name"`
	NewName string `json:"newName"`
	NewTag  string `json:"newTag"`
}

type patch struct {
	Target patchTarget `json:"target"`
	Patch  string      `json:"patch"`
}

type patchTarget struct {
	Kind string `json:"kind"`
	Name string `json:"name"` // a regular expression
}

// What the overlay says already, as it is written for the local cluster.
const (
	overlayNode   = "198.18.213.1" // callbacks are let through to it
	overlayIssuer = "mwf-local-ca" // of the front end's certificate
)

var overlayHosts = []string{"127.0.0.1", "localhost"} // in that certificate

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

// patches changes the overlay where a cluster is unlike the local one.
func patches(c cluster) ([]patch, error) {
	manager, certificate := patchTarget{Kind: "Deployment", Name: "manager"}, patchTarget{Kind: "Certificate", Name: "frontend"}
	var result []patch
	var failed error
	add := func(target patchTarget, o operation) {
		text, err := yaml.Marshal([]operation{o})
		failed = errors.Join(failed, err)
		result = append(result, patch{Target: target, Patch: string(text)})
	}
	if address, err := netip.ParseAddr(c.node); err == nil && c.node != overlayNode {
		network := netip.PrefixFrom(address, address.BitLen())
		add(manager, operation{"add", "/spec/template/spec/containers/0/args/-", "--callback-allow-cidrs=" + network.String()})
	}
	if c.issuer != overlayIssuer {
		add(certificate, operation{"replace", "/spec/issuerRef/name", c.issuer})
	}
	if host, _, err := net.SplitHostPort(c.factory); err == nil && !slices.Contains(overlayHosts, host) {
		list := "dnsNames"
		if net.ParseIP(host) != nil {
			list = "ipAddresses"
		}
		add(certificate, operation{"add", "/spec/" + list + "/-", host})
	}
	return result, failed
}

// render builds the overlay with the images that were just made.
func render(ctx context.Context, cfg config, pinned images, c cluster) ([]*unstructured.Unstructured, error) {
	dir := filepath.Join(cfg.bin, "demo-state", "overlay")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	content, err := pin(dir, cfg.overlay, pinned, c)
	if err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(dir, "kustomization.yaml"), content); err != nil {
		return nil, err
	}
	manifests, err := output(exec.CommandContext(ctx, filepath.Join(cfg.bin, "kustomize"), "build", dir))
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", cfg.overlay, err)
	}
	return decode(manifests)
}

// pin writes a kustomization in dir that is the overlay with pinned images, changed to fit the cluster.
func pin(dir, overlay string, pinned images, c cluster) ([]byte, error) {
	absolute, err := filepath.Abs(overlay)
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// kustomize takes no absolute paths.
	relative, err := filepath.Rel(dir, absolute)
	if err != nil {
		return nil, err
	}
	k := kustomization{APIVersion: "kustomize.config.k8s.io/v1beta1", Kind: "Kustomization", Resources: []string{relative}}
	for _, name := range []string{"manager", "frontend"} {
		repository, tag, found := cutTag(pinned[name])
		if !found {
			return nil, fmt.Errorf("image reference %q has no tag", pinned[name])
		}
		k.Images = append(k.Images, pinnedImage{Name: imagePrefix + name, NewName: repository, NewTag: tag})
	}
	if k.Patches, err = patches(c); err != nil {
		return nil, err
	}
	return yaml.Marshal(k)
}

// cutTag splits a reference at its tag; a colon before a slash belongs to the registry's port.
func cutTag(reference string) (repository, tag string, found bool) {
	colon := strings.LastIndex(reference, ":")
	if colon < strings.LastIndex(reference, "/") || colon < 0 {
		return reference, "", false
	}
	return reference[:colon], reference[colon+1:], true
}

// decode reads a stream of YAML documents.
func decode(manifests []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(manifests)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		var content map[string]any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if len(content) > 0 {
			objects = append(objects, &unstructured.Unstructured{Object: content})
		}
	}
}
