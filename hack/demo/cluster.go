package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
)

// cluster is what the demo has to know of the cluster that it runs on.
type cluster struct {
	kubeconfig   string   // path
	kubectl      string   // path of the program
	node         string   // address of this machine that pods reach
	factory      string   // host:port at which this machine reaches the front end
	route        string   // host:port at which this machine reaches the ingress for HTTPS
	routeInside  string   // address at which pods reach the ingress for HTTPS
	storageClass string   // for the sites' volumes; empty for the cluster's default
	issuer       string   // ClusterIssuer of cert-manager
	issuerCA     string   // path of the PEM file with that issuer's certificate
	ingressClass string   // of the sites' routes
	denied       []string // networks that no site may reach: pods, services, node
}

// The keys that `localcluster info` prints, and that a file for -cluster-info holds.
var (
	requiredKeys = map[string]string{
		"NODE_ADDRESS":     "address of this machine that pods reach; the onboarder listens there for the callback",
		"ROUTE_SERVICE_IP": "address at which pods reach the ingress controller on port 443",
		"ROUTE_ADDRESS":    "host:port at which this machine reaches the ingress controller for HTTPS",
		"CLUSTER_ISSUER":   "name of a cert-manager ClusterIssuer for the factory's and the sites' certificates",
		"CLUSTER_CA_FILE":  "PEM file with the certificate of that issuer's authority",
		"INGRESS_CLASS":    "IngressClass of the sites",
	}
	optionalKeys = map[string]string{
		"KUBECONFIG":        "path of the kubeconfig (default: kubectl's own)",
		"KUBECTL":           "path of kubectl (default: the one in PATH)",
		"NODEPORT_FRONTEND": "node port of the front end, reached on 127.0.0.1 (default 30444)",
		"FACTORY_ADDRESS":   "host:port at which this machine reaches the front end, in place of the node port",
		"STORAGE_CLASS":     "StorageClass of the sites' volumes (default: the cluster's)",
		"POD_CIDR":          "network of the pods, which no site may reach",
		"SERVICE_CIDR":      "network of the services, which no site may reach",
	}
)

// findCluster asks the local cluster about itself, or reads the file about another one.
func findCluster(ctx context.Context, cfg config) (cluster, error) {
	var facts []byte
	var err error
	if cfg.cluster == "local" {
		program := filepath.Join(cfg.bin, "localcluster")
		facts, err = output(exec.CommandContext(ctx, program, "info"))
		if err != nil {
			return cluster{}, fmt.Errorf("ask the local cluster about itself (start it with make cluster-up): %w", err)
		}
	} else {
		if cfg.info == "" {
			return cluster{}, errors.New("a cluster that is not local has to be described: make demo CLUSTER=current CLUSTER_INFO=file, with lines KEY=value\n" + describeKeys())
		}
		if facts, err = os.ReadFile(cfg.info); err != nil {
			return cluster{}, fmt.Errorf("read the facts about the cluster: %w", err)
		}
	}
	values, err := parseFacts(facts)
	if err != nil {
		return cluster{}, err
	}
	if values["KUBECONFIG"] == "" {
		// Named all the same: programs that source demo.env do not all look where kubectl looks.
		values["KUBECONFIG"] = cmp.Or(os.Getenv(clientcmd.RecommendedConfigPathEnvVar), clientcmd.RecommendedHomeFile)
	}
	return newCluster(values)
}

func describeKeys() string {
	var out strings.Builder
	for _, keys := range []map[string]string{requiredKeys, optionalKeys} {
		names := make([]string, 0, len(keys))
		for name := range keys {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(&out, "  %-18s %s\n", name, keys[name])
		}
	}
	return out.String()
}

// parseFacts reads KEY=value lines; empty ones and those that start with # are passed over.
func parseFacts(text []byte) (map[string]string, error) {
	values := map[string]string{}
	for scanner := bufio.NewScanner(bytes.NewReader(text)); scanner.Scan(); {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		if !found {
			return nil, fmt.Errorf("facts about the cluster: %q is not KEY=value", line)
		}
		values[strings.TrimPrefix(key, "export ")] = strings.Trim(value, `"'`)
	}
	return values, nil
}

func newCluster(values map[string]string) (cluster, error) {
	var missing []string
	for key, meaning := range requiredKeys {
		if values[key] == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", key, meaning))
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return cluster{}, fmt.Errorf("facts about the cluster: missing %s", strings.Join(missing, "; "))
	}
	c := cluster{
		kubeconfig:   values["KUBECONFIG"],
		kubectl:      values["KUBECTL"],
		node:         values["NODE_ADDRESS"],
		factory:      values["FACTORY_ADDRESS"],
		route:        values["ROUTE_ADDRESS"],
		routeInside:  values["ROUTE_SERVICE_IP"],
		storageClass: values["STORAGE_CLASS"],
		issuer:       values["CLUSTER_ISSUER"],
		issuerCA:     values["CLUSTER_CA_FILE"],
		ingressClass: values["INGRESS_CLASS"],
	}
	if c.factory == "" {
		port := values["NODEPORT_FRONTEND"]
		if port == "" {
			port = "30444"
		}
		c.factory = net.JoinHostPort("127.0.0.1", port)
	}
	if c.kubectl == "" {
		c.kubectl = "kubectl"
	}
	for _, key := range []string{"POD_CIDR", "SERVICE_CIDR"} {
		if values[key] != "" {
			c.denied = append(c.denied, values[key])
		}
	}
	for key, address := range map[string]string{"ROUTE_ADDRESS": c.route, "FACTORY_ADDRESS": c.factory} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return cluster{}, fmt.Errorf("facts about the cluster: %s=%s must be host:port", key, address)
		}
	}
	return c, nil
}

// command is kubectl on this cluster.
func (c cluster) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.kubectl, args...)
	cmd.Env = os.Environ()
	if c.kubeconfig != "" {
		cmd.Env = append(cmd.Env, "KUBECONFIG="+c.kubeconfig)
	}
	return cmd
}

// output runs a command; its error holds what the command had to say.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
