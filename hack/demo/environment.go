package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
)

// setting is one line of demo.env.
type setting struct{ name, value string }

// environment is what another program needs to use this factory as its onboarder.
func (d *demo) environment() []setting {
	return []setting{
		{"KUBECONFIG", d.kubeconfigPath()},
		{"KUBECTL", d.cluster.kubectl},
		{"FACTORY_URL", d.factoryURL()},
		{"FACTORY_CA", d.cluster.issuerCA},
		{"FACTORY_TOKEN", d.token},
		{"FACTORY_NAMESPACE", factoryNamespace},
		{"SITES_NAMESPACE", sitesNamespace},
		{"SITE_URL", "https://" + d.config.domain},
		{"SITE_CA", d.cluster.issuerCA},
		{"ROUTE_ADDRESS", d.cluster.route},
		{"CALLBACK", d.callbackURL()},
		{"CALLBACK_CERT", d.callback.certificate},
		{"CALLBACK_KEY", d.callback.key},
		{"CALLBACK_CA", d.callback.authority},
		{"HALLO_STATE", filepath.Join(d.state(), "hallo")},
	}
}

func (d *demo) environmentPath() string { return filepath.Join(d.config.bin, "demo.env") }

// writeEnvironment writes demo.env. It holds the onboarder's token, so only its owner may read it.
func (d *demo) writeEnvironment() error {
	if err := d.writeKubeconfig(); err != nil {
		return err
	}
	if err := writeFile(d.environmentPath(), renderEnvironment(d.environment())); err != nil {
		return fmt.Errorf("write %s: %w", d.environmentPath(), err)
	}
	return nil
}

// renderEnvironment writes settings so that a POSIX shell can source them, whatever is in the values.
func renderEnvironment(settings []setting) []byte {
	var out bytes.Buffer
	out.WriteString("# Written by make demo. Use it with: . bin/demo.env\n")
	for _, s := range settings {
		if s.value == "" {
			continue // kubectl is the one in PATH where the cluster names none
		}
		fmt.Fprintf(&out, "export %s='%s'\n", s.name, strings.ReplaceAll(s.value, "'", `'\''`))
	}
	return out.Bytes()
}
